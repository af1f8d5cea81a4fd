import KafkaWire

/// Control messages through the visitors.
enum Messages {
    static func run() throws -> [Measurement] {
        let response = MetadataResponse.with { message in
            message.clusterId = "cluster"
            message.brokers = (0..<3).map { id in
                .with {
                    $0.nodeId = BrokerID(Int32(id))
                    $0.host = "broker-\(id).example"
                    $0.port = 9092
                }
            }
            message.topics = (0..<100).map { topic in
                .with {
                    $0.name = "topic-\(topic)"
                    $0.partitions = (0..<12).map { partition in
                        .with {
                            $0.partitionIndex = PartitionID(index: partition)
                            $0.leaderId = BrokerID(Int32(partition % 3))
                            $0.replicaNodes = [0, 1, 2]
                            $0.isrNodes = [0, 1, 2]
                        }
                    }
                }
            }
        }
        let version: Int16 = 12
        let bytes = Bytes(try response.encode(version: version))
        return [
            Measurement(
                name: "metadata of 100 topics × 12 partitions: encode",
                value: try Stopwatch.nanoseconds { consume(try response.encode(version: version)) } / 1000,
                unit: "µs", design: "1.4 × hand-written"),
            Measurement(
                name: "metadata of 100 topics × 12 partitions: decode",
                value: try Stopwatch.nanoseconds {
                    consume(try MetadataResponse.decode(bytes, version: version))
                } / 1000, unit: "µs", design: "1.0 × hand-written"),
        ]
    }
}
