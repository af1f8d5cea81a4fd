import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// What goes wrong on the way of a transaction, and what its producer makes of it.
@Suite(.turn) struct TransactionFaultTests {
    private static let offsets = [TopicPartition("t", 0): CommittedOffset(offset: 7)]

    private enum Call { case initialise, begin, commit, abort }

    /// What each call throws.
    private static func errors(of producer: KafkaProducer, _ calls: [Call]) async -> [KafkaError?] {
        var errors: [KafkaError?] = []
        for call in calls {
            do throws(KafkaError) {
                switch call {
                case .initialise: try await producer.initTransactions()
                case .begin: try await producer.beginTransaction()
                case .commit: try await producer.commitTransaction()
                case .abort: try await producer.abortTransaction()
                }
                errors.append(nil)
            } catch {
                errors.append(error)
            }
        }
        return errors
    }

    /// A transaction with records and offsets.
    private static func run(_ producer: KafkaProducer, _ values: [String]) async throws {
        try await producer.beginTransaction()
        try await producer.enqueue(values)
        try await producer.sendOffsets(offsets, group: .init(groupId: "g"))
        try await producer.commitTransaction()
    }

    /// What passes is asked again, wherever it is answered.
    @Test(
        arguments: TransactionTests.versions,
        [
            (.initProducerId, .concurrentTransactions), (.initProducerId, .notCoordinator),
            (.addPartitionsToTxn, .concurrentTransactions), (.addPartitionsToTxn, .coordinatorNotAvailable),
            (.addOffsetsToTxn, .concurrentTransactions), (.addOffsetsToTxn, .notCoordinator),
            (.txnOffsetCommit, .coordinatorLoadInProgress), (.txnOffsetCommit, .notCoordinator),
            (.endTxn, .concurrentTransactions), (.endTxn, .notCoordinator),
            (.findCoordinator, .coordinatorNotAvailable),
            (.produce, .concurrentTransactions), (.produce, .notLeaderOrFollower),
        ] as [(APIKey, ErrorCode)])
    func whatPassesIsAskedAgain(_ version: Int16, _ fault: (APIKey, ErrorCode)) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let isAsked = version == 1 || (fault.0 != .addPartitionsToTxn && fault.0 != .addOffsetsToTxn)
        let hook = broker.on(fault.0, times: 3) { _ in .fail(fault.1) }
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        for number in 0..<2 { try await Self.run(producer, ["a\(number)", "b\(number)"]) }
        #expect(hook.uses == (isAsked ? 3 : 0))
        #expect(try await broker.values(of: "t", partitions: 2) == ["a0", "a1", "b0", "b1"])
        #expect(await broker.group("g")?.committed.map(\.offset) == [7])
        try await producer.close()
        await broker.stop()
    }

    /// What ends a transaction leaves the producer able to begin the next.
    @Test(
        arguments: TransactionTests.versions,
        [
            (.produce, .transactionAbortable), (.produce, .invalidProducerEpoch), (.produce, .invalidTxnState),
            (.produce, .outOfOrderSequenceNumber), (.produce, .topicAuthorizationFailed),
            (.txnOffsetCommit, .transactionAbortable), (.txnOffsetCommit, .illegalGeneration),
            (.txnOffsetCommit, .groupAuthorizationFailed), (.addPartitionsToTxn, .topicAuthorizationFailed),
            (.addOffsetsToTxn, .groupAuthorizationFailed), (.endTxn, .transactionAbortable),
        ] as [(APIKey, ErrorCode)])
    func whatIsAbortableIsAborted(_ version: Int16, _ fault: (APIKey, ErrorCode)) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        guard version == 1 || (fault.0 != .addPartitionsToTxn && fault.0 != .addOffsetsToTxn) else {
            return await broker.stop()
        }
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        try await producer.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "before")) }
        // The first time it may be that a batch in front has failed.
        let hook = broker.on(fault.0, times: fault.1 == .outOfOrderSequenceNumber ? 4 : 1) { _ in .fail(fault.1) }
        let error = await #expect(throws: KafkaError.self) { try await Self.run(producer, ["lost", "too"]) }
        #expect(error?.transaction == .abortable && error?.code == .broker(fault.1), "\(error?.message ?? "none")")
        hook.remove()
        try await producer.abortTransaction()
        try await Self.run(producer, ["after"])
        #expect(try await broker.values(of: "t", partitions: 2) == ["after", "before"])
        try await producer.close()
        await broker.stop()
    }

    @Test(
        arguments: TransactionTests.versions,
        [
            (.initProducerId, .invalidTransactionTimeout, .fatal), (.initProducerId, .producerFenced, .fenced),
            (.endTxn, .producerFenced, .fenced), (.endTxn, .invalidTxnState, .fatal),
            (.txnOffsetCommit, .invalidProducerEpoch, .fenced), (.produce, .transactionalIdAuthorizationFailed, .fatal),
            (.findCoordinator, .transactionalIdAuthorizationFailed, .fatal),
        ] as [(APIKey, ErrorCode, TransactionTrouble)])
    func whatIsFatalEndsTheProducer(
        _ version: Int16, _ fault: (APIKey, ErrorCode, TransactionTrouble)
    ) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        broker.on(fault.0, times: 1) { _ in .fail(fault.1) }
        let error = await #expect(throws: KafkaError.self) { try await Self.run(producer, ["lost"]) }
        #expect(error?.transaction == fault.2 && error?.code == .broker(fault.1), "\(error?.message ?? "none")")
        for error in await Self.errors(of: producer, [.begin, .commit, .abort]) {
            #expect(error?.transaction == fault.2)
        }
        let refusal = await #expect(throws: KafkaError.self) { try await producer.enqueue(["no"]) }
        #expect(refusal?.transaction == fault.2)
        try? await producer.close()
        await broker.stop()
    }

    /// The coordinator has done what was asked, and its answer is lost.
    @Test(
        arguments: TransactionTests.versions,
        [APIKey.initProducerId, .addPartitionsToTxn, .addOffsetsToTxn, .txnOffsetCommit, .endTxn, .produce])
    func aLostAnswerChangesNothing(_ version: Int16, _ api: APIKey) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        broker.on(api, times: 1) { _ in .disconnectAfterwards }
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        for number in 0..<3 { try await Self.run(producer, ["a\(number)", "b\(number)"]) }
        try await producer.beginTransaction()
        try await producer.enqueue(["no"])
        try await producer.flush()
        broker.on(.endTxn, times: 1) { _ in .disconnectAfterwards }
        try await producer.abortTransaction()
        try await Self.run(producer, ["last"])
        let expected = ["a0", "a1", "a2", "b0", "b1", "b2", "last"]
        #expect(try await broker.values(of: "t", partitions: 2) == expected)
        try await producer.close()
        await broker.stop()
    }

    @Test(arguments: TransactionTests.versions)
    func anOutcomeThatIsNotKnownIsToldAsThatAndCanBeAskedFor(_ version: Int16) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let producer = try KafkaProducer.transactional(broker.bootstrapServers) { $0.maximumBlock = .seconds(1) }
        try await producer.beginTransaction()
        try await producer.enqueue(["a", "b"])
        let hook = broker.on(.endTxn) { _ in .fail(.coordinatorLoadInProgress) }
        let error = await #expect(throws: KafkaError.self) { try await producer.commitTransaction() }
        #expect(error?.transaction == .outcomeUnknown && error?.code == .timedOut && error?.setting == "max.block.ms")
        #expect(error?.message.contains("call it again") == true)
        // Anything else would be a guess.
        for error in await Self.errors(of: producer, [.abort, .begin, .initialise]) {
            #expect(error?.code == .invalidTransactionState)
            #expect(error?.message.contains("commitTransaction()") == true, "\(error?.message ?? "")")
        }
        await #expect(throws: KafkaError.self) { try await producer.enqueue(["no"]) }
        hook.remove()
        try await eventually { await broker.transaction("till")?.state == "CompleteCommit" }
        try await producer.commitTransaction()
        #expect(try await broker.values(of: "t", partitions: 2) == ["a", "b"])
        try await producer.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "c")) }
        #expect(try await broker.values(of: "t", partitions: 2) == ["a", "b", "c"])
        try await producer.close()
        await broker.stop()
    }

    @Test(arguments: TransactionTests.versions) func aCoordinatorThatMovesIsFollowed(_ version: Int16) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2])
        configuration.brokers = 3
        configuration.transactionVersion = version
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        for number in 0..<6 {
            try await producer.beginTransaction()
            try await producer.enqueue(["a\(number)"])
            try await producer.flush()
            let now = await broker.coordinator(ofTransaction: "till")
            let others = await broker.nodes.map(\.id).filter { $0 != now }
            try await broker.moveCoordinator(ofTransaction: "till", to: try #require(others.first))
            try await broker.moveCoordinator(ofGroup: "g", to: try #require(others.last))
            try await producer.sendOffsets(Self.offsets, group: .init(groupId: "g"))
            try await producer.commitTransaction()
        }
        #expect(try await broker.values(of: "t", partitions: 2) == (0..<6).map { "a\($0)" })
        try await producer.close()
        await broker.stop()
    }

    /// The coordinator has forgotten the id. In version 1 the producer gets another epoch; in version 2 a partition's leader says
    /// so, which Java's producer takes for the end.
    @Test(arguments: TransactionTests.versions) func aProducerThatWasForgottenIsTold(_ version: Int16) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2])
        configuration.transactionVersion = version
        configuration.transactionalIdExpiration = .milliseconds(300)
        let broker = try await KafkaBroker.start(configuration)
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        try await producer.withTransaction { try await $0.enqueue(ProducerRecord(topic: "t", value: "before")) }
        try await eventually { await broker.transaction("till") == nil }
        let error = await #expect(throws: KafkaError.self) { try await Self.run(producer, ["lost"]) }
        #expect(error?.code == .broker(.invalidProducerIdMapping))
        #expect(error?.transaction == (version == 1 ? .abortable : .fatal))
        if version == 1 {
            try await producer.abortTransaction()
            try await Self.run(producer, ["after"])
            #expect(try await broker.values(of: "t", partitions: 2) == ["after", "before"])
        }
        try? await producer.close()
        await broker.stop()
    }

    @Test(arguments: TransactionTests.versions) func offsetsThatCannotBeSentInTimeLeaveItToBeAborted(
        _ version: Int16
    ) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        let producer = try KafkaProducer.transactional(broker.bootstrapServers) { $0.maximumBlock = .seconds(4) }
        let hook = broker.on(.txnOffsetCommit) { _ in .fail(.coordinatorLoadInProgress) }
        let error = await #expect(throws: KafkaError.self) { try await Self.run(producer, ["lost"]) }
        #expect(error?.transaction == .abortable && error?.setting == "max.block.ms" && error?.isRetriable == true)
        hook.remove()
        try await producer.abortTransaction()
        #expect(await broker.group("g")?.committed.isEmpty != false)
        try await Self.run(producer, ["a"])
        #expect(await broker.group("g")?.committed.map(\.offset) == [7])
        #expect(try await broker.values(of: "t", partitions: 2) == ["a"])
        try await producer.close()
        await broker.stop()
    }
}
