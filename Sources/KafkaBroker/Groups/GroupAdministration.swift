import KafkaWire

// What tools ask of groups: to list, describe and delete them, and to delete positions.

extension ClassicGroup {
    /// The type of groups whose members read topics; others, such as Connect's workers, share other things.
    static let consumerType = "consumer"

    /// The group as DescribeGroups tells of it. What members want and have is only told of a stable group.
    var description: DescribeGroupsResponse.DescribedGroup {
        .with {
            $0.groupId = id
            $0.groupState = state.rawValue
            $0.protocolType = protocolType ?? ""
            $0.protocolData = state == .stable ? protocolName ?? "" : ""
            $0.members = ordered.map { member in
                .with {
                    $0.memberId = member.id
                    $0.groupInstanceId = member.instanceId
                    $0.clientId = member.clientId
                    $0.clientHost = member.clientHost
                    guard state == .stable else { return }
                    $0.memberMetadata = member.metadata(for: protocolName)
                    $0.memberAssignment = member.assignment
                }
            }
        }
    }
}

extension GroupCoordinator {
    /// Forgets a group without members, and its positions.
    mutating func delete(group id: String) -> ErrorCode {
        guard let group = groups[id] else { return .groupIdNotFound }
        guard group.consumer?.members.isEmpty ?? (group.classic.state == .empty) else { return .nonEmptyGroup }
        forget(group: id)
        return .none
    }

    /// Whether positions of the group may be deleted at all. A group with members has to be one that reads topics:
    /// of others, nobody knows what they use.
    func mayDeleteOffsets(group id: String) -> ErrorCode {
        if id.isEmpty { return .invalidGroupId }
        guard let known = groups[id] else { return .groupIdNotFound }
        guard known.consumer == nil else { return .none }
        let group = known.classic
        return group.state == .empty || group.protocolType == ClassicGroup.consumerType ? .none : .nonEmptyGroup
    }

    /// Whether members of a group read a topic, or may.
    mutating func mayRead(topic: String, group id: String) -> Bool {
        guard let place = groups.index(forKey: id) else { return false }
        return groups.values[place].consumer?.mayRead(topic: topic)
            ?? groups.values[place].classic.lookForTopics().contains(topic)
    }

    /// Deletes a position, which need not be there.
    mutating func deleteOffset(_ key: TopicPartition, group id: String) -> ErrorCode {
        guard !mayRead(topic: key.topic, group: id) else { return .groupSubscribedToTopic }
        removeOffset(key, group: id)
        return .none
    }
}
