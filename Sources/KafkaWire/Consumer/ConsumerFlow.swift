/// Pauses: what a consumer has, and does not read for the time being.
extension KafkaConsumer {
    /// Gives out nothing of these partitions, and fetches no more of them, until they are resumed. They stay assigned, and the
    /// consumer a member of its group; it goes on with its other partitions. What was fetched is kept, up to half of
    /// ``Configuration/maximumBuffered``; the rest is fetched again. As in Java, a partition that is taken away and comes back is
    /// not paused any more.
    ///
    /// - Throws: Where the consumer does not have one of them; nothing is paused then.
    public func pause(_ partitions: [TopicPartition]) async throws(KafkaError) { try await engine.pause(partitions) }

    /// Goes on with these partitions where they were paused. Those that are not paused go on as they do.
    ///
    /// - Throws: Where the consumer does not have one of them; nothing is resumed then.
    public func resume(_ partitions: [TopicPartition]) async throws(KafkaError) { try await engine.resume(partitions) }

    /// The partitions that are paused.
    public var paused: Set<TopicPartition> { get async { await engine.plan.paused } }
}

extension ConsumerEngine {
    func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        begin()
        try requireHaving(partitions, "pause")
        plan.pause(partitions)
    }

    func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        begin()
        try requireHaving(partitions, "resume")
        plan.resume(partitions)
        fetch()
        wakeApplication()
    }

    /// Gives nothing out while `isWithheld`: the application has enough, and goes on asking for what else happens.
    func withhold(_ isWithheld: Bool) {
        plan.withhold(isWithheld)
        if !isWithheld { wakeApplication() }
    }

    func requireHaving(_ partitions: some Collection<TopicPartition>, _ what: String) throws(KafkaError) {
        guard let other = partitions.filter({ plan.positions[$0] == nil }).min() else { return }
        throw KafkaError(
            .invalidRequest, "could not \(what) \(other): this consumer does not have it at present",
            topic: other.topic, partition: other.partition, isRetriable: false)
    }
}
