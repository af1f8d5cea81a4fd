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
    ///   this broker cannot do, such as Kerberos. Nothing is changed then.
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
        try readAuthorization()
        try readLimits()
        try readGroupsAndTransactions()
        try readConnections()
        readDelegationTokens()
        // The secret is kept where it is not shown.
        let kept = properties.filter { !Self.secretKeys.contains($0.key) }
        configuration.properties.merge(kept.filter { $0.value != "" || isText($0.key) }) { $1 }
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
        guard let definition = BrokerConfigs.definition(of: name) else {
            guard !KafkaSettingNames.contains(name) else { return }
            throw refusal(name, KafkaSettingNames.sentence(name))
        }
        if let objection = definition.objection(to: value, of: name) { throw refusal(name, objection) }
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

    private mutating func readAuthorization() throws(PropertyError) {
        guard let name = text("authorizer.class.name") else {
            if text("super.users") != nil || text("allow.everyone.if.no.acl.found") != nil {
                report.remarks.append(
                    "super.users and allow.everyone.if.no.acl.found have no effect without "
                        + "authorizer.class.name=\(BrokerConfiguration.Authorization.className)")
            }
            return
        }
        guard name == BrokerConfiguration.Authorization.className else {
            throw refusal(
                "authorizer.class.name",
                "this broker has no class \(name): name \(BrokerConfiguration.Authorization.className), or leave the "
                    + "setting out")
        }
        var superUsers: Set<KafkaPrincipal> = []
        for user in (text("super.users") ?? "").split(separator: ";").map({ String($0).trimmed }) where user != "" {
            guard let colon = user.firstIndex(of: ":") else {
                throw refusal(
                    "super.users",
                    "\"\(user)\" is no TYPE:NAME, such as User:admin; several are separated by semicolons")
            }
            superUsers.insert(
                KafkaPrincipal(type: String(user[..<colon]), String(user[user.index(after: colon)...])))
        }
        let flag = text("allow.everyone.if.no.acl.found")?.lowercased() == "true"
        configuration.authorization = .on(superUsers: superUsers, allowsWithoutAcl: flag)
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

    private mutating func readConnections() throws(PropertyError) {
        func limit(_ count: Int) -> Int? { count == Int32.max ? nil : count }
        var bounds = configuration.connectionBounds
        if let count = number("max.connections") { bounds.maximum = limit(count) }
        if let count = number("max.connections.per.ip") { bounds.maximumPerAddress = limit(count) }
        if let rate = number("max.connection.creation.rate") { bounds.creationRate = limit(rate) }
        if let text = text("max.connections.per.ip.overrides") {
            switch ConnectionBounds.overrides(text) {
            case .success(let overrides): bounds.perAddressOverrides = overrides
            case .failure(let error): throw refusal("max.connections.per.ip.overrides", error.description)
            }
        }
        if bounds.maximumPerAddress == 0, bounds.perAddressOverrides.isEmpty {
            throw refusal(
                "max.connections.per.ip",
                "with 0 nobody could connect: name the addresses that may in max.connections.per.ip.overrides")
        }
        if let time = number("connections.max.idle.ms") { bounds.idle = time < 0 ? nil : .milliseconds(time) }
        if let delay = milliseconds("connection.failed.authentication.delay.ms") {
            bounds.failedAuthenticationDelay = delay
        }
        if let idle = bounds.idle, idle <= bounds.failedAuthenticationDelay {
            throw refusal(
                "connection.failed.authentication.delay.ms",
                "\(Milliseconds(bounds.failedAuthenticationDelay)) ms are no less than what an idle connection has "
                    + "(connections.max.idle.ms, \(Milliseconds(idle)) ms)")
        }
        for name in configuration.listenerNames {
            let prefix = "listener.name.\(name.lowercased())."
            let own = ConnectionBounds.Listener(
                maximum: number(prefix + "max.connections"),
                creationRate: number(prefix + "max.connection.creation.rate"))
            if own != .init() { bounds.listeners[name] = own }
        }
        let interBroker = (text("inter.broker.listener.name"), text("security.inter.broker.protocol"))
        if case (let name?, _?) = interBroker {
            throw refusal(
                "security.inter.broker.protocol",
                "inter.broker.listener.name says already that brokers talk over \(name): leave one of the two out")
        }
        if let name = interBroker.0 ?? interBroker.1 { bounds.interBrokerListener = name.uppercased() }
        configuration.connectionBounds = bounds
        configuration.quotaWindow = window("", configuration.quotaWindow)
        configuration.controllerQuotaWindow = window("controller.", configuration.controllerQuotaWindow)
    }

    private mutating func window(_ prefix: String, _ otherwise: QuotaWindow) -> QuotaWindow {
        var window = otherwise
        if let samples = number(prefix + "quota.window.num") { window.samples = samples }
        if let seconds = number(prefix + "quota.window.size.seconds") { window.length = .seconds(seconds) }
        return window.bounded
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
        var reader = ListenerProperties(properties)
        let listeners = try reader.listeners()
        used.formUnion(reader.used)
        report.remarks += reader.remarks
        if let bytes = number("sasl.server.max.receive.size") { configuration.maximumLoginBytes = bytes }
        if let told = reader.advertisedAlone {
            (configuration.advertisedHost, configuration.advertisedPort) = (told.host, told.port)
        }
        guard let listeners, let first = listeners.first else { return }
        configuration.host = first.host
        configuration.port = first.port
        configuration.advertisedHost = first.advertisedHost
        configuration.advertisedPort = first.advertisedPort
        configuration.security = first.security
        configuration.furtherListeners = Array(listeners.dropFirst())
    }

    /// The setting and its name of before Kafka 4; the first that is set counts.
    private static let secretKeys = ["delegation.token.secret.key", "delegation.token.master.key"]

    private mutating func readDelegationTokens() {
        let keys = Self.secretKeys.compactMap { text($0) }
        var policy = configuration.delegationTokens ?? .init(secretKey: "")
        if let key = keys.first { policy.secretKey = Secret(key) }
        // Without a key the others have no effect, and are told so.
        guard policy.isEnabled else { return }
        if let time = milliseconds("delegation.token.max.lifetime.ms") { policy.maximumLifetime = time }
        if let time = milliseconds("delegation.token.expiry.time.ms") { policy.expiryTime = time }
        if let time = milliseconds("delegation.token.expiry.check.interval.ms") { policy.expiryCheckInterval = time }
        configuration.delegationTokens = policy
        if text("delegation.token.master.key") != nil {
            report.remarks.append(
                "delegation.token.master.key is delegation.token.secret.key since Kafka 4: use that name")
        }
    }
}
