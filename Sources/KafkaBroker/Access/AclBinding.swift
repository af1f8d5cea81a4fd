import KafkaWire

typealias AclResourceType = KafkaAdmin.AclResourceType
typealias AclPatternType = KafkaAdmin.AclPatternType
typealias AclOperation = KafkaAdmin.AclOperation
typealias AclPermission = KafkaAdmin.AclPermission

/// A rule about who may do what (KIP-11), as it is kept: an ACL in Kafka's words. Two with the same parts are one.
struct AclBinding: Hashable, Sendable {
    /// What a rule is about: a kind of resource, and a name or the beginning of names (KIP-290).
    struct Pattern: Hashable, Sendable {
        var resource: AclResourceType
        /// Literal or prefixed; the literal `*` is every name.
        var kind = AclPatternType.literal
        var name: ExactName
    }

    var pattern: Pattern
    /// Such as `User:alice`; `User:*` is everybody.
    var principal: ExactName
    /// An address, or `*` for all.
    var host = ExactName.wildcard
    var operation: AclOperation
    var permission = AclPermission.allow

    /// The memory that its names take, roughly, in bytes.
    var size: Int { 200 + pattern.name.bytes.count + principal.bytes.count + host.bytes.count }
}

extension AclBinding: Comparable {
    /// By resource and name, then by principal: the order in which rules are told.
    static func < (a: AclBinding, b: AclBinding) -> Bool {
        if a.pattern.resource != b.pattern.resource { return a.pattern.resource.rawValue < b.pattern.resource.rawValue }
        if a.pattern.name != b.pattern.name { return a.pattern.name < b.pattern.name }
        if a.pattern.kind != b.pattern.kind { return a.pattern.kind.rawValue < b.pattern.kind.rawValue }
        if a.principal != b.principal { return a.principal < b.principal }
        if a.host != b.host { return a.host < b.host }
        if a.operation != b.operation { return a.operation.rawValue < b.operation.rawValue }
        return a.permission.rawValue < b.permission.rawValue
    }
}

/// Why a rule is not taken, or a filter not looked at.
struct AclRefusal: Error, Equatable {
    var code: ErrorCode
    var message: String

    init(_ code: ErrorCode, _ message: String) {
        self.code = code
        self.message = message
    }
}

extension AclResourceType {
    /// The one name of the resource that the cluster is.
    static let clusterName = "kafka-cluster"

    /// The operations that there are on resources of the kind, in the order of their numbers (Kafka's
    /// `AclEntry.supportedOperations`).
    var supportedOperations: [AclOperation] {
        switch self {
        case .topic: [.read, .write, .create, .delete, .alter, .describe, .describeConfigs, .alterConfigs]
        case .group: [.read, .delete, .describe, .describeConfigs, .alterConfigs]
        case .cluster: [.create, .alter, .describe, .clusterAction, .describeConfigs, .alterConfigs, .idempotentWrite]
        case .transactionalId: [.write, .describe]
        case .delegationToken: [.describe]
        case .user: [.createTokens, .describeTokens]
        default: []
        }
    }

    /// What is answered where something may not be done with a resource of the kind.
    var refusal: ErrorCode {
        switch self {
        case .topic: .topicAuthorizationFailed
        case .group: .groupAuthorizationFailed
        case .transactionalId: .transactionalIdAuthorizationFailed
        case .delegationToken, .user: .delegationTokenAuthorizationFailed
        default: .clusterAuthorizationFailed
        }
    }

    /// The same in words, as Kafka says it.
    var refusalText: String {
        switch self {
        case .topic: "Topic authorization failed."
        case .group: "Group authorization failed."
        case .transactionalId: "Transactional Id authorization failed."
        case .delegationToken, .user: "Delegation Token authorization failed."
        default: "Cluster authorization failed."
        }
    }
}

extension AclOperation {
    /// Operations as the bits of `authorizedOperations` (KIP-430).
    static func bits(_ operations: [AclOperation]) -> Int32 {
        operations.reduce(0) { bits, operation in
            (0..<31).contains(operation.rawValue) ? bits | 1 << Int32(operation.rawValue) : bits
        }
    }
}

// What rules may hold.
extension AclBinding {
    private static let resources: ClosedRange<Int8> = 2...7
    private static let operations: ClosedRange<Int8> = 2...15

    /// Why no such rule is taken, or nil (Kafka's `AclControlManager` and `AclApis`).
    var objection: AclRefusal? {
        let isCluster = pattern.resource == .cluster
        if isCluster, pattern.name != ExactName(AclResourceType.clusterName) {
            return invalid("The only valid name for the CLUSTER resource is \(AclResourceType.clusterName)")
        }
        if pattern.name.bytes.isEmpty { return invalid("Invalid empty resource name") }
        guard Self.resources.contains(pattern.resource.rawValue) else {
            return invalid("Invalid resourceType \(pattern.resource.rawValue == 1 ? "ANY" : "UNKNOWN")")
        }
        guard pattern.kind == .literal || pattern.kind == .prefixed else {
            let name = [AclPatternType.any, .match].contains(pattern.kind) ? "\(pattern.kind)" : "UNKNOWN"
            return invalid("Invalid patternType \(name)")
        }
        guard Self.operations.contains(operation.rawValue) else {
            return invalid("Invalid operation \(operation == .any ? "ANY" : "UNKNOWN")")
        }
        guard permission == .allow || permission == .deny else {
            return invalid("Invalid permissionType \(permission == .any ? "ANY" : "UNKNOWN")")
        }
        guard principal.bytes.contains(UInt8(ascii: ":")) else {
            return invalid(
                "Could not parse principal from `\(principal)` (no colon is present separating the principal type "
                    + "from the principal name)")
        }
        return nil
    }

    private func invalid(_ message: String) -> AclRefusal { AclRefusal(.invalidRequest, message) }
}
