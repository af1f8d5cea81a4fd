import KafkaWire

/// Decides what somebody may do, as Kafka's `StandardAuthorizer` does: super users may do everything; of the rules that
/// concern a resource one that denies counts before all that allow; what no rule allows is denied, and where no rule
/// concerns the resource at all, the configuration says what holds.
struct Authorizer: Sendable {
    /// Who asks, and from where.
    struct Caller: Hashable, Sendable {
        let principal: ExactName
        let host: ExactName

        /// `host` is the address, with or without Kafka's slash in front.
        init(_ principal: KafkaPrincipal, host: String) {
            self.principal = ExactName(principal.description)
            self.host = ExactName(host.hasPrefix("/") ? String(host.dropFirst()) : host)
        }
    }

    private let superUsers: Set<ExactName>
    private let allowsWithoutAcl: Bool
    /// The rules.
    var acls = Acls()

    init(superUsers: Set<KafkaPrincipal> = [], allowsWithoutAcl: Bool = false) {
        self.superUsers = Set(superUsers.map { ExactName($0.description) })
        self.allowsWithoutAcl = allowsWithoutAcl
    }

    /// Whether the caller may do that with a resource.
    func allows(_ operation: AclOperation, on resource: AclResourceType, _ name: String, by caller: Caller) -> Bool {
        if superUsers.contains(caller.principal) { return true }
        var isAllowed = false
        var isDenied = false
        var isConcerned = false
        acls.forEachPattern(of: resource, ExactName(name)) { rules in
            isConcerned = true
            for principal in Self.names(of: caller) {
                for rule in rules[principal] ?? [] where rule.concerns(operation, from: caller.host) {
                    if rule.permission == .deny { isDenied = true } else { isAllowed = true }
                }
            }
            return isDenied
        }
        if isDenied { return false }
        return isAllowed || !isConcerned && allowsWithoutAcl
    }

    /// Whether the caller may do that with any resource of the kind: one that a rule allows, and no rule takes back whatever
    /// the resource is called (KIP-679, Kafka's `Authorizer.authorizeByResourceType`).
    func allowsAny(_ operation: AclOperation, of resource: AclResourceType, by caller: Caller) -> Bool {
        // Kafka asks for a name that nobody is thought to have: super users, and whoever may do it wherever no rule is.
        if allows(operation, on: resource, "hardcode", by: caller) { return true }
        var allowed: Set<AclBinding.Pattern> = []
        var denied: Set<AclBinding.Pattern> = []
        for principal in Self.names(of: caller) {
            for rule in acls.rules(for: principal, about: resource)
            where (rule.host == .wildcard || rule.host == caller.host)
                && (rule.operation == operation || rule.operation == .all)
            {
                if rule.permission == .deny { denied.insert(rule.pattern) } else { allowed.insert(rule.pattern) }
            }
        }
        let everything = AclBinding.Pattern(resource: resource, name: .wildcard)
        if denied.contains(everything) { return false }
        if allowed.contains(everything) { return true }
        let lengths = Set(denied.lazy.filter { $0.kind == .prefixed }.map(\.name.bytes.count))
        return allowed.contains { pattern in
            if pattern.kind == .literal, denied.contains(pattern) { return false }
            let bytes = pattern.name.bytes
            return !lengths.contains { length in
                length <= bytes.count
                    && denied.contains(.init(resource: resource, kind: .prefixed, name: .init(bytes: bytes[..<length])))
            }
        }
    }

    /// What the caller may do with a resource, of what there is to do.
    func operations(on resource: AclResourceType, _ name: String, by caller: Caller) -> [AclOperation] {
        resource.supportedOperations.filter { allows($0, on: resource, name, by: caller) }
    }

    private static let everybody: ExactName = "User:*"

    private static func names(of caller: Caller) -> [ExactName] {
        caller.principal == everybody ? [everybody] : [caller.principal, everybody]
    }
}

extension Acls.Rule {
    /// Whether it says something of an operation from that host. To allow one thing allows what comes with it; to deny it
    /// denies that alone.
    fileprivate func concerns(_ asked: AclOperation, from host: ExactName) -> Bool {
        guard self.host == .wildcard || self.host == host else { return false }
        if operation == .all || operation == asked { return true }
        guard permission == .allow else { return false }
        switch asked {
        case .describe: return [.read, .write, .delete, .alter].contains(operation)
        case .describeConfigs: return operation == .alterConfigs
        default: return false
        }
    }
}
