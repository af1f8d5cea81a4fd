import KafkaWire

// What tools are told of groups of either kind.

extension GroupCoordinator.Group {
    var id: String { consumer?.id ?? classic.id }

    /// Kafka's name of the state.
    var stateName: String { consumer?.state.rawValue ?? classic.state.rawValue }

    /// How Kafka calls the protocol that the group is under.
    var typeName: String { consumer == nil ? "Classic" : "Consumer" }

    /// What the members share; groups under the newer protocol are always about topics.
    var protocolType: String? { consumer == nil ? classic.protocolType : ClassicGroup.consumerType }

    /// Whether nobody is in it.
    var isEmpty: Bool { consumer?.members.isEmpty ?? classic.isUnused }

    /// When something is due in it.
    var nextDeadline: Instant? { consumer == nil ? classic.nextDeadline : consumer?.nextDeadline }

    /// Since when nobody is in it.
    var emptySince: Instant? { consumer == nil ? classic.emptySince : consumer?.emptySince }
}

extension ConsumerGroup {
    /// How long its description gets, roughly: each member's subscription is told in full.
    var describedBytes: Int {
        bytes + members.values.reduce(0) { $0 + $1.topicNames.count * GroupLimits.entryOverhead }
    }

    /// The group as ConsumerGroupDescribe tells of it; topics that are gone are left out.
    func description(_ registry: TopicRegistry) -> ConsumerGroupDescribeResponse.DescribedGroup {
        typealias Assignment = ConsumerGroupDescribeResponse.Assignment
        func assignment(_ partitions: some Sequence<TopicIDPartition>) -> Assignment {
            .with {
                $0.topicPartitions = partitions.byTopic.compactMap { id, numbers in
                    guard let topic = registry[id] else { return nil }
                    return .with {
                        $0.topicId = id
                        $0.topicName = topic.name
                        $0.partitions = numbers
                    }
                }
            }
        }
        return .with {
            $0.groupId = id
            $0.groupState = state.rawValue
            $0.groupEpoch = epoch
            $0.assignmentEpoch = assignmentEpoch
            $0.assignorName = assignor.rawValue
            $0.members = ordered.map { member in
                .with {
                    $0.memberId = member.id
                    $0.instanceId = member.instanceId
                    $0.rackId = member.rackId
                    $0.memberEpoch = member.epoch
                    $0.clientId = member.clientId
                    $0.clientHost = member.clientHost
                    $0.subscribedTopicNames = member.topicNames.sorted()
                    $0.subscribedTopicRegex = member.topicRegex
                    $0.assignment = assignment(member.assigned.keys)
                    $0.targetAssignment = assignment(target[member.id] ?? [])
                    $0.memberType = member.classic == nil ? 1 : 0
                }
            }
        }
    }
}
