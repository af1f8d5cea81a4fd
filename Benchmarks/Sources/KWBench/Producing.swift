import KafkaWire

/// Produces records of one size without keys, as fast as `send` takes them.
struct Producing {
    var brokers: [String]
    var topic: String
    var records: Int
    var size: Int
    var isIdempotent: Bool
    /// Transactions of so many records, one behind the other; nil: none.
    var perTransaction: Int?

    func run() async throws {
        var configuration = KafkaProducer.Configuration(bootstrapServers: brokers)
        configuration.client.security = Protection.options
        configuration.isIdempotent = isIdempotent
        if perTransaction != nil { configuration.transactionalId = topic }
        let producer = try KafkaProducer(configuration)
        var value = (0..<size).map { UInt8(97 + $0 % 26) }
        if perTransaction != nil { try await producer.initTransactions() }
        let began = Usage.wall
        for number in 0..<records {
            if let perTransaction, number % perTransaction == 0 {
                if number > 0 { try await producer.commitTransaction() }
                try await producer.beginTransaction()
            }
            value.withUnsafeMutableBytes { bytes in
                withUnsafeBytes(of: number) {
                    bytes.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0.prefix(size)))
                }
            }
            while true {
                let sent = try value.withUnsafeBytes { try producer.tryEnqueue(topic: topic, value: $0) }
                if sent != nil { break }
                try await producer.enqueue(ProducerRecord(topic: topic, value: Bytes(value)))
                break
            }
        }
        if perTransaction != nil { try await producer.commitTransaction() }
        try await producer.flush()
        let ended = Usage.wall
        try await producer.close()
        Usage.report(records: records, bytes: records * size, wall: ended - began)
    }
}
