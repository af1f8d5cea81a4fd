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

private let venv = getenv("KAFKAWIRE_VENV").map { String(cString: $0) }

/// `isolation.level=read_committed`: first the decision as a value, then against what librdkafka writes and sees.
@Suite(.turn) struct TransactionalRecordTests {
    // MARK: - The decision

    /// A batch of a producer: "1" of producer 1 outside of transactions, "1t" in one, "1a" and "1c" the marks.
    private static func batch(_ text: String, at offset: Offset) throws -> RecordBatch {
        let id = ProducerID(try #require(Int64(text.prefix(1))))
        let bytes: [UInt8]
        switch text.dropFirst() {
        case "a", "c":
            bytes = try ControlBatch.marker(
                text.hasSuffix("a") ? .abort : .commit, producerId: id, producerEpoch: 0, coordinatorEpoch: 0,
                timestamp: 0, baseOffset: offset)
        default:
            var builder = RecordBatchBuilder()
            [UInt8](text.utf8).withUnsafeBytes { builder.append(key: nil, value: $0, timestamp: 0) }
            var options = RecordBatchBuilder.Options()
            options.producerId = id
            options.producerEpoch = 0
            options.baseSequence = 0
            options.baseOffset = offset
            options.marks = .init(rawValue: text.hasSuffix("t") ? 1 << 4 : 0)
            bytes = try builder.finish(options)
        }
        return try #require(try RecordBatch(Bytes(bytes)))
    }

    struct Case: Sendable {
        var batches: String
        var aborted: [(Int64, Int64)]
        var kept: [Int64]

        init(_ batches: String, _ aborted: [(Int64, Int64)], _ kept: [Int64]) {
            self.batches = batches
            self.aborted = aborted
            self.kept = kept
        }
    }

    /// One batch an offset; then the producer and first offset of each aborted transaction, and which batches are left.
    static let cases = [
        Case("1 2t 2c 1t 1c", [], [0, 1, 3]), Case("1t 2t 1 1a 2c", [(1, 0)], [1, 2]),
        Case("1t 1a 1t 1c", [(1, 0)], [2]), Case("1t 1a 1t 1a 1t 1c", [(1, 2), (1, 0)], [4]),
        // The transaction began in front of what was fetched.
        Case("1t 1a 1t 1c", [(1, -5)], [2]),
        // It ends behind what was fetched.
        Case("2t 1t 1t 2t", [(1, 1)], [0, 3]),
        // The mark of another producer ends nothing.
        Case("1t 2t 2a 1t 1a", [(1, 0), (2, 1)], []), Case("1t 2t 2c 1t 1a", [(1, 0)], [1]), Case("1a 1c", [], []),
    ]

    @Test(arguments: cases) func whatAbortedTransactionsWroteIsLeftOut(_ one: Case) throws {
        let batches = try one.batches.split(separator: " ").enumerated().map {
            try Self.batch(String($0.element), at: Offset(Int64($0.offset)))
        }
        var transactions = AbortedTransactions(
            one.aborted.map { id, offset in
                .with {
                    $0.producerId = ProducerID(id)
                    $0.firstOffset = Offset(offset)
                }
            })
        let outcome = transactions.judge(batches)
        #expect(outcome.kept.map(\.baseOffset.rawValue) == one.kept)
        #expect(outcome.judged == batches.count && outcome.damage == nil)
    }

    @Test func aDamagedMarkEndsWhatIsKnown() throws {
        var mark = try Self.batch("1a", at: 1).bytes.copy()
        mark[mark.count - 1] ^= 1
        let damaged = try #require(try RecordBatch(Bytes(mark)))
        var transactions = AbortedTransactions([.with { $0.producerId = 1 }])
        let outcome = transactions.judge([try Self.batch("1t", at: 0), damaged, try Self.batch("2", at: 2)])
        #expect(outcome.judged == 1 && outcome.kept.isEmpty && outcome.damage != nil)
    }

    // MARK: - What librdkafka writes

    @Test(.enabled(if: venv != nil)) func aConsumerSeesWhatLibrdkafkaSees() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
        let (input, output) = try Self.spawn([
            "/usr/bin/timeout", "50", "\(try #require(venv))/bin/python",
            "\(root)/Tests/Foreign/transactional_records.py", "127.0.0.1:\(broker.port)", "t",
        ])
        defer {
            close(input)
            fclose(output)
        }
        var theirs: Set<String> = []
        while let line = await Self.line(output), line != "ready" { theirs.insert(line) }
        // Six records of committed transactions and three of none; nothing from the open transaction on.
        #expect(theirs.count == 9, "\(theirs.sorted())")

        let committed = try await Self.read(broker, .readCommitted)
        #expect(committed.records == theirs)
        #expect(committed.latest == committed.ends, "latest is the last stable offset")
        let all = try await Self.read(broker, .readUncommitted)
        #expect(all.records.isSuperset(of: theirs) && all.records.count == theirs.count + 9)
        #expect(all.records.contains { $0.hasSuffix(" behind") } && all.records.contains { $0.hasSuffix(" d0") })
        #expect(all.ends != committed.ends)
        await broker.stop()
    }

    /// The records up to the ends, "PARTITION OFFSET VALUE"; where the ends were; and what "latest" means.
    private static func read(
        _ broker: KafkaBroker, _ isolation: IsolationLevel
    ) async throws -> (records: Set<String>, ends: [TopicPartition: Offset], latest: [TopicPartition: Offset]) {
        try await within(.seconds(20)) {
            func consumer(_ start: KafkaConsumer.StartingOffset) throws -> KafkaConsumer {
                var configuration = KafkaConsumer.Configuration(
                    bootstrapServers: ["127.0.0.1:\(broker.port)"], topics: ["t"], from: start)
                configuration.isolationLevel = isolation
                configuration.fetchMaximumWait = .milliseconds(50)
                configuration.tellsEnds = true
                return try KafkaConsumer(configuration)
            }
            var records: Set<String> = []
            var ends: [TopicPartition: Offset] = [:]
            let first = try consumer(.earliest)
            for try await event in first.events {
                if case .batch(let batch) = event {
                    for record in batch {
                        records.insert("\(batch.source.partition) \(record.offset) \(record.value?.text ?? "")")
                    }
                }
                if case .reachedEnd(let partition, let offset) = event { ends[partition] = offset }
                if ends.count == 2 { break }
            }
            await first.close()
            var latest: [TopicPartition: Offset] = [:]
            let second = try consumer(.latest)
            for try await event in second.events {
                if case .assigned(let offsets) = event { latest = offsets }
                if !latest.isEmpty { break }
            }
            await second.close()
            return (records, ends, latest)
        }
    }

    private static func spawn(_ words: [String]) throws -> (input: Int32, output: UnsafeMutablePointer<FILE>) {
        var (toChild, fromChild): ([Int32], [Int32]) = ([-1, -1], [-1, -1])
        try #require(pipe(&toChild) == 0 && pipe(&fromChild) == 0)
        for end in [toChild[1], fromChild[0]] { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        var id: pid_t = 0
        try #require(posix_spawn(&id, words[0], &actions, nil, &arguments, environ) == 0)
        close(toChild[0])
        close(fromChild[1])
        return (toChild[1], try #require(fdopen(fromChild[0], "r")))
    }

    /// The next line, without holding one of the tests' few threads for long.
    private static func line(_ file: UnsafeMutablePointer<FILE>) async -> String? {
        var entry = pollfd(fd: fileno(file), events: Int16(POLLIN), revents: 0)
        while poll(&entry, 1, 0) == 0 { try? await Task.sleep(for: .milliseconds(20)) }
        var buffer = [CChar](repeating: 0, count: 1000)
        setvbuf(file, nil, _IONBF, 0)
        guard fgets(&buffer, 1000, file) != nil else { return nil }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return text.hasSuffix("\n") ? String(text.dropLast()) : text
    }
}
