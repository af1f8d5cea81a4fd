import KafkaWire

/// The rules that are in force. Whoever asks what concerns a resource is told without a look at the others: by the
/// resource's name, by the beginnings of it that rules have, and there by the principal.
struct Acls: Sendable {
    /// How many rules are kept at most, and how many bytes they take together. Kafka has no such bounds.
    static let countLimit = 100_000
    static let sizeLimit = 64 << 20

    /// What a rule says to a principal, for a pattern of resources.
    struct Rule: Hashable, Sendable {
        var host: ExactName
        var operation: AclOperation
        var permission: AclPermission
    }

    /// The rules of a pattern, by principal.
    typealias OfPattern = [ExactName: Set<Rule>]

    /// A principal and a kind of resource.
    fileprivate struct Owner: Hashable {
        var principal: ExactName
        var resource: AclResourceType
    }

    private var ids: [AclBinding: Uuid] = [:]
    private var patterns: [AclBinding.Pattern: OfPattern] = [:]
    /// How many patterns there are of each length among those of beginnings, and the lengths in order.
    private var lengths: [AclResourceType: [Int: Int]] = [:]
    private var sortedLengths: [AclResourceType: [Int]] = [:]
    private var ofOwner: [Owner: Set<AclBinding>] = [:]
    /// How many bytes the rules take together, roughly.
    private(set) var size = 0

    var count: Int { ids.count }
    var isEmpty: Bool { ids.isEmpty }

    /// All rules in order.
    var sorted: [AclBinding] { ids.keys.sorted() }

    func contains(_ binding: AclBinding) -> Bool { ids[binding] != nil }

    /// The id under which a rule is kept.
    subscript(binding: AclBinding) -> Uuid? { ids[binding] }

    /// Why no rule of that size is taken beside the others, or nil.
    func objection(toFurther binding: AclBinding) -> AclRefusal? {
        guard count >= Self.countLimit || size + binding.size > Self.sizeLimit else { return nil }
        return AclRefusal(
            .policyViolation,
            "this broker keeps at most \(Self.countLimit) ACLs of \(Self.sizeLimit >> 20) MiB together")
    }

    // MARK: - Changes

    /// Adds a rule under an id; says whether it is new.
    @discardableResult
    mutating func add(_ binding: AclBinding, id: Uuid) -> Bool {
        guard ids[binding] == nil else { return false }
        ids[binding] = id
        size += binding.size
        let pattern = binding.pattern
        if patterns[pattern] == nil, pattern.kind == .prefixed { countLength(of: pattern, 1) }
        patterns[pattern, default: [:]][binding.principal, default: []].insert(Rule(binding))
        ofOwner[Owner(binding), default: []].insert(binding)
        return true
    }

    /// Takes a rule out; gives its id, or nil where there is no such rule.
    @discardableResult
    mutating func remove(_ binding: AclBinding) -> Uuid? {
        guard let id = ids.removeValue(forKey: binding) else { return nil }
        size -= binding.size
        let pattern = binding.pattern
        patterns[pattern]?[binding.principal]?.remove(Rule(binding))
        if patterns[pattern]?[binding.principal]?.isEmpty == true { patterns[pattern]?[binding.principal] = nil }
        if patterns[pattern]?.isEmpty == true {
            patterns[pattern] = nil
            if pattern.kind == .prefixed { countLength(of: pattern, -1) }
        }
        let owner = Owner(binding)
        ofOwner[owner]?.remove(binding)
        if ofOwner[owner]?.isEmpty == true { ofOwner[owner] = nil }
        return id
    }

    private mutating func countLength(of pattern: AclBinding.Pattern, _ change: Int) {
        let length = pattern.name.bytes.count
        let count = (lengths[pattern.resource]?[length] ?? 0) + change
        lengths[pattern.resource, default: [:]][length] = count > 0 ? count : nil
        guard count <= 1 else { return }
        sortedLengths[pattern.resource] = lengths[pattern.resource]?.keys.sorted()
    }

    // MARK: - Looking

    /// Calls `body` with the rules of each pattern that concerns a resource, until it says that it knows enough.
    func forEachPattern(of resource: AclResourceType, _ name: ExactName, _ body: (OfPattern) -> Bool) {
        func isEnough(_ kind: AclPatternType, _ name: ExactName) -> Bool {
            patterns[.init(resource: resource, kind: kind, name: name)].map(body) ?? false
        }
        if isEnough(.literal, name) { return }
        for length in sortedLengths[resource] ?? [] {
            guard length <= name.bytes.count else { break }
            if isEnough(.prefixed, ExactName(bytes: name.bytes[..<length])) { return }
        }
        if name != .wildcard { _ = isEnough(.literal, .wildcard) }
    }

    /// The rules for a principal about resources of a kind.
    func rules(for principal: ExactName, about resource: AclResourceType) -> Set<AclBinding> {
        ofOwner[Owner(principal: principal, resource: resource)] ?? []
    }

    /// The rules that a filter matches, in order.
    func matching(_ filter: AclFilter) -> [AclBinding] {
        if let name = filter.name, [.literal, .prefixed].contains(filter.kind), filter.resource != .any {
            let pattern = AclBinding.Pattern(resource: filter.resource, kind: filter.kind, name: name)
            return bindings(of: pattern).filter(filter.matches).sorted()
        }
        return ids.keys.filter(filter.matches).sorted()
    }

    /// How many rules ``matching(_:)`` looks at.
    func cost(of filter: AclFilter) -> Int {
        filter.name != nil && [.literal, .prefixed].contains(filter.kind) && filter.resource != .any ? 1 : count
    }

    private func bindings(of pattern: AclBinding.Pattern) -> [AclBinding] {
        (patterns[pattern] ?? [:]).flatMap { principal, rules in
            rules.map { rule in
                AclBinding(
                    pattern: pattern, principal: principal, host: rule.host, operation: rule.operation,
                    permission: rule.permission)
            }
        }
    }
}

extension Acls.Owner {
    fileprivate init(_ binding: AclBinding) {
        self.init(principal: binding.principal, resource: binding.pattern.resource)
    }
}

extension Acls.Rule {
    fileprivate init(_ binding: AclBinding) {
        self.init(host: binding.host, operation: binding.operation, permission: binding.permission)
    }
}
