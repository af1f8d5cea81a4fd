import KafkaWire

/// The proxy's saying who it is on a connection that its client uses: requests of its own, between two of the client's.
actor RelayedLogin: SASLCarrier {
    nonisolated let host: String
    nonisolated let port: UInt16
    nonisolated let name: String
    nonisolated let loop: any EventLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
    private let proxy: Proxy
    private let connection: Int
    /// Clients count from zero on.
    private var nextNumber = Int32.min

    init(_ connection: Int, _ target: HostPort, of proxy: Proxy, on loop: any EventLoop) {
        (host, port, name) = (target.host, target.port, "\(target)")
        self.loop = loop
        self.proxy = proxy
        self.connection = connection
    }

    func answer<R: WireRequest>(
        to request: R, version: Int16, deadline: Instant
    ) async throws(KafkaError) -> Bytes {
        let number = nextNumber
        nextNumber &+= 1
        let frame: [UInt8]
        do throws(WireError) {
            frame = try Frame.request(request, version: version, correlationId: number, clientId: "kw-proxy")
        } catch {
            throw KafkaError(.invalidRequest, "\(R.api): \(error)", broker: name, api: R.api)
        }
        let head = RequestHead(api: R.api, version: version, correlationId: number, size: frame.count)
        guard let answer = await proxy.ask(connection, frame, head, until: deadline) else {
            throw KafkaError(.timedOut, "broker \(name) did not answer \(R.api)", broker: name, api: R.api)
        }
        return answer
    }
}
