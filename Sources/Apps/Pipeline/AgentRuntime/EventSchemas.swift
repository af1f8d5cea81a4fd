import KafkaSchemas
import KafkaWire

/// Values in a schema registry's wire format, made into the JSON that the decoder reads. A value: schemas go in, as they are learnt.
struct EventSchemas: Sendable {
    private enum Known: Sendable {
        /// With what stands in front of each payload: its schema, as Connect's JSON converter writes it.
        case avro(AvroSchema, prefix: String)
        case json
        /// None that events are read by; until then it is not asked for again.
        case useless(until: Instant)
    }

    private var known: [Int32: Known] = [:]
    /// The ids of ``known``, those that were learnt first in front.
    private var order: [Int32] = []

    /// No more schemas are kept behind a batch, whatever ids are in a topic.
    static let mostKept = 1000
    /// So long a schema that could not be had counts as none: a registry that has just started may know it later.
    static let patience: Duration = .seconds(60)

    /// How many schemas are kept.
    var count: Int { known.count }

    /// The schemas that values have, and that are not known.
    func unknown(in values: some Sequence<Bytes>, at now: Instant) -> Set<Int32> {
        var found: Set<Int32> = []
        for value in values {
            guard let id = Self.schemaID(value) else { continue }
            switch known[id] {
            case .useless(let end)? where end <= now: found.insert(id)
            case nil: found.insert(id)
            default: break
            }
        }
        return found
    }

    /// The id in front of a value, of which no more is looked at.
    private static func schemaID(_ value: Bytes) -> Int32? {
        value.withUnsafeBytes { $0.first == 0 ? SchemaMessage(Array($0.prefix(5)))?.schemaID : nil }
    }

    /// A schema is known from now on; nil is one that cannot be had.
    mutating func learn(_ id: Int32, _ schema: SchemaRegistryClient.Schema?, at now: Instant) {
        if known[id] == nil { order.append(id) }
        let useless = Known.useless(until: now + Self.patience)
        known[id] =
            switch schema {
            case .avro(let schema): schema.connectSchema.map { .avro(schema, prefix: $0) } ?? useless
            case .json: .json
            case .other, nil: useless
            }
    }

    /// A batch has been read: the oldest are forgotten where there are many. Not before, or a batch with more than ``mostKept`` of them
    /// would never be read.
    mutating func trim() {
        guard order.count > Self.mostKept else { return }
        let excess = order.count - Self.mostKept
        for id in order.prefix(excess) { known[id] = nil }
        order.removeFirst(excess)
    }

    /// A value in JSON; nil leaves it as it is: it has no such form, or cannot be read by its schema.
    func json(of value: Bytes) -> [UInt8]? {
        guard !known.isEmpty, let id = Self.schemaID(value), let known = known[id],
            let message = SchemaMessage(value.copy())
        else {
            return nil
        }
        switch known {
        case .json: return Array(message.payload)
        case .avro(let schema, let prefix):
            guard let read = try? schema.value(of: message.payload) else { return nil }
            return Array(#"{"schema":\#(prefix),"payload":\#(read.json(decimals: .base64))}"#.utf8)
        case .useless: return nil
        }
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

    /// Asks for the schemas that are wanted, until the registry has said something of each.
    private func learnSchemas(from registry: SchemaRegistryClient) async {
        var failures = 0
        while let id = wantedSchemas.min(), !isOver {
            do throws(SchemaRegistryError) {
                desk.schemas.learn(id, try await registry.schema(id), at: loop.now)
            } catch {
                // A login that is refused says nothing of the events.
                if error.mayPass || error.reason == .refused {
                    failures += 1
                    if failures == 4 { tellTrouble("\(error); the events that need it wait") }
                    do { try await loop.sleep(for: .milliseconds(100 * min(failures, 20))) } catch { break }
                    continue
                }
                tellMissing(error)
                desk.schemas.learn(id, nil, at: loop.now)
            }
            wantedSchemas.remove(id)
        }
        isLearning = false
        unreadable = []
        await hold()
    }
}
