import KafkaWire

/// The explainer beside the decoder of the same bytes. To explain is to make the `Explanation`: every row, every
/// length, checksum and embedded structure checked, the failure, if any. What rows say in words is made when it is asked
/// for; the rows "with all texts" ask for all of it.
enum Explaining {
    static func run() throws -> [Measurement] {
        let metadata = Bytes(try Messages.metadata.encode(version: Messages.version))
        var found = try compare(
            "metadata of 100 topics × 12 partitions", metadata, MetadataResponse.self, Messages.version
        ) {
            consume(try MetadataResponse.decode(metadata, version: Messages.version))
        }
        let fetch = Bytes(try fetched().encode(version: 12))
        found += try compare("fetch of 500 records of 100 B", fetch, FetchResponse.self, 12) {
            let response = try FetchResponse.decode(fetch, version: 12)
            for topic in response.responses {
                for partition in topic.partitions {
                    // The explainer, too, compares checksums and finds all keys and values.
                    for batch in try partition.records?.batches() ?? [] {
                        try batch.verifyChecksum()
                        consume(RecordBatches.touch(try batch.records()))
                    }
                }
            }
        }
        let join = Bytes(try joined().encode(version: 9))
        found += try compare("join of a group of 20", join, JoinGroupResponse.self, 9) {
            let response = try JoinGroupResponse.decode(join, version: 9)
            // The explainer, too, reads the subscriptions.
            for member in response.members {
                consume(try ConsumerProtocolSubscription.decodeVersioned(member.metadata))
            }
        }
        let offsets = Bytes(try listed().encode(version: 7))
        found += try compare("list offsets of 10 topics × 12 partitions", offsets, ListOffsetsResponse.self, 7) {
            consume(try ListOffsetsResponse.decode(offsets, version: 7))
        }
        return found
    }

    private static func compare(
        _ name: String, _ bytes: Bytes, _ type: any WireMessage.Type, _ version: Int16, decode: () throws -> Void
    ) throws -> [Measurement] {
        let explanation = Explanation(body: bytes, of: type, version: version)
        guard explanation.failure == nil else { fatalError("\(name) cannot be explained") }
        let times = try Stopwatch.compare {
            consume(Explanation(body: bytes, of: type, version: version).rows.count)
        } _: {
            try decode()
        }
        let withTexts = Stopwatch.nanoseconds {
            for row in Explanation(body: bytes, of: type, version: version).rows {
                consume(row.path.utf8.count + row.type.utf8.count + row.value.utf8.count + row.note.utf8.count)
            }
        }
        return [
            Measurement(name: "\(name): explain", value: times.first / 1000, unit: "µs"),
            Measurement(
                name: "\(name): explain, each row", value: times.first / Double(explanation.rows.count),
                unit: "ns/row"),
            Measurement(name: "\(name): explain, with all texts", value: withTexts / 1000, unit: "µs"),
            Measurement(name: "\(name): decode, beside the explainer", value: times.second / 1000, unit: "µs"),
            Measurement(
                name: "\(name): explain, ratio", value: times.first / times.second, unit: "× decoding", design: "10"),
        ]
    }

    private static func joined() throws -> JoinGroupResponse {
        let subscription = ConsumerProtocolSubscription.with { $0.topics = ["orders", "payments", "shipments"] }
        let metadata = Bytes(try subscription.encodeVersioned(version: 1))
        return .with { response in
            response.generationId = 7
            response.protocolType = "consumer"
            response.protocolName = "range"
            response.leader = "consumer-0-5f3c1e2a-9f0b-4c55-8a51-0d1f6c2b7e90"
            response.memberId = response.leader
            response.members = (0..<20).map { index in
                .with {
                    $0.memberId = "consumer-\(index)-5f3c1e2a-9f0b-4c55-8a51-0d1f6c2b7e90"
                    $0.metadata = metadata
                }
            }
        }
    }

    private static func listed() -> ListOffsetsResponse {
        .with { response in
            response.topics = (0..<10).map { topic in
                .with {
                    $0.name = "topic-\(topic)"
                    $0.partitions = (0..<12).map { partition in
                        .with {
                            $0.partitionIndex = PartitionID(index: partition)
                            $0.timestamp = 1_700_000_000_000
                            $0.offset = Offset(Int64(partition) * 1000)
                            $0.leaderEpoch = 4
                        }
                    }
                }
            }
        }
    }

    private static func fetched() throws -> FetchResponse {
        let batch = Records(Bytes(try RecordBatches.build()))
        return .with {
            $0.responses = [
                .with {
                    $0.topic = "topic"
                    $0.partitions = [.with { $0.records = batch }]
                }
            ]
        }
    }
}
