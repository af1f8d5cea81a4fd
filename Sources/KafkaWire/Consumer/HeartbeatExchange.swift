/// The heartbeats of the group protocol of KIP-848, without any state.
enum HeartbeatExchange {
    /// Tells the coordinator that the member is alive, and what has changed; gives what it wants of the member, with the names
    /// of topics that are told by identifier.
    static func beat(
        _ beat: ConsumerBeat, as member: Membership, _ topics: TopicWatch,
        _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster
    ) async throws(KafkaError) -> GroupAnswer {
        let response = try await send(member, configuration, cluster, timeout: configuration.client.requestTimeout) {
            (request, version) throws(KafkaError) in
            request.memberEpoch = beat.epoch
            // Version 0 has the coordinator make up the member's id.
            if version == 0, beat.epoch == 0 { request.memberId = "" }
            if let owned = beat.owned {
                request.topicPartitions = owned.map { ($0.key, $0.value) }.sorted {
                    $0.0.description < $1.0.description
                }
                .map { id, partitions in
                    .with {
                        $0.topicId = id
                        $0.partitions = partitions
                    }
                }
            }
            if beat.tellsTopics { try subscribe(&request, topics, version) }
            guard beat.tells == .all else { return }
            request.instanceId = member.groupInstanceId
            request.rackId = configuration.clientRack
            request.rebalanceTimeoutMs = Milliseconds(configuration.maximumPollInterval)
            request.serverAssignor = configuration.groupRemoteAssignor
        }
        // The coordinator says that a topic may not be read, and not which; a look at them does.
        if response.errorCode == .topicAuthorizationFailed, !topics.names.isEmpty {
            try await cluster.refresh(topics.names)
            if let denial = topics.denial(await cluster.metadata.topics) { throw denial }
        }
        let ids = Set(response.assignment?.topicPartitions.map(\.topicId) ?? []).union(beat.unknown)
        return .beat(response, names: try await names(of: ids, topics, cluster))
    }

    private static func subscribe(
        _ request: inout ConsumerGroupHeartbeatRequest, _ topics: TopicWatch, _ version: Int16
    ) throws(KafkaError) {
        guard let expression = topics.coordinatorPattern else {
            request.subscribedTopicNames = topics.names
            // A pattern of before is taken back.
            if version >= 1, topics.hadCoordinatorPattern { request.subscribedTopicRegex = "" }
            return
        }
        guard version >= 1 else {
            throw KafkaError(
                .unsupportedVersion,
                "the broker does not match patterns of topics for its consumers; that begins with Kafka 4.0, or name the "
                    + "topics, or have this client match them", api: .consumerGroupHeartbeat, setting: "topics")
        }
        request.subscribedTopicNames = []
        request.subscribedTopicRegex = expression
    }

    private static func names(
        of ids: Set<TopicID>, _ topics: TopicWatch, _ cluster: Cluster
    ) async throws(KafkaError) -> [TopicID: String] {
        guard !ids.isEmpty else { return [:] }
        func found() async -> [TopicID: String] {
            let metadata = await cluster.metadata
            return Dictionary(ids.compactMap { id in metadata.name(of: id).map { (id, $0) } }) { first, _ in first }
        }
        var names = await found()
        if names.count < ids.count, !topics.names.isEmpty {
            try await cluster.refresh(topics.names)
            names = await found()
            // The coordinator assigns what the member may not see: no look tells that one's name.
            if let denial = topics.denial(await cluster.metadata.topics) { throw denial }
        }
        // Of a pattern that the coordinator matches, or that has just come: all are looked at.
        if names.count < ids.count {
            try await cluster.refresh(nil)
            names = await found()
        }
        return names
    }

    /// Leaves the group, for good or for a while.
    static func part(
        _ how: ConsumerBeat.Leaving, as member: Membership, _ configuration: KafkaConsumer.Configuration,
        _ cluster: Cluster
    ) async throws(KafkaError) -> GroupAnswer {
        _ = try await send(member, configuration, cluster, timeout: .seconds(3)) { (request, _) throws(KafkaError) in
            request.memberEpoch = how.rawValue
            request.instanceId = member.groupInstanceId
        }
        return .left
    }

    private static func send(
        _ member: Membership, _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster, timeout: Duration,
        _ fill: @escaping @Sendable (inout ConsumerGroupHeartbeatRequest, Int16) throws(KafkaError) -> Void
    ) async throws(KafkaError) -> ConsumerGroupHeartbeatResponse {
        do throws(KafkaError) {
            return try await cluster.send(
                to: .coordinator(group: member.groupId), use: .group, timeout: timeout
            ) { version throws(KafkaError) in
                var request = ConsumerGroupHeartbeatRequest()
                request.groupId = member.groupId
                request.memberId = member.memberId
                try fill(&request, version)
                return request
            }.response
        } catch {
            guard error.code == .unsupportedVersion else { throw error }
            throw KafkaError(
                .unsupportedVersion,
                "\(error.message); the group protocol of KIP-848 needs Kafka 4.0 or later: set group.protocol to classic",
                api: .consumerGroupHeartbeat, setting: "group.protocol", isRetriable: false)
        }
    }
}
