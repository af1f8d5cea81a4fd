import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// A producer's transactions against the embedded broker, in both versions of the protocol.
@Suite(.turn) struct TransactionTests {
    static let versions: [Int16] = [1, 2]

    @Test(arguments: versions, [Compression.none, .gzip])
    func whatIsCommittedIsSeenAndWhatIsAbortedIsNot(_ version: Int16, _ compression: Compression) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let producer = try KafkaProducer.transactional(broker.bootstrapServers) { $0.compression = compression }
        for number in 0..<5 {
            try await producer.beginTransaction()
            try await producer.enqueue((0..<6).map { "\(number)-\($0)" })
            if number.isMultiple(of: 2) {
                try await producer.commitTransaction()
            } else {
                // So that there is something of it in the log.
                try await producer.flush()
                try await producer.abortTransaction()
            }
        }
        let expected = [0, 2, 4].flatMap { number in (0..<6).map { "\(number)-\($0)" } }
        #expect(try await broker.values(of: "t", partitions: 2) == expected)
        #expect(try await broker.values(of: "t", partitions: 2, .readUncommitted).count == 30)
        let transaction = await broker.transaction("till")
        #expect(transaction?.state == "CompleteCommit")
        #expect(transaction?.producerEpoch == (version == 1 ? 0 : 5), "each has an epoch of its own in version 2")
        let counts = await broker.requestCounts
        #expect((counts[.addPartitionsToTxn] ?? 0 > 0) == (version == 1))
        #expect(counts[.initProducerId] == 1 && counts[.endTxn] == 5)
        // Nothing is told where nothing was written.
        try await producer.withTransaction { _ in }
        #expect(await broker.requestCounts[.endTxn] == 5)
        try await producer.close()
        await broker.stop()
    }

    @Test func outsideOfATransactionNothingIsTaken() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        func refused(_ call: () async throws -> Void, _ part: String) async {
            let error = await #expect(throws: KafkaError.self) { try await call() }
            #expect(error?.code == .invalidTransactionState && error?.setting == "transactional.id")
            #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
        }
        try await producer.initTransactions()
        await refused({ try await producer.initTransactions() }, "beginTransaction()")
        await refused({ try await producer.enqueue(["a"]) }, "beginTransaction()")
        await refused({ try await producer.commitTransaction() }, "beginTransaction()")
        await refused({ try await producer.abortTransaction() }, "beginTransaction()")
        await refused(
            { try await producer.sendOffsets([TopicPartition("t", 0): .init(offset: 1)], group: .init(groupId: "g")) },
            "beginTransaction()")
        try await producer.beginTransaction()
        await refused({ try await producer.beginTransaction() }, "is open")
        try await producer.enqueue(["a"])
        try await producer.commitTransaction()
        await refused({ try await producer.enqueue(["b"]) }, "beginTransaction()")
        #expect(try await broker.values(of: "t", partitions: 2) == ["a"])
        try await producer.close()
        let plain = try KafkaProducer.quick(broker.bootstrapServers)
        await refused({ try await plain.beginTransaction() }, "set its transactional.id")
        await refused({ try await plain.sendOffsets([:], group: .init(groupId: "g")) }, "set its transactional.id")
        try await plain.close()
        await broker.stop()
    }

    @Test(arguments: versions) func theScopedFormAbortsWhereItsBodyThrowsOrIsCancelled(_ version: Int16) async throws {
        struct Mine: Error {}
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        let offset = try await producer.withTransaction { transaction in
            try await transaction.send(ProducerRecord(topic: "t", value: "committed")).offset
        }
        #expect(offset == 0)
        await #expect(throws: Mine.self) {
            try await producer.withTransaction { transaction in
                try await transaction.send(ProducerRecord(topic: "t", value: "thrown"))
                throw Mine()
            }
        }
        let hasSent = Seen()
        let task = Task {
            try await producer.withTransaction { transaction in
                try await transaction.send(ProducerRecord(topic: "t", value: "cancelled"))
                hasSent.add("yes")
                try? await Task.sleep(for: .seconds(60))
            }
        }
        try await hasSent.wait(for: 1)
        task.cancel()
        let error = await #expect(throws: KafkaError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(await broker.transaction("till")?.state == "CompleteAbort")
        try await producer.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "last")) }
        #expect(try await broker.values(of: "t", partitions: 2) == ["committed", "last"])
        try await producer.close()
        await broker.stop()
    }

    @Test(arguments: versions) func anotherProducerOfTheSameIdTakesOver(_ version: Int16) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let first = try KafkaProducer.transactional(broker.bootstrapServers)
        try await first.beginTransaction()
        try await first.enqueue(["old"])
        try await first.flush()
        let second = try KafkaProducer.transactional(broker.bootstrapServers)
        try await second.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "new")) }
        for _ in 0..<2 {
            let error = await #expect(throws: KafkaError.self) { try await first.commitTransaction() }
            #expect(error?.transaction == .fenced && error?.isRetriable == false)
            #expect(error?.message.contains("has taken over") == true)
        }
        let error = await #expect(throws: KafkaError.self) { try await first.enqueue(["late"]) }
        #expect(error?.transaction == .fenced)
        await #expect(throws: KafkaError.self) { try await first.abortTransaction() }
        await #expect(throws: KafkaError.self) { try await first.beginTransaction() }
        #expect(try await broker.values(of: "t", partitions: 2) == ["new"])
        try await second.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "newer")) }
        #expect(try await broker.values(of: "t", partitions: 2) == ["new", "newer"])
        try? await first.close()
        try await second.close()
        await broker.stop()
    }

    /// KIP-588 as Kafka has it: the coordinator has ended the transaction, and goes on by an epoch.
    @Test(arguments: versions) func aTransactionThatTakesTooLongIsTold(_ version: Int16) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let producer = try KafkaProducer.transactional(broker.bootstrapServers) {
            $0.transactionTimeout = .milliseconds(200)
        }
        try await producer.beginTransaction()
        try await producer.enqueue(["late"])
        try await producer.flush()
        try await eventually { await broker.transaction("till")?.state == "CompleteAbort" }
        let error = await #expect(throws: KafkaError.self) { try await producer.commitTransaction() }
        #expect(error?.transaction == .fenced && error?.message.contains("transaction.timeout.ms") == true)
        #expect(try await broker.values(of: "t", partitions: 2) == [])
        try? await producer.close()
        await broker.stop()
    }

    @Test(arguments: versions) func aProducerThatIsClosedAbortsWhatIsOpen(_ version: Int16) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        try await producer.beginTransaction()
        try await producer.enqueue(["a", "b"])
        try await producer.flush()
        #expect(await broker.transaction("till")?.state == "Ongoing")
        try await producer.close()
        #expect(await broker.transaction("till")?.state == "CompleteAbort")
        #expect(try await broker.values(of: "t", partitions: 2) == [])
        await #expect(throws: KafkaError.self) { try await producer.beginTransaction() }
        await broker.stop()
    }

    /// Who passed that over committed all but that, or nothing, though another producer had taken over (simulation, 911679).
    @Test(arguments: versions) func withoutARecordThatWasNotTakenOverNothingIsCommitted(_ version: Int16) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.transactionVersion = version
        configuration.autoCreateTopics = false
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.transactional(broker.bootstrapServers) { $0.maximumBlock = .seconds(3) }
        let large = ProducerRecord(topic: "t", value: String(repeating: "x", count: 2 << 20))
        for round in 0..<3 {
            try await producer.beginTransaction()
            if round > 0 { try await producer.enqueue(["a\(round)"]) }
            await #expect(throws: KafkaError.self) {
                if round == 1 {
                    _ = try producer.tryEnqueue(large)
                } else {
                    try await producer.enqueue(ProducerRecord(topic: "nowhere", value: "a\(round)"))
                }
            }
            let error = await #expect(throws: KafkaError.self) { try await producer.commitTransaction() }
            #expect(error?.transaction == .abortable, "\(error?.message ?? "")")
            try await producer.abortTransaction()
            try await producer.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "b\(round)")) }
        }
        try await producer.close()
        #expect(try await broker.values(of: "t", partitions: 1) == ["b0", "b1", "b2"])
        await broker.stop()
    }

    @Test(arguments: versions) func theProducerGoesOnBehindARecordThatFailed(_ version: Int16) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2])
        configuration.maximumMessageBytes = 1000
        configuration.transactionVersion = version
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        for number in 0..<3 {
            try await producer.beginTransaction()
            try await producer.enqueue(["a\(number)", "b\(number)"])
            try await producer.flush()
            try await producer.enqueue([String(repeating: "x", count: 2000)])
            let error = await #expect(throws: KafkaError.self) { try await producer.commitTransaction() }
            #expect(error?.transaction == .abortable && error?.code == .broker(.messageTooLarge))
            #expect(error?.isRetriable == false)
            // Until it is aborted nothing else is done.
            await #expect(throws: KafkaError.self) { try await producer.enqueue(["no"]) }
            await #expect(throws: KafkaError.self) { try await producer.commitTransaction() }
            await #expect(throws: KafkaError.self) { try await producer.beginTransaction() }
            try await producer.abortTransaction()
            try await producer.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "c\(number)")) }
        }
        // What was told by the commit is not told again.
        try await producer.flush()
        #expect(try await broker.values(of: "t", partitions: 2) == ["c0", "c1", "c2"])
        #expect(await broker.transaction("till")?.producerEpoch == (version == 1 ? 3 : 6))
        try await producer.close()
        await broker.stop()
    }

    @Test(arguments: versions) func anAbortDropsWhatWasNotSent(_ version: Int16) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let producer = try KafkaProducer.transactional(broker.bootstrapServers) { $0.linger = .seconds(60) }
        try await producer.beginTransaction()
        let delivery = try await producer.enqueue(ProducerRecord(topic: "t", value: "waits"))
        try await producer.abortTransaction()
        let error = await #expect(throws: KafkaError.self) { try await delivery.acknowledgement() }
        #expect(error?.message.contains("its transaction was aborted") == true)
        #expect(await broker.requestCounts[.produce] ?? 0 == 0)
        try await producer.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "goes")) }
        #expect(try await broker.values(of: "t", partitions: 2, .readUncommitted) == ["goes"])
        try await producer.close()
        await broker.stop()
    }
}
