import KafkaBroker
import KafkaWire

/// Appending to the producer's batches, in the caller's thread's time; full ones are sent by other threads meanwhile.
enum Producing {
    static func run() async throws -> [Measurement] {
        let broker = try await KafkaBroker.start(.init(host: "127.0.0.1", port: 0, topics: ["t": 4]))
        var found: [Measurement] = []
        for (name, hasKey) in [("without a key", false), ("with a key of 4 bytes", true)] {
            var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            configuration.linger = .seconds(60)
            configuration.bufferMemory = 1 << 30
            let producer = try KafkaProducer(configuration)
            try await producer.enqueue(ProducerRecord(topic: "t", value: "first"))
            let value = [UInt8](repeating: 97, count: 100)
            let key: [UInt8] = [1, 2, 3, 4]
            // Sent in between, so that the memory is the same: the first time round it is taken from the system.
            var time = Double.infinity
            for _ in 0..<Stopwatch.series {
                time = min(time, try appending(200_000, to: producer, key: hasKey ? key : nil, value: value))
                try await producer.flush()
            }
            found.append(
                Measurement(
                    name: "producer: append a 100 B record \(name)", value: time, unit: "ns/record",
                    design: "21 to 32"))
            try await producer.close()
        }
        await broker.stop()
        return found
    }

    /// Nanoseconds for each of `count` records.
    private static func appending(
        _ count: Int, to producer: KafkaProducer, key: [UInt8]?, value: [UInt8]
    ) throws -> Double {
        try value.withUnsafeBytes { value in
            try (key ?? []).withUnsafeBytes { bytes in
                let key = key == nil ? nil : bytes
                let began = Stopwatch.now
                for _ in 0..<count { consume(try producer.tryEnqueue(topic: "t", key: key, value: value)) }
                return (Stopwatch.now - began) / Double(count) * 1e9
            }
        }
    }
}
