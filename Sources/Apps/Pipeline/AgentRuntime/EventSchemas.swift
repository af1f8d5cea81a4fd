import KafkaSchemas
import KafkaWire

/// Values in a schema registry's wire format, made into the JSON that the decoder reads. A value: schemas go in, as they are learnt.
struct EventSchemas: Sendable {
    private var known = KnownSchemas()

    /// So long a registry is asked for a schema that it does not know: what one of its nodes has taken, another has later.
    static let doubt: Duration = .seconds(3)
    /// Where more are wanted at once, that is no topic of a registry's.
    static let mostDoubted = 32
    /// Until then it is believed at once, since it was doubted in vain: who writes ids of no schema is not to hold up a partition with each.
    private var beliefEnds = Instant(nanoseconds: 0)

    /// Whether a schema that was asked for first at that time, and is unknown, may be known yet: one of so many that are wanted.
    func mayCome(askedSince first: Instant, at now: Instant, among wanted: Int) -> Bool {
        wanted <= Self.mostDoubted && now >= beliefEnds && now - first < Self.doubt
    }

    /// How many schemas are kept.
    var count: Int { known.count }

    /// The schemas that values have, and that are not known.
    func unknown(in values: some Sequence<Bytes>, at now: Instant) -> Set<Int32> {
        Set(values.lazy.compactMap { SchemaMessage.schemaID(of: $0) }.filter { known.isWanted($0, at: now) })
    }

    /// A schema is known from now on; nil is one that cannot be had. Gives why no event is read by one that is there.
    @discardableResult
    mutating func learn(
        _ id: Int32, _ schema: SchemaRegistryClient.Schema?, at now: Instant
    ) -> SchemaRegistryError? {
        guard let schema else {
            beliefEnds = now + KnownSchemas.patience
            known.learn(id, nil, at: now)
            return nil
        }
        do throws(SchemaRegistryError) {
            let readable = try ReadableSchema(schema, id: id)
            guard readable.isConnects else {
                throw SchemaRegistryError(
                    .malformed,
                    "schema \(id) has a union of several types, or one that holds itself: no event is read by it")
            }
            known.learn(id, readable, at: now)
            return nil
        } catch {
            known.learn(id, nil, at: now)
            return error
        }
    }

    /// A batch has been read: the oldest are forgotten where there are many. Not before, or a batch with more of them than are kept
    /// would never be read.
    mutating func trim() { known.trim() }

    /// A value in JSON; nil leaves it as it is: it has no such form, or cannot be read by its schema.
    func json(of value: Bytes) -> [UInt8]? {
        guard known.count > 0, let id = SchemaMessage.schemaID(of: value), let schema = known[id],
            let message = SchemaMessage(value.copy())
        else {
            return nil
        }
        return try? schema.connectJSON(of: message.payload)
    }
}

extension AgentRun {
    /// Whether the registry has to be asked for schemas of the batch first. Then the partition waits, and is read from there again: the
    /// agent hears meanwhile what its group wants.
    func waitsForSchemas(_ batch: ConsumerBatch) async -> Bool {
        guard let registry else { return false }
        let unknown = desk.schemas.unknown(in: batch.lazy.compactMap(\.value), at: loop.now)
        guard !unknown.isEmpty, let first = batch.first(where: { _ in true }) else { return false }
        wantedSchemas.formUnion(unknown)
        unreadable.insert(batch.source)
        await seek(batch.source, to: first.offset)
        await hold()
        if !isLearning {
            isLearning = true
            Task { await self.learnSchemas(from: registry) }
        }
        return true
    }

    /// Asks for the schemas that are wanted, until the registry has said something of each. One that it does not give holds up no other.
    private func learnSchemas(from registry: SchemaRegistryClient) async {
        let began = loop.now
        var failures = 0
        var told: String?
        var asked: [Int32: Instant] = [:]
        while !wantedSchemas.isEmpty, !isOver {
            var trouble: SchemaRegistryError?
            var hasLearnt = false
            for id in wantedSchemas.sorted() where !isOver {
                let first = asked[id] ?? loop.now
                asked[id] = first
                do throws(SchemaRegistryError) {
                    let schema = try await registry.schema(id)
                    if let flaw = desk.schemas.learn(id, schema, at: loop.now) { tellMissing(flaw) }
                } catch {
                    // A login that is refused says nothing of the events.
                    let isWorthWaiting = error.mayPass || error.reason == .refused
                    if isWorthWaiting { trouble = error }
                    let mayCome =
                        error.reason == .unknown
                        && desk.schemas.mayCome(askedSince: first, at: loop.now, among: wantedSchemas.count)
                    if isWorthWaiting || mayCome { continue }
                    tellMissing(error)
                    desk.schemas.learn(id, nil, at: loop.now)
                }
                wantedSchemas.remove(id)
                hasLearnt = true
            }
            // Who waits for another one still comes here again.
            if hasLearnt {
                unreadable = []
                await hold()
            }
            guard !wantedSchemas.isEmpty else { break }
            failures += 1
            if let trouble, failures >= 4 || loop.now - began >= .seconds(5), trouble.description != told {
                told = trouble.description
                tellTrouble("\(trouble); the events that need it wait")
            }
            do { try await loop.sleep(for: .milliseconds(100 * min(failures, 20))) } catch { break }
        }
        isLearning = false
        unreadable = []
        await hold()
    }
}
