// Who may do what (KIP-11).

extension KafkaAdmin {
    /// What a rule is about. Open: brokers may have more.
    public struct AclResourceType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's number of the type.
        public var rawValue: Int8
        /// The type of that number.
        public init(rawValue: Int8) { self.rawValue = rawValue }

        /// In filters: every type.
        public static let any = AclResourceType(rawValue: 1)
        /// A topic.
        public static let topic = AclResourceType(rawValue: 2)
        /// A group.
        public static let group = AclResourceType(rawValue: 3)
        /// The cluster as a whole; its name is `kafka-cluster`.
        public static let cluster = AclResourceType(rawValue: 4)
        /// A transactional id.
        public static let transactionalId = AclResourceType(rawValue: 5)
        /// A delegation token (KIP-48).
        public static let delegationToken = AclResourceType(rawValue: 6)
        /// A user, of whom tokens can be made and listed (KIP-373).
        public static let user = AclResourceType(rawValue: 7)

        private static let names = [
            "UNKNOWN", "ANY", "TOPIC", "GROUP", "CLUSTER", "TRANSACTIONAL_ID", "DELEGATION_TOKEN", "USER",
        ]
        /// Kafka's name, such as `TOPIC`.
        public var description: String { aclName(rawValue, Self.names) }
    }

    /// How the name in a rule is meant (KIP-290). Open: brokers may have more.
    public struct AclPatternType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's number of the pattern type.
        public var rawValue: Int8
        /// The pattern type of that number.
        public init(rawValue: Int8) { self.rawValue = rawValue }

        /// In filters: every pattern type, compared as written.
        public static let any = AclPatternType(rawValue: 1)
        /// In filters: every rule that concerns the name, also by prefix or `*`.
        public static let match = AclPatternType(rawValue: 2)
        /// The name itself; `*` is every name.
        public static let literal = AclPatternType(rawValue: 3)
        /// Every name that begins so.
        public static let prefixed = AclPatternType(rawValue: 4)

        private static let names = ["UNKNOWN", "ANY", "MATCH", "LITERAL", "PREFIXED"]
        /// Kafka's name, such as `LITERAL`.
        public var description: String { aclName(rawValue, Self.names) }
    }

    /// What may be done. Open: brokers may have more.
    public struct AclOperation: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's number of the operation.
        public var rawValue: Int8
        /// The operation of that number.
        public init(rawValue: Int8) { self.rawValue = rawValue }

        /// In filters: every operation.
        public static let any = AclOperation(rawValue: 1)
        /// Every operation that the type of resource has.
        public static let all = AclOperation(rawValue: 2)
        /// To read a topic's records, or to belong to a group and commit for it.
        public static let read = AclOperation(rawValue: 3)
        /// To append records to a topic, or to use a transactional id.
        public static let write = AclOperation(rawValue: 4)
        /// To create topics: of one name, or on the cluster any.
        public static let create = AclOperation(rawValue: 5)
        /// To delete a topic or its records, or a group or its offsets.
        public static let delete = AclOperation(rawValue: 6)
        /// To add partitions to a topic; on the cluster, to change ACLs, SCRAM passwords and where replicas are.
        public static let alter = AclOperation(rawValue: 7)
        /// To see that it is there, and what describes it. Read, write, delete and alter include it.
        public static let describe = AclOperation(rawValue: 8)
        /// What brokers do among themselves; on the cluster alone.
        public static let clusterAction = AclOperation(rawValue: 9)
        /// To see settings. Altering them includes it.
        public static let describeConfigs = AclOperation(rawValue: 10)
        /// To change settings.
        public static let alterConfigs = AclOperation(rawValue: 11)
        /// To use an idempotent producer, on the cluster; since KIP-679, to write to any topic is enough.
        public static let idempotentWrite = AclOperation(rawValue: 12)
        /// To create delegation tokens for a user (KIP-373).
        public static let createTokens = AclOperation(rawValue: 13)
        /// To list the delegation tokens of a user (KIP-373).
        public static let describeTokens = AclOperation(rawValue: 14)
        /// To prepare transactions that somebody else decides on, under a transactional id (KIP-939).
        public static let twoPhaseCommit = AclOperation(rawValue: 15)

        private static let names = [
            "UNKNOWN", "ANY", "ALL", "READ", "WRITE", "CREATE", "DELETE", "ALTER", "DESCRIBE", "CLUSTER_ACTION",
            "DESCRIBE_CONFIGS", "ALTER_CONFIGS", "IDEMPOTENT_WRITE", "CREATE_TOKENS", "DESCRIBE_TOKENS",
            "TWO_PHASE_COMMIT",
        ]
        /// Kafka's name, such as `DESCRIBE_CONFIGS`.
        public var description: String { aclName(rawValue, Self.names) }

        /// The operations in a bit field (KIP-430); nil where the broker has not said.
        static func set(_ bits: Int32) -> Set<AclOperation>? {
            guard bits != .min else { return nil }
            return Set((0..<31).filter { bits & (1 << $0) != 0 }.map { AclOperation(rawValue: Int8($0)) })
        }
    }

    /// Whether a rule allows or denies. Open: brokers may have more.
    public struct AclPermission: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's number of the permission.
        public var rawValue: Int8
        /// The permission of that number.
        public init(rawValue: Int8) { self.rawValue = rawValue }

        /// In filters: both.
        public static let any = AclPermission(rawValue: 1)
        /// Denied, whatever other rules allow.
        public static let deny = AclPermission(rawValue: 2)
        /// Allowed, where no rule denies it.
        public static let allow = AclPermission(rawValue: 3)

        private static let names = ["UNKNOWN", "ANY", "DENY", "ALLOW"]
        /// Kafka's name, such as `ALLOW`.
        public var description: String { aclName(rawValue, Self.names) }
    }

    /// A rule.
    public struct Acl: Sendable, Hashable, CustomStringConvertible {
        /// What it is about.
        public var resourceType: AclResourceType
        /// The name of that; `kafka-cluster` for the cluster.
        public var resourceName: String
        /// How the name is meant.
        public var patternType: AclPatternType
        /// Who, such as `User:alice`; `User:*` is everybody.
        public var principal: String
        /// From which host; `*` is every host.
        public var host: String
        /// What.
        public var operation: AclOperation
        /// Whether that is allowed or denied.
        public var permission: AclPermission

        /// A rule.
        public init(
            _ permission: AclPermission, _ principal: String, _ operation: AclOperation,
            on resourceType: AclResourceType, _ resourceName: String, patternType: AclPatternType = .literal,
            host: String = "*"
        ) {
            self.resourceType = resourceType
            self.resourceName = resourceName
            self.patternType = patternType
            self.principal = principal
            self.host = host
            self.operation = operation
            self.permission = permission
        }

        /// The rule in a sentence, such as `ALLOW User:alice READ on TOPIC orders (LITERAL) from *`.
        public var description: String {
            "\(permission) \(principal) \(operation) on \(resourceType) \(resourceName) (\(patternType)) from \(host)"
        }
    }

    /// Which rules are meant. As it is, all of them.
    public struct AclFilter: Sendable, Hashable {
        /// What they are about.
        public var resourceType = AclResourceType.any
        /// The name of that; nil is every name.
        public var resourceName: String?
        /// How names are compared.
        public var patternType = AclPatternType.any
        /// Who; nil is everybody.
        public var principal: String?
        /// From which host; nil is every host.
        public var host: String?
        /// What.
        public var operation = AclOperation.any
        /// Whether that is allowed or denied.
        public var permission = AclPermission.any

        /// All rules.
        public init() {}

        /// That one rule.
        public init(_ acl: Acl) {
            resourceType = acl.resourceType
            resourceName = acl.resourceName
            patternType = acl.patternType
            principal = acl.principal
            host = acl.host
            operation = acl.operation
            permission = acl.permission
        }
    }

    /// The rules that the filter means (DescribeAcls). SECURITY_DISABLED: the broker has no authorizer.
    public func describeAcls(_ filter: AclFilter = AclFilter()) async throws(KafkaError) -> [Acl] {
        try await one("describe ACLs", at: .any) { _ in
            DescribeAclsRequest.with {
                $0.resourceTypeFilter = filter.resourceType.rawValue
                $0.resourceNameFilter = filter.resourceName
                $0.patternTypeFilter = filter.patternType.rawValue
                $0.principalFilter = filter.principal
                $0.hostFilter = filter.host
                $0.operation = filter.operation.rawValue
                $0.permissionType = filter.permission.rawValue
            }
        } whole: {
            ($0.errorCode, $0.errorMessage)
        } value: {
            $0.resources.flatMap { resource in
                resource.acls.map { acl in
                    Acl(
                        AclPermission(rawValue: acl.permissionType), acl.principal,
                        AclOperation(rawValue: acl.operation), on: AclResourceType(rawValue: resource.resourceType),
                        resource.resourceName, patternType: AclPatternType(rawValue: resource.patternType),
                        host: acl.host)
                }
            }
        }
    }

    /// Adds rules (CreateAcls); one that is there already is no error.
    public func createAcls(_ acls: [Acl]) async -> Results<Acl, Void> {
        let call = AdminCall<Acl, CreateAclsRequest, Void>(
            what: "create the ACL", route: .all(.controller), subject: { .other("\"\($0)\"") },
            build: { acls, _ in
                .with {
                    $0.creations = acls.map { acl in
                        .with {
                            $0.resourceType = acl.resourceType.rawValue
                            $0.resourceName = acl.resourceName
                            $0.resourcePatternType = acl.patternType.rawValue
                            $0.principal = acl.principal
                            $0.host = acl.host
                            $0.operation = acl.operation.rawValue
                            $0.permissionType = acl.permission.rawValue
                        }
                    }
                }
            },
            // Results have the order of the request and no names.
            read: { response, acls, _ in
                zip(acls, response.results).map { AdminReply($0, $1.errorCode, $1.errorMessage) }
            })
        return await cluster.perform(call, about: acls)
    }

    /// Takes away the rules that each filter means (DeleteAcls), and tells, by filter, which those were and whether they
    /// are gone.
    public func deleteAcls(_ filters: [AclFilter]) async -> Results<AclFilter, Results<Acl, Void>> {
        let call = AdminCall<AclFilter, DeleteAclsRequest, Results<Acl, Void>>(
            what: "delete ACLs", route: .all(.controller), subject: { _ in .none },
            build: { filters, _ in
                .with {
                    $0.filters = filters.map { filter in
                        .with {
                            $0.resourceTypeFilter = filter.resourceType.rawValue
                            $0.resourceNameFilter = filter.resourceName
                            $0.patternTypeFilter = filter.patternType.rawValue
                            $0.principalFilter = filter.principal
                            $0.hostFilter = filter.host
                            $0.operation = filter.operation.rawValue
                            $0.permissionType = filter.permission.rawValue
                        }
                    }
                }
            },
            read: { response, filters, _ in
                zip(filters, response.filterResults).map { filter, result in
                    var deleted: Results<Acl, Void> = [:]
                    for entry in result.matchingAcls {
                        let acl = Acl(
                            AclPermission(rawValue: entry.permissionType), entry.principal,
                            AclOperation(rawValue: entry.operation), on: AclResourceType(rawValue: entry.resourceType),
                            entry.resourceName, patternType: AclPatternType(rawValue: entry.patternType),
                            host: entry.host)
                        deleted[acl] =
                            entry.errorCode == .none
                            ? .success(())
                            : .failure(
                                .refused(entry.errorCode, "could not delete the ACL \"\(acl)\"", api: .deleteAcls))
                    }
                    return AdminReply(filter, result.errorCode, result.errorMessage, deleted)
                }
            })
        return await cluster.perform(call, about: filters)
    }
}

private func aclName(_ number: Int8, _ names: [String]) -> String {
    names.indices.contains(Int(number)) ? names[Int(number)] : "UNKNOWN_\(number)"
}
