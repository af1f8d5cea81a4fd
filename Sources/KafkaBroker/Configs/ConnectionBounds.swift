import KafkaWire

/// How many connections each node takes, how fast, and how long it keeps those that say nothing. Kafka's bounds, and its
/// defaults: none but ``idle``.
public struct ConnectionBounds: Sendable, Equatable {
    /// Bounds of one listener of each node, beside those of the node; nil is the same as the node has.
    public struct Listener: Sendable, Equatable {
        /// How many connections it has at most (`listener.name.NAME.max.connections`, KIP-402).
        public var maximum: Int?
        /// How many it takes in a second (`listener.name.NAME.max.connection.creation.rate`, KIP-612).
        public var creationRate: Int?

        /// Those of the node.
        public init(maximum: Int? = nil, creationRate: Int? = nil) {
            self.maximum = maximum
            self.creationRate = creationRate
        }
    }

    /// How many connections a node has at most (`max.connections`); nil is without limit. Beyond, nobody is let in until
    /// somebody leaves.
    public var maximum: Int?
    /// How many connections a node has from one address (`max.connections.per.ip`); nil is without limit. One more is closed
    /// at once.
    public var maximumPerAddress: Int?
    /// The addresses that have another such limit (`max.connections.per.ip.overrides`), as numbers; `localhost` is
    /// 127.0.0.1 and ::1.
    public var perAddressOverrides: [String: Int] = [:]
    /// How many connections a node takes in a second (`max.connection.creation.rate`, KIP-612); nil is without limit.
    /// Beyond, they wait for a second at most. The rate is measured over ``BrokerConfiguration/quotaWindow``.
    public var creationRate: Int?
    /// The listeners that have bounds of their own, by name.
    public var listeners: [String: Listener] = [:]
    /// The listener that a node with several never shuts because of what the others have (`inter.broker.listener.name`, or
    /// that of `security.inter.broker.protocol`): brokers, and whoever is to help, have a way in. It has room up to its own
    /// bounds; what the node has beyond its bounds then goes from the others. Default `PLAINTEXT`, as in Kafka.
    public var interBrokerListener = "PLAINTEXT"
    /// After what silence a connection is closed (`connections.max.idle.ms`): 10 minutes; nil is never. One whose request
    /// waits for its answer, or that is held back by a quota, is kept.
    public var idle: Duration? = .seconds(600)
    /// After what time a connection is closed whose client could not say who it is (`connection.failed.authentication.delay.ms`):
    /// 100 ms, so that who guesses passwords has to wait.
    public var failedAuthenticationDelay: Duration = .milliseconds(100)

    /// Kafka's defaults.
    public init() {}

    /// How many connections a node has from that address, which is canonical; nil is without limit.
    func limit(of address: String) -> Int? {
        perAddressOverrides.isEmpty ? maximumPerAddress : perAddressOverrides[address] ?? maximumPerAddress
    }

    /// How many connections a listener takes in a second; where it has no number of its own, that of the node.
    func creationRate(of listener: String) -> Int? { listeners[listener]?.creationRate ?? creationRate }

    /// The overrides as Kafka writes them: `127.0.0.1:10,::1:20`.
    var overridesText: String {
        perAddressOverrides.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value)" }.joined(separator: ",")
    }

    /// Reads overrides as Kafka writes them, or says what is wrong with one.
    static func overrides(_ text: String) -> Result<[String: Int], OverridesError> {
        var found: [String: Int] = [:]
        for item in ConfigDefinition.items(text) {
            guard let colon = item.lastIndex(of: ":"),
                let limit = Int32(String(item[item.index(after: colon)...]).trimmed),
                limit >= 0
            else { return .failure(OverridesError(description: "\"\(item)\" is no ADDRESS:NUMBER")) }
            let host = String(item[..<colon]).trimmed
            guard let addresses = NumericAddress.all(host) else {
                return .failure(
                    OverridesError(description: "\"\(host)\" is no address: write it in numbers, such as 127.0.0.1"))
            }
            for address in addresses { found[address] = Int(limit) }
        }
        return .success(found)
    }

    /// What is wrong with overrides, in a sentence.
    struct OverridesError: Error, Equatable, CustomStringConvertible {
        let description: String
    }
}

extension ConfigStore {
    /// The bounds in force: those of `configuration`, and what was set since the broker was started.
    func connectionBounds(_ configuration: BrokerConfiguration) -> ConnectionBounds {
        var bounds = configuration.connectionBounds
        func changed(_ name: String) -> String? {
            guard let first = synonyms([name]).first else { return nil }
            return first.source == .dynamicBroker || first.source == .dynamicDefaultBroker ? first.value.trimmed : nil
        }
        func number(_ name: String, _ otherwise: Int?) -> Int? {
            guard let value = changed(name).flatMap({ Int($0) }) else { return otherwise }
            return value == Int32.max ? nil : value
        }
        bounds.maximum = number("max.connections", bounds.maximum)
        bounds.maximumPerAddress = number("max.connections.per.ip", bounds.maximumPerAddress)
        bounds.creationRate = number("max.connection.creation.rate", bounds.creationRate)
        for name in configuration.listenerNames {
            func own(_ setting: String) -> Int? {
                changed("listener.name.\(name.lowercased()).\(setting)").flatMap { Int($0) }
            }
            if let maximum = own("max.connections") { bounds.listeners[name, default: .init()].maximum = maximum }
            if let rate = own("max.connection.creation.rate") {
                bounds.listeners[name, default: .init()].creationRate = rate
            }
        }
        if let text = changed("max.connections.per.ip.overrides"),
            case .success(let overrides) = ConnectionBounds.overrides(text)
        {
            bounds.perAddressOverrides = overrides
        }
        return bounds
    }
}
