import KafkaWire

/// What rules are looked for: of each part a value, or any.
struct AclFilter: Sendable {
    var resource = AclResourceType.any
    /// How ``name`` is meant: as written in literal or prefixed rules, in either (any), or as a resource of which every
    /// rule is wanted that concerns it (match).
    var kind = AclPatternType.any
    /// Nil is any.
    var name: ExactName?
    /// Nil is any.
    var principal: ExactName?
    /// Nil is any.
    var host: ExactName?
    var operation = AclOperation.any
    var permission = AclPermission.any

    /// Whether it is one for a rule (Kafka's `ResourcePatternFilter` and `AccessControlEntryFilter`).
    func matches(_ binding: AclBinding) -> Bool {
        matches(binding.pattern)
            && principal.map { $0 == binding.principal } ?? true
            && host.map { $0 == binding.host } ?? true
            && (operation == .any || operation == binding.operation)
            && (permission == .any || permission == binding.permission)
    }

    func matches(_ pattern: AclBinding.Pattern) -> Bool {
        guard resource == .any || resource == pattern.resource else { return false }
        guard kind == .any || kind == .match || kind == pattern.kind else { return false }
        guard let name else { return true }
        guard kind == .match else { return name == pattern.name }
        return pattern.kind == .prefixed
            ? name.bytes.starts(with: pattern.name.bytes) : name == pattern.name || pattern.name == .wildcard
    }

    /// Why it cannot be looked at, or nil.
    var objection: AclRefusal? {
        guard (1...7).contains(resource.rawValue), (1...4).contains(kind.rawValue) else {
            return AclRefusal(.invalidRequest, "Unknown patternFilter.")
        }
        guard (1...15).contains(operation.rawValue), (1...3).contains(permission.rawValue) else {
            return AclRefusal(.invalidRequest, "Unknown entryFilter.")
        }
        return nil
    }
}
