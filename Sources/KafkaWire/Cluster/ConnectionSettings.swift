/// The settings of ``ConnectionOptions``, under Kafka's names and librdkafka's.
enum ConnectionSettings {
    static let rules: KeyValuePairs<String, SettingTable<ClientConfiguration>.Rule> = [
        "reconnect.backoff.ms": { (configuration, value) throws(KafkaError) in
            configuration.connections.reconnectBackoff = try value.milliseconds()
            // As in Java, where pauses grow only if the longest one is set, too, or neither.
            configuration.connections.maximumReconnectBackoff = configuration.connections.reconnectBackoff
        },
        "reconnect.backoff.max.ms": { (configuration, value) throws(KafkaError) in
            configuration.connections.maximumReconnectBackoff = try value.milliseconds()
        },
        "socket.connection.setup.timeout.max.ms": { (configuration, value) throws(KafkaError) in
            configuration.connections.maximumConnectTimeout = try value.milliseconds(atLeast: 1)
        },
        "connections.max.idle.ms": { (configuration, value) throws(KafkaError) in
            configuration.connections.maximumIdleTime = try idleTime(value)
        },
        "socket.keepalive.enable": { (configuration, value) throws(KafkaError) in
            configuration.connections.keepsAlive = try value.flag()
        },
        "socket.user.timeout.ms": { (configuration, value) throws(KafkaError) in
            let time = try value.milliseconds()
            configuration.connections.userTimeout = time == .zero ? nil : time
        },
        "send.buffer.bytes": { (configuration, value) throws(KafkaError) in
            configuration.connections.sendBuffer = try buffer(value, systems: -1)
        },
        "socket.send.buffer.bytes": { (configuration, value) throws(KafkaError) in
            configuration.connections.sendBuffer = try buffer(value, systems: 0)
        },
        "receive.buffer.bytes": { (configuration, value) throws(KafkaError) in
            configuration.connections.receiveBuffer = try buffer(value, systems: -1)
        },
        "socket.receive.buffer.bytes": { (configuration, value) throws(KafkaError) in
            configuration.connections.receiveBuffer = try buffer(value, systems: 0)
        },
        "receive.message.max.bytes": { (configuration, value) throws(KafkaError) in
            configuration.connections.maximumAnswerSize = try value.integer(atLeast: 1000)
        },
        "broker.address.family": { (configuration, value) throws(KafkaError) in
            configuration.connections.addressFamily = try value.choice(["any": .any, "v4": .v4, "v6": .v6])
        },
        "client.dns.lookup": { (configuration, value) throws(KafkaError) in
            configuration.connections.nameLookup = try value.choice([
                "use_all_dns_ips": .allAddresses, "resolve_canonical_bootstrap_servers_only": .canonicalBootstrapNames,
            ])
        },
        "proxy.url": { (configuration, value) throws(KafkaError) in
            configuration.connections.dialer = value.text.isEmpty ? nil : try proxy(value)
        },
    ]

    /// A proxy by its URL, of which an error shows nothing: there may be a password in it.
    private static func proxy(_ value: SettingValue) throws(KafkaError) -> HTTPProxyDialer {
        if let dialer = HTTPProxyDialer(url: value.text) { return dialer }
        let text = value.text.lowercased()
        let known = ["socks4:", "socks4a:", "socks5:", "socks5h:", "https:"].first(where: text.hasPrefix)
        let reason =
            known.map { "begins with \($0), which this client does not speak to a proxy" } ?? "is no URL of a proxy"
        throw value.refusal(
            "\(value.name) \(reason); write it as http://host:port or http://user:password@host:port, with %40 for an @ "
                + "in a user or password")
    }

    /// Java's clients never close a connection where the number is negative, librdkafka's where it is 0.
    private static func idleTime(_ value: SettingValue) throws(KafkaError) -> Duration? {
        let time = try value.milliseconds(atLeast: -1)
        return time <= .zero ? nil : time
    }

    /// A size in bytes; nil where it says that the system's is to be taken.
    private static func buffer(_ value: SettingValue, systems: Int) throws(KafkaError) -> Int? {
        let size = try value.integer(atLeast: systems)
        return size == systems ? nil : size
    }

    /// What is read after another setting that it is about stands behind it, in whatever order they were written. The release
    /// that librdkafka takes brokers for counts only where they are not to be asked (`api.version.request=false`): it stands in
    /// many a configuration from before Kafka 0.10.
    static func ordered(_ settings: [(name: String, value: String)]) -> [(name: String, value: String)] {
        func isLate(_ name: String) -> Bool {
            name == "reconnect.backoff.max.ms" || name == "metadata.recovery.strategy"
        }
        let asks = settings.last { $0.name == "api.version.request" }
            .map { SettingValue($0.name, $0.value).text.lowercased() != "false" }
        let kept = settings.filter { $0.name != "broker.version.fallback" || asks == false }
        return kept.filter { !isLate($0.name) } + kept.filter { isLate($0.name) }
    }
}
