import ChangeEvents
import Detectors
import KafkaWire

// These are not of the desk, whose rule is only known to the program: their arrays are compiled here.

/// What came of a batch.
struct BatchOutcome {
    /// How many records were of the past.
    var past = 0
    /// What is to be sent: alerts, and what could not be read, where there is a topic for it; with the offsets of the events.
    var letters: [(offset: Offset, record: ProducerRecord)] = []
    /// What could not be read.
    var flaws: [(offset: Offset, flaw: Malformed)] = []
}

/// A record, and what it says.
private struct DecodedRecord {
    var offset: Offset
    var timestamp: Int64
    var event: ChangeEvent
    /// Of those that cannot be read alone.
    var record: Record?
}

/// What a record of the changelog has of one subject.
private struct RestoredRecord {
    var offset: Offset
    var subject: ChangelogRecord.Subject
    var state: ArraySlice<UInt8>
    /// Whether all of before is dropped first.
    var isFirst: Bool
}

/// What an agent makes of records: it decodes them, judges the transactions among them, and counts. A value but for the time,
/// which verdicts are told with.
struct AgentDesk<Rule: AgentRule> {
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

    /// How much has changed of the memory that was not asked for yet.
    var changeCount: Int { changes.values.reduce(0) { $0 + $1.count } }

    /// Whether something of the memory of a partition has changed that was not asked for yet.
    func hasChanges(of partition: PartitionID) -> Bool { changes[partition.rawValue] != nil }

    /// What has changed of the memory of a partition since this was asked last.
    mutating func takeChanges(of partition: PartitionID) -> StateChanges {
        changes.removeValue(forKey: partition.rawValue) ?? StateChanges()
    }

    /// Who has made room for others has changed.
    private mutating func noteEvicted() {
        guard notesChanges else { return }
        for (user, home) in rule.takeEvicted() { changes[home, default: StateChanges()].users.insert(user) }
        for (group, home) in rows.takeEvicted() { changes[home, default: StateChanges()].rows.insert(group) }
    }

    /// The memory of these as it is now.
    @specialized(where Rule == AnomalyDetector)
    @specialized(where Rule == VelocityDetector)
    @specialized(where Rule == ProbeDetector)
    func changelog(of changes: StateChanges, partition: PartitionID, epoch: Int64) -> ChangelogPage {
        var page = ChangelogPage()
        page.reserve(changes.count + 2)
        Self.ahead(changes.users.numbers, { rule.prefetch($0, step: $1) }) { user in
            page.append(.user(user), epoch: epoch) { rule.appendState(of: user, to: &$0) }
        }
        let partition = partition.rawValue
        Self.ahead(changes.rows.numbers, { rows.prefetch(group: $0, partition: partition, step: $1) }) { group in
            page.append(.rows(group), epoch: epoch) { rows.appendState(of: group, partition: partition, to: &$0) }
        }
        var state: [UInt8] = []
        if rule.appendState(ofPartition: partition, to: &state) {
            page.append(.partition, epoch: epoch) {
                $0.append(contentsOf: state)
                return true
            }
        }
        return page
    }

    /// Does something with all of these, for each of which the steps of ``Prefetch`` were made while others were done.
    private static func ahead(_ numbers: [Int64], _ prefetch: (Int64, Prefetch) -> Void, _ body: (Int64) -> Void) {
        for from in stride(from: 0, to: numbers.count, by: bundleSize) {
            let bundle = numbers[from..<min(from + bundleSize, numbers.count)]
            for step in Prefetch.allCases {
                for number in bundle { prefetch(number, step) }
            }
            for number in bundle { body(number) }
        }
    }

    /// Takes over what a batch of the changelog has of a partition. Gives where it is damaged.
    @specialized(where Rule == AnomalyDetector)
    @specialized(where Rule == VelocityDetector)
    @specialized(where Rule == ProbeDetector)
    mutating func restore(_ batch: ConsumerBatch, _ state: inout RestoredState) -> [Offset] {
        let partition = batch.source.partition.rawValue
        var damaged: [Offset] = []
        var bundle: [RestoredRecord] = []
        bundle.reserveCapacity(Self.bundleSize)
        for record in batch {
            switch state.take(key: record.key, value: record.value) {
            case .pass: continue
            case .damaged: damaged.append(record.offset)
            case .take(let subject, let state, let isFirst):
                bundle.append(
                    RestoredRecord(offset: record.offset, subject: subject, state: state, isFirst: isFirst))
            }
            guard bundle.count == Self.bundleSize else { continue }
            settle(bundle, partition, &damaged)
            bundle.removeAll(keepingCapacity: true)
        }
        settle(bundle, partition, &damaged)
        return damaged
    }

    private mutating func settle(_ bundle: [RestoredRecord], _ partition: Int32, _ damaged: inout [Offset]) {
        for step in Prefetch.allCases {
            for index in bundle.indices {
                switch bundle[index].subject {
                case .user(let user): rule.prefetch(user, step: step)
                case .rows(let group): rows.prefetch(group: group, partition: partition, step: step)
                case .partition, .position: break
                }
            }
        }
        for index in bundle.indices {
            if bundle[index].isFirst { forget(partition: PartitionID(rawValue: partition)) }
            if !restore(bundle[index].subject, partition, from: bundle[index].state) {
                damaged.append(bundle[index].offset)
            }
        }
    }

    /// Takes over what the changelog has of one subject; false where it is damaged.
    private mutating func restore(
        _ subject: ChangelogRecord.Subject, _ partition: Int32, from state: ArraySlice<UInt8>
    ) -> Bool {
        switch subject {
        case .user(let user): rule.restore(user, partition: partition, from: state)
        case .rows(let group): rows.restore(group, partition: partition, from: state)
        case .partition: rule.restore(partition: partition, from: state)
        case .position: true
        }
    }

    // MARK: - Records

    /// So many records are decoded before the first of them is judged: while the memory of one of their users is waited for, that of
    /// the others comes as well.
    private static var bundleSize: Int { 32 }

    /// Takes a batch. What lies in front of `target` is of the past: it was judged before, and is only taken into account.
    @specialized(where Rule == AnomalyDetector)
    @specialized(where Rule == VelocityDetector)
    @specialized(where Rule == ProbeDetector)
    mutating func take(_ batch: ConsumerBatch, past target: Offset?, on loop: any EventLoop) -> BatchOutcome {
        let partition = batch.source.partition.rawValue
        var outcome = BatchOutcome()
        var changed = changes.removeValue(forKey: partition) ?? StateChanges()
        let isJudged = batch.nextOffset > target ?? 0
        if isJudged { tally.batchBegins(at: loop.now) }
        var bundle: [DecodedRecord] = []
        bundle.reserveCapacity(Self.bundleSize)
        for record in batch {
            let event = decode(record)
            bundle.append(DecodedRecord(offset: record.offset, timestamp: record.timestamp, event: event))
            if case .malformed = event { bundle[bundle.count - 1].record = record }
            guard bundle.count == Self.bundleSize else { continue }
            settle(bundle, batch.source, past: target, at: loop.wallMicroseconds, &outcome, &changed)
            bundle.removeAll(keepingCapacity: true)
        }
        settle(bundle, batch.source, past: target, at: loop.wallMicroseconds, &outcome, &changed)
        if isJudged { tally.batchEnded(at: loop.now) }
        if !changed.isEmpty { changes[partition] = changed }
        noteEvicted()
        schemas.trim()
        return outcome
    }

    private func prefetch(_ bundle: [DecodedRecord], _ partition: Int32, _ changed: StateChanges) {
        for step in Prefetch.allCases {
            for one in bundle {
                guard case .transaction(let row) = one.event else { continue }
                if step == .place, notesChanges { changed.prefetch(row) }
                rows.prefetch(row, partition: partition, step: step)
                rule.prefetch(row.userID, step: step)
            }
        }
    }

    private mutating func settle(
        _ bundle: [DecodedRecord], _ source: TopicPartition, past target: Offset?, at now: Int64,
        _ outcome: inout BatchOutcome, _ changed: inout StateChanges
    ) {
        let partition = source.partition.rawValue
        prefetch(bundle, partition, changed)
        for one in bundle {
            if let target, one.offset < target {
                recall(one.event, partition: partition, at: now, &changed)
                outcome.past += 1
                continue
            }
            var event = one.event
            if case .transaction(let row) = event, rows.isRepeated(row, partition: partition) {
                event = .notATransaction(.repeated)
            }
            tally.count(event)
            tally.recordAge(from: one.timestamp, to: now / 1000)
            switch event {
            case .transaction(let transaction):
                let place = RecordPlace(partition: partition, offset: one.offset.rawValue)
                let alert = judge(transaction, place, at: now)
                noteChange(of: transaction, &changed)
                guard let alert, let alertsTopic else { continue }
                outcome.letters.append((one.offset, alert.record(to: alertsTopic)))
            case .notATransaction: break
            case .malformed(let flaw):
                outcome.flaws.append((one.offset, flaw))
                guard let deadLetterTopic, let record = one.record else { continue }
                let letter = DeadLetter(record: record, source: source, flaw: flaw)
                outcome.letters.append((one.offset, letter.produced(to: deadLetterTopic, by: name, now: now / 1000)))
                tally.countDeadLetter()
            }
        }
    }

    private mutating func decode(_ record: Record) -> ChangeEvent {
        let hasOldKey = record.hasHeader(ChangeEventDecoder.oldKeyHeader)
        guard let value = record.value else { return decoder.decode(nil, hasOldKey: hasOldKey) }
        if let json = schemas.json(of: value) {
            return json.withUnsafeBytes { decoder.decode($0, hasOldKey: hasOldKey) { Self.operation(of: record) } }
        }
        return value.slice.withUnsafeBytes { decoder.decode($0, hasOldKey: hasOldKey) { Self.operation(of: record) } }
    }

    private static func operation(of record: Record) -> UInt8? {
        let header = record.headers.last { $0.key == ChangeEventDecoder.operationHeader }
        return header?.value.flatMap { $0.count == 1 ? $0[0] : nil }
    }

    /// What the rule remembers by the moment of arrival cannot be read back; rows can.
    private mutating func recall(
        _ event: ChangeEvent, partition: Int32, at now: Int64, _ changed: inout StateChanges
    ) {
        guard case .transaction(let row) = event, !rows.isRepeated(row, partition: partition), rule.canReplay else {
            return
        }
        _ = rule.judge(row, partition: partition, arrival: EventTime(microseconds: now))
        noteChange(of: row, &changed)
    }

    private func noteChange(of row: Transaction, _ changed: inout StateChanges) {
        guard notesChanges else { return }
        changed.note(row, isUserKnown: rule.remembers(row.userID))
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
