import KafkaWire

// The program that the articles for those who come from another client show in both. Nothing here is run.

// listing: arriving.program
func billOrders() async throws {
    let producer = try KafkaProducer(.init(bootstrapServers: ["localhost:9092"]))
    var reading = KafkaConsumer.Configuration(
        bootstrapServers: ["localhost:9092"], group: "billing", topics: ["orders"])
    reading.autoCommit = nil
    let consumer = try KafkaConsumer(reading)
    for try await batch in consumer.batches {
        for record in batch {
            let invoice = "invoice for \(record.value?.text ?? "")"
            try await producer.enqueue(
                ProducerRecord(topic: "invoices", key: record.key, value: Bytes(utf8: invoice)))
        }
        try await producer.flush()
        try await batch.commit()
    }
}
// end

private func wind() async throws {
    // listing: arriving.cancel
    let billing = Task { try await billOrders() }
    // … and to end it:
    billing.cancel()
    try await billing.value
    // end
}
