import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// From a consumer to a producer, exactly once.
@Suite(.turn) struct ExactlyOnceTests {
    /// A member that copies what it reads, as the README has it.
    private static func copy(_ server: String, _ name: String) throws -> (
        consumer: KafkaConsumer, task: Task<Void, any Error>
    ) {
        let producer = try KafkaProducer.transactional(server, "copier-\(name)")
        let consumer = try KafkaConsumer.quick(server, group: "copiers", topics: ["in"]) {
            $0.autoCommit = nil
            $0.isolationLevel = .readCommitted
        }
        let task = Task {
            for try await batch in consumer.batches {
                try await producer.withTransaction(committing: batch) { transaction in
                    for record in batch {
                        try await transaction.enqueue(
                            ProducerRecord(topic: "out", key: record.key, value: record.value))
                    }
                }
            }
            try await producer.close()
        }
        return (consumer, task)
    }

    @Test(arguments: TransactionTests.versions) func everyRecordIsThereOnceAcrossRebalances(_ version: Int16)
        async throws
    {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["in": 4, "out": 3])
        let server = broker.bootstrapServers
        // Now and then a transaction is aborted in the middle.
        let count = Locked(0)
        broker.on(.txnOffsetCommit) { _ in
            let number = count.withLock { count in
                count += 1
                return count
            }
            return number % 7 == 3 ? .fail(.transactionAbortable) : .pass
        }
        let source = Task {
            let producer = try KafkaProducer.quick(server) { $0.linger = .zero }
            for number in 0..<3000 {
                try await producer.enqueue(ProducerRecord(topic: "in", key: "k\(number)", value: "\(number)"))
                if number % 20 == 19 {
                    try await producer.flush()
                    try await Task.sleep(for: .milliseconds(5))
                }
            }
            try await producer.close()
        }
        func done() async -> Int64 {
            await broker.group("copiers")?.committed.reduce(0) { $0 + $1.offset.rawValue } ?? 0
        }
        let first = try Self.copy(server, "1")
        try await eventually { await done() > 200 }
        let second = try Self.copy(server, "2")
        try await eventually { await broker.group("copiers")?.members.count == 2 }
        let half = await done()
        try await eventually { await done() > half + 500 }
        // The first one stops in the middle of whatever it does.
        first.task.cancel()
        _ = await first.task.result
        await first.consumer.close()
        try await source.value
        try await eventually { await done() == 3000 }
        await second.consumer.close()
        try await second.task.value
        let values = try await broker.values(of: "out", partitions: 3)
        #expect(values.count == 3000 && Set(values).count == 3000)
        #expect(Set(values) == Set((0..<3000).map { "\($0)" }))
        await broker.stop()
    }

    /// What a member that the group has put out has made is not committed.
    @Test(arguments: TransactionTests.versions) func aMemberThatIsNoneAnyMoreCommitsNothing(_ version: Int16)
        async throws
    {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["in": 1, "t": 2])
        try await broker.produce(0..<3, to: "in")
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["in"]) {
            $0.autoCommit = nil
            $0.maximumPollInterval = .seconds(1)
        }
        let told = Seen()
        try await within {
            for try await batch in consumer.batches {
                let group = told.count == 0 ? try await consumer.groupMetadata : nil
                if let group {
                    #expect(group.groupId == "g" && group.generation > 0 && !group.memberId.isEmpty)
                    // For longer than the group waits for its members.
                    try await eventually { await broker.group("g")?.members.isEmpty == true }
                }
                let result = try await producer.withTransaction(committing: batch) { transaction in
                    try await transaction.send(ProducerRecord(topic: "t", value: "made \(told.count)"))
                    return batch.count
                }
                told.add("\(result ?? -1)")
                guard let group else { break }
                // The positions by hand, as the member that it was.
                try await producer.beginTransaction()
                let error = await #expect(throws: KafkaError.self) {
                    try await producer.sendOffsets([TopicPartition("in", 0): .init(offset: 3)], group: group)
                }
                #expect(error?.transaction == .abortable)
                try await producer.abortTransaction()
                let none = await #expect(throws: KafkaError.self) { try await consumer.groupMetadata }
                #expect(none?.code == .broker(.rebalanceInProgress))
            }
        }
        #expect(told.all == ["-1", "3"])
        #expect(try await broker.values(of: "t", partitions: 2) == ["made 1"])
        #expect(await broker.group("g")?.committed.map(\.offset) == [3])
        await consumer.close()
        try await producer.close()
        await broker.stop()
    }

    /// Who takes partitions itself is no member of its group: each batch was aborted without a word.
    @Test(arguments: TransactionTests.versions) func whoTakesPartitionsItselfCommitsForItsGroup(_ version: Int16)
        async throws
    {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["in": 1, "t": 2])
        try await broker.produce(0..<6, to: "in")
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        // Twice, since the second one begins where the first has come to.
        for round in 0..<2 {
            var configuration = KafkaConsumer.Configuration(
                bootstrapServers: [broker.bootstrapServers], group: "g", partitions: [TopicPartition("in", 0)])
            configuration.client = .quick([broker.bootstrapServers])
            configuration.autoCommit = nil
            configuration.maximumRecords = 3
            let consumer = try KafkaConsumer(configuration)
            #expect(try await consumer.groupMetadata == ConsumerGroupMetadata(groupId: "g"))
            let made = try await within { () -> Int? in
                for try await batch in consumer.batches {
                    return try await producer.withTransaction(committing: batch) { transaction in
                        for record in batch {
                            try await transaction.enqueue(ProducerRecord(topic: "t", value: record.value))
                        }
                        return batch.count
                    }
                }
                return nil
            }
            #expect(made == 3)
            let behind = Offset(rawValue: Int64(3 * (round + 1)))
            try await eventually { await broker.group("g")?.committed.map(\.offset) == [behind] }
            await consumer.close()
        }
        #expect(try await broker.values(of: "t", partitions: 2) == (0..<6).map { "v\($0)" })
        #expect(await broker.group("g")?.members.isEmpty == true)
        try await producer.close()
        await broker.stop()
    }

    @Test func aConsumerThatCommitsByItselfIsRefused() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["in": 1, "t": 2]))
        try await broker.produce(0..<1, to: "in")
        let producer = try KafkaProducer.transactional(broker.bootstrapServers)
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["in"])
        let error = await #expect(throws: KafkaError.self) {
            try await within {
                for try await batch in consumer.batches {
                    try await producer.withTransaction(committing: batch) { _ in }
                }
            }
        }
        #expect(error?.code == .invalidConfiguration && error?.setting == "enable.auto.commit")
        await consumer.close()
        try await producer.close()
        await broker.stop()
    }

    // MARK: - The judgement of others

    private static let venv = getenv("KAFKAWIRE_VENV").map { String(cString: $0) }

    /// kafka-python's and librdkafka's consumers see of our transactions what ours sees.
    @Test(.enabled(if: venv != nil), arguments: TransactionTests.versions)
    func othersSeeWhatWasCommitted(_ version: Int16) async throws {
        let broker = try await KafkaBroker.start(transactions: version, topics: ["t": 2])
        for compression in [Compression.none, .gzip] {
            let producer = try KafkaProducer.transactional(broker.bootstrapServers) { $0.compression = compression }
            for number in 0..<6 {
                try await producer.beginTransaction()
                try await producer.enqueue((0..<10).map { "\(compression) \(number) \($0)" })
                try await producer.flush()
                try await number % 3 == 1 ? producer.abortTransaction() : producer.commitTransaction()
            }
            try await producer.close()
        }
        let ours = try await broker.values(of: "t", partitions: 2)
        #expect(ours.count == 80)
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let output = try await Self.output(of: [
            "/usr/bin/timeout", "60", "\(try #require(Self.venv))/bin/python",
            "\(root)/Tests/Foreign/committed_records.py", broker.bootstrapServers, "t",
        ])
        for judge in ["librdkafka", "kafka-python"] {
            let theirs = output.filter { $0.hasPrefix(judge + " ") }.map { String($0.dropFirst(judge.count + 1)) }
            #expect(theirs.sorted() == ours, "\(judge)")
        }
        await broker.stop()
    }

    /// The lines that a program writes.
    private static func output(of words: [String]) async throws -> [String] {
        var ends: [Int32] = [-1, -1]
        try #require(pipe(&ends) == 0)
        _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var id: pid_t = 0
        try #require(posix_spawn(&id, words[0], &actions, nil, &arguments, environ) == 0)
        close(ends[1])
        defer { close(ends[0]) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            var entry = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
            while poll(&entry, 1, 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
            let count = read(ends[0], &buffer, buffer.count)
            guard count > 0 else { break }
            bytes += buffer[0..<count]
        }
        var status: Int32 = 0
        waitpid(id, &status, 0)
        #expect(status == 0, "\(words[3]) failed")
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}
