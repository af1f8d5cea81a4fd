/// The look-up of where to begin.
extension FetchExchange {
    /// The offsets of these places, as far as they can be told within `limit`, and why others cannot at present.
    static func offsets(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], _ isolation: IsolationLevel, _ cluster: Cluster,
        within limit: Duration? = nil
    ) async throws(KafkaError) -> (found: [TopicPartition: Offset], failure: KafkaError?) {
        var found: [TopicPartition: Offset] = [:]
        var failure: KafkaError?
        var times: [TopicPartition: Int64] = [:]
        for (partition, start) in starts {
            switch start {
            case .offset(let offset): found[partition] = offset
            case .earliest: times[partition] = -2
            case .latest, .last: times[partition] = -1
            case .time(let time): times[partition] = time
            }
        }
        guard !times.isEmpty else { return (found, nil) }
        func ask(_ times: [TopicPartition: Int64]) async throws(KafkaError) -> [TopicPartition: Offset] {
            guard !times.isEmpty else { return [:] }
            var offsets: [TopicPartition: Offset] = [:]
            for (partition, outcome) in await cluster.listOffsets(times, isolation: isolation, within: limit).inOrder {
                do throws(KafkaError) { offsets[partition] = try outcome.get() } catch {
                    guard ErrorVerdicts.mayPass(error) else { throw error }
                    failure = error
                }
            }
            return offsets
        }
        /// Every log has a first and a last offset.
        func mustBe(_ partition: TopicPartition, _ offset: Offset) -> Offset? {
            if offset >= 0 { return offset }
            failure = KafkaError(
                .malformedResponse, "could not look up an offset of \(partition): its leader tells of none",
                api: .listOffsets, topic: partition.topic, partition: partition.partition, isRetriable: true)
            return nil
        }
        var beyond: [TopicPartition: Int64] = [:]
        var ends: [TopicPartition: Offset] = [:]
        for (partition, offset) in try await ask(times).inOrder {
            switch starts[partition] {
            case .last: ends[partition] = mustBe(partition, offset)
            // No record is as new as the time asked for: the next one will be.
            case .time where offset < 0: beyond[partition] = -1
            default: found[partition] = mustBe(partition, offset)
            }
        }
        for (partition, offset) in try await ask(beyond).inOrder { found[partition] = mustBe(partition, offset) }
        for (partition, first) in try await ask(ends.mapValues { _ in -2 }).inOrder {
            guard case .last(let count)? = starts[partition], let end = ends[partition] else { continue }
            found[partition] = mustBe(partition, first).map { max($0, end - max(0, count)) }
        }
        return (found, failure)
    }
}
