import KafkaWire

// Who may do what, as the node knows it: without an authorizer, everybody may do everything.

extension BrokerConfiguration.Authorization {
    /// The authorizer that the configuration asks for, without a rule.
    var authorizer: Authorizer? {
        switch self {
        case .off: nil
        case .on(let superUsers, let allowsWithoutAcl):
            Authorizer(superUsers: superUsers, allowsWithoutAcl: allowsWithoutAcl)
        }
    }
}

extension Authorizer.Caller {
    /// Who has sent a request.
    init(_ context: RequestContext) { self.init(context.principal, host: context.clientHost) }
}

extension BrokerNode {
    /// Whether whoever has sent the request may do that with a resource.
    func allows(_ operation: AclOperation, on resource: AclResourceType, _ name: String, _ context: RequestContext)
        -> Bool
    {
        authorizer?.allows(operation, on: resource, name, by: .init(context)) ?? true
    }

    /// The same with the cluster.
    func allowsOnCluster(_ operation: AclOperation, _ context: RequestContext) -> Bool {
        allows(operation, on: .cluster, AclResourceType.clusterName, context)
    }

    /// Whether there is any resource of the kind with which that may be done.
    func allowsAny(_ operation: AclOperation, of resource: AclResourceType, _ context: RequestContext) -> Bool {
        authorizer?.allowsAny(operation, of: resource, by: .init(context)) ?? true
    }

    /// What may be done with a resource, in bits (KIP-430).
    func authorizedOperations(on resource: AclResourceType, _ name: String, _ context: RequestContext) -> Int32 {
        guard let authorizer else { return AclOperation.bits(resource.supportedOperations) }
        return AclOperation.bits(authorizer.operations(on: resource, name, by: .init(context)))
    }

    /// The same of the cluster, which is told to whom may describe it; to others, nothing.
    func authorizedClusterOperations(_ context: RequestContext) -> Int32 {
        guard allowsOnCluster(.describe, context) else { return 0 }
        return authorizedOperations(on: .cluster, AclResourceType.clusterName, context)
    }

    /// Whether whoever fetches may read the topic: one that is named need not be there. An id that nobody has is told so.
    /// Who fetches as a follower may have all, or nothing.
    func mayRead(_ target: FetchTarget, _ fetch: WaitingFetch) -> Bool {
        guard authorizer != nil else { return true }
        guard fetch.request.replicaId < 0, fetch.request.replicaState.replicaId < 0 else {
            return allowsOnCluster(.clusterAction, fetch.context)
        }
        guard let name = target.topicId == .zero ? target.topic : topics[target.topicId]?.name else { return true }
        return allows(.read, on: .topic, name, fetch.context)
    }

    // MARK: - Rules

    /// Adds a rule, where it is in order and new.
    func addAcl(_ binding: AclBinding) throws(AclRefusal) {
        if let objection = binding.objection { throw objection }
        guard let acls = authorizer?.acls, !acls.contains(binding) else { return }
        if let objection = acls.objection(toFurther: binding) { throw objection }
        let id = makeId()
        authorizer?.acls.add(binding, id: id)
        storage?.note([.acl(AccessControlEntryRecord(binding, id: id))])
    }

    /// Adds the rules of the configuration, where there are none yet.
    func addFirstAcls() throws(BrokerStartError) {
        guard let authorizer, authorizer.acls.isEmpty else { return }
        for acl in configuration.acls {
            do throws(AclRefusal) { try addAcl(AclBinding(acl)) } catch {
                throw BrokerStartError(
                    description: "The broker cannot start: the ACL \(acl) is none: \(error.message)")
            }
        }
    }

    /// Takes rules out that are there.
    func removeAcls(_ bindings: some Sequence<AclBinding>) {
        for binding in bindings {
            guard let id = authorizer?.acls.remove(binding) else { continue }
            storage?.note([.removeAcl(.with { $0.id = id })])
        }
    }

    /// Takes over the rules that the data directory holds. Without an authorizer they stay there, and nobody is held to them.
    func restoreAcls(_ records: [Uuid: AccessControlEntryRecord]) {
        guard authorizer != nil else { return }
        for (id, record) in records.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            // What is kept twice, which Kafka does not do, goes with the other.
            guard authorizer?.acls.add(record.binding, id: id) == false else { continue }
            storage?.note([.removeAcl(.with { $0.id = id })])
        }
    }
}

extension AclBinding {
    /// The rule as an administrator says it.
    init(_ acl: KafkaAdmin.Acl) {
        self.init(
            pattern: .init(resource: acl.resourceType, kind: acl.patternType, name: .init(acl.resourceName)),
            principal: .init(acl.principal), host: .init(acl.host), operation: acl.operation,
            permission: acl.permission)
    }
}

extension AccessControlEntryRecord {
    /// A rule as it is kept.
    init(_ binding: AclBinding, id: Uuid) {
        self.init()
        self.id = id
        resourceType = binding.pattern.resource.rawValue
        resourceName = "\(binding.pattern.name)"
        patternType = binding.pattern.kind.rawValue
        principal = "\(binding.principal)"
        host = "\(binding.host)"
        operation = binding.operation.rawValue
        permissionType = binding.permission.rawValue
    }

    /// The rule that it keeps.
    var binding: AclBinding {
        AclBinding(
            pattern: .init(
                resource: .init(rawValue: resourceType), kind: .init(rawValue: patternType), name: .init(resourceName)),
            principal: .init(principal), host: .init(host), operation: .init(rawValue: operation),
            permission: .init(rawValue: permissionType))
    }
}

extension BrokerNode {
    /// What takes effect in a group, for a member that the request is of: with an expression it finds the topics that it may
    /// describe. Those that are found already stay, as in Kafka, which looks at all of them again every ten minutes.
    func consumerGroupSettings(of group: String, _ context: RequestContext) -> ConsumerGroupSettings {
        var settings = configs.consumerGroupSettings(of: group, memberLimit: configuration.maximumGroupSize)
        if authorizer != nil {
            settings.mayFind = { [unowned self] in allows(.describe, on: .topic, $0, context) }
        }
        return settings
    }
}
