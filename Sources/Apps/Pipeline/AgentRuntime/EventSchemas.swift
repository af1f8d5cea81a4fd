import KafkaSchemas
import KafkaWire

/// Values in a schema registry's wire format, made into the JSON that the decoder reads. A value: schemas go in, as they are learnt.
struct EventSchemas: Sendable {
    private enum Known: Sendable {
        /// With what stands in front of each payload: its schema, as Connect's JSON converter writes it.
        case avro(AvroSchema, prefix: String)
        case json
        /// None that events are read by.
        case useless
    }

    private var known: [Int32: Known] = [:]

    /// The schemas that values of a batch have, and that are not known yet.
    func unknown(in batch: ConsumerBatch) -> Set<Int32> {
        var found: Set<Int32> = []
        for record in batch {
            guard let id = record.value.flatMap(Self.schemaID), known[id] == nil else { continue }
            found.insert(id)
        }
        return found
    }

    /// The id in front of a value, of which no more is looked at.
    private static func schemaID(_ value: Bytes) -> Int32? {
        value.withUnsafeBytes { $0.first == 0 ? SchemaMessage(Array($0.prefix(5)))?.schemaID : nil }
    }

    /// A schema is known from now on; nil is one that cannot be had.
    mutating func learn(_ id: Int32, _ schema: SchemaRegistryClient.Schema?) {
        known[id] =
            switch schema {
            case .avro(let schema): schema.connectSchema.map { .avro(schema, prefix: $0) } ?? .useless
            case .json: .json
            case .other, nil: .useless
            }
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
        guard let registry, var records = Optional(batch.makeIterator()), let first = records.next() else {
            return false
        }
        let unknown = desk.schemas.unknown(in: batch)
        guard !unknown.isEmpty else { return false }
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
                desk.schemas.learn(id, try await registry.schema(id))
            } catch {
                if error.mayPass {
                    failures += 1
                    if failures == 4 { tellTrouble("\(error); the events that need it wait") }
                    do { try await loop.sleep(for: .milliseconds(100 * min(failures, 20))) } catch { break }
                    continue
                }
                tellTrouble(error.description)
                desk.schemas.learn(id, nil)
            }
            wantedSchemas.remove(id)
        }
        isLearning = false
        unreadable = []
        await hold()
    }
}
