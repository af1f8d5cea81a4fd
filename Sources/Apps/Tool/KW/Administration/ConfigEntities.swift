import ArgumentParser
import KafkaWire

/// What has settings, as `kw configs` names it.
enum ConfigEntityType: String, CaseIterable, ExpressibleByArgument {
    case topics
    case clients
    case users
    case brokers
    case brokerLoggers = "broker-loggers"
    case ips
    case clientMetrics = "client-metrics"
    case groups

    /// One of them, as Kafka's tool says it.
    var singular: String { String(rawValue.dropLast()) }

    /// The kind of resource; nil where it is a part of a quota's entity.
    var kind: KafkaAdmin.ConfigResource.Kind? {
        switch self {
        case .topics: .topic
        case .brokers: .broker
        case .brokerLoggers: .brokerLogger
        case .clientMetrics: .clientMetrics
        case .groups: .group
        case .clients, .users, .ips: nil
        }
    }

    /// The type of a quota's part; nil where it is a resource.
    var quotaType: String? {
        switch self {
        case .users: "user"
        case .clients: "client-id"
        case .ips: "ip"
        default: nil
        }
    }

    /// Where the settings come from that were made for such a resource itself.
    func source(of name: String) -> KafkaAdmin.ConfigSource {
        switch self {
        case .topics: .topic
        case .brokers: name.isEmpty ? .dynamicDefaultBroker : .dynamicBroker
        case .brokerLoggers: .dynamicBrokerLogger
        case .clientMetrics: .clientMetrics
        default: .group
        }
    }
}

/// The options that say what is meant: by `--entity-type` and `--entity-name`, or by the short forms.
struct ConfigEntityOptions: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "What it is: topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups; users and clients "
                + "may come together.", valueName: "type"))
    var entityType: [String] = []

    /// Names in their order; nil is `--entity-default`, which stands among them.
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "Its name: of a topic, a client id, a user, a broker's id, an address, a group.", valueName: "name"))
    var entityName: [String] = []

    @Flag(help: "What holds for all clients, users, brokers or addresses that have no settings of their own.")
    var entityDefault: [EntityDefault] = []

    enum EntityDefault: String, EnumerableFlag {
        case entityDefault
    }

    @Option(parsing: .unconditional, help: ArgumentHelp("A topic.", valueName: "name"), completion: .topicNames)
    var topic: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("A client id.", valueName: "id")) var client: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("A user.", valueName: "name")) var user: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("A broker.", valueName: "id")) var broker: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("The log levels of a broker.", valueName: "id"))
    var brokerLogger: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("An address.", valueName: "address")) var ip: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("A subscription to clients' metrics.", valueName: "name"))
    var clientMetrics: String?
    @Option(parsing: .unconditional, help: ArgumentHelp("A group.", valueName: "id"), completion: .groupNames)
    var group: String?
    @Flag(help: "What holds for all clients.") var clientDefaults = false
    @Flag(help: "What holds for all users.") var userDefaults = false
    @Flag(help: "What holds for all brokers.") var brokerDefaults = false
    @Flag(help: "What holds for all addresses.") var ipDefaults = false
}

/// What a command is about: one type, or a user with a client; a name that is empty is the default, and where there are
/// fewer names than types, all are meant.
struct ConfigEntities: Equatable {
    var types: [ConfigEntityType]
    var names: [String]

    var type: ConfigEntityType { types[0] }

    init(_ options: ConfigEntityOptions, isAlter: Bool, arguments: [String] = CommandLine.arguments) throws {
        let short: [(ConfigEntityType, String?)] = [
            (.topics, options.topic), (.clients, options.client), (.users, options.user), (.brokers, options.broker),
            (.brokerLoggers, options.brokerLogger), (.ips, options.ip), (.clientMetrics, options.clientMetrics),
            (.groups, options.group), (.clients, options.clientDefaults ? "" : nil),
            (.users, options.userDefaults ? "" : nil), (.brokers, options.brokerDefaults ? "" : nil),
            (.ips, options.ipDefaults ? "" : nil),
        ]
        let flags = short.compactMap { type, name in name.map { (type: type, name: $0) } }
        let isLong = !options.entityType.isEmpty || !options.entityName.isEmpty || !options.entityDefault.isEmpty
        if isLong, !flags.isEmpty {
            throw ValidationError("--entity-type, --entity-name and --entity-default exclude the short forms")
        }
        types = try options.entityType.map { text in
            guard let type = ConfigEntityType(rawValue: text) else {
                let all = ConfigEntityType.allCases.map(\.rawValue)
                throw ValidationError(
                    "--entity-type \(text): give one of \(all.joined(separator: ", "))"
                        + ConfigAdvice.question(about: text, among: all))
            }
            return type
        }
        names = Self.longNames(options, arguments)
        for (type, name) in flags {
            types.append(type)
            names.append(name)
        }
        try check(options, isAlter)
    }

    /// Names and defaults in the order in which they were given, which says whose they are.
    private static func longNames(_ options: ConfigEntityOptions, _ arguments: [String]) -> [String] {
        guard !options.entityDefault.isEmpty else { return options.entityName }
        var given = options.entityName.makeIterator()
        return arguments.compactMap { argument in
            if argument == "--entity-default" { return "" }
            return argument == "--entity-name" || argument.hasPrefix("--entity-name=") ? given.next() : nil
        }
    }

    private func check(_ options: ConfigEntityOptions, _ isAlter: Bool) throws {
        guard !types.isEmpty else {
            throw ValidationError("say whose settings: --topic NAME, --broker ID, --entity-type TYPE …")
        }
        let list = types.map(\.rawValue).joined(separator: " and ")
        if Set(types).count < types.count { throw ValidationError("\(list) is one type twice") }
        if types.count > 1, Set(types) != [.users, .clients] {
            throw ValidationError("only users and clients go together, not \(list)")
        }
        if names.count > types.count { throw ValidationError("there are more names than types") }
        for name in names where [.brokers, .brokerLoggers].contains(type) && !name.isEmpty && Int32(name) == nil {
            throw ValidationError("a broker's name is its id, a number, not \(name)")
        }
        let hasDefault = type.quotaType != nil || type == .brokers
        if names.contains(""), !hasDefault { throw ValidationError("there is no default for \(list)") }
        if type == .brokerLoggers, names.isEmpty { throw ValidationError("broker-loggers needs --entity-name") }
        if isAlter, names.count < types.count {
            throw ValidationError(
                hasDefault
                    ? "--alter needs --entity-name or --entity-default for each type" : "--alter needs --entity-name")
        }
    }

    /// A quota's entity with these names.
    var quotaEntity: KafkaAdmin.QuotaEntity {
        var parts: [String: String?] = [:]
        for (type, name) in zip(types, names) {
            if let key = type.quotaType { parts.updateValue(name.isEmpty ? nil : name, forKey: key) }
        }
        return KafkaAdmin.QuotaEntity(parts)
    }

    /// What a quota's entity has to be to be meant.
    var quotaMatches: [String: KafkaAdmin.QuotaMatch] {
        var matches: [String: KafkaAdmin.QuotaMatch] = [:]
        for (index, type) in types.enumerated() {
            guard let key = type.quotaType else { continue }
            matches[key] = names.indices.contains(index) ? names[index].isEmpty ? .standard : .name(names[index]) : .any
        }
        return matches
    }

    /// As sentences end: `topic orders`, `the default for users`.
    var description: String {
        guard let name = names.first else { return type.rawValue }
        return name.isEmpty ? "the default for \(type.rawValue)" : "\(type.singular) \(name)"
    }
}
