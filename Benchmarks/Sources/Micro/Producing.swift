import KafkaBroker
import KafkaWire

/// Appending to the producer's batches, from the caller's thread. Nothing is sent meanwhile: the batches wait for more.
enum Producing {
    static func run() async throws -> [Measurement] {
        let broker = try await KafkaBroker.start(.init(host: "127.0.0.1", port: 0, topics: ["t": 4]))
        var found: [Measurement] = []
        for (name, hasKey) in [("without a key", false), ("with a key of 4 bytes", true)] {
            var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
            configuration.linger = .seconds(60)
            configuration.bufferMemory = 1 << 30
            let producer = try KafkaProducer(configuration)
            try await producer.send(ProducerRecord(topic: "t", value: "first"))
            let value = [UInt8](repeating: 97, count: 100)
            let key: [UInt8] = [1, 2, 3, 4]
            let count = 200_000
            let began = Stopwatch.now
            for _ in 0..<count {
                try value.withUnsafeBytes { value in
                    try key.withUnsafeBytes { key in
                        consume(try producer.trySend(topic: "t", key: hasKey ? key : nil, value: value))
                    }
                }
            }
            let time = (Stopwatch.now - began) / Double(count) * 1e9
            found.append(
                Measurement(
                    name: "producer: append a 100 B record \(name)", value: time, unit: "ns/record",
                    design: "21 to 32"))
            try await producer.close()
        }
        await broker.stop()
        return found
    }
}
