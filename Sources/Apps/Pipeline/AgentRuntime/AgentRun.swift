import AppSupport
import Detectors
import KafkaSchemas
import KafkaWire

/// One run of an agent: an actor that performs what three values decide. ``ReadingBack`` has the partitions whose past is
/// read, ``AgentDesk`` makes verdicts of records, ``AlertLedger`` has what may be committed.
///
/// It asks its consumer for the next event at once, whatever waits: a member that does so hears when its group wants
/// partitions back.
actor AgentRun<Rule: AgentRule> {
    let name: String
    let options: AgentOptions
    /// Whom it asks first.
    let brokers: [String]
    let console: Console
    let consumer: KafkaConsumer
    var channel: AlertChannel?
    /// Who knows the schemas of values in the wire format of a registry, where one is named.
    let registry: SchemaRegistryClient?
    /// Where the group begins, where it is told so by a time.
    let start: StartPositions?
    /// The file with the rule's numbers, where there is one.
    var rules: RuleWatch<Rule.Numbers>?
    var lastLook: Instant

    var desk: AgentDesk<Rule>
    var past: ReadingBack
    var ledger: AlertLedger
    /// Whether its group has given it a share, be it none, and has not taken it back since.
    var hasShare = false
    /// The partitions that this instance has at present.
    var held: Set<TopicPartition> = []
    /// Those that the consumer was told not to read.
    var stopped: Set<TopicPartition> = []
    var isLookingUp = false
    /// The partitions that wait for schemas of their events, and the ids of those.
    var unreadable: Set<TopicPartition> = []
    var wantedSchemas: Set<Int32> = []
    var isLearning = false
    /// Why the run ends.
    var failure: KafkaError?
    var isOver = false
    /// Whether it was told to end.
    var isEnding = false
    /// Who looks up where the group begins.
    var beginning: KafkaAdmin?
    /// Whether nothing was left to read when records came last.
    var isCaughtUp = false
    var committing: Task<KafkaError?, Never>?
    var lastCommit: Instant
    var words = AgentWords()
    /// What waits for the next transaction, where alerts are sent exactly once.
    var outbox = Outbox()
    /// The partitions whose memory is read from the changelog.
    var restoring = Restorations()
    /// How often each partition was begun anew.
    var epochs: [TopicPartition: Int64] = [:]
    var isRestoring = false
    /// The partitions of a parcel of which nobody knows whether it is there, with where the group stood when they came; nothing is
    /// judged of them.
    var unclear: [TopicPartition: Offset] = [:]
    /// Whether a producer is to take the place of one that was ousted; nothing is sent meanwhile.
    var isBeginningAnew = false

    var loop: any EventLoop { consumer.loop }

    init(
        _ name: String, _ rule: Rule, _ options: AgentOptions, at brokers: [String], _ consumer: KafkaConsumer,
        _ channel: AlertChannel?, _ rules: RuleWatch<Rule.Numbers>?, _ console: Console, start: StartPositions?,
        registry: SchemaRegistryClient? = nil
    ) {
        self.registry = registry
        self.rules = rules
        self.start = start
        self.name = name
        self.brokers = brokers
        self.options = options
        self.consumer = consumer
        self.channel = channel
        self.console = console
        var desk = AgentDesk(name, rule, options)
        if let rules { desk.change(to: rules.numbers) }
        self.desk = desk
        past = ReadingBack(limit: options.history, time: options.historyTime.duration)
        ledger = AlertLedger()
        lastCommit = consumer.loop.now
        lastLook = consumer.loop.now
    }

    /// Reads until `end` returns, or nothing more can be done; then commits, leaves the group and prints totals. Gives the
    /// exit status.
    func run(as group: String, until end: @escaping @Sendable () async -> Void) async -> Int32 {
        console.note(
            "\(name): reading \(options.topic) at \(brokers.joined(separator: ",")) as group \(group); "
                + "Ctrl-C ends it")
        if options.json {
            console.line("{\"type\":\"started\",\"agent\":\"\(name)\",\"group\":\"\(group)\"}")
            console.flush()
        }
        await channel?.courier?.report { [weak self] news in await self?.hear(news) }
        // What stands against it is told with the first parcel.
        if case .parcels(let sender, _) = channel { Task { try? await sender.begin() } }
        let closer = Task {
            await end()
            // Ends the sequence behind the batch in hand.
            await self.stop()
        }
        let ticks = Task { await self.keepTime() }
        if await begin() { await read() }
        closer.cancel()
        ticks.cancel()
        return await finish()
    }

    private func read() async {
        do throws(KafkaError) {
            for try await event in consumer.events {
                await take(event)
                if failure != nil { return }
            }
        } catch {
            failure = failure ?? error
        }
    }

    private func take(_ event: ConsumerEvent) async {
        switch event {
        case .batch(let batch): await take(batch)
        case .assigned(let offsets): await assigned(offsets)
        case .revoked(let revoked): await self.revoked(revoked.partitions, lost: false)
        case .lost(let partitions): await revoked(partitions, lost: true)
        case .reachedEnd(let partition, let offset): await reachedEnd(partition, at: offset)
        case .reset(let partition, _, let offset, let error): await reset(partition, to: offset, error)
        case .trouble(let error): tell(error)
        case .recovered: console.note("\(name): it works again")
        }
    }

    private func take(_ batch: ConsumerBatch) async {
        let source = batch.source
        guard isRead(source), !unreadable.contains(source), !(await waitsForSchemas(batch)), isRead(source) else {
            return
        }
        let outcome = desk.take(batch, past: past.target(of: source), on: loop)
        for (offset, flaw) in outcome.flaws { tellMalformed(flaw, source, offset) }
        await pass(outcome.letters, of: source)
        ledger.knows(source, upTo: batch.nextOffset)
        isCaughtUp = batch.nextOffset >= batch.highWatermark
        desk.drain { console.write(bytes: $0) }
        console.flush()
        await proceed(
            source, past.read(source, upTo: batch.nextOffset, count: outcome.past, now: loop.now))
        showProgress()
        await hold()
        if isCaughtUp { startCommit() }
    }

    /// Whether what comes of the partition counts: what is looked up is read from elsewhere as soon as that is known.
    private func isRead(_ partition: TopicPartition) -> Bool {
        held.contains(partition) && !past.lookedUp.contains(partition) && !restoring.contains(partition)
            && unclear[partition] == nil
    }

    private func reachedEnd(_ partition: TopicPartition, at offset: Offset) async {
        // What waits for its schema is read again, and so is what is unclear.
        guard !unreadable.contains(partition), unclear[partition] == nil else { return }
        await proceed(partition, past.ended(partition, at: offset))
        // Behind the last record there may be what is for nobody: marks of transactions, and what those wrote that were
        // aborted.
        guard past.target(of: partition) == nil, offset > ledger.known(partition) else { return }
        ledger.knows(partition, upTo: offset)
        isCaughtUp = true
        startCommit()
    }

    /// Has the consumer read all but what is looked up, and what has raised too many alerts that wait.
    func hold() async {
        var wanted = past.lookedUp.union(ledger.overfull()).union(restoring.partitions).union(unreadable)
        wanted.formUnion(unclear.keys)
        if outbox.isFull(beside: desk.changeCount) { wanted.formUnion(held) }
        guard wanted != stopped else { return }
        stopped = wanted
        await consumer.hold(wanted)
    }

    // MARK: - Time

    private func keepTime() async {
        let interval = max(.milliseconds(100), min(.seconds(1), options.timeBetweenCommits))
        while !Task.isCancelled {
            do { try await loop.sleep(for: interval) } catch { return }
            if loop.now - lastCommit >= options.timeBetweenCommits { startCommit() }
            await hold()
            await tellLateAlerts()
            tellReadingBack()
            lookAtRules()
        }
    }

    /// Every half second: what is there twice in a row counts.
    private func lookAtRules() {
        guard let path = rules?.path, loop.now - lastLook >= .milliseconds(500) else { return }
        lastLook = loop.now
        switch rules?.look(RuleWatch<Rule.Numbers>.read(path)) {
        case .changed(let numbers)?:
            desk.change(to: numbers)
            tellRules(numbers)
        case .bad(let text)?: tellTrouble("\(text). The rule's numbers stay as they were")
        case nil: break
        }
    }

    // MARK: - The end

    private func finish() async -> Int32 {
        // What became of the last parcel may be unclear still.
        var isComplete = !isBeginningAnew
        isOver = true
        await settleAlerts(of: held, within: .milliseconds(500))
        for error in [await commit(held), await consumer.close()].compactMap({ $0 }) {
            isComplete = false
            tell(error)
        }
        await channel?.close()
        printTotals()
        if ledger.waiting > 0 {
            isComplete = false
            let kind = options.deadLetterTopic == nil ? "alert" : "alert or dead letter"
            let count =
                ledger.waiting == 1 ? "1 \(kind) has" : "\(Figures.grouped(ledger.waiting)) \(lettersInWords) have"
            console.note(
                "\(name): \(count) not arrived; what was judged from the first such event on is judged again after the next "
                    + "start")
        }
        if let failure {
            console.note("\(name): \(SafeText.line(failure.message))")
            return 1
        }
        return isComplete ? 0 : 1
    }
}
