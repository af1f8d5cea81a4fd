// Groups: describe those of the classic and of the consumer protocol, as one type.

extension KafkaAdmin {
    /// A group and its members.
    public struct GroupDescription: Sendable, Equatable {
        /// The group's id.
        public var id: String
        /// Its type: classic or consumer.
        public var type: GroupType
        /// Its state.
        public var state: GroupState
        /// What its members do, such as `consumer` or `connect`; empty where it has only offsets.
        public var protocolType: String
        /// How partitions are assigned, such as `range`; empty where there are no members.
        public var assignor: String
        /// Consumer groups: how often what they are made of has changed; else nil.
        public var epoch: Int32?
        /// Consumer groups: the group's epoch for which the assignment was made; else nil.
        public var assignmentEpoch: Int32?
        /// Its members, by id.
        public var members: [GroupMember]
        /// The broker that coordinates it.
        public var coordinator: BrokerID
        /// What the client may do with it; nil where the broker does not tell.
        public var authorizedOperations: Set<AclOperation>?
    }

    /// A member of a group.
    public struct GroupMember: Sendable, Equatable {
        /// The id that it has in the group.
        public var id: String
        /// Static members: the id that it has kept (`group.instance.id`, KIP-345); else nil.
        public var instanceId: String?
        /// Where it runs (`client.rack`); nil where it does not say.
        public var rackId: String?
        /// Consumer groups: the epoch that it has reached; else nil.
        public var epoch: Int32?
        /// What the client calls itself (`client.id`).
        public var clientId: String
        /// The host from which it is connected, as the broker sees it.
        public var clientHost: String
        /// The topics that it wants.
        public var subscribedTopics: [String]
        /// Consumer groups: the pattern of the topics that it wants; else nil.
        public var subscribedPattern: String?
        /// The partitions that it has, in their order. Of classic groups that are not consumers: none.
        public var assignment: [TopicPartition]
        /// Consumer groups: the partitions that it shall have, in their order; else nil.
        public var targetAssignment: [TopicPartition]?
        /// Consumer groups: whether it speaks the classic protocol (KIP-1099); nil where the broker does not tell.
        public var isClassic: Bool?
        /// Classic groups: the assignment as the leader wrote it; for protocol types other than `consumer`.
        public var rawAssignment = Bytes()
    }

    /// Groups with their members: first through ConsumerGroupDescribe (KIP-848, Kafka 3.8), then, where the broker has not
    /// got that or the group is of the classic protocol, through DescribeGroups. A group that is not there is
    /// GROUP_ID_NOT_FOUND, also where the broker is so old that it calls it dead; so are share and streams groups.
    public func describeGroups(_ ids: [String]) async -> Results<String, GroupDescription> {
        let call = AdminCall<String, ConsumerGroupDescribeRequest, Described>(
            what: "describe group", route: .each { .coordinator(group: $0) }, subject: { .other($0) },
            build: { ids, _ in
                .with {
                    $0.groupIds = ids
                    $0.includeAuthorizedOperations = true
                }
            },
            read: { response, _, _ in
                response.groups.map { AdminReply($0.groupId, $0.errorCode, $0.errorMessage, .consumer($0)) }
            })
        var described = await cluster.perform(call, about: ids)
        let others = described.compactMap { id, result -> String? in
            guard case .failure(let error) = result else { return nil }
            let isElsewhere: [KafkaError.Code] = [
                .unsupportedVersion, .broker(.unsupportedVersion), .broker(.groupIdNotFound),
            ]
            // The empty id is nobody's under the newer protocol, but may have positions, as before there were groups' names.
            return isElsewhere.contains(error.code) || id.isEmpty && error.code == .broker(.invalidGroupId) ? id : nil
        }
        described.merge(await describeClassic(others.sorted())) { _, new in new }
        let coordinators = await cluster.coordinators(of: ids.map { .coordinator(group: $0) })
        var results: Results<String, GroupDescription> = [:]
        for (id, result) in described {
            let coordinator = (try? coordinators[.coordinator(group: id)]?.get()) ?? .none
            results[id] = result.map { $0.description(coordinator: coordinator) }
        }
        return results
    }

    private func describeClassic(_ ids: [String]) async -> Results<String, Described> {
        let call = AdminCall<String, DescribeGroupsRequest, Described>(
            what: "describe group", route: .each { .coordinator(group: $0) }, subject: { .other($0) },
            build: { ids, version in
                .with {
                    $0.groups = ids
                    if version >= 3 { $0.includeAuthorizedOperations = true }
                }
            },
            read: { response, _, _ in
                response.groups.map { group in
                    let isDead = group.errorCode == .none && group.groupState == GroupState.dead.rawValue
                    return AdminReply(
                        group.groupId, isDead ? .groupIdNotFound : group.errorCode, group.errorMessage, .classic(group))
                }
            })
        return await cluster.perform(call, about: ids)
    }

    private enum Described: Sendable {
        case classic(DescribeGroupsResponse.DescribedGroup)
        case consumer(ConsumerGroupDescribeResponse.DescribedGroup)

        func description(coordinator: BrokerID) -> GroupDescription {
            switch self {
            case .classic(let group):
                GroupDescription(
                    id: group.groupId, type: .classic, state: GroupState(rawValue: group.groupState),
                    protocolType: group.protocolType, assignor: group.protocolData,
                    members: group.members.map { member($0, isConsumer: group.protocolType == "consumer") }
                        .sorted { $0.id < $1.id }, coordinator: coordinator,
                    authorizedOperations: AclOperation.set(group.authorizedOperations))
            case .consumer(let group):
                GroupDescription(
                    id: group.groupId, type: .consumer, state: GroupState(rawValue: group.groupState),
                    protocolType: "consumer", assignor: group.assignorName, epoch: group.groupEpoch,
                    assignmentEpoch: group.assignmentEpoch,
                    members: group.members.map(member).sorted { $0.id < $1.id }, coordinator: coordinator,
                    authorizedOperations: AclOperation.set(group.authorizedOperations))
            }
        }

        private func member(
            _ member: DescribeGroupsResponse.DescribedGroup.DescribedGroupMember, isConsumer: Bool
        ) -> GroupMember {
            // What another client wrote may be anything: bytes that are no assignment stay bytes.
            var assignment: ConsumerProtocolAssignment?
            var subscription: ConsumerProtocolSubscription?
            if isConsumer {
                assignment = try? .decodeVersioned(member.memberAssignment)
                subscription = try? .decodeVersioned(member.memberMetadata)
            }
            return GroupMember(
                id: member.memberId, instanceId: member.groupInstanceId,
                rackId: subscription?.rackId, clientId: member.clientId, clientHost: member.clientHost,
                subscribedTopics: subscription?.topics.sorted() ?? [],
                assignment: (assignment?.assignedPartitions ?? []).flatMap { topic in
                    topic.partitions.map { TopicPartition(topic.topic, $0) }
                }.sorted(), rawAssignment: member.memberAssignment)
        }

        private func member(_ member: ConsumerGroupDescribeResponse.DescribedGroup.Member) -> GroupMember {
            GroupMember(
                id: member.memberId, instanceId: member.instanceId, rackId: member.rackId, epoch: member.memberEpoch,
                clientId: member.clientId, clientHost: member.clientHost,
                subscribedTopics: member.subscribedTopicNames.sorted(),
                subscribedPattern: member.subscribedTopicRegex.flatMap { $0.isEmpty ? nil : $0 },
                assignment: Self.partitions(member.assignment),
                targetAssignment: Self.partitions(member.targetAssignment),
                isClassic: member.memberType < 0 ? nil : member.memberType == 0)
        }

        private static func partitions(_ assignment: ConsumerGroupDescribeResponse.Assignment) -> [TopicPartition] {
            assignment.topicPartitions.flatMap { topic in
                topic.partitions.map { TopicPartition(topic.topicName, $0) }
            }.sorted()
        }
    }
}
