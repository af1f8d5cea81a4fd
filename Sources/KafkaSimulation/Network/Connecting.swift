import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

// How connections begin, and how they end.

extension NetworkModel {
    func listen(on address: SocketAddress, backlog: Int, host: Int) throws(NetError) -> Endpoint {
        let port = address.port == 0 ? freePort(of: host) : address.port
        guard hosts[host].listeners[port] == nil else {
            throw NetError(.system(EADDRINUSE), doing: "listen on \(address)")
        }
        let own = [0, 0x7F00_0001, hosts[host].address]
        guard let bits = address.ipv4, own.contains(bits) else {
            throw NetError(.system(EADDRNOTAVAIL), doing: "listen on \(address)")
        }
        let end = end(
            on: host, party: party(of: host, port: port), local: address.at(port: port), remote: nil, connection: 0,
            .listening(backlog: backlog))
        setListener(end, port: port, of: host)
        return end
    }

    func connect(to address: SocketAddress, from host: Int, now: Instant) throws(NetError) -> Endpoint {
        let address = destination(of: address, from: host)
        guard let bits = address.ipv4 else { throw NetError(.system(ENETUNREACH), doing: "connect to \(address)") }
        let own = bits == 0 || bits == 0x7F00_0001 ? 0x7F00_0001 : hosts[host].address
        let end = end(
            on: host, party: party(of: host, port: 0), local: .ipv4(own, port: freePort(of: host)),
            remote: address, connection: nextConnection(), .connecting)
        agenda.plan(.attempt(end, 1), at: now + latency(end, toParty: target(of: end)?.party))
        return end
    }

    /// Two ends that are connected.
    func pair(on host: Int) -> (Endpoint, Endpoint) {
        let connection = nextConnection()
        let ends = [0, 1].map { _ in
            end(
                on: host, party: party(of: host, port: 0), local: .loopback(port: 0), remote: .loopback(port: 0),
                connection: connection, .connected)
        }
        (ends[0].other, ends[1].other) = (ends[1], ends[0])
        return (ends[0], ends[1])
    }

    func accept(_ id: Int32) throws(NetError) -> Endpoint? {
        guard let listener = ends[id] else { throw NetError(.system(EBADF), doing: "accept a connection") }
        guard !hosts[listener.host].isDeaf else { return nil }
        while let first = listener.waiting.popFirst() {
            if let end = ends[first] { return end }
        }
        return nil
    }

    /// The host that an end wants to connect to, and the party that listens there.
    private func target(of end: Endpoint) -> (host: Int, party: Int)? {
        guard let remote = end.remote, let bits = remote.ipv4 else { return nil }
        let isOwn = bits == 0 || bits >> 24 == 0x7F
        guard let host = isOwn ? end.host : hosts.firstIndex(where: { $0.address == bits }) else { return nil }
        return (host, party(of: host, port: remote.port))
    }

    private func latency(_ end: Endpoint, toParty party: Int?) -> Duration {
        conditions(Link(from: end.party, to: party ?? -1)).latency.draw(&random)
    }

    /// An attempt to connect arrives where somebody may listen.
    func attempted(_ end: Endpoint, _ attempt: Int, now: Instant) {
        guard end.state == .connecting else { return }
        guard let (host, party) = target(of: end), !hosts[host].isOff, let remote = end.remote else {
            return again(end, attempt, now)
        }
        let (there, back) = (conditions(Link(from: end.party, to: party)), conditions(Link(from: party, to: end.party)))
        guard !there.isBlocked, !back.isBlocked, there.connects != .dropped else { return again(end, attempt, now) }
        guard there.connects != .refused, let listener = hosts[host].listeners[remote.port],
            case .listening(let backlog) = listener.state
        else {
            agenda.plan(.refusal(end), at: now + back.latency.draw(&random))
            return
        }
        // As Linux does it: what does not fit into the queue is dropped, and comes again.
        guard listener.waiting.count < backlog else { return again(end, attempt, now) }
        let other = self.end(
            on: host, party: party, local: remote, remote: end.local, connection: end.connection, .connected)
        (end.other, other.other) = (other, end)
        (end.cut, other.cut) = (cut(there), cut(back))
        let time = now + back.latency.draw(&random)
        other.lastArrival = time
        listener.waiting.append(other.id)
        changed.append(listener.id)
        agenda.plan(.established(end), at: time)
    }

    private func cut(_ conditions: LinkConditions) -> (Int, CutKind)? {
        guard let cuts = conditions.cuts, cuts.oneIn > 0, random.next() % UInt64(cuts.oneIn) == 0 else { return nil }
        return (Int.random(in: cuts.bytes, using: &random), cuts.kind)
    }

    private func again(_ end: Endpoint, _ attempt: Int, _ now: Instant) {
        let pause = Duration.seconds(1 << (attempt - 1))
        guard attempt < Self.attemptLimit else {
            agenda.plan(.surrender(end, now), at: now + pause)
            return
        }
        agenda.plan(.attempt(end, attempt + 1), at: now + pause)
    }

    /// An attempt has ended with that error.
    func failed(_ end: Endpoint, _ code: Int32) {
        guard end.state == .connecting else { return }
        end.state = .failed(code)
        changed.append(end.id)
    }

    // MARK: - Ending

    /// The owner closes its end: what it has sent still arrives, unless it has not read what it was sent.
    func close(_ id: Int32, now: Instant) {
        guard let end = ends.removeValue(forKey: id) else { return }
        let state = end.state
        end.state = .closed
        switch state {
        case .listening:
            setListener(nil, port: end.local.port, of: end.host)
            for waiting in end.waiting { reset(waiting, now: now) }
        case .connected:
            let isRead = end.unread == 0
            end.input = []
            end.unread = 0
            if !isRead { send(.reset, from: end, now: now) } else if !end.hasShut { send(.end, from: end, now: now) }
            part(end)
        case .connecting, .failed, .closed:
            break
        }
    }

    /// The end is closed, and the other one is told that the connection is broken.
    func reset(_ id: Int32, now: Instant) {
        guard let end = ends.removeValue(forKey: id) else { return }
        end.state = .closed
        send(.reset, from: end, now: now)
        part(end)
    }

    /// Two ends that are both closed know each other no longer.
    func part(_ end: Endpoint) {
        guard let other = end.other, end.state == .closed, other.state == .closed else { return }
        (end.other, other.other) = (nil, nil)
    }

    /// The connection is broken, as its end hears at once.
    func fail(_ end: Endpoint, _ code: Int32) {
        guard end.state == .connected, end.error == nil else { return }
        end.error = code
        changed.append(end.id)
    }

    /// A connection ends that neither side has closed.
    func cut(_ end: Endpoint, _ kind: CutKind, now: Instant) {
        guard let other = end.other else { return }
        switch kind {
        case .silent:
            (end.isLost, other.isLost) = (true, true)
        case .reset:
            send(.reset, from: end, now: now)
            send(.reset, from: other, now: now)
        case .closed:
            for one in [end, other] where !one.hasShut {
                send(.end, from: one, now: now)
                one.hasShut = true
            }
        }
    }

    /// All that a host has open is gone: as when its process ends (`isSilent` false), or when its power is cut.
    func shutDown(_ host: Int, isSilent: Bool, now: Instant) {
        for end in sortedEnds where end.host == host {
            guard isSilent else {
                close(end.id, now: now)
                continue
            }
            if case .listening = end.state { setListener(nil, port: end.local.port, of: host) }
            ends[end.id] = nil
            end.state = .closed
            end.flight = []
            part(end)
        }
    }
}
