extension ClientConfiguration {
    /// Takes settings under Kafka's names, as in `client.properties`; of a name that comes twice, the last one counts.
    ///
    /// Settings of Kafka 4.3's clients that mean nothing here (`metric.reporters`), or that are a producer's or a
    /// consumer's (`linger.ms`), are passed over.
    ///
    /// - Returns: the names that no client of Kafka 4.3 knows: misspelt, as a rule.
    /// - Throws: ``KafkaError`` with ``KafkaError/Code/invalidConfiguration``, the setting's name and what is allowed,
    ///   for a value that the setting cannot have, and for what this client cannot do, such as `ssl.truststore.location`.
    ///   Nothing is changed then.
    @discardableResult
    public mutating func apply(_ settings: [(name: String, value: String)]) throws(KafkaError) -> [String] {
        var changed = self
        let unknown = try OtherSettings.unknown(
            try Self.take(ConnectionSettings.ordered(settings), into: &changed))
        self = changed
        return unknown
    }

    /// The names of settings that clients, producers or consumers take, in order.
    public static let settingNames: [String] = SettingName.names().sorted()

    static let table = SettingTable<ClientConfiguration>([
        "bootstrap.servers": { (configuration, value) throws(KafkaError) in
            configuration.bootstrapServers = value.items
            guard !value.items.isEmpty else {
                throw value.refusal("bootstrap.servers names no broker; write host:port, with commas between several")
            }
            for server in value.items { _ = try BrokerAddress(server) }
        },
        "client.id": { (configuration, value) throws(KafkaError) in configuration.clientId = value.text },
        "socket.connection.setup.timeout.ms": { (configuration, value) throws(KafkaError) in
            configuration.connectTimeout = try value.milliseconds(atLeast: 1)
        },
        "request.timeout.ms": { (configuration, value) throws(KafkaError) in
            configuration.requestTimeout = try value.milliseconds(atLeast: 1)
        },
        "default.api.timeout.ms": { (configuration, value) throws(KafkaError) in
            configuration.apiTimeout = try value.milliseconds()
        },
        "retry.backoff.ms": { (configuration, value) throws(KafkaError) in
            configuration.retryBackoff = try value.milliseconds()
        },
        "retry.backoff.max.ms": { (configuration, value) throws(KafkaError) in
            configuration.maximumRetryBackoff = try value.milliseconds()
        },
        "metadata.max.age.ms": { (configuration, value) throws(KafkaError) in
            configuration.metadataMaximumAge = try value.milliseconds()
        },
        "metadata.recovery.strategy": { (configuration, value) throws(KafkaError) in
            let isRecovering = try value.choice(["none": false, "rebootstrap": true])
            guard isRecovering else { return configuration.recovery = .none }
            if configuration.recovery == .none { configuration.recovery = .rebootstrap(after: .seconds(300)) }
        },
        // With the strategy none it means nothing; ``apply(_:)`` reads the strategy last.
        "metadata.recovery.rebootstrap.trigger.ms": { (configuration, value) throws(KafkaError) in
            configuration.recovery = .rebootstrap(after: try value.milliseconds())
        },
        "api.versions.release": { (configuration, value) throws(KafkaError) in
            configuration.versions = try VersionLimits.named(value)
        },
        // librdkafka's: what it takes brokers for where it does not ask them. ``ConnectionSettings/ordered(_:)`` leaves it
        // out where that is not said.
        "broker.version.fallback": { (configuration, value) throws(KafkaError) in
            configuration.versions = try VersionLimits.named(value)
        },
        "api.version.request": { (_, value) throws(KafkaError) in _ = try value.flag() },
        "progress.limit.ms": { (configuration, value) throws(KafkaError) in
            configuration.progressLimit = try value.milliseconds()
        },
    ]).with(ConnectionSettings.rules)
}

extension VersionLimits {
    /// The release of a setting; nil where it is empty.
    fileprivate static func named(_ value: SettingValue) throws(KafkaError) -> VersionLimits? {
        guard !value.text.isEmpty else { return nil }
        let limits = VersionLimits.release(value.text)
        do throws(KafkaError) { _ = try VersionPin(limits) } catch {
            throw value.refusal("\(value.name): \(error.message)")
        }
        return limits
    }
}
