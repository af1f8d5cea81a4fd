import KafkaWire

/// A connection of a replay: sends frames as they are, and hands out answers by their correlation ids.
actor ReplayConnection {
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private var channel: FrameChannel?
    private var failure: String?
    /// Answers that came before anybody asked, oldest first for each id.
    private var answers: [Int32: [Bytes]] = [:]
    private var waiters: [Int32: [(number: Int, continuation: CheckedContinuation<Outcome, Never>)]] = [:]
    private var waiterCount = 0

    /// What came of waiting for an answer.
    enum Outcome: Sendable {
        case answer(Bytes)
        case failed(String)
    }

    init(loop: any EventLoop) { self.loop = loop }

    /// Connects to the first address of the host that can be reached.
    func open(_ target: HostPort, timeout: Duration) async throws(NetError) {
        var last = NetError(.unresolved("the name has no address"), doing: "resolve \(target.host)")
        for address in try await loop.resolve(host: target.host, port: target.port) {
            let socket = try loop.connect(to: address)
            let arrival = Arrival<NetError?>()
            let timer = loop.schedule(at: loop.now + timeout) {
                arrival.give(.timedOut(doing: "connect to \(address)"))
            }
            loop.watch(socket, for: .writable) { _ in arrival.give(socket.connectError(to: address)) }
            let error = await arrival.value()
            loop.cancel(timer)
            loop.unwatch(socket)
            guard let error else {
                channel = FrameChannel(socket, frameLimit: FrameHead.limit)
                watch(socket)
                return
            }
            socket.close()
            last = error
        }
        throw last
    }

    private func watch(_ socket: any LoopSocket) {
        loop.watch(socket, for: .readable) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(readiness) }
        }
    }

    /// Sends a frame.
    func send(_ frame: Bytes) {
        channel?.queue(frame.copy())
        flush()
    }

    /// The answer with that correlation id; why there is none where the connection ends or the time is up.
    func answer(_ correlationId: Int32, timeout: Duration) async -> Outcome {
        if let known = known(of: correlationId) { return known }
        waiterCount += 1
        let number = waiterCount
        let timer = loop.schedule(at: loop.now + timeout) { [weak self] in
            self?.assumeIsolated { $0.giveUp(correlationId, number) }
        }
        defer { loop.cancel(timer) }
        return await withCheckedContinuation { continuation in
            // It may have come on the way in.
            if let known = known(of: correlationId) { return continuation.resume(returning: known) }
            waiters[correlationId, default: []].append((number, continuation))
        }
    }

    private func known(of correlationId: Int32) -> Outcome? {
        guard var list = answers[correlationId], !list.isEmpty else { return failure.map { .failed($0) } }
        let first = list.removeFirst()
        answers[correlationId] = list
        return .answer(first)
    }

    private func giveUp(_ correlationId: Int32, _ number: Int) {
        guard let index = waiters[correlationId]?.firstIndex(where: { $0.number == number }),
            let waiter = waiters[correlationId]?.remove(at: index)
        else { return }
        waiter.continuation.resume(returning: .failed("no answer in time"))
    }

    func close() { end("the replay ended") }

    private func ready(_ readiness: Readiness) {
        if readiness.contains(.writable) { flush() }
        guard !readiness.isDisjoint(with: [.readable, .failed]), var channel else { return }
        // Out of the actor's state meanwhile: a frame is handed on inside the call.
        self.channel = nil
        var frames: [Bytes] = []
        var end: String?
        do throws(FrameChannel.Failure) {
            try channel.receive {
                frames.append($0)
                return true
            }
        } catch {
            switch error {
            case .net(let error): end = error.reason == .closed ? "the broker closed the connection" : "\(error)"
            case .wire(let error): end = "\(error)"
            }
        }
        self.channel = channel
        for frame in frames { take(frame) }
        if let end { self.end(end) }
    }

    private func take(_ frame: Bytes) {
        var reader = ByteReader(frame)
        guard let id: Int32 = try? reader.integer() else { return }
        let size = withUnsafeBytes(of: UInt32(frame.count).bigEndian) { Array($0) }
        let whole = Bytes(size + frame.copy())
        if waiters[id]?.isEmpty == false, let waiter = waiters[id]?.removeFirst() {
            waiter.continuation.resume(returning: .answer(whole))
        } else {
            answers[id, default: []].append(whole)
        }
    }

    private func flush() {
        guard var channel else { return }
        self.channel = nil
        do throws(NetError) {
            let isEmpty = try channel.flush()
            loop.setInterest(channel.socket, isEmpty ? .readable : [.readable, .writable])
            self.channel = channel
        } catch {
            self.channel = channel
            end("\(error)")
        }
    }

    private func end(_ reason: String) {
        guard let socket = channel?.socket else { return }
        channel = nil
        failure = reason
        loop.unwatch(socket)
        socket.close()
        let waiting = waiters.values.flatMap { $0 }
        waiters = [:]
        for waiter in waiting { waiter.continuation.resume(returning: .failed(reason)) }
    }
}
