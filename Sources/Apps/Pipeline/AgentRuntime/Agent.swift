import AppSupport
import ChangeEvents
import Detectors
import JSONLines
import KafkaWire

/// An agent: reads change events as a member of its own group, applies its rule to each new transaction, and tells of
/// alerts. At least once: what was not committed before a crash is judged again, with the same outcome, since the users'
/// past is read back first.
public struct Agent<Rule: AgentRule> {
    private let name: String
    private let group: String
    private let options: AgentOptions
    private let console: Console
    private let shutdown: ShutdownSignal

    private var rule: Rule
    private var decoder: ChangeEventDecoder
    private var tally = Tally()
    /// The partitions that this instance has at present.
    private var held: Set<TopicPartition> = []
    /// Where this instance stands in each partition that it knows the users of.
    private var known: [TopicPartition: Offset] = [:]
    private var uncommitted: [TopicPartition: CommittedOffset] = [:]
    private var lastCommit: Instant?
    private var alerts: AlertProducer?
    private var malformedNotes = 0
    private var text: [UInt8] = []

    /// An agent of that name with its rule; `group` is used where the options name none.
    public init(_ name: String, group: String, rule: Rule, options: AgentOptions) {
        self.name = name
        self.group = options.group ?? group
        self.rule = rule
        self.options = options
        shutdown = ShutdownSignal.install(
            lastWords:
                "\(name): ended before it was done; left undone: what was not committed yet, which is judged again "
                + "after the next start, and alerts that had not arrived")
        let shutdown = shutdown
        console = Console(whenClosed: { shutdown.request() })
        decoder = ChangeEventDecoder(.init(table: options.table, amount: options.amountEncoding))
    }

    /// Reads until SIGINT or SIGTERM, then finishes the batch in hand, commits, leaves the group and prints totals.
    /// Gives the process's exit status.
    public mutating func run() async -> Int32 {
        let consumer: KafkaConsumer
        do throws(KafkaError) {
            consumer = try KafkaConsumer(consumerConfiguration)
            if let topic = options.alertsTopic { alerts = try AlertProducer(topic, brokers: options.brokers) }
        } catch {
            console.note("\(name): \(SafeText.line(error.message))")
            return 1
        }
        console.note(
            "\(name): reading \(options.topic) at \(options.brokers.joined(separator: ",")) as group \(group); "
                + "Ctrl-C ends it")
        if options.json {
            console.line("{\"type\":\"started\",\"agent\":\"\(name)\",\"group\":\"\(group)\"}")
            console.flush()
        }
        let shutdown = shutdown
        let closer = Task {
            await shutdown.wait()
            // Ends the sequence behind the batch in hand.
            await consumer.stop()
        }
        defer { closer.cancel() }
        let failure = await loop(consumer)
        var isComplete = true
        for error in [await commit(consumer), await consumer.close(), await alerts?.close()].compactMap({ $0 }) {
            isComplete = false
            tell(error)
        }
        printTotals()
        if let failure {
            console.note("\(name): \(SafeText.line(failure.message))")
            return 1
        }
        return isComplete ? 0 : 1
    }

    private var consumerConfiguration: KafkaConsumer.Configuration {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: options.brokers, group: group, topics: [options.topic])
        configuration.client.clientId = name
        // Half of the defaults: the agent keeps up all the same, in some 20 MB less.
        configuration.fetchMaximumBytes = 1 << 20
        configuration.maximumBuffered = 2 << 20
        configuration.autoCommit = nil
        configuration.groupInstanceId = options.instanceId
        configuration.sessionTimeout = options.sessionTimeout.duration
        configuration.heartbeatInterval = options.sessionTimeout.duration / 4
        configuration.offsetReset = options.from == .earliest ? .earliest : .latest
        configuration.corruptBatches = options.skipDamaged ? .skip : .stop
        // Reading back the past of many partitions may take a while.
        configuration.maximumPollInterval = .seconds(900)
        return configuration
    }

    // MARK: - The loop

    private mutating func loop(_ consumer: KafkaConsumer) async -> KafkaError? {
        do throws(KafkaError) {
            for try await event in consumer.events {
                switch event {
                case .batch(let batch):
                    process(batch, on: consumer.loop)
                    try await commitIfDue(batch, consumer)
                case .assigned(let offsets): try await assigned(offsets)
                case .revoked(let partitions, let lost): await revoked(partitions, lost: lost, consumer)
                case .reachedEnd: break
                case .reset(let partition, _, let offset, let error):
                    uncommitted[partition] = CommittedOffset(offset: offset)
                    tell(error)
                case .trouble(let error): tell(error)
                case .recovered: console.note("\(name): it works again")
                }
            }
            return nil
        } catch {
            return error
        }
    }

    private mutating func process(_ batch: ConsumerBatch, on loop: any EventLoop) {
        let partition = batch.source.partition.rawValue
        let now = loop.wallMicroseconds
        tally.batchBegins(at: loop.now)
        for record in batch {
            let event = decode(record)
            tally.count(event)
            tally.recordAge(from: record.timestamp, to: now / 1000)
            switch event {
            case .transaction(let transaction):
                judge(
                    transaction, RecordPlace(partition: partition, offset: record.offset.rawValue),
                    at: loop.wallMicroseconds)
            case .notATransaction: break
            case .malformed(let flaw): tellMalformed(flaw, batch.source, record.offset)
            }
        }
        known[batch.source] = batch.nextOffset
        uncommitted[batch.source] = CommittedOffset(offset: batch.nextOffset)
        tally.batchEnded(at: loop.now)
        if !text.isEmpty {
            console.write(bytes: text)
            text.removeAll(keepingCapacity: true)
        }
        console.flush()
        console.progress(
            "\(name): \(Figures.grouped(tally.events)) events, \(Figures.grouped(tally.alerts)) alerts")
    }

    private mutating func decode(_ record: Record) -> ChangeEvent {
        let hasOldKey = record.hasHeader(ChangeEventDecoder.oldKeyHeader)
        guard let value = record.value else { return decoder.decode(nil, hasOldKey: hasOldKey) }
        return value.withUnsafeBytes { decoder.decode($0, hasOldKey: hasOldKey) }
    }

    private mutating func judge(_ transaction: Transaction, _ place: RecordPlace, at now: Int64) {
        let verdict = rule.judge(
            transaction, partition: place.partition, arrival: EventTime(microseconds: now))
        let alert = rule.alert(verdict, of: transaction, at: place)
        if let alert {
            tally.countAlert()
            alerts?.send(alert)
        }
        guard options.verbose || alert != nil else { return }
        if options.json {
            AgentLine.append(alert, transaction, place, at: now, agent: name, to: &text)
        } else {
            rule.appendLine(verdict, of: transaction, to: &text)
        }
    }

    // MARK: - Assignments

    private mutating func assigned(_ offsets: [TopicPartition: Offset]) async throws(KafkaError) {
        held.formUnion(offsets.keys)
        for partition in known.keys
        where !held.contains(partition) || offsets[partition].map({ $0 != known[partition] }) ?? false {
            // Another instance goes on with it, or has gone on with it meanwhile.
            known[partition] = nil
            _ = rule.forget(partition: partition.partition.rawValue)
        }
        let new = offsets.filter { known[$0.key] == nil }
        var readBack = 0
        if rule.canReplay, !new.isEmpty {
            let partitions = options
            let reader = HistoryReader(brokers: partitions.brokers, limit: partitions.history)
            var (rule, decoder) = (self.rule, self.decoder)
            readBack = try await reader.read(new) { source, record in
                let hasOldKey = record.hasHeader(ChangeEventDecoder.oldKeyHeader)
                let event =
                    record.value.map { value in
                        value.withUnsafeBytes { decoder.decode($0, hasOldKey: hasOldKey) }
                    } ?? decoder.decode(nil)
                guard case .transaction(let transaction) = event else { return }
                _ = rule.judge(transaction, partition: source.partition.rawValue, arrival: transaction.createdAt)
            }
            (self.rule, self.decoder) = (rule, decoder)
        }
        for (partition, offset) in new {
            known[partition] = offset
            // Also where nothing comes: what is begun at its end would lose what comes before the next start.
            uncommitted[partition] = CommittedOffset(offset: offset)
        }
        tellAssigned(offsets, readBack: readBack)
    }

    private mutating func revoked(_ partitions: [TopicPartition], lost: Bool, _ consumer: KafkaConsumer) async {
        held.subtract(partitions)
        if lost {
            uncommitted = [:]
        } else if let error = await commit(consumer) {
            tell(error)
        }
    }

    // MARK: - Commits

    private mutating func commitIfDue(_ batch: ConsumerBatch, _ consumer: KafkaConsumer) async throws(KafkaError) {
        let isCaughtUp = batch.nextOffset >= batch.highWatermark
        let now = consumer.loop.now
        let isDue = now - (lastCommit ?? now) >= options.commitInterval.duration
        lastCommit = lastCommit ?? now
        guard isCaughtUp || isDue else { return }
        guard let error = await commit(consumer) else { return }
        guard error.isRetriable || error.api == .offsetCommit else { throw error }
        tell(error)
    }

    /// Commits what was processed, once its alerts have arrived.
    private mutating func commit(_ consumer: KafkaConsumer) async -> KafkaError? {
        guard !uncommitted.isEmpty else { return nil }
        let offsets = uncommitted
        do throws(KafkaError) {
            try await alerts?.flush()
            try await consumer.commit(offsets)
            uncommitted = [:]
            lastCommit = consumer.loop.now
            return nil
        } catch {
            // The records come again, to this instance or another: that is what at-least-once means.
            if error.api == .offsetCommit { uncommitted = [:] }
            return error
        }
    }

    // MARK: - Words

    private func tell(_ error: KafkaError) {
        if options.json {
            console.line("{\"type\":\"trouble\",\"agent\":\"\(name)\",\"message\":\(JSONText.string(error.message))}")
        }
        console.note("\(name): \(SafeText.line(error.message))")
    }

    private mutating func tellMalformed(_ flaw: Malformed, _ source: TopicPartition, _ offset: Offset) {
        malformedNotes += 1
        guard malformedNotes <= 10 else { return }
        console.note("\(name): \(source), offset \(offset): \(flaw)")
        if malformedNotes == 10 { console.note("\(name): further events of this kind are only counted") }
    }

    private func tellAssigned(_ offsets: [TopicPartition: Offset], readBack: Int) {
        let list = offsets.keys.sorted()
        if options.json {
            let numbers = list.map { "\($0.partition)" }.joined(separator: ",")
            console.line(
                "{\"type\":\"assigned\",\"agent\":\"\(name)\",\"partitions\":[\(numbers)],\"read_back\":\(readBack)}")
            console.flush()
        }
        let numbers = list.isEmpty ? "none" : list.map { "\($0.partition)" }.joined(separator: ", ")
        let past = readBack > 0 ? "; \(Figures.grouped(readBack)) events were read back for the users' past" : ""
        console.note("\(name): partitions \(numbers)\(past)")
    }

    private func printTotals() {
        console.endProgress()
        if options.json {
            console.line(tally.json(agent: name, users: rule.userCount))
        } else {
            for line in tally.lines(agent: name, users: rule.userCount) { console.line(line) }
        }
        console.flush()
    }
}
