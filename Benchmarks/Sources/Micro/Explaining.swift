import KafkaWire

/// The explainer beside the decoder of the same bytes.
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
        return [
            Measurement(name: "\(name): explain", value: times.first / 1000, unit: "µs"),
            Measurement(
                name: "\(name): explain, each row", value: times.first / Double(explanation.rows.count),
                unit: "ns/row"),
            Measurement(name: "\(name): decode, beside the explainer", value: times.second / 1000, unit: "µs"),
            Measurement(
                name: "\(name): explain, ratio", value: times.first / times.second, unit: "× decoding", design: "10"),
        ]
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
