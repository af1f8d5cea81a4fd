import KafkaWire

/// The topic with an agent's memory: as many partitions as the events have, compacted.
struct ChangelogTopic: Sendable {
    let name: String
    /// The topic with the events.
    let events: String
    let client: ClientConfiguration

    /// Makes it where it is not there, and gives it partitions where it lacks some.
    func prepare(partitions: Int32) async throws(KafkaError) {
        let admin = try KafkaAdmin(client)
        let outcome: Result<Void, KafkaError>
        do throws(KafkaError) { outcome = .success(try await prepare(partitions, admin)) } catch {
            outcome = .failure(error)
        }
        await admin.close()
        try outcome.get()
    }

    private func prepare(_ partitions: Int32, _ admin: KafkaAdmin) async throws(KafkaError) {
        let found = await admin.describeTopics([name, events])
        // An instance has but some of the events' partitions.
        var wanted = Int(partitions)
        if case .success(let topic)? = found[events] { wanted = max(wanted, topic.partitions.count) }
        switch found[name] {
        case .success(let topic)? where topic.partitions.count < wanted:
            let grown = await admin.addPartitions([name: .init(total: Int32(clamping: wanted))])
            guard case .failure(let error)? = grown[name] else { return }
            // Another instance has been faster.
            if error.code != .broker(.invalidPartitions) { throw error }
        case .failure(let error)? where error.code == .broker(.unknownTopicOrPartition):
            let created = await admin.createTopics([
                .init(
                    name, partitions: Int32(clamping: wanted),
                    configs: ["cleanup.policy": "compact", "segment.ms": "600000"])
            ])
            guard case .failure(let error)? = created[name] else { return }
            if error.code != .broker(.topicAlreadyExists) { throw error }
        case .failure(let error)?: throw error
        case .success?, nil: break
        }
    }

    /// A reader of what partitions hold, from their beginning, which is told where they end. Whoever gets it closes it.
    func reader(of partitions: some Sequence<PartitionID>) throws(KafkaError) -> KafkaConsumer {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers,
            partitions: Dictionary(
                partitions.map { (TopicPartition(name, $0), .earliest) }, uniquingKeysWith: { first, _ in first }))
        configuration.client = client
        configuration.isolationLevel = .readCommitted
        configuration.tellsEnds = true
        configuration.fetchMaximumWait = .milliseconds(100)
        return try KafkaConsumer(configuration)
    }
}
