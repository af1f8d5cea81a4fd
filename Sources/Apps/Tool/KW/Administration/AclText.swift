import JSONLines
import KafkaWire

/// How rules are shown.
enum AclText {
    /// A rule without what it is about, as Kafka's tool writes it.
    static func entry(_ acl: KafkaAdmin.Acl) -> String {
        "(principal=\(acl.principal), host=\(acl.host), operation=\(acl.operation), permissionType=\(acl.permission))"
    }

    static func json(_ acl: KafkaAdmin.Acl) -> String {
        JSONText.object([
            ("resourceType", JSONText.string(acl.resourceType.description)),
            ("resourceName", JSONText.string(acl.resourceName)),
            ("patternType", JSONText.string(acl.patternType.description)),
            ("principal", JSONText.string(acl.principal)), ("host", JSONText.string(acl.host)),
            ("operation", JSONText.string(acl.operation.description)),
            ("permissionType", JSONText.string(acl.permission.description)),
        ])
    }

    /// `DescribeConfigs` for `DESCRIBE_CONFIGS`.
    static func camelCase(_ operation: KafkaAdmin.AclOperation) -> String {
        operation.description.split(separator: "_").map { $0.prefix(1) + $0.dropFirst().lowercased() }.joined()
    }

    /// Rules by what they are about, in the order of that.
    static func grouped(_ acls: Set<KafkaAdmin.Acl>) -> [(pattern: AclPattern, acls: [KafkaAdmin.Acl])] {
        let byPattern = Dictionary(grouping: acls.sorted(by: isBefore)) {
            AclPattern(type: $0.resourceType, name: $0.resourceName, patternType: $0.patternType)
        }
        return byPattern.map { (pattern: $0.key, acls: $0.value) }.sorted { isBefore($0.acls[0], $1.acls[0]) }
    }

    static func isBefore(_ a: KafkaAdmin.Acl, _ b: KafkaAdmin.Acl) -> Bool {
        let (x, y) = (
            (a.resourceType.rawValue, a.resourceName, a.patternType.rawValue),
            (b.resourceType.rawValue, b.resourceName, b.patternType.rawValue)
        )
        if x != y { return x < y }
        return (a.principal, a.host, a.operation.rawValue, a.permission.rawValue)
            < (b.principal, b.host, b.operation.rawValue, b.permission.rawValue)
    }
}
