import AppSupport
import JSONLines
import KafkaWire
import RecordText
import Screens
import ToolKit

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Where lines come from.
struct InputFile {
    let reader: LineReader
    /// Whether a person types them.
    let isTyped: Bool
    private let descriptor: Int32

    init(_ path: String?) throws(FileError) {
        guard let path, path != "-" else {
            descriptor = STDIN_FILENO
            reader = LineReader(STDIN_FILENO, name: "standard input")
            isTyped = Terminal.inputIsTerminal
            return
        }
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw FileError("cannot read \(path): \(String(cString: strerror(errno)))") }
        reader = LineReader(descriptor, name: path)
        isTyped = false
    }

    func close() { if descriptor != STDIN_FILENO { closeDescriptor(descriptor) } }
}

/// One run of `kw produce`: lines go to the producer, and every one that does not arrive is told with its number, as soon as that is
/// known: input may never end.
struct ProduceRun {
    private let topic: String
    private let partition: PartitionID?
    private let parser: LineParser
    /// Whether a line is a value and nothing else.
    private let isPlain: Bool
    /// What lines are read by that are records in JSON; nil where they are not.
    private let jsonReader: JSONRecordReader?
    private let input: InputFile
    private let tool: Tool
    private let isSync: Bool
    private let isJSON: Bool
    private let loop: any EventLoop
    private let began: Instant

    private var records = 0
    private var bytes = 0
    private var ledger: LineLedger
    /// The transactions that lines are sent in; nil where there are none.
    private var cuts: TransactionCuts?
    /// Lines that the producer did not take.
    private var failures: [String] = []
    private var refusedLines = 0
    private var ending: ToolFailure?
    /// What became of a transaction that was open in the end.
    private var leftOver: String?

    /// With `cuts` everything is sent in transactions.
    init(
        _ command: ProduceCommand, _ parser: LineParser, _ input: InputFile, cuts: TransactionCuts?, _ tool: Tool
    ) throws(NetError) {
        loop = try tool.loop
        began = loop.now
        topic = command.topic
        partition = command.partition.map { PartitionID($0) }
        self.parser = parser
        isPlain = parser.isPlain
        jsonReader =
            command.jsonInput
            ? JSONRecordReader(
                topic: command.topic, choosesPartitions: command.repartition || command.partition != nil) : nil
        self.input = input
        self.tool = tool
        isSync = command.sending.sync
        isJSON = command.json
        self.cuts = cuts
        ledger = LineLedger(isTransactional: cuts != nil) { [tool] sentence in
            tool.console.endProgress()
            tool.complain(sentence)
        }
    }

    mutating func perform(_ configuration: KafkaProducer.Configuration) async throws(KafkaError) {
        defer { input.close() }
        let cluster = try Cluster(configuration.client)
        let producer = try KafkaProducer(configuration, cluster: cluster)
        var failure: KafkaError?
        do throws(KafkaError) {
            // Said at once where nobody answers.
            try await look(cluster)
            // So is what is wrong with the transactional id.
            if cuts != nil { try await producer.initTransactions() }
            let isWhole = try await send(producer)
            if cuts == nil { try await producer.flush() } else if isWhole { try await commit(producer) }
        } catch {
            failure = error
        }
        await abort(producer, becauseOf: failure)
        let patience = min(configuration.deliveryTimeout, .seconds(30))
        do throws(KafkaError) { try await producer.close(timeout: patience) } catch { failure = failure ?? error }
        await ledger.settle()
        tool.console.endProgress()
        guard records == 0, let failure else {
            let isNews = !ledger.hasFailures || failure?.transaction == .fenced
            if let failure, isNews { ending = ending ?? ToolFailure(failure.message) }
            return
        }
        throw failure
    }

    /// Looks for the topic, which may take a moment to be created, and says what is waited for where it does not come.
    private func look(_ cluster: Cluster) async throws(KafkaError) {
        var code = ErrorCode.unknownTopicOrPartition
        for _ in 0..<10 {
            try await cluster.refresh([topic], mayCreate: true)
            guard let found = await cluster.metadata.topics[topic] else { return }
            guard found.error.isRetriable else { return }
            code = found.error
            try? await loop.sleep(for: .milliseconds(100))
        }
        let isMissing = code == .unknownTopicOrPartition
        tool.complain(
            "waiting for topic \(SafeText.line(topic)): "
                + (isMissing
                    ? "it is not there, and the broker does not create it; create it, or look at its spelling"
                    : "the broker answers \(code.name)"))
    }

    /// Says what has become of the lines. Throws where some did not arrive.
    func finish() throws {
        let failed = (cuts?.lostRecords ?? ledger.failedLines) + refusedLines
        let time = loop.now - began
        if isJSON {
            tool.console.line(
                JSONText.object(
                    [
                        ("topic", JSONText.string(topic)), ("records", "\(records)"), ("failed", "\(failed)"),
                        ("bytes", "\(bytes)"), ("seconds", Figures.fixed(Figures.seconds(time), decimals: 3)),
                    ] + (cuts.map { [("transactions", "\($0.committed)")] } ?? [])))
        }
        if tool.shutdown.isRequested {
            let sent = cuts?.committedRecords ?? records - ledger.failedLines
            tool.console.note(
                "\(Figures.counted(sent, "record")) \(cuts == nil ? "sent" : "committed") to \(SafeText.line(topic))")
        }
        let sentences = failures + (ending?.sentences ?? []) + [ledger.untold, leftOver].compactMap(\.self)
        if !sentences.isEmpty || ledger.hasFailures { throw ToolFailure(sentences) }
    }

    // MARK: - Lines

    /// Sends all lines; false where it stopped before the input's end.
    private mutating func send(_ producer: KafkaProducer) async throws(KafkaError) -> Bool {
        let reader = input.reader
        let prompts = input.isTyped && tool.console.outputIsTerminal
        prompt(prompts)
        while !tool.shutdown.isRequested {
            // Other tasks of this process may have but this thread.
            await Task.yield()
            guard reader.waitForInput(50, or: tool.shutdown.descriptor) else {
                ledger.rest()
                continue
            }
            if tool.shutdown.isRequested { return false }
            do throws(FileError) { guard try reader.fill() else { return true } } catch {
                ending = ToolFailure("\(error)")
                return false
            }
            let time = loop.wallMicroseconds / 1000
            while let line = reader.next() {
                let number = reader.number
                if cuts != nil { try await begin(producer) }
                if let jsonReader {
                    try await send(line, by: jsonReader, number: number, at: time, producer)
                } else if try !take(line, number: number, at: time, producer) {
                    try await wait(line, number: number, at: time, producer)
                }
                if ending != nil { return false }
                if isSync { await ledger.settle() }
                if cuts?.isFull == true { try await commit(producer) }
                prompt(prompts)
            }
            await ledger.limit()
            progress()
        }
        return false
    }

    private func prompt(_ isWanted: Bool) {
        guard isWanted else { return }
        tool.console.write(">")
        tool.console.flush()
    }

    private func progress() {
        guard tool.console.errorIsTerminal, !input.isTyped else { return }
        let time = loop.now - began
        tool.console.progress("\(Figures.counted(records, "record")), \(Figures.rate(records, in: time)) records/s")
    }

    /// Gives the line to the producer; false where that needs waiting.
    @inline(__always)
    private mutating func take(
        _ line: UnsafeRawBufferPointer, number: Int, at time: Int64, _ producer: KafkaProducer
    ) throws(KafkaError) -> Bool {
        guard let parts = parts(of: line, number: number) else { return true }
        do throws(KafkaError) {
            guard
                let delivery = try producer.tryEnqueue(
                    topic: topic, partition: partition, key: parts.key, value: parts.value, headers: parts.headers,
                    timestamp: time)
            else { return false }
            note(delivery, line, number)
        } catch {
            try refuse(error, number)
        }
        return true
    }

    /// Waits until there is room, or the topic is known, with a copy of the line.
    private mutating func wait(
        _ line: UnsafeRawBufferPointer, number: Int, at time: Int64, _ producer: KafkaProducer
    ) async throws(KafkaError) {
        guard let parts = parts(of: line, number: number) else { return }
        let record = ProducerRecord(
            topic: topic, key: parts.key.map { Bytes(Array($0)) }, value: parts.value.map { Bytes(Array($0)) },
            headers: parts.headers, partition: partition, timestamp: time)
        do throws(KafkaError) { note(try await producer.enqueue(record), line, number) } catch {
            try refuse(error, number)
        }
    }

    /// Sends a record that a line has in JSON; an empty line is none.
    private mutating func send(
        _ line: UnsafeRawBufferPointer, by reader: JSONRecordReader, number: Int, at time: Int64,
        _ producer: KafkaProducer
    ) async throws(KafkaError) {
        guard !line.allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { return }
        var record: ProducerRecord
        do throws(RenderFailure) { record = try reader.record(Array(line), number: number, at: time) } catch {
            ending = ToolFailure("\(error)")
            return
        }
        record.partition = partition ?? record.partition
        do throws(KafkaError) { note(try await producer.enqueue(record), line, number) } catch {
            try refuse(error, number)
        }
    }

    @inline(__always)
    private mutating func parts(of line: UnsafeRawBufferPointer, number: Int) -> LineParser.Parts? {
        if isPlain { return LineParser.Parts(value: line) }
        do throws(RenderFailure) { return try parser.parse(line, number: number) } catch {
            ending = ToolFailure("\(error)")
            return nil
        }
    }

    @inline(__always)
    private mutating func note(_ delivery: Delivery, _ line: UnsafeRawBufferPointer, _ number: Int) {
        records += 1
        bytes += line.count
        ledger.note(delivery, line: number)
        cuts?.note(line: number)
    }

    /// A record that is too large is left out and told in the end, or, in a transaction, is the end of it; anything else
    /// concerns all that follow.
    private mutating func refuse(_ error: KafkaError, _ number: Int) throws(KafkaError) {
        guard error.code == .recordTooLarge else { throw error }
        refusedLines += 1
        guard cuts == nil else {
            ending = ToolFailure("line \(number): \(error.message)")
            return
        }
        if failures.count < LineLedger.told { failures.append("line \(number): \(error.message)") }
    }
}

// MARK: - Transactions

extension ProduceRun {
    /// Begins a transaction where none is open.
    private mutating func begin(_ producer: KafkaProducer) async throws(KafkaError) {
        guard cuts?.open == nil else { return }
        try await producer.beginTransaction()
        cuts?.begin()
    }

    /// Commits the open transaction. Where nobody says in time what came of it, it is asked for once more.
    private mutating func commit(_ producer: KafkaProducer) async throws(KafkaError) {
        guard cuts?.open != nil else { return }
        do throws(KafkaError) { try await producer.commitTransaction() } catch {
            guard error.transaction == .outcomeUnknown, !tool.shutdown.isRequested else { throw error }
            try await producer.commitTransaction()
        }
        cuts?.commit()
    }

    /// Aborts the transaction that is still open, and says what has become of it.
    private mutating func abort(_ producer: KafkaProducer, becauseOf failure: KafkaError?) async {
        guard cuts?.open != nil else { return }
        var outcome = "was aborted"
        switch failure?.transaction {
        case .outcomeUnknown: outcome = "is committed or aborted; nobody has said which"
        case .fenced, .fatal: outcome = "was not committed"
        case .abortable, nil:
            do throws(KafkaError) { try await producer.abortTransaction() } catch {
                outcome = "was not committed, and could not be aborted: \(error.message)"
            }
        }
        guard let lines = cuts?.lose() else { return }
        leftOver = "\(lines): the transaction \(outcome)"
    }
}

/// The system's `close`, which inside a type its own `close` would hide.
private func closeDescriptor(_ descriptor: Int32) { _ = close(descriptor) }
