/// A Produce request from batches to what each of them has come to, without any state.
enum ProduceExchange {
    typealias PartitionResponse = ProduceResponse.TopicProduceResponse.PartitionProduceResponse

    /// What a broker has answered.
    struct Answer: Sendable {
        var broker: String
        /// nil where no answer was asked for (acks=0).
        var results: [TopicPartition: PartitionResponse]?
    }

    /// How long an answer may take. The broker's own time-out counts from its receiving; ours lets its answer come through.
    static func timeout(_ configuration: KafkaProducer.Configuration) -> Duration {
        configuration.client.requestTimeout + .seconds(1)
    }

    /// Packs the batches, sends them to their leader in one request, and waits for the answer.
    static func send(
        _ entries: [Accumulator.Entry], to leader: BrokerID, _ configuration: KafkaProducer.Configuration,
        _ cluster: Cluster, atMost: Int16?, after previous: SendTurn?, _ turn: SendTurn
    ) async -> Result<Answer, KafkaError> {
        do throws(KafkaError) {
            let packing = Result { () throws(KafkaError) in try packed(entries, configuration) }
            await previous?.wait()
            let batches = try packing.get()
            let (acks, timeout) = (configuration.acks, configuration.client.requestTimeout)
            let transaction = configuration.transactionalId
            let topics = await cluster.metadata.topics
            var ids: [String: TopicID] = [:]
            for (target, _) in batches { ids[target.topic] = topics[target.topic]?.id ?? .zero }
            let known = ids
            let build = { @Sendable (version: Int16) throws(KafkaError) -> ProduceRequest in
                request(
                    batches, version: version, acks: acks, timeout: timeout, transaction: transaction, ids: known)
            }
            // Version 13 names topics by identifier; without one, the name is used.
            var highest: Int16 = ids.values.contains(.zero) ? 12 : .max
            // With version 12 a batch adds its partition to the transaction (KIP-890).
            if let last = atMost { highest = min(highest, last) }
            let limit = highest
            if acks == .none {
                try await cluster.sendOneWay(to: .broker(leader), use: .produce, atMost: limit, build)
                return .success(Answer(broker: ""))
            }
            let answer = try await cluster.send(
                to: .broker(leader), use: .produce, atMost: limit, timeout: Self.timeout(configuration),
                onQueued: { turn.finish() }, build)
            for node in answer.response.nodeEndpoints {
                await cluster.setAddress(of: node.nodeId, host: node.host, port: node.port)
            }
            return .success(Answer(broker: answer.broker, results: results(answer.response, answer.version, known)))
        } catch {
            return .failure(error)
        }
    }

    private static func packed(
        _ entries: [Accumulator.Entry], _ configuration: KafkaProducer.Configuration
    ) throws(KafkaError) -> [(TopicPartition, Bytes)] {
        var batches: [(TopicPartition, Bytes)] = []
        for entry in entries {
            do throws(WireError) {
                let bytes = try entry.batch.bytes(
                    entry.stamp ?? .init(), configuration.compression, level: configuration.compressionLevel,
                    isTransactional: configuration.transactionalId != nil)
                batches.append((entry.batch.target, bytes))
            } catch {
                throw KafkaError(
                    .invalidConfiguration, "could not pack a batch for topic \(entry.batch.target.topic): \(error)",
                    topic: entry.batch.target.topic, setting: "compression.type")
            }
        }
        return batches
    }

    private static func request(
        _ batches: [(TopicPartition, Bytes)], version: Int16, acks: KafkaProducer.Acknowledgements, timeout: Duration,
        transaction: String?, ids: [String: TopicID]
    ) -> ProduceRequest {
        var request = ProduceRequest()
        request.transactionalId = transaction
        request.acks = acks.rawValue
        request.timeoutMs = Milliseconds(timeout)
        request.topicData = Dictionary(grouping: batches) { $0.0.topic }.inOrder.map { topic, batches in
            .with {
                if version >= 13 { $0.topicId = ids[topic, default: .zero] } else { $0.name = topic }
                $0.partitionData = batches.map { target, bytes in
                    .with {
                        $0.index = target.partition
                        $0.records = Records(bytes)
                    }
                }
            }
        }
        return request
    }

    /// Identifiers are translated back with the names that they were sent for: a topic may have been deleted since.
    private static func results(
        _ response: ProduceResponse, _ version: Int16, _ ids: [String: TopicID]
    ) -> [TopicPartition: PartitionResponse] {
        let names = Dictionary(ids.map { ($0.value, $0.key) }, uniquingKeysWith: { first, _ in first })
        var results: [TopicPartition: PartitionResponse] = [:]
        for topic in response.responses {
            guard let name = version >= 13 ? names[topic.topicId] : topic.name else { continue }
            for partition in topic.partitionResponses {
                let target = TopicPartition(name, partition.index)
                if results[target] == nil { results[target] = partition }
            }
        }
        return results
    }
}
