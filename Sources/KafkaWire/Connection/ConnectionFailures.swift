/// Why there is no answer, as an error that says what to look at.
extension BrokerConnection {
    /// Whether the client says who it is by a delegation token.
    private var hasToken: Bool { (security.sasl as? ScramMechanism)?.options.isToken ?? false }

    func failure(_ reason: ConnectionState.Reason, _ api: APIKey?) -> KafkaError {
        switch reason {
        // Who has not spoken Kafka yet never will; from a broker, it was an accident.
        case .wire(let error) where !isNegotiated && error.isOfTLS: .speaksTLS(name)
        case .unexpectedAnswer where !isNegotiated, .wire where !isNegotiated:
            KafkaError(
                .malformedResponse,
                "what listens on \(name) does not answer in Kafka's protocol; look whether the port is a broker's, and "
                    + "whether it wants TLS", broker: name, api: api, setting: "bootstrap.servers", isRetriable: false)
        case .timedOut where !isNegotiated:
            KafkaError(
                .timedOut,
                "broker \(name) took the connection but did not answer in time; look whether it is a Kafka broker, and "
                    + "overloaded", broker: name, api: api, setting: "socket.connection.setup.timeout.ms")
        case .timedOut:
            KafkaError(
                .timedOut, "broker \(name) did not answer in time; look whether it is overloaded or unreachable",
                broker: name, api: api, setting: "request.timeout.ms")
        case .unexpectedAnswer(let correlationId, let awaited):
            KafkaError(
                .malformedResponse,
                "broker \(name) answered request \(correlationId) where \(awaited.map { "\($0)" } ?? "none") was awaited",
                broker: name, api: api, isRetriable: true)
        case .net(let error) where isNegotiated && !hasServed && security.sasl == nil && error.cause == .ended:
            .wantsSASL(name)
        case .net(let error) where isNegotiated && hasToken && !hasServed && error.cause == .ended:
            .tokenEnded(name)
        case .net(let error): .net(error, broker: name)
        case .unauthenticated(let error): error
        case .wire(let error) where error.isOfSize:
            KafkaError(
                .malformedResponse,
                "broker \(name) sent more than this client takes (\(error)); ask for less at a time (fetch.max.bytes), or "
                    + "raise receive.message.max.bytes", broker: name, api: api, setting: "receive.message.max.bytes",
                isRetriable: true)
        case .wire(let error):
            KafkaError(
                .malformedResponse, "broker \(name) sent what is no frame (\(error)); the connection was closed",
                broker: name, api: api, isRetriable: true)
        case .closed, .idle:
            KafkaError(.connectionFailed, "the connection to broker \(name) is closed", broker: name, api: api)
        }
    }
}

extension WireError {
    /// Whether it is a frame that has a size, which is too large.
    fileprivate var isOfSize: Bool {
        if case .badLength(let size, _) = reason, message == "Frame", size > 0 { true } else { false }
    }

    /// Whether what was taken for a frame's size begins an alert of TLS (RFC 8446, 5.1): type 21, version 3.x.
    fileprivate var isOfTLS: Bool {
        if case .badLength(let size, _) = reason, message == "Frame" { size >> 16 == 0x1503 } else { false }
    }
}
