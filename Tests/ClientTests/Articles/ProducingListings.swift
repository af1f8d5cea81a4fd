import KafkaWire

// What the articles of Sources/KafkaWire/KafkaWire.docc show; ArticleTests holds them to this. Nothing here is run.

private struct Order {
    var id: String
    var json: String
}

private func sendOne() async throws {
    // listing: producer.send
    let producer = try KafkaProducer(.init(bootstrapServers: ["localhost:9092"]))
    let stored = try await producer.send(ProducerRecord(topic: "orders", key: "42", value: #"{"total": 9.99}"#))
    print("partition \(stored.partition), offset \(stored.offset ?? -1)")
    try await producer.close()
    // end
}

private func sendMany(_ producer: KafkaProducer, _ orders: [Order]) async throws {
    // listing: producer.enqueue
    for order in orders {
        try await producer.enqueue(ProducerRecord(topic: "orders", key: order.id, value: order.json))
    }
    try await producer.flush()
    // end
}

private func look(_ producer: KafkaProducer, _ record: ProducerRecord) async throws {
    // listing: producer.delivery
    let delivery = try await producer.enqueue(record)
    do throws(KafkaError) {
        let stored = try await delivery.acknowledgement()
        print("in partition \(stored.partition)")
    } catch {
        print("not stored: \(error.message)")
    }
    // end
}

private func configure() throws -> KafkaProducer {
    // listing: producer.configuration
    var configuration = KafkaProducer.Configuration(bootstrapServers: ["localhost:9092"])
    configuration.linger = .milliseconds(20)
    configuration.compression = .zstd
    configuration.deliveryTimeout = .seconds(30)
    let producer = try KafkaProducer(configuration)
    // end
    return producer
}

private func partition(_ configuration: inout KafkaProducer.Configuration) {
    // listing: producer.partitioner
    configuration.partitioner = LibrdkafkaPartitioner.consistentRandom
    // end
}

private func order(_ producer: KafkaProducer) async throws {
    // listing: transaction.first
    try await producer.withTransaction { transaction in
        try await transaction.enqueue(ProducerRecord(topic: "orders", key: "42", value: "paid"))
        try await transaction.enqueue(ProducerRecord(topic: "bookings", key: "42", value: "100"))
    }
    // end
}

private func transactional() throws -> KafkaProducer {
    // listing: transaction.producer
    var configuration = KafkaProducer.Configuration(bootstrapServers: ["localhost:9092"])
    configuration.transactionalId = "copier-1"
    let producer = try KafkaProducer(configuration)
    // end
    return producer
}

private func copy(_ producer: KafkaProducer) async throws {
    // listing: transaction.copy
    var reading = KafkaConsumer.Configuration(
        bootstrapServers: ["localhost:9092"], group: "copiers", topics: ["orders"])
    reading.isolationLevel = .readCommitted
    reading.autoCommit = nil
    let consumer = try KafkaConsumer(reading)
    for try await batch in consumer.batches {
        try await producer.withTransaction(committing: batch) { transaction in
            for record in batch {
                try await transaction.enqueue(ProducerRecord(topic: "copies", key: record.key, value: record.value))
            }
        }
    }
    // end
}

private func judge(_ producer: KafkaProducer, _ record: ProducerRecord) async throws {
    // listing: transaction.errors
    do throws(KafkaError) {
        try await producer.beginTransaction()
        try await producer.send(record)
        try await producer.commitTransaction()
    } catch {
        switch error.transaction {
        case .abortable: try await producer.abortTransaction()  // then begin anew
        case .outcomeUnknown: try await producer.commitTransaction()  // the same call tells
        case .fenced, .fatal:
            try await producer.close()
            throw error
        case nil: throw error
        }
    }
    // end
}
