/// A Produce request and the meaning of its answer, without any state.
enum ProduceExchange {
    /// Batches that go to one leader in one request, at most one of each partition.
    typealias Entries = [Accumulator.Entry]

    /// A request that is ready to be sent on its connection.
    struct Prepared: Sendable {
        var frame: [UInt8]
        var version: Int16
        var connection: BrokerConnection
        /// The topics that the request names by identifier.
        var names: [Uuid: String]
    }

    /// Packs the batches and writes the request for the leader's connection, which is opened where it is not.
    static func prepare(
        _ entries: Entries, for leader: Int32, _ configuration: KafkaProducer.Configuration, _ cluster: Cluster
    ) async throws(KafkaError) -> Prepared {
        let link = try await cluster.link(to: .broker(leader), .produce)
        let broker = link.connection.name
        let topics = await cluster.metadata.topics
        let ids = Dictionary(
            Set(entries.map(\.batch.target.topic)).map { ($0, topics[$0]?.id ?? .zero) },
            uniquingKeysWith: { a, _ in a })
        // Version 13 names topics by identifier. Version 12 differs from 11 in transactions only (KIP-890).
        let takesIds = (link.versions[.produce]?.upperBound ?? 0) >= 13 && !ids.values.contains(.zero)
        let version = try link.versions.negotiate(ProduceRequest.self, atMost: takesIds ? 13 : 11, broker: broker)
        do throws(WireError) {
            let request = try request(entries, version: version, configuration, ids)
            let frame = try Frame.request(
                request, version: version, correlationId: 0, clientId: configuration.client.clientId)
            let names = Dictionary(ids.map { ($1, $0) }, uniquingKeysWith: { a, _ in a })
            return Prepared(frame: frame, version: version, connection: link.connection, names: names)
        } catch {
            throw KafkaError(
                .invalidConfiguration, "could not write a request with \(entries.count) batches: \(error)",
                broker: broker, api: .produce, setting: "compression.type")
        }
    }

    private static func request(
        _ entries: Entries, version: Int16, _ configuration: KafkaProducer.Configuration, _ ids: [String: Uuid]
    ) throws(WireError) -> ProduceRequest {
        var byTopic: [String: [ProduceRequest.TopicProduceData.PartitionProduceData]] = [:]
        for entry in entries {
            let bytes = try entry.batch.bytes(
                entry.stamp ?? .init(), configuration.compression, level: configuration.compressionLevel)
            byTopic[entry.batch.target.topic, default: []].append(
                .with {
                    $0.index = entry.batch.target.partition
                    $0.records = Records(bytes)
                })
        }
        return .with {
            $0.acks = configuration.acks.rawValue
            $0.timeoutMs = configuration.client.requestTimeout.milliseconds
            $0.topicData = byTopic.map { topic, partitions in
                .with {
                    if version >= 13 { $0.topicId = ids[topic, default: .zero] } else { $0.name = topic }
                    $0.partitionData = partitions
                }
            }
        }
    }

    /// What the answer says of each partition.
    typealias Outcome = ProduceResponse.TopicProduceResponse.PartitionProduceResponse

    /// Reads an answer.
    static func outcomes(
        _ frame: Bytes, of request: Prepared
    ) throws(KafkaError) -> [TopicPartition: Outcome] {
        do throws(WireError) {
            let response = try Frame.decodeResponse(ProduceResponse.self, frame, version: request.version)
            var outcomes: [TopicPartition: Outcome] = [:]
            for topic in response.responses {
                let name = request.version >= 13 ? request.names[topic.topicId] ?? "" : topic.name
                for partition in topic.partitionResponses {
                    outcomes[TopicPartition(name, partition.index)] = partition
                }
            }
            return outcomes
        } catch {
            throw .wire(error, broker: request.connection.name, api: .produce)
        }
    }
}
