import ArgumentParser
import KafkaWire

/// A resource, or what resources are to be like.
struct AclPattern: Hashable, CustomStringConvertible {
    var type: KafkaAdmin.AclResourceType
    var name: String
    var patternType: KafkaAdmin.AclPatternType

    static let cluster = AclPattern(type: .cluster, name: "kafka-cluster", patternType: .literal)

    /// Every rule about it.
    func filter() -> KafkaAdmin.AclFilter {
        var filter = KafkaAdmin.AclFilter()
        filter.resourceType = type
        filter.resourceName = name
        filter.patternType = patternType
        return filter
    }

    /// As Kafka's tool writes it.
    var description: String { "ResourcePattern(resourceType=\(type), name=\(name), patternType=\(patternType))" }
}

/// The rules that the options of `kw acls` stand for.
struct AclRules {
    typealias Operation = KafkaAdmin.AclOperation

    /// What the options name, without a word on who may do what.
    private(set) var filters: [AclPattern] = []
    /// The rules by resource, in the order of the options; none are all of that resource.
    private(set) var sets: [(pattern: AclPattern, acls: [KafkaAdmin.Acl])] = []

    init(_ options: AclOptions, isList: Bool) throws {
        filters = try Self.filters(options)
        try Self.checkCombination(options)
        guard !isList else { return }
        guard !filters.isEmpty else {
            throw ValidationError(
                "say what it is about: --topic, --group, --cluster, --transactional-id, --delegation-token or "
                    + "--user-principal")
        }
        for text in options.allowPrincipal + options.denyPrincipal { try Self.checkPrincipal(text) }
        if !options.producer, !options.consumer {
            let given = options.operation.isEmpty ? ["All"] : options.operation
            let operations = try given.map { try Self.operation($0) }
            for pattern in filters { append(pattern, operations, options) }
        }
        if options.producer {
            for pattern in filters where pattern.type == .topic {
                append(pattern, [.create, .describe, .write], options)
            }
            for pattern in filters where pattern.type == .transactionalId {
                append(pattern, [.describe, .write], options)
            }
            if options.idempotent { append(.cluster, [.idempotentWrite], options) }
        }
        if options.consumer {
            for pattern in filters where pattern.type == .topic { append(pattern, [.read, .describe], options) }
            for pattern in filters where pattern.type == .group { append(pattern, [.read], options) }
        }
        for (pattern, acls) in sets { try Self.check(acls.map(\.operation), on: pattern.type) }
    }

    /// Throws where rules are too vague to be added.
    func checkAddable() throws {
        if sets.contains(where: { ![.literal, .prefixed].contains($0.pattern.patternType) }) {
            throw ValidationError("--resource-pattern-type is literal or prefixed when adding rules")
        }
        if sets.contains(where: \.acls.isEmpty) {
            throw ValidationError("--add needs --allow-principal or --deny-principal")
        }
    }

    private mutating func append(_ pattern: AclPattern, _ operations: [Operation], _ options: AclOptions) {
        var acls: [KafkaAdmin.Acl] = []
        for (permission, principals, hosts) in [
            (KafkaAdmin.AclPermission.allow, options.allowPrincipal, options.allowHost),
            (.deny, options.denyPrincipal, options.denyHost),
        ] {
            for principal in principals {
                for operation in operations {
                    for host in hosts.isEmpty ? ["*"] : hosts {
                        acls.append(
                            KafkaAdmin.Acl(
                                permission, Self.trimmed(principal), operation, on: pattern.type, pattern.name,
                                patternType: pattern.patternType, host: Self.trimmed(host)))
                    }
                }
            }
        }
        if let index = sets.firstIndex(where: { $0.pattern == pattern }) {
            sets[index].acls += acls.filter { !sets[index].acls.contains($0) }
        } else {
            var seen: Set<KafkaAdmin.Acl> = []
            sets.append((pattern, acls.filter { seen.insert($0).inserted }))
        }
    }

    // MARK: - Options

    private static func filters(_ options: AclOptions) throws -> [AclPattern] {
        let types: [String: KafkaAdmin.AclPatternType] = [
            "literal": .literal, "prefixed": .prefixed, "any": .any, "match": .match,
        ]
        guard let patternType = types[options.resourcePatternType.lowercased()] else {
            throw ValidationError("--resource-pattern-type is literal, prefixed, any or match")
        }
        var filters: [AclPattern] = []
        func add(_ type: KafkaAdmin.AclResourceType, _ names: [String]) {
            for name in names {
                let pattern = AclPattern(type: type, name: trimmed(name), patternType: patternType)
                if !filters.contains(pattern) { filters.append(pattern) }
            }
        }
        add(.topic, options.topic)
        if patternType == .literal, options.cluster || options.idempotent { filters.append(.cluster) }
        add(.group, options.group)
        add(.transactionalId, options.transactionalId)
        add(.delegationToken, options.delegationToken)
        add(.user, options.userPrincipal)
        return filters
    }

    private static func checkCombination(_ options: AclOptions) throws {
        if options.producer || options.consumer {
            let isTooMuch =
                !options.operation.isEmpty || !options.denyPrincipal.isEmpty || !options.denyHost.isEmpty
            if isTooMuch {
                throw ValidationError(
                    "--producer and --consumer say what is allowed; leave --operation, --deny-principal and --deny-host out"
                )
            }
        }
        if options.producer, options.topic.isEmpty { throw ValidationError("--producer needs --topic") }
        if options.idempotent, !options.producer { throw ValidationError("--idempotent goes with --producer") }
        if options.consumer, options.topic.isEmpty || options.group.isEmpty {
            throw ValidationError("--consumer needs --topic and --group")
        }
        if options.consumer, !options.producer, options.cluster || !options.transactionalId.isEmpty {
            throw ValidationError("--consumer takes no --cluster and no --transactional-id")
        }
    }

    /// Names as Kafka's tool takes them: `DescribeConfigs`, in any case; `DESCRIBE_CONFIGS` too.
    private static func operation(_ text: String) throws -> Operation {
        let wanted = trimmed(text).lowercased().filter { $0 != "_" }
        for number in Int8(1)...15 {
            let operation = Operation(rawValue: number)
            if operation.description.lowercased().filter({ $0 != "_" }) == wanted { return operation }
        }
        let names = (Int8(2)...15).map { AclText.camelCase(Operation(rawValue: $0)) }
        throw ValidationError(
            "--operation \(text): there are \(names.joined(separator: ", "))"
                + ConfigAdvice.question(about: text, among: names))
    }

    private static func check(_ operations: [Operation], on type: KafkaAdmin.AclResourceType) throws {
        let possible: [Operation]
        switch type {
        case .topic:
            possible = [.read, .write, .create, .describe, .delete, .alter, .describeConfigs, .alterConfigs]
        case .group: possible = [.read, .describe, .delete, .describeConfigs, .alterConfigs]
        case .cluster:
            possible = [
                .create, .clusterAction, .describeConfigs, .alterConfigs, .idempotentWrite, .alter, .describe,
            ]
        case .transactionalId: possible = [.describe, .write, .twoPhaseCommit]
        case .delegationToken: possible = [.describe]
        default: possible = [.createTokens, .describeTokens]
        }
        for operation in operations where operation != .all && !possible.contains(operation) {
            let names = (possible + [.all]).map(AclText.camelCase)
            throw ValidationError(
                "\(AclText.camelCase(operation)) is nothing that can be done with a \(type); there are "
                    + names.joined(separator: ", "))
        }
    }

    static func checkPrincipal(_ text: String) throws {
        guard trimmed(text).contains(":") else {
            throw ValidationError("\(text) is no principal; write it as TYPE:NAME, such as User:\(text)")
        }
    }

    private static func trimmed(_ text: String) -> String {
        var text = text[...]
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return String(text)
    }
}
