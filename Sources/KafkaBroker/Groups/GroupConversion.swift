import KafkaWire

// A group changes its protocol: an empty one at once, one with members as `group.consumer.migration.policy=bidirectional`
// has it (KIP-848). A classic group of consumers becomes a consumer group with the first member of the newer protocol, and
// is a classic group again when the last one of those has gone.

extension ConsumerGroup {
    /// The group that a classic group of consumers becomes: the members keep what they have. Nil where that group is
    /// about other things than topics, or a member tells of itself what cannot be read.
    init?(_ group: ClassicGroup, _ registry: TopicRegistry, now: Instant) {
        guard group.protocolType == ClassicGroup.consumerType else { return nil }
        // 0 would mean to join.
        let generation = max(group.generation, 1)
        self.init(id: group.id, now: now, epoch: generation)
        for old in group.ordered {
            let name = group.protocolName ?? old.protocols.first?.name
            guard let subscription = try? ConsumerProtocolSubscription.decodeVersioned(old.metadata(for: name)) else {
                return nil
            }
            var member = ConsumerGroupMember(id: old.id)
            member.instanceId = old.instanceId
            member.rackId = subscription.rackId
            member.clientId = old.clientId
            member.clientHost = old.clientHost
            member.rebalanceTimeout = old.rebalanceTimeout
            member.topicNames = Set(subscription.topics)
            member.epoch = generation
            member.previousEpoch = generation
            // The strategy that the group agreed on comes first: from now on it is the member's.
            let protocols = old.protocols.filter { $0.name == name } + old.protocols.filter { $0.name != name }
            member.classic = .init(protocols: protocols, sessionTimeout: old.sessionTimeout)
            member.sessionDeadline = now + old.sessionTimeout
            let assignment = try? ConsumerProtocolAssignment.decodeVersioned(old.assignment)
            for topic in assignment?.assignedPartitions ?? [] {
                guard let id = registry[topic.topic]?.id else { continue }
                for number in topic.partitions {
                    let partition = TopicIDPartition(topic: id, partition: number)
                    if owners[partition] == nil { member.assigned[partition] = generation }
                }
            }
            adopt(member)
        }
        // Which partitions the topics had when that was assigned is not known: the first look at them begins a new epoch.
    }

    /// Whether all members speak the classic protocol.
    var isClassicAgain: Bool { !members.isEmpty && classicCount == members.count }
}

extension ClassicGroup {
    /// The group that a consumer group becomes whose members all speak the classic protocol; they are to join again. `epoch`
    /// was the group's before the last of the others went: as in Kafka generations go on behind it, also where none of those
    /// who stay has heard of it.
    init(_ group: ConsumerGroup, epoch: Int32, initialDelay: Duration, now: Instant) {
        self.init(id: group.id, initialDelay: initialDelay, now: now)
        generation = epoch
        protocolType = Self.consumerType
        for old in group.ordered {
            guard let side = old.classic else { continue }
            var member = GroupMember(
                id: old.id, instanceId: old.instanceId, clientId: old.clientId, clientHost: old.clientHost,
                protocols: side.protocols, sessionTimeout: side.sessionTimeout,
                rebalanceTimeout: old.rebalanceTimeout, order: 0, sessionDeadline: old.sessionDeadline)
            // What it was to give up it has until it joins again: nobody gets that where the protocol changes once more before.
            member.assignment = old.encoded([old.assigned.keys, old.revoking.keys].joined(), name: group.topicName)
            add(member, now: now)
        }
        protocolName = selectProtocol()
        state = .stable
        prepareRebalance(now: now)
    }
}

extension GroupCoordinator.Group {
    /// The group under the newer protocol that this one is, or becomes when a member of that protocol joins. Nil where it
    /// cannot.
    func asConsumerGroup(_ registry: TopicRegistry, now: Instant) -> ConsumerGroup? {
        consumer ?? (classic.isUnused ? ConsumerGroup(id: id, now: now) : ConsumerGroup(classic, registry, now: now))
    }

    /// Goes over to the newer protocol. Whoever waits for others is told to join again.
    mutating func become(_ group: ConsumerGroup, now: Instant) {
        var old = classic
        for member in old.ordered { old.answerWaiting(of: member, with: .rebalanceInProgress) }
        let waiting = old.takeActions()
        classic = ClassicGroup(id: old.id, initialDelay: old.initialDelay, now: now)
        classic.actions = waiting
        consumer = group
    }

    /// Goes over to the classic protocol where nobody is left who speaks the newer one. `epoch` was the group's before.
    mutating func becomeClassicIfNeeded(epoch: Int32?, now: Instant) {
        guard let group = consumer, group.isClassicAgain else { return }
        consumer = nil
        classic = ClassicGroup(group, epoch: epoch ?? group.epoch, initialDelay: classic.initialDelay, now: now)
    }

    /// Goes over to the classic protocol; nobody is in the group.
    mutating func becomeClassic(now: Instant) {
        consumer = nil
        classic = ClassicGroup(id: classic.id, initialDelay: classic.initialDelay, now: now)
    }
}
