import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// How bytes go from one end to the other.

extension NetworkModel {
    /// Takes as much of `bytes` as there is room for.
    func write(_ bytes: UnsafeRawBufferPointer, to id: Int32, now: Instant) throws(NetError) -> Int {
        let doing = "write to the connection"
        guard let end = ends[id] else { throw NetError(.system(EBADF), doing: doing) }
        guard end.state == .connected else { throw NetError(.system(ENOTCONN), doing: doing) }
        if let error = end.error { throw NetError(.system(error), doing: doing) }
        guard !end.hasShut, let other = end.other else { throw NetError(.system(EPIPE), doing: doing) }
        guard !end.isFull else { return 0 }
        let link = link(end, to: other)
        let conditions = conditions(link)
        let room = max(0, conditions.window - end.inFlight - other.unread)
        var count = min(room, bytes.count)
        if count == room { end.isFull = true }
        var cutKind: CutKind?
        if let cut = end.cut {
            if cut.left <= count {
                (count, cutKind, end.cut) = (max(0, cut.left), cut.kind, nil)
            } else {
                end.cut?.left -= count
            }
        }
        let taken = UnsafeRawBufferPointer(rebasing: bytes[..<count])
        digest.add(end.connection &<< 1 | (end.id < other.id ? 0 : 1))
        digest.add(UInt64(bitPattern: now.nanoseconds))
        digest.add(taken)
        if recorded != nil, count > 0 { record(taken, from: end, to: other, now) }
        var at = 0
        let step = max(1, conditions.pieces ?? count)
        while at < count {
            let size = min(step, count - at)
            let piece = [UInt8](taken[at..<at + size])
            at += size
            let arrival = max(end.lastArrival, arrival(size, over: link, now: now, conditions))
            plan(.bytes(piece), from: end, at: at == size ? arrival : arrival + conditions.pieceGap)
        }
        end.inFlight += count
        end.sent += count
        if let cutKind { cut(end, cutKind, now: now) }
        return count
    }

    private func record(_ bytes: UnsafeRawBufferPointer, from end: Endpoint, to other: Endpoint, _ now: Instant) {
        // The end that has connected was there first.
        let isFromClient = end.id < other.id
        let (client, broker) = isFromClient ? (end, other) : (other, end)
        let sent = SentBytes(
            time: .zero, connection: Int(clamping: end.connection), isFromClient: isFromClient,
            client: "\(parties[client.party]):\(client.local.port)",
            broker: "\(parties[broker.party]):\(broker.local.port)", bytes: [UInt8](bytes))
        recorded?.append((now, sent))
    }

    func send(_ segment: Endpoint.Segment, from end: Endpoint, now: Instant) {
        guard let other = end.other else { return }
        let link = link(end, to: other)
        plan(segment, from: end, at: max(end.lastArrival, arrival(0, over: link, now: now, conditions(link))))
    }

    private func plan(_ segment: Endpoint.Segment, from end: Endpoint, at time: Instant) {
        end.lastArrival = time
        end.flight.append((time, segment))
        // Those behind it follow when it has arrived.
        if end.flight.count == 1, end.stalledSince == nil { agenda.plan(.arrival(end), at: time) }
    }

    func shutdownWriting(_ id: Int32, now: Instant) {
        guard let end = ends[id], end.state == .connected, !end.hasShut else { return }
        end.hasShut = true
        send(.end, from: end, now: now)
    }

    /// Fills `buffer` with what has arrived: the number of bytes, 0 at the end, nil where nothing waits.
    func read(_ id: Int32, into buffer: UnsafeMutableRawBufferPointer, now: Instant) throws(NetError) -> Int? {
        let doing = "read from the connection"
        guard let end = ends[id] else { throw NetError(.system(EBADF), doing: doing) }
        guard end.state == .connected else { throw NetError(.system(ENOTCONN), doing: doing) }
        if hosts[end.host].isDeaf { return nil }
        var filled = 0
        while filled < buffer.count, let first = end.input.first {
            let count = min(first.count, buffer.count - filled)
            first.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[..<count]))
            }
            filled += count
            if count == first.count { end.input.removeFirst() } else { end.input[0] = first.dropFirst(count) }
        }
        if filled > 0 {
            end.unread -= filled
            if let other = end.other, other.isFull {
                let back = Link(from: end.party, to: other.party)
                agenda.plan(.room(other), at: now + conditions(back).latency.draw(&random))
            }
            return filled
        }
        if buffer.isEmpty { return end.unread > 0 || end.hasEnd ? 0 : nil }
        if let error = end.error { throw NetError(.system(error), doing: doing) }
        return end.hasEnd ? 0 : nil
    }

    // MARK: - What happens

    func perform(_ event: Event, _ now: Instant) {
        switch event {
        case .attempt(let end, let attempt): attempted(end, attempt, now: now)
        case .refusal(let end): failed(end, ECONNREFUSED)
        case .established(let end):
            guard end.state == .connecting else {
                // Closed meanwhile: the other side is told.
                return send(.reset, from: end, now: now)
            }
            end.state = .connected
            changed.append(end.id)
        case .arrival(let end): arrived(from: end, now)
        case .room(let end): hasRoom(end, now)
        case .surrender(let end, let since):
            if end.state == .connecting { return failed(end, ETIMEDOUT) }
            guard end.stalledSince == since else { return }
            fail(end, ETIMEDOUT)
        }
    }

    /// What an end has sent arrives, as far as its time has come.
    private func arrived(from end: Endpoint, _ now: Instant) {
        guard let other = end.other else {
            end.flight = []
            return
        }
        if end.isLost || isBlocked(end, to: other) {
            guard end.stalledSince == nil else { return }
            end.stalledSince = now
            return surrenderLater(end, now)
        }
        while let first = end.flight.first, first.arrival <= now {
            end.flight.removeFirst()
            arrive(first.segment, from: end, at: other, now)
        }
        if let first = end.flight.first { agenda.plan(.arrival(end), at: first.arrival) }
    }

    private func arrive(_ segment: Endpoint.Segment, from end: Endpoint, at other: Endpoint, _ now: Instant) {
        if case .bytes(let bytes) = segment {
            end.inFlight -= bytes.count
            // Who has closed answers bytes so.
            guard other.state == .connected else { return send(.reset, from: other, now: now) }
            guard !other.hasEnd, other.error == nil else { return }
            other.input.append(bytes[...])
            other.unread += bytes.count
        } else {
            guard other.state == .connected else {
                // Both have closed.
                return part(end)
            }
            switch segment {
            case .reset: return fail(other, ECONNRESET)
            case .end: other.hasEnd = true
            case .bytes: break
            }
        }
        changed.append(other.id)
    }

    private func hasRoom(_ end: Endpoint, _ now: Instant) {
        guard let other = end.other, end.isFull, end.state == .connected else { return }
        if end.isLost { return }
        guard !isBlocked(other, to: end) else {
            // It is asked again, as TCP asks who has said that there is no room.
            agenda.plan(.room(end), at: now + .seconds(1))
            return
        }
        guard conditions(link(end, to: other)).window > end.inFlight + other.unread else { return }
        end.isFull = false
        changed.append(end.id)
    }

    func surrenderLater(_ end: Endpoint, _ now: Instant) {
        agenda.plan(.surrender(end, now), at: now + Self.retransmissionLimit)
    }
}
