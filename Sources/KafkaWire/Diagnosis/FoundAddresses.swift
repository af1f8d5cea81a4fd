/// Connects to the addresses that were found to answer, under the names that they go by: names matter to certificates and
/// to some mechanisms, and are not looked up anew.
struct FoundAddresses: Dialer {
    var found: [BrokerAddress: SocketAddress]

    func dial(_ call: DialedCall) async throws -> DialedStream {
        guard let address = found[BrokerAddress(host: call.host, port: call.port)] else {
            return try await call.connect(host: call.host, port: call.port)
        }
        if let path = address.path { return try await call.connect(unixPath: path) }
        return try await call.connect(host: address.host, port: address.port)
    }
}
