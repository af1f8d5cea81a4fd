import KafkaWire

// What tools ask of groups: to list, describe and delete them, and to delete positions.

extension ClassicGroup {
    /// Whether members may read `topic`; nobody knows before the members have agreed on a protocol. What a member says
    /// of itself and cannot be read names no topic.
    func mayRead(topic: String) -> Bool {
        guard protocolType == Self.consumerType, !members.isEmpty else { return false }
        guard let protocolName else { return true }
        return members.values.contains { member in
            let metadata = member.metadata(for: protocolName)
            let subscription = try? ConsumerProtocolSubscription.decodeVersioned(metadata)
            return subscription?.topics.contains(topic) ?? false
        }
    }

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
        if id.isEmpty { return .invalidGroupId }
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

    /// Deletes a position, which need not be there.
    mutating func deleteOffset(_ key: TopicPartition, group id: String) -> ErrorCode {
        guard groups[id]?.mayRead(topic: key.topic) != true else { return .groupSubscribedToTopic }
        removeOffset(key, group: id)
        return .none
    }
}
