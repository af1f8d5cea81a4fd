/// Why a dialer has made no connection.
struct DialFailure: Error {
    private let net: NetError?
    private let words: String

    init(_ error: any Error) {
        net = error as? NetError
        words = "\(error)"
    }

    /// As what the client tells of any connection that fails.
    func error(broker: String) -> KafkaError {
        if let net { return .net(net, broker: broker) }
        return KafkaError(
            .connectionFailed, "the dialer could not connect to broker \(broker): \(words)", broker: broker)
    }
}
