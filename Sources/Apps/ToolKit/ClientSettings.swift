import KafkaWire

/// Settings under Kafka's names, put into a client's configuration.
enum ClientSettings {
    /// Takes over what is known, warns of what has no effect here, and refuses what cannot be done: TLS and SASL.
    static func apply(
        _ settings: ToolSettings, to configuration: inout ClientConfiguration, warn: (String) -> Void
    ) throws {
        for entry in settings.entries {
            switch entry.name {
            case "bootstrap.servers": break
            case "client.id": configuration.clientId = entry.value
            case "request.timeout.ms": configuration.requestTimeout = try milliseconds(entry)
            case "default.api.timeout.ms": configuration.apiTimeout = try milliseconds(entry)
            case "socket.connection.setup.timeout.ms": configuration.connectTimeout = try milliseconds(entry)
            case "retry.backoff.ms": configuration.retryBackoff = try milliseconds(entry)
            case "retry.backoff.max.ms": configuration.maximumRetryBackoff = try milliseconds(entry)
            case "security.protocol" where entry.value.uppercased() == "PLAINTEXT": break
            case let name where name == "security.protocol" || name.hasPrefix("sasl.") || name.hasPrefix("ssl."):
                throw ToolFailure(
                    "\(entry.place): \(name) is not supported: this client has no TLS and no SASL yet; use a listener "
                        + "without (PLAINTEXT)")
            default: warn("\(entry.place): the setting \(entry.name) has no effect here")
            }
        }
    }

    private static func milliseconds(_ entry: ToolSettings.Entry) throws -> Duration {
        guard let value = Int64(entry.value), (0...Int64(Int32.max)).contains(value) else {
            throw ToolFailure("\(entry.place): \(entry.name) is milliseconds, a whole number, not \(entry.value)")
        }
        return .milliseconds(value)
    }
}
