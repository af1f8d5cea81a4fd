/// What became of a connection that begins with TLS.
struct SecuredAnswer: Sendable {
    var details: TLSDetails?
    var chain: [CertificateSummary] = []
    var failure: TLSError?
    /// What came back on what was said.
    var said: [UInt8] = []
}

extension SocketProber {
    /// Connects, agrees on TLS, says these bytes, and waits for what comes back: only that shows that the other side takes
    /// the client, since a server of TLS 1.3 refuses a certificate after the handshake.
    func secure(
        _ address: SocketAddress, for host: BrokerAddress, with context: TLSContext, saying bytes: [UInt8],
        within limit: Duration
    ) async -> SecuredAnswer {
        let deadline = loop.now + limit
        let below: any LoopSocket
        switch await open(address, until: deadline) {
        case .success(let socket): below = socket
        case .failure(let error): return SecuredAnswer(failure: TLSError(.connection("\(error)"), peer: "\(host)"))
        }
        let socket: TLSSocket
        do throws(TLSError) { socket = try context.connect(over: below, host: host.host, port: host.port) } catch {
            below.close()
            return SecuredAnswer(failure: error)
        }
        defer { socket.close() }
        do throws(TLSError) { try await socket.clientHandshake(on: loop, until: deadline) } catch {
            return SecuredAnswer(failure: error)
        }
        var answer = SecuredAnswer(details: socket.details, chain: socket.chain)
        answer.said = await exchange(bytes, over: socket, until: deadline)
        answer.failure = socket.failure
        return answer
    }

    /// Says something, and takes what comes back until it is enough to tell who speaks.
    private func exchange(_ bytes: [UInt8], over socket: TLSSocket, until deadline: Instant) async -> [UInt8] {
        var unsent = bytes[...]
        var received: [UInt8] = []
        while received.count < 8, socket.failure == nil {
            do throws(NetError) {
                if !unsent.isEmpty { unsent = unsent.dropFirst(try Self.write(unsent, to: socket)) }
                if let part = try Self.read(from: socket) {
                    guard !part.isEmpty else { break }
                    received += part
                    continue
                }
            } catch {
                break
            }
            let interest: Readiness = unsent.isEmpty && !socket.wantsToWrite ? .readable : [.readable, .writable]
            let arrival = Arrival<Bool>()
            loop.watch(socket, for: interest) { _ in arrival.give(true) }
            let timer = loop.schedule(at: deadline) { arrival.give(false) }
            let isReady = await arrival.value()
            loop.unwatch(socket)
            loop.cancel(timer)
            guard isReady else { break }
        }
        return received
    }

    private static func write(_ bytes: ArraySlice<UInt8>, to socket: TLSSocket) throws(NetError) -> Int {
        let count: Result<Int, NetError> = bytes.withUnsafeBytes { buffer in
            do throws(NetError) { return .success(try socket.write(buffer)) } catch { return .failure(error) }
        }
        return min(try count.get(), bytes.count)
    }

    /// Nil where there is nothing yet; nothing at the end.
    private static func read(from socket: TLSSocket) throws(NetError) -> [UInt8]? {
        var part = [UInt8](repeating: 0, count: 4096)
        let count: Result<Int?, NetError> = part.withUnsafeMutableBytes { buffer in
            do throws(NetError) { return .success(try socket.read(into: buffer)) } catch { return .failure(error) }
        }
        return try count.get().map { Array(part.prefix($0)) }
    }
}
