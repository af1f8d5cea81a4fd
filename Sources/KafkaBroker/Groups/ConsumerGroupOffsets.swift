import KafkaWire

// Who may commit and fetch positions of a group under the newer protocol.

extension ConsumerGroup {
    func commit(_ request: OffsetCommitRequest, version: Int16, partitions: [TopicIDPartition]) -> ErrorCode {
        let error = commit(
            memberId: request.memberId, instanceId: request.groupInstanceId, epoch: request.generationIdOrMemberEpoch,
            partitions: partitions, isTransactional: false)
        // Before v9 there is neither an epoch of members nor a word for one that is too old.
        let isOfMember = members[request.memberId].map { $0.classic == nil } ?? false
        return version < 9 && isOfMember ? .unsupportedVersion : error
    }

    func commit(_ request: TxnOffsetCommitRequest, partitions: [TopicIDPartition]) -> ErrorCode {
        let error = commit(
            memberId: request.memberId, instanceId: request.groupInstanceId, epoch: request.generationId,
            partitions: partitions, isTransactional: true)
        // Transactional producers know no epochs of members, but generations.
        return error == .staleMemberEpoch ? .illegalGeneration : error
    }

    /// What is wrong with a commit; `partitions` are those that it is about, where their topics exist.
    ///
    /// A member with an older epoch may still commit what it has had since then (KIP-1251): its own heartbeat may have
    /// moved it on meanwhile.
    private func commit(
        memberId: String, instanceId: String?, epoch: Int32, partitions: [TopicIDPartition], isTransactional: Bool
    ) -> ErrorCode {
        // Somebody outside of the group may commit while nobody is in it.
        if epoch < 0, members.isEmpty { return .none }
        // Producers of old bring neither member nor epoch (KIP-447).
        if isTransactional, epoch < 0, memberId.isEmpty, instanceId == nil { return .none }
        guard let member = members[memberId] else { return .unknownMemberId }
        if epoch == member.epoch { return .none }
        guard member.classic == nil else { return .illegalGeneration }
        guard epoch < member.epoch else { return .staleMemberEpoch }
        let areItsOwn = partitions.allSatisfy { partition in
            (member.assigned[partition] ?? member.revoking[partition]).map { $0 <= epoch } ?? false
        }
        return areItsOwn ? .none : .staleMemberEpoch
    }

    /// What is wrong with a fetch of positions; one without a member comes from an administrator, or an older client.
    func fetch(memberId: String?, epoch: Int32) -> ErrorCode {
        if memberId == nil, epoch < 0 { return .none }
        guard let member = memberId.flatMap({ members[$0] }) else { return .unknownMemberId }
        if member.epoch == epoch { return .none }
        return member.classic == nil ? .staleMemberEpoch : .illegalGeneration
    }
}

extension GroupCoordinator {
    /// What is wrong with fetching positions as that member of a group.
    func mayFetch(_ request: OffsetFetchRequest.OffsetFetchRequestGroup) -> ErrorCode {
        groups[request.groupId]?.consumer?.fetch(memberId: request.memberId, epoch: request.memberEpoch) ?? .none
    }
}
