import ChangeEvents
import Detectors
import KafkaWire

/// What an agent makes of records: it decodes them, judges the transactions among them, and counts. A value but for the time,
/// which verdicts are told with.
struct AgentDesk<Rule: AgentRule> {
    /// What came of a batch.
    struct Outcome {
        /// How many records were of the past.
        var past = 0
        /// What is to be sent: alerts, and what could not be read, where there is a topic for it; with the offsets of the events.
        var letters: [(offset: Offset, record: ProducerRecord)] = []
        /// What could not be read.
        var flaws: [(offset: Offset, flaw: Malformed)] = []
    }

    private let name: String
    private let isJSON: Bool
    private let isVerbose: Bool
    private let alertsTopic: String?
    private let deadLetterTopic: String?
    private var rule: Rule
    private var rows = RowMemory()
    private var decoder: ChangeEventDecoder
    /// By which values in a registry's wire format are read.
    var schemas = EventSchemas()
    private(set) var tally = Tally()
    /// Whether what changes of the memory is noted, for a changelog.
    private let notesChanges: Bool
    private var changes: [Int32: StateChanges] = [:]
    private var text: [UInt8] = []

    init(_ name: String, _ rule: Rule, _ options: AgentOptions) {
        self.name = name
        self.rule = rule
        isJSON = options.json
        isVerbose = options.verbose
        alertsTopic = options.alertsTopic
        deadLetterTopic = options.deadLetterTopic
        notesChanges = options.isExactlyOnce && rule.keepsState
        self.rule.tellsEvicted = notesChanges
        rows.tellsEvicted = notesChanges
        decoder = ChangeEventDecoder(
            .init(table: options.table, amount: options.amountEncoding, time: options.timeUnit))
    }

    var userCount: Int { rule.userCount }

    /// Hands out the lines that there are to print, once.
    mutating func drain(_ write: ([UInt8]) -> Void) {
        guard !text.isEmpty else { return }
        write(text)
        text.removeAll(keepingCapacity: true)
    }

    /// Judges by other numbers from now on.
    mutating func change(to numbers: Rule.Numbers) { rule.change(to: numbers) }

    /// Drops what is known of a partition.
    mutating func forget(partition: PartitionID) {
        _ = rule.forget(partition: partition.rawValue)
        rows.forget(partition: partition.rawValue)
        changes[partition.rawValue] = nil
    }

    // MARK: - Its memory

    /// What has changed of the memory of a partition since this was asked last. Who has made room for others counts as changed.
    mutating func takeChanges(of partition: PartitionID) -> StateChanges {
        for (user, home) in rule.takeEvicted() { changes[home, default: StateChanges()].users.insert(user) }
        for (group, home) in rows.takeEvicted() { changes[home, default: StateChanges()].rows.insert(group) }
        return changes.removeValue(forKey: partition.rawValue) ?? StateChanges()
    }

    /// The memory of these as it is now.
    func changelog(of changes: StateChanges, partition: PartitionID, epoch: Int64) -> [ChangelogRecord] {
        var records: [ChangelogRecord] = []
        records.reserveCapacity(changes.count + 2)
        for user in changes.users.sorted() {
            var bytes: [UInt8] = []
            let isKnown = rule.appendState(of: user, to: &bytes)
            records.append(.init(.user(user), epoch: epoch, state: isKnown ? bytes[...] : nil))
        }
        for group in changes.rows.sorted() {
            var bytes: [UInt8] = []
            let isKnown = rows.appendState(of: group, partition: partition.rawValue, to: &bytes)
            records.append(.init(.rows(group), epoch: epoch, state: isKnown ? bytes[...] : nil))
        }
        var bytes: [UInt8] = []
        if rule.appendState(ofPartition: partition.rawValue, to: &bytes) {
            records.append(.init(.partition, epoch: epoch, state: bytes[...]))
        }
        return records
    }

    /// Takes over what the changelog has of one subject; false where it is damaged.
    mutating func restore(_ subject: ChangelogRecord.Subject, partition: PartitionID, from state: ArraySlice<UInt8>)
        -> Bool
    {
        switch subject {
        case .user(let user): rule.restore(user, partition: partition.rawValue, from: state)
        case .rows(let group): rows.restore(group, partition: partition.rawValue, from: state)
        case .partition: rule.restore(partition: partition.rawValue, from: state)
        case .position: true
        }
    }

    private mutating func noteChange(of row: Transaction, partition: Int32) {
        guard notesChanges else { return }
        changes[partition, default: StateChanges()].note(row, isUserKnown: rule.remembers(row.userID))
    }

    /// Takes a batch. What lies in front of `target` is of the past: it was judged before, and is only taken into account.
    mutating func take(_ batch: ConsumerBatch, past target: Offset?, on loop: any EventLoop) -> Outcome {
        let partition = batch.source.partition.rawValue
        let now = loop.wallMicroseconds
        var outcome = Outcome()
        var hasBegun = false
        for record in batch {
            if let target, record.offset < target {
                recall(decode(record), partition: partition, at: now)
                outcome.past += 1
                continue
            }
            if !hasBegun { tally.batchBegins(at: loop.now) }
            hasBegun = true
            var event = decode(record)
            if case .transaction(let row) = event, rows.isRepeated(row, partition: partition) {
                event = .notATransaction(.repeated)
            }
            tally.count(event)
            tally.recordAge(from: record.timestamp, to: now / 1000)
            switch event {
            case .transaction(let transaction):
                let place = RecordPlace(partition: partition, offset: record.offset.rawValue)
                let alert = judge(transaction, place, at: loop.wallMicroseconds)
                noteChange(of: transaction, partition: partition)
                guard let alert, let alertsTopic else { continue }
                outcome.letters.append((record.offset, alert.record(to: alertsTopic)))
            case .notATransaction: break
            case .malformed(let flaw):
                outcome.flaws.append((record.offset, flaw))
                guard let deadLetterTopic else { continue }
                let letter = DeadLetter(record: record, source: batch.source, flaw: flaw)
                outcome.letters.append((record.offset, letter.produced(to: deadLetterTopic, by: name, now: now / 1000)))
                tally.countDeadLetter()
            }
        }
        if hasBegun { tally.batchEnded(at: loop.now) }
        schemas.trim()
        return outcome
    }

    private mutating func decode(_ record: Record) -> ChangeEvent {
        let hasOldKey = record.hasHeader(ChangeEventDecoder.oldKeyHeader)
        guard let value = record.value else { return decoder.decode(nil, hasOldKey: hasOldKey) }
        if let json = schemas.json(of: value) {
            return json.withUnsafeBytes { decoder.decode($0, hasOldKey: hasOldKey) { Self.operation(of: record) } }
        }
        return value.withUnsafeBytes { decoder.decode($0, hasOldKey: hasOldKey) { Self.operation(of: record) } }
    }

    private static func operation(of record: Record) -> UInt8? {
        let header = record.headers.last { $0.key == ChangeEventDecoder.operationHeader }
        return header?.value.flatMap { $0.count == 1 ? $0[0] : nil }
    }

    /// What the rule remembers by the moment of arrival cannot be read back; rows can.
    private mutating func recall(_ event: ChangeEvent, partition: Int32, at now: Int64) {
        guard case .transaction(let row) = event, !rows.isRepeated(row, partition: partition), rule.canReplay else {
            return
        }
        _ = rule.judge(row, partition: partition, arrival: EventTime(microseconds: now))
        noteChange(of: row, partition: partition)
    }

    private mutating func judge(_ transaction: Transaction, _ place: RecordPlace, at now: Int64) -> Alert? {
        let verdict = rule.judge(
            transaction, partition: place.partition, arrival: EventTime(microseconds: now))
        let alert = rule.alert(verdict, of: transaction, at: place)
        if alert != nil { tally.countAlert() }
        if rule.isLate(verdict) { tally.countLate() }
        guard isVerbose || alert != nil else { return nil }
        if isJSON {
            AgentLine.append(alert, transaction, place, at: now, agent: name, to: &text)
        } else {
            rule.appendLine(verdict, of: transaction, to: &text)
        }
        return alert
    }
}
