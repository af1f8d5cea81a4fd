import KafkaWire

// Settings under Kafka's names, as a `server.properties` has them, in terms of this broker's configuration.

extension BrokerConfiguration {
    /// Why settings under Kafka's names cannot be taken.
    public struct PropertyError: Error, CustomStringConvertible, Sendable, Equatable {
        /// The setting that is wrong.
        public let name: String
        /// What is wrong with it and what to do, in a sentence.
        public let description: String
    }

    /// What is worth saying of settings that were taken.
    public struct PropertyReport: Sendable, Equatable {
        /// The names that Kafka knows and that have no effect here, in their order.
        public var withoutEffect: [String] = []
        /// Sentences about what was read otherwise than Kafka reads it.
        public var remarks: [String] = []
    }

    /// Takes settings under Kafka's names, as in `server.properties`.
    ///
    /// Those that this type has a property for set it; the defaults of topics and groups (`log.retention.ms`) go to
    /// ``properties``, from where topics fall back to them. Others that Kafka knows are checked, kept, and named in the
    /// report. Listeners of controllers are passed over: this broker is its own controller. Values are held against the
    /// rules of Kafka 4.3.
    ///
    /// - Throws: ``PropertyError`` for a name that Kafka does not know, a value that the setting cannot have, and what
    ///   this broker cannot do, such as listening with TLS. Nothing is changed then.
    @discardableResult
    public mutating func apply(_ properties: [String: String]) throws(PropertyError) -> PropertyReport {
        var reader = ServerProperties(properties, self)
        try reader.read()
        self = reader.configuration
        return reader.report
    }

    /// A configuration from settings under Kafka's names; see ``apply(_:)``. Without `listeners`, it listens on a free
    /// port of this machine.
    public init(properties: [String: String]) throws(PropertyError) {
        self.init()
        try apply(properties)
    }
}

/// One reading of settings under Kafka's names.
private struct ServerProperties {
    typealias PropertyError = BrokerConfiguration.PropertyError

    private let properties: [String: String]
    var configuration: BrokerConfiguration
    var report = BrokerConfiguration.PropertyReport()
    /// The names that have set something.
    private var used: Set<String> = []

    init(_ properties: [String: String], _ configuration: BrokerConfiguration) {
        self.properties = properties.mapValues(\.trimmed)
        self.configuration = configuration
    }

    mutating func read() throws(PropertyError) {
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) { try check(name, value) }
        try readIdentity()
        try readListeners()
        try readDirectory()
        try readRacks()
        try readLimits()
        try readGroupsAndTransactions()
        configuration.properties.merge(properties.filter { $0.value != "" || isText($0.key) }) { $1 }
        report.withoutEffect = properties.keys.filter { !used.contains($0) && !reachesTopics($0) }.sorted()
    }

    private func isText(_ name: String) -> Bool {
        guard let kind = BrokerConfigs.table[name]?.kind else { return true }
        return [.string, .list, .class, .password].contains(kind)
    }

    /// Whether topics or groups fall back to that setting.
    private func reachesTopics(_ name: String) -> Bool {
        TopicConfigs.table.definitions.contains { $0.serverNames.contains(name) }
            || GroupConfigs.table.definitions.contains { $0.serverNames.contains(name) }
    }

    // MARK: - Names and values

    private func check(_ name: String, _ value: String) throws(PropertyError) {
        guard value.utf8.count <= ConfigDefinition.longestValue else {
            throw refusal(
                name,
                "the value has \(value.utf8.count) bytes, of which clients can be told "
                    + "\(ConfigDefinition.longestValue)")
        }
        guard let definition = BrokerConfigs.table[name] else {
            guard !KafkaSettingNames.contains(name) else { return }
            throw refusal(name, KafkaSettingNames.sentence(name))
        }
        if let objection = definition.objection(to: value) { throw refusal(name, objection) }
    }

    private func refusal(_ name: String, _ text: String) -> PropertyError {
        PropertyError(name: name, description: text)
    }

    private mutating func text(_ name: String) -> String? {
        guard let value = properties[name], !value.isEmpty else { return nil }
        used.insert(name)
        return value
    }

    private mutating func number(_ name: String) -> Int? { text(name).flatMap { Int($0) } }
    private mutating func milliseconds(_ name: String) -> Duration? { number(name).map { .milliseconds($0) } }

    // MARK: - What takes effect

    private mutating func readIdentity() throws(PropertyError) {
        let node = number("node.id")
        let broker = number("broker.id")
        if let node, let broker, node != broker {
            throw refusal("broker.id", "node.id is \(node) and broker.id \(broker); they are one thing: keep node.id")
        }
        if let id = node ?? broker {
            guard id >= 0 else {
                throw refusal(node == nil ? "broker.id" : "node.id", "the broker's id cannot be negative: \(id)")
            }
            configuration.nodeId = BrokerID(Int32(clamping: id))
        }
        if let roles = text("process.roles"), !ConfigDefinition.items(roles).contains("broker") {
            throw refusal(
                "process.roles", "this is a broker, and its own controller: process.roles has to name broker")
        }
    }

    private mutating func readDirectory() throws(PropertyError) {
        // Kafka takes log.dir only where log.dirs says nothing.
        let single = text("log.dir")
        let name = properties["log.dirs"].map { $0.isEmpty } ?? true ? "log.dir" : "log.dirs"
        let directories = ConfigDefinition.items(text("log.dirs") ?? single ?? "")
        guard directories.count <= 1 else {
            throw refusal(name, "this broker keeps its data in one directory; name one instead of \(directories.count)")
        }
        if let directory = directories.first { configuration.dataDirectory = directory }
    }

    private mutating func readRacks() throws(PropertyError) {
        if let rack = text("broker.rack") { configuration.rack = rack }
        guard let name = text("replica.selector.class") else { return }
        guard let selector = BrokerConfiguration.ReplicaSelector(className: name) else {
            throw refusal(
                "replica.selector.class",
                "this broker has no class \(name): name "
                    + "\(BrokerConfiguration.ReplicaSelector.rackAware.className ?? ""), or leave the setting out")
        }
        configuration.replicaSelector = selector
    }

    private mutating func readLimits() throws(PropertyError) {
        if let count = number("num.partitions") { configuration.defaultPartitions = count }
        if let count = number("default.replication.factor") { configuration.defaultReplicationFactor = count }
        if let flag = text("auto.create.topics.enable") { configuration.autoCreateTopics = flag.lowercased() == "true" }
        if let bytes = number("message.max.bytes") { configuration.maximumMessageBytes = bytes }
        if let bytes = number("socket.request.max.bytes") { configuration.maximumRequestBytes = bytes }
        if let bytes = number("log.retention.bytes") { configuration.retentionBytes = bytes < 0 ? nil : bytes }
        if number("log.flush.interval.messages") == 1 {
            configuration.flush = .everyProduce
        } else if let time = milliseconds("log.flush.interval.ms"), time < .seconds(86_400) {
            configuration.flush = .interval(time)
        }
        if let slots = number("max.incremental.fetch.session.cache.slots") { configuration.fetchSessionLimit = slots }
    }

    private mutating func readGroupsAndTransactions() throws(PropertyError) {
        if let delay = milliseconds("group.initial.rebalance.delay.ms") { configuration.initialRebalanceDelay = delay }
        let shortest = milliseconds("group.min.session.timeout.ms") ?? configuration.sessionTimeouts.lowerBound
        let longest = milliseconds("group.max.session.timeout.ms") ?? configuration.sessionTimeouts.upperBound
        guard shortest <= longest else {
            throw refusal(
                "group.min.session.timeout.ms",
                "the shortest session, \(Milliseconds(shortest)) ms, is longer than the longest "
                    + "(group.max.session.timeout.ms, \(Milliseconds(longest)) ms)")
        }
        configuration.sessionTimeouts = shortest...longest
        if let size = number("group.max.size") { configuration.maximumGroupSize = size }
        if let time = milliseconds("group.consumer.heartbeat.interval.ms") {
            configuration.consumerHeartbeatInterval = time
        }
        if let time = milliseconds("group.consumer.session.timeout.ms") { configuration.consumerSessionTimeout = time }
        if let time = milliseconds("group.consumer.assignment.interval.ms") {
            configuration.consumerAssignmentInterval = time
        }
        if let minutes = number("offsets.retention.minutes") {
            configuration.offsetsRetention = .seconds(minutes * 60)
        }
        if let longest = milliseconds("transaction.max.timeout.ms") {
            configuration.maximumTransactionTimeout = longest
        }
        if let time = milliseconds("transactional.id.expiration.ms") { configuration.transactionalIdExpiration = time }
        if let time = milliseconds("producer.id.expiration.ms") { configuration.producerIdExpiration = time }
    }

    // MARK: - Listeners

    private mutating func readListeners() throws(PropertyError) {
        let protocols = try protocolMap()
        let controllers = Set(ConfigDefinition.items(text("controller.listener.names") ?? ""))
        _ = text("inter.broker.listener.name")
        let own = try listener("listeners", protocols, controllers)
        if let own {
            configuration.host = own.host
            configuration.port = own.port
        }
        if let told = try listener("advertised.listeners", protocols, controllers) {
            if let own, own.name != told.name {
                throw refusal(
                    "advertised.listeners", "\(told.name) is advertised, but listeners names \(own.name): use one name")
            }
            guard !told.host.isEmpty, told.host != "0.0.0.0", told.host != "::" else {
                throw refusal("advertised.listeners", "clients cannot connect to \(told.text); name a host")
            }
            configuration.advertisedHost = told.host
            configuration.advertisedPort = told.port == 0 ? nil : told.port
        }
    }

    /// `listener.security.protocol.map`: the protocol of each listener by its name.
    private mutating func protocolMap() throws(PropertyError) -> [String: String] {
        let name = "listener.security.protocol.map"
        var map: [String: String] = [:]
        for item in ConfigDefinition.items(text(name) ?? BrokerConfigs.table[name]?.initial ?? "") {
            let parts = item.split(separator: ":", omittingEmptySubsequences: false).map { String($0).trimmed }
            guard parts.count == 2 else { throw refusal(name, "\"\(item)\" is no LISTENER:PROTOCOL") }
            map[parts[0].uppercased()] = parts[1].uppercased()
        }
        return map
    }

    /// The one listener of clients in a list such as `PLAINTEXT://:9092,CONTROLLER://:9093`.
    private mutating func listener(
        _ setting: String, _ protocols: [String: String], _ controllers: Set<String>
    ) throws(PropertyError) -> ServerListener? {
        guard let text = text(setting) else { return nil }
        var found: [ServerListener] = []
        for item in ConfigDefinition.items(text) {
            guard let listener = ServerListener(item) else {
                throw refusal(setting, "\"\(item)\" is no listener, such as PLAINTEXT://127.0.0.1:9092")
            }
            if controllers.contains(listener.name) || listener.name == "CONTROLLER" {
                if setting == "listeners" {
                    report.remarks.append("the listener \(item) is left out: this broker is its own controller")
                }
                continue
            }
            let kind = protocols[listener.name] ?? listener.name
            guard kind == "PLAINTEXT" else {
                throw refusal(
                    setting,
                    "the listener \(item) speaks \(kind), and this broker PLAINTEXT only: name a PLAINTEXT listener, "
                        + "or map \(listener.name) to PLAINTEXT in listener.security.protocol.map")
            }
            found.append(listener)
        }
        guard found.count <= 1 else {
            let names = found.map(\.text).joined(separator: ", ")
            throw refusal(setting, "this broker has one listener for clients; keep one of \(names)")
        }
        guard let listener = found.first else {
            throw refusal(setting, "there is no listener for clients in it; add PLAINTEXT://127.0.0.1:9092")
        }
        return listener
    }
}

/// A listener as Kafka writes it: `NAME://host:port`.
private struct ServerListener {
    let name: String
    let host: String
    let port: UInt16
    let text: String

    init?(_ text: String) {
        guard let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://"), colon != text.startIndex,
            let last = text.lastIndex(of: ":"), last > text.index(colon, offsetBy: 2),
            let port = UInt16(text[text.index(after: last)...])
        else { return nil }
        var host = text[text.index(colon, offsetBy: 3)..<last]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        name = text[..<colon].uppercased()
        self.host = String(host)
        self.port = port
        self.text = text
    }
}
