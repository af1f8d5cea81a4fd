import KafkaWire

/// What the records of the cluster's metadata come to: topics, settings, quotas, users, tokens, who may do what, and the
/// producer ids given out.
struct ClusterMetadata: Equatable {
    /// A topic and its partitions, in the order of their numbers.
    struct Topic: Equatable {
        var name: String
        var partitions: [PartitionRecord] = []
    }

    private(set) var topics: [TopicID: Topic] = [:]
    private(set) var configs: [ConfigResource: [String: String]] = [:]
    private(set) var quotas: [ClientQuotas.Entity: [String: Double]] = [:]
    private(set) var scramCredentials: [ScramUsers.Key: ScramUsers.Credential] = [:]
    /// The delegation tokens by their ids. They are kept also where the broker gives out none.
    private(set) var tokens: [String: DelegationTokenRecord] = [:]
    private(set) var acls: [Uuid: AccessControlEntryRecord] = [:]
    private(set) var nextProducerId: ProducerID = 0
    /// The topics that were deleted since the log was last written anew: what is left of them may go.
    private(set) var removed: [TopicID: String] = [:]

    /// Makes the change that a record tells. Records that tell it once more change nothing.
    mutating func apply(_ record: MetadataRecord) {
        switch record {
        case .topic(let topic):
            if topics[topic.topicId] == nil { topics[topic.topicId] = Topic(name: topic.name) }
        case .partition(let partition): apply(partition)
        case .removeTopic(let removed):
            guard let topic = topics.removeValue(forKey: removed.topicId) else { return }
            self.removed[removed.topicId] = topic.name
            configs[ConfigResource(kind: .topic, name: topic.name)] = nil
        case .config(let config):
            guard let kind = ConfigResource.Kind(rawValue: config.resourceType) else { return }
            let resource = ConfigResource(kind: kind, name: config.resourceName)
            var values = configs[resource] ?? [:]
            values[config.name] = config.value
            configs[resource] = values.isEmpty ? nil : values
        case .quota(let quota):
            let entity = quota.entity.reduce(into: ClientQuotas.Entity()) {
                $0.updateValue($1.entityName, forKey: $1.entityType)
            }
            var values = quotas[entity] ?? [:]
            values[quota.key] = quota.remove ? nil : quota.value
            quotas[entity] = values.isEmpty ? nil : values
        case .producerIds(let ids): nextProducerId = max(nextProducerId, ids.nextProducerId)
        case .token(let token): tokens[token.tokenId] = token
        case .removeToken(let removed): tokens[removed.tokenId] = nil
        case .scramCredential(let credential):
            guard let mechanism = ScramUsers.Mechanism(rawValue: credential.mechanism) else { return }
            scramCredentials[.init(user: ExactName(credential.name), mechanism: mechanism)] = .init(credential)
        case .removeScramCredential(let removed):
            guard let mechanism = ScramUsers.Mechanism(rawValue: removed.mechanism) else { return }
            scramCredentials[.init(user: ExactName(removed.name), mechanism: mechanism)] = nil
        case .acl(let acl): acls[acl.id] = acl
        case .removeAcl(let removed): acls[removed.id] = nil
        case .other: break
        }
    }

    private mutating func apply(_ partition: PartitionRecord) {
        let index = partition.partitionId.index
        guard var topic = topics[partition.topicId], (0...topic.partitions.count).contains(index) else { return }
        if index == topic.partitions.count {
            topic.partitions.append(partition)
        } else {
            topic.partitions[index] = partition
        }
        topics[partition.topicId] = topic
    }

    /// The partitions of all topics.
    var partitions: Set<TopicPartition> {
        topics.values.reduce(into: []) { found, topic in
            for partition in topic.partitions { found.insert(TopicPartition(topic.name, partition.partitionId)) }
        }
    }

    /// The records that lead here from nothing.
    var records: [MetadataRecord] {
        var records: [MetadataRecord] = [.producerIds(.with { $0.nextProducerId = nextProducerId })]
        for (id, topic) in topics.sorted(by: { $0.value.name < $1.value.name }) {
            records.append(
                .topic(
                    .with {
                        $0.name = topic.name
                        $0.topicId = id
                    }))
            records += topic.partitions.map { .partition($0) }
        }
        for (resource, values) in configs.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            records += Self.changes(of: resource, from: [:], to: values)
        }
        for (entity, values) in quotas.sorted(by: { "\($0.key.inOrder)" < "\($1.key.inOrder)" }) {
            records += Self.changes(of: entity, from: [:], to: values)
        }
        records += scramCredentials.inOrder.map { MetadataRecord($0.value, for: $0.key) }
        records += tokens.inOrder.map { .token($0.value) }
        records += acls.sorted { "\($0.key)" < "\($1.key)" }.map { .acl($0.value) }
        return records
    }

    /// The records that lead from one set of settings to another.
    static func changes(of resource: ConfigResource, from old: [String: String], to new: [String: String])
        -> [MetadataRecord]
    {
        changed(old, new).map { name, value in
            .config(
                .with {
                    $0.resourceType = resource.kind.rawValue
                    $0.resourceName = resource.name
                    $0.name = name
                    $0.value = value
                })
        }
    }

    /// The records that lead from one set of quotas to another.
    static func changes(of entity: ClientQuotas.Entity, from old: [String: Double], to new: [String: Double])
        -> [MetadataRecord]
    {
        changed(old, new).map { key, value in
            .quota(
                .with {
                    $0.entity = entity.sorted { $0.key < $1.key }.map { kind, name in
                        .with {
                            $0.entityType = kind
                            $0.entityName = name
                        }
                    }
                    $0.key = key
                    $0.value = value ?? 0
                    $0.remove = value == nil
                })
        }
    }

    /// The names whose values differ, with the new value, or nil where it is gone.
    private static func changed<V: Equatable>(_ old: [String: V], _ new: [String: V]) -> [(String, V?)] {
        Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }.map { ($0, new[$0]) }
    }
}
