/// Connects to one host, within the time that it is given: to one of its addresses after the other. An actor on the loop
/// that the connection is for; nobody connects with it twice at a time.
package actor Connector {
    package nonisolated let loop: any EventLoop
    package nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let family: AddressFamily
    private let options: SocketOptions
    private var isStopped = false
    private var resolving: Arrival<Result<[SocketAddress], NetError>>?
    private var waiting: Arrival<NetError?>?

    package init(_ loop: any EventLoop, family: AddressFamily, options: SocketOptions) {
        self.loop = loop
        self.family = family
        self.options = options
    }

    /// What goes on ends with an error, and nothing is begun any more.
    package func stop() {
        isStopped = true
        resolving?.give(.failure(NetError(.closed, doing: "resolve the name")))
        waiting?.give(NetError(.closed, doing: "connect"))
    }

    /// Connects to a host by its name, whose addresses are looked up anew each time, or to a Unix socket by its path.
    package func connect(host: String, port: UInt16, until deadline: Instant) async throws(NetError) -> any LoopSocket {
        let addresses: [SocketAddress]
        if let path = UnixPath.read(host) {
            guard let address = SocketAddress.unix(path) else {
                throw NetError(.unresolved("the system takes no such path"), doing: "connect to \(host)")
            }
            addresses = [address]
        } else {
            addresses = try family.taken(try await resolve(host, port, until: deadline).get(), of: host)
        }
        var failure = NetError(.unresolved("the name has no address"), doing: "resolve \(host)")
        for (index, address) in addresses.enumerated() {
            // A host that swallows packets must not use up the time of the addresses behind it.
            let share = (deadline - loop.now) / (addresses.count - index)
            switch await connect(to: address, until: loop.now + share) {
            case .success(let socket): return socket
            case .failure(let error): failure = error
            }
            if isStopped { break }
        }
        throw failure
    }

    /// The system's resolver cannot be stopped: what it says after the deadline is not listened to.
    private func resolve(
        _ host: String, _ port: UInt16, until deadline: Instant
    ) async -> Result<[SocketAddress], NetError> {
        guard !isStopped else { return .failure(NetError(.closed, doing: "resolve \(host)")) }
        let arrival = Arrival<Result<[SocketAddress], NetError>>()
        resolving = arrival
        let timer = loop.schedule(at: deadline) { arrival.give(.failure(.timedOut(doing: "resolve \(host)"))) }
        defer { loop.cancel(timer) }
        loop.resolve(host: host, port: port, isPassive: false) { arrival.give($0) }
        return await arrival.value()
    }

    private func connect(
        to address: SocketAddress, until deadline: Instant
    ) async -> Result<any LoopSocket, NetError> {
        let action = "connect to \(address)"
        guard !isStopped else { return .failure(NetError(.closed, doing: action)) }
        let socket: any LoopSocket
        do { socket = try loop.connect(to: address, options: options) } catch { return .failure(error) }
        var error = await wait(for: socket, .writable, until: deadline, doing: action)
        if error == nil { error = socket.connectError(to: address) }
        if error == nil, isStopped { error = NetError(.closed, doing: action) }
        guard let error else { return .success(socket) }
        socket.close()
        return .failure(error)
    }

    /// Waits until a socket is ready; gives why it is not.
    private func wait(
        for socket: any LoopSocket, _ readiness: Readiness, until deadline: Instant, doing action: String
    ) async -> NetError? {
        guard !isStopped else { return NetError(.closed, doing: action) }
        let arrival = Arrival<NetError?>()
        waiting = arrival
        loop.watch(socket, for: readiness) { _ in arrival.give(nil) }
        let timer = loop.schedule(at: deadline) { arrival.give(.timedOut(doing: action)) }
        let error = await arrival.value()
        loop.unwatch(socket)
        loop.cancel(timer)
        return error
    }

    // MARK: - What a dialer says before the client does

    /// Writes all of it.
    func write(_ bytes: [UInt8], to socket: any LoopSocket, until deadline: Instant) async throws(NetError) {
        var sent = 0
        while sent < bytes.count {
            let count = try Self.write(bytes, from: sent, to: socket)
            sent += count
            guard count == 0 else { continue }
            if let error = await wait(for: socket, .writable, until: deadline, doing: "write to the connection") {
                throw error
            }
        }
    }

    private static func write(_ bytes: [UInt8], from: Int, to socket: any LoopSocket) throws(NetError) -> Int {
        let outcome: Result<Int, NetError> = bytes.withUnsafeBytes { buffer in
            do throws(NetError) {
                return .success(try socket.write(UnsafeRawBufferPointer(rebasing: buffer[from...])))
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }

    /// Reads what comes next, and no more than so many bytes; none at the end of the stream.
    func read(
        atMost limit: Int, from socket: any LoopSocket, until deadline: Instant
    ) async throws(NetError) -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: min(max(limit, 1), 64 << 10))
        while true {
            let outcome: Result<Int?, NetError> = buffer.withUnsafeMutableBytes { buffer in
                do throws(NetError) { return .success(try socket.read(into: buffer)) } catch { return .failure(error) }
            }
            if let count = try outcome.get() { return Array(buffer[..<count]) }
            if let error = await wait(for: socket, .readable, until: deadline, doing: "read from the connection") {
                throw error
            }
        }
    }

    /// Reads up to the end of a head. Nobody speaks behind it before this side has: what comes all the same is the answer's.
    func readHead(from socket: any LoopSocket, until deadline: Instant) async throws(NetError) -> HTTPProxyAnswer {
        var head = HTTPProxyAnswer()
        while !head.isComplete { head.take(try await read(atMost: 1024, from: socket, until: deadline)) }
        return head
    }
}
