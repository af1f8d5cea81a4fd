import KafkaWire
import Logging

/// HTTP for pages, metrics and probes, and no more of it than those need: one GET on a connection, which ends with the answer.
/// Everything is bounded: the head of a request, the time to send it and to take the answer, the connections, what waits
/// in memory. It has a thread of its own, which does the page's work too, one answer at a time: whatever is asked here,
/// neither the broker's thread nor those that end the program stand still for it.
package actor PageServer {
    private nonisolated let loop: SocketLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    private let listener: any LoopSocket
    private let source: any PageSource
    private let logger: Logger
    private let limits: Limits
    private var connections: [Int: Connection] = [:]
    private var connectionCount = 0
    /// The connections whose requests wait for their answer, in their order.
    private var asking: [(connection: Int, request: PageRequest)] = []
    private var isAnswering = false
    private var complainedAt: Instant?
    private var isStopped = false

    /// What nobody gets more of.
    package struct Limits: Sendable {
        /// A browser opens six at once.
        package var connections = 64
        package var timeToAsk = Duration.seconds(5)
        package var timeToTake = Duration.seconds(10)
        /// How long the end of what a client still sends is waited for: closed before, its system would throw the answer
        /// away.
        package var timeToEnd = Duration.seconds(1)
        /// How long who gives a wrong password waits for the answer: so nobody tries many.
        package var timeToDoubt = Duration.seconds(1)
        /// Answers that wait to be taken, in bytes.
        package var waiting = 32 << 20

        package init() {}
    }

    /// What a connection is at.
    private enum Phase { case shaking, reading, asking, writing, ending }

    private struct Connection {
        let socket: any LoopSocket
        var phase: Phase
        var head = PageRequestHead()
        var output: [UInt8] = []
        var sent = 0
        var timer: DeadlineTimer

        var waiting: Int { output.count - sent }
    }

    /// Listens at that address. Throws where the port is taken.
    package init(
        _ source: any PageSource, at address: SocketAddress, limits: Limits = Limits(), logger: Logger
    ) throws(NetError) {
        loop = try SocketLoop(name: "page")
        do throws(NetError) { listener = try loop.listen(on: address, backlog: 128) } catch {
            loop.stop()
            throw error
        }
        self.source = source
        self.logger = logger
        self.limits = limits
    }

    /// Where a page of that host and port listens.
    package static func address(
        _ host: String, _ port: UInt16, on loop: any EventLoop
    ) async throws(NetError) -> SocketAddress {
        guard let address = try await loop.resolve(host: host, port: port, isPassive: true).first else {
            throw NetError(.unresolved("the name has no address"), doing: "resolve \(host)")
        }
        return address
    }

    package nonisolated var port: UInt16 { listener.localPort }

    package func start() { watchListener() }

    /// Closes the port and all connections.
    package func stop() {
        guard !isStopped else { return }
        isStopped = true
        loop.unwatch(listener)
        listener.close()
        for id in Array(connections.keys) { close(id) }
        loop.stop()
    }

    /// How many connections there are.
    package var connectionsOpen: Int { connections.count }

    // MARK: - Accepting

    private func watchListener() {
        guard !isStopped else { return }
        loop.watch(listener, for: .readable) { [weak self] _ in self?.assumeIsolated { $0.accept() } }
    }

    private func accept() {
        for _ in 0..<limits.connections {
            do throws(NetError) {
                guard let socket = try listener.accept() else { return }
                open(socket)
            } catch {
                // No descriptors: those who have not asked yet give theirs away.
                guard !dropIdle() else { continue }
                complain(error)
                // The listener stays readable: without a pause the loop would spin.
                loop.unwatch(listener)
                loop.schedule(at: loop.now + .milliseconds(100)) { [weak self] in
                    self?.assumeIsolated { $0.watchListener() }
                }
                return
            }
        }
    }

    private func complain(_ error: NetError) {
        let now = loop.now
        defer { complainedAt = now }
        // While it goes on it is said once.
        if let last = complainedAt, now - last < .seconds(10) { return }
        logger.warning("The page takes no connections until this is over: \(error)")
    }

    private func open(_ socket: any LoopSocket) {
        guard connections.count < limits.connections || dropIdle() else { return socket.close() }
        connectionCount += 1
        let id = connectionCount
        let timer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timeIsOver(id) } }
        var connection = Connection(socket: socket, phase: .reading, timer: timer)
        if let tls = source.tls {
            guard let secured = try? tls.accept(over: socket) else { return socket.close() }
            connection = Connection(socket: secured, phase: .shaking, timer: timer)
        }
        let socket = connection.socket
        connections[id] = connection
        setTimer(id, limits.timeToAsk)
        loop.watch(socket, for: .readable) { [weak self] readiness in
            self?.assumeIsolated { $0.ready(id, readiness) }
        }
        // Mostly the request is there: who has asked is never dropped for those who only connect.
        if source.tls == nil { receive(id) } else { shake(id) }
    }

    /// Takes the handshake of TLS as far as it gets now.
    private func shake(_ id: Int) {
        guard let socket = connections[id]?.socket as? TLSSocket else { return }
        do throws(TLSError) {
            switch try socket.handshake() {
            case .done:
                connections[id]?.phase = .reading
                loop.setInterest(socket, .readable)
                receive(id)
            case .wantsWrite: loop.setInterest(socket, .writable)
            case .wantsRead: loop.setInterest(socket, .readable)
            }
        } catch { close(id) }
    }

    /// Closes the oldest connection that has not asked yet; false where there is none.
    private func dropIdle() -> Bool {
        guard let oldest = connections.filter({ [.shaking, .reading, .ending].contains($0.value.phase) }).keys.min()
        else { return false }
        close(oldest)
        return true
    }

    // MARK: - Reading

    private func ready(_ id: Int, _ readiness: Readiness) {
        guard let phase = connections[id]?.phase else { return }
        switch phase {
        case .shaking: shake(id)
        case .reading: receive(id)
        case .asking: close(id)
        case .writing: flush(id)
        case .ending: discard(id)
        }
    }

    private static let pieceSize = 16 << 10

    private func receive(_ id: Int) {
        guard let socket = connections[id]?.socket else { return }
        let outcome = withUnsafeTemporaryAllocation(byteCount: Self.pieceSize, alignment: 1) {
            buffer -> PageRequestHead.Outcome? in
            do throws(NetError) {
                guard let count = try socket.read(into: buffer) else { return .incomplete }
                guard count > 0 else { return nil }
                return connections[id]?.head.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch { return nil }
        }
        switch outcome {
        case nil: close(id)
        case .incomplete:
            // What the system cannot see any more is read on in the next turn.
            guard socket.holdsInput else { return }
            loop.schedule(at: loop.now) { [weak self] in
                self?.assumeIsolated { if $0.connections[id]?.phase == .reading { $0.receive(id) } }
            }
        case .refused(let answer): write(answer, to: id)
        case .whole(let request):
            if let answer = source.quickAnswer(to: request) {
                write(answer, to: id)
            } else {
                connections[id]?.phase = .asking
                setTimer(id, nil)
                loop.setInterest(socket, [])
                asking.append((id, request))
                ask()
            }
        }
    }

    /// Asks for the next one.
    private func ask() {
        while !isAnswering, let next = asking.first {
            asking.removeFirst()
            guard let socket = connections[next.connection]?.socket else { continue }
            isAnswering = true
            let (source, address) = (source, socket.peer?.host ?? "")
            Task(executorPreference: loop) {
                let (answer, isDoubtful) = await source.answer(to: next.request, from: address)
                await self.answered(next.connection, answer, after: isDoubtful ? self.limits.timeToDoubt : .zero)
            }
        }
    }

    private func answered(_ id: Int, _ answer: PageAnswer, after time: Duration) {
        isAnswering = false
        if time > .zero {
            loop.schedule(at: loop.now + time) { [weak self] in self?.assumeIsolated { $0.write(answer, to: id) } }
        } else {
            write(answer, to: id)
        }
        ask()
    }

    // MARK: - Writing

    private func write(_ answer: PageAnswer, to id: Int) {
        guard connections[id] != nil else { return }
        let output = answer.bytes
        var waiting = output.count + connections.values.reduce(0) { $0 + $1.waiting }
        for (other, connection) in connections.sorted(by: { $0.key < $1.key }) where waiting > limits.waiting {
            guard connection.phase == .writing else { continue }
            waiting -= connection.waiting
            close(other)
        }
        connections[id]?.output = output
        connections[id]?.phase = .writing
        setTimer(id, limits.timeToTake)
        flush(id)
    }

    private func flush(_ id: Int) {
        guard let connection = connections[id] else { return }
        var sent = connection.sent
        do throws(NetError) {
            while sent < connection.output.count {
                let count = try Self.write(connection.output, from: sent, to: connection.socket)
                if count == 0 { break }
                sent += count
            }
            if sent == connection.output.count, connection.socket.wantsToWrite {
                _ = try connection.socket.write([], isMore: false)
            }
        } catch { return close(id) }
        connections[id]?.sent = sent
        guard sent == connection.output.count, !connection.socket.wantsToWrite else {
            return loop.setInterest(connection.socket, .writable)
        }
        connections[id]?.output = []
        connections[id]?.sent = 0
        connections[id]?.phase = .ending
        connection.socket.shutdownWriting()
        loop.setInterest(connection.socket, .readable)
        setTimer(id, limits.timeToEnd)
        discard(id)
    }

    private static func write(_ bytes: [UInt8], from: Int, to socket: any LoopSocket) throws(NetError) -> Int {
        let outcome: Result<Int, NetError> = bytes.withUnsafeBytes { buffer in
            do throws(NetError) {
                return .success(try socket.write(UnsafeRawBufferPointer(rebasing: buffer[from...])))
            } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    /// Takes what a client goes on sending, until it has seen the answer and closes, or its time is over.
    private func discard(_ id: Int) {
        guard let socket = connections[id]?.socket else { return }
        let isOver = withUnsafeTemporaryAllocation(byteCount: Self.pieceSize, alignment: 1) { buffer in
            do throws(NetError) { return try socket.read(into: buffer) == 0 } catch { return true }
        }
        if isOver { close(id) }
    }

    // MARK: - The end

    private func setTimer(_ id: Int, _ duration: Duration?) {
        connections[id]?.timer.set(duration.map { loop.now + $0 })
    }

    private func timeIsOver(_ id: Int) {
        connections[id]?.timer.fired()
        guard let connection = connections[id] else { return }
        // A browser opens connections that it may need: nobody waits for an answer on those.
        guard connection.phase == .reading, !connection.head.isEmpty else { return close(id) }
        write(.refusal(408, "The request did not arrive in time."), to: id)
    }

    private func close(_ id: Int) {
        guard var connection = connections.removeValue(forKey: id) else { return }
        connection.timer.cancel()
        loop.unwatch(connection.socket)
        connection.socket.close()
    }
}
