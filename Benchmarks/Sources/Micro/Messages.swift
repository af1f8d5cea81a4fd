import KafkaWire

/// Control messages through the visitors, beside the same message by hand.
enum Messages {
    static let version: Int16 = 12

    /// The answer for a hundred topics of twelve partitions.
    static let metadata = MetadataResponse.with { message in
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

    static func run() throws -> [Measurement] {
        let metadata = metadata
        let bytes = Bytes(try metadata.encode(version: version))
        guard try Bytes(HandWrittenMetadata.encode(metadata)) == bytes,
            try HandWrittenMetadata.decode(bytes) == metadata
        else { fatalError("the hand-written codec is wrong") }
        let encode = try Stopwatch.compare {
            consume(try metadata.encode(version: version))
        } _: {
            consume(try HandWrittenMetadata.encode(metadata))
        }
        let decode = try Stopwatch.compare {
            consume(try MetadataResponse.decode(bytes, version: version))
        } _: {
            consume(try HandWrittenMetadata.decode(bytes))
        }
        var found: [Measurement] = []
        for (what, times) in [("encode", encode), ("decode", decode)] {
            let name = "metadata of 100 topics × 12 partitions: \(what)"
            found.append(Measurement(name: name, value: times.first / 1000, unit: "µs"))
            found.append(Measurement(name: "\(name) by hand", value: times.second / 1000, unit: "µs"))
            found.append(
                Measurement(
                    name: "\(name), ratio", value: times.first / times.second, unit: "× by hand",
                    design: what == "encode" ? "1.4" : "1.0"))
        }
        let ours = try Allocations.of { consume(try MetadataResponse.decode(bytes, version: version)) }
        let byHand = try Allocations.of { consume(try HandWrittenMetadata.decode(bytes)) }
        if let ours, let byHand {
            found.append(
                Measurement(
                    name: "metadata of 100 topics × 12 partitions: decode, allocations", value: ours - byHand,
                    unit: "more than by hand", design: "by hand \(Int(byHand))"))
        }
        return found
    }
}
