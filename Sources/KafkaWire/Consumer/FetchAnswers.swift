/// What the parts of an answer mean.
extension FetchExchange {
    /// Where the log has parted from what was read, as its leader says; it says so only where it was told the epoch.
    static func placeOfParting(
        _ answer: FetchResponse.FetchableTopicResponse.PartitionData, _ epoch: LeaderEpoch?
    ) -> Offset? {
        guard answer.errorCode == .none, epoch != nil, answer.divergingEpoch.endOffset >= 0 else { return nil }
        return answer.divergingEpoch.endOffset
    }

    static func truncated(
        _ source: TopicPartition, at offset: Offset, _ parting: Offset?, by broker: String
    ) -> KafkaError {
        let place = parting.map { "from offset \($0) on" } ?? "in their place"
        return KafkaError(
            .logTruncated,
            "\(source) was read up to offset \(offset), and has other records \(place): its leader, broker "
                + "\(broker), did not have those that were read when it was elected (unclean.leader.election.enable)",
            broker: broker, api: .fetch, topic: source.topic, partition: source.partition, isRetriable: false)
    }

    static func chunk(
        _ answer: FetchResponse.FetchableTopicResponse.PartitionData, _ source: TopicPartition, at offset: Offset,
        _ isolation: IsolationLevel, by broker: String
    ) -> Result<FetchedChunk?, KafkaError> {
        let code = answer.errorCode
        guard code == .none else {
            return .failure(
                .refused(
                    code, "could not fetch \(source) at offset \(offset)", by: broker, api: .fetch, topic: source.topic,
                    partition: source.partition))
        }
        guard let records = answer.records, !records.bytes.isEmpty else { return .success(nil) }
        var (batches, damage) = wholeBatches(records)
        var wanted = batches
        if isolation == .readCommitted {
            var transactions = AbortedTransactions(answer.abortedTransactions ?? [])
            let outcome = transactions.judge(batches)
            batches = Array(batches[..<outcome.judged])
            wanted = outcome.kept
            damage = outcome.damage ?? damage
        }
        if let last = batches.last, last.lastOffset < offset {
            return .failure(
                KafkaError(
                    .malformedResponse,
                    "could not fetch \(source) at offset \(offset): broker \(broker) sent records that end at offset "
                        + "\(last.lastOffset), in front of it", broker: broker, api: .fetch, topic: source.topic,
                    partition: source.partition, isRetriable: true))
        }
        if let last = batches.last {
            // What cannot be read behind sound batches is fetched anew, and then stands in front.
            return .success(
                FetchedChunk(
                    source: source, batches: wanted, firstOffset: offset,
                    nextOffset: max(last.lastOffset.next, offset),
                    highWatermark: answer.highWatermark, bytes: records.bytes.count,
                    leaderEpoch: last.partitionLeaderEpoch))
        }
        if let damage {
            return .failure(
                KafkaError(
                    .corruptBatch,
                    "\(source), offset \(offset): broker \(broker) sent what is no record batch (\(damage)); seek behind it "
                        + "to go on", broker: broker, api: .fetch, topic: source.topic, partition: source.partition))
        }
        return .failure(
            KafkaError(
                .malformedResponse,
                "broker \(broker) sent \(records.bytes.count) bytes of \(source) at offset \(offset), but no whole batch; "
                    + "raise max.partition.fetch.bytes", broker: broker, api: .fetch, topic: source.topic,
                partition: source.partition, setting: "max.partition.fetch.bytes"))
    }

    private static func wholeBatches(_ records: Records) -> ([RecordBatch], WireError?) {
        var found: [RecordBatch] = []
        var rest = records.bytes
        do throws(WireError) {
            while let batch = try RecordBatch(rest) {
                found.append(batch)
                rest = rest[batch.bytes.count..<rest.count]
            }
        } catch {
            return (found, error)
        }
        return (found, nil)
    }
}
