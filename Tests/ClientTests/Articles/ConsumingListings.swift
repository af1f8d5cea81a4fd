import KafkaWire

// What the articles of Sources/KafkaWire/KafkaWire.docc show; ArticleTests holds them to this. Nothing here is run.

private func handle(_ record: Record) async throws {}
private func store(_ record: ConsumerRecord) async throws {}
private func save(_ partitions: [TopicPartition]) async throws {}
private func forget(_ partitions: [TopicPartition]) {}

private func read() async throws {
    // listing: consumer.group
    let consumer = try KafkaConsumer(
        .init(bootstrapServers: ["localhost:9092"], group: "billing", topics: ["orders"]))
    for try await batch in consumer.batches {
        for record in batch {
            print(record.offset, record.key?.text ?? "-", record.value?.text ?? "-")
        }
    }
    // end
}

private func readPartition() throws -> KafkaConsumer {
    // listing: consumer.partitions
    let consumer = try KafkaConsumer(
        .init(bootstrapServers: ["localhost:9092"], partitions: [TopicPartition("orders", 0): .earliest]))
    // end
    return consumer
}

private func flow(_ consumer: KafkaConsumer) async throws {
    // listing: consumer.flow
    let slow = TopicPartition("orders", 3)
    try await consumer.pause([slow])  // stays assigned; the others go on
    try await consumer.resume([slow])
    try await consumer.seek(slow, to: 1000)
    try await consumer.seekToCommitted()
    // end
}

private func leave(_ consumer: KafkaConsumer) async throws {
    // listing: consumer.close
    if let error = await consumer.close() { print("the last commit failed: \(error.message)") }
    // end
}

private func commit() async throws {
    // listing: commits.batch
    var configuration = KafkaConsumer.Configuration(
        bootstrapServers: ["localhost:9092"], group: "billing", topics: ["orders"])
    configuration.autoCommit = nil
    let consumer = try KafkaConsumer(configuration)
    for try await batch in consumer.batches {
        for record in batch { try await handle(record) }
        try await batch.commit()
    }
    // end
}

private func mark(_ configuration: inout KafkaConsumer.Configuration) async throws {
    // listing: commits.marks
    configuration.commitsMarked = true
    let consumer = try KafkaConsumer(configuration)
    for try await batch in consumer.batches {
        for record in batch {
            try await handle(record)
            batch.mark(record)
        }
    }
    // end
}

private func parallel(_ consumer: KafkaConsumer) async throws {
    // listing: commits.parallel
    try await consumer.processInParallel(maximum: 64) { record in try await store(record) }
    // end
}

private func retry(_ consumer: KafkaConsumer, _ producer: KafkaProducer) async throws {
    // listing: commits.retry
    let forwarder = RetryForwarder(RetryPolicy(delays: [.seconds(10), .seconds(60)]), producer)
    try await consumer.processInParallel { record in
        try await forwarder.process(record) { try await store($0) }
    }
    // end
}

private func cooperate(_ configuration: inout KafkaConsumer.Configuration) {
    // listing: rebalance.cooperative
    configuration.assignors = [.cooperativeSticky]
    // end
}

private func cooperateGradually(_ configuration: inout KafkaConsumer.Configuration) {
    // listing: rebalance.first
    configuration.assignors = [.cooperativeSticky, .range]
    // end
}

private func coordinate(_ configuration: inout KafkaConsumer.Configuration) {
    // listing: rebalance.consumer
    configuration.groupProtocol = .consumer
    // end
}

private func stay(_ configuration: inout KafkaConsumer.Configuration) {
    // listing: rebalance.static
    configuration.groupInstanceId = "billing-1"
    // end
}

private func listen(_ consumer: KafkaConsumer) async throws {
    // listing: rebalance.events
    for try await event in consumer.events {
        switch event {
        case .assigned(let offsets): print("reads \(offsets.keys.sorted())")
        case .batch(let batch):
            for record in batch { try await handle(record) }
            try await batch.commit()
        case .revoked(let revoked): try await save(revoked.partitions)  // still ours: may be committed
        case .lost(let partitions): forget(partitions)  // another's already
        case .reset, .reachedEnd: break
        case .trouble(let error): print("trouble: \(error.message)")
        case .recovered: print("all is well again")
        }
    }
    // end
}
