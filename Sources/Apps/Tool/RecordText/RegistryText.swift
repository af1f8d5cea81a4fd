import JSONLines
import KafkaSchemas
import KafkaWire

/// Keys and values in a schema registry's wire format, made into JSON. A value: schemas go in as they are learnt, and what is to be
/// told comes out, once for a schema.
package struct RegistryText: Sendable {
    /// Which JSON it is.
    package enum Form: Sendable {
        /// As people read it.
        case plain
        /// As Connect's JSON converter writes it, the schema in front.
        case connect
    }

    private let form: Form
    private var known = KnownSchemas()
    private var told: Set<Int32> = []

    /// Of no more schemas is told that nothing is read by them, one by one: bytes that only look like a registry's have many.
    package static let mostTold = 100

    package init(_ form: Form) { self.form = form }

    /// The schema that the bytes are written by, where a registry is to be asked for it first.
    package func wanted(by bytes: Bytes?, at now: Instant) -> Int32? {
        bytes.flatMap { SchemaMessage.schemaID(of: $0) }.flatMap { known.isWanted($0, at: now) ? $0 : nil }
    }

    /// Takes what a registry has answered; gives what is to be told of it.
    package mutating func learn(
        _ id: Int32, _ answer: Result<SchemaRegistryClient.Schema, SchemaRegistryError>, for side: RecordSide,
        at now: Instant
    ) -> String? {
        defer { known.trim() }
        do throws(SchemaRegistryError) {
            known.learn(id, try ReadableSchema(try answer.get(), id: id), at: now)
            return nil
        } catch {
            known.learn(id, nil, at: now)
            let question = error.reason == .unknown ? "; is it the registry that the producer uses?" : ""
            return once(id, "\(error); the \(side) is shown as it is\(question)")
        }
    }

    /// The text that stands for the bytes, or they themselves where there is none, and what is to be told of that.
    package mutating func read(_ bytes: Bytes, _ side: RecordSide) -> (text: Bytes, trouble: String?) {
        guard let id = SchemaMessage.schemaID(of: bytes), let schema = known[id],
            let message = SchemaMessage(bytes.copy())
        else {
            return (bytes, nil)
        }
        do throws(AvroError) {
            let json =
                switch form {
                case .plain: try schema.json(of: message.payload)
                case .connect: try schema.connectJSON(of: message.payload)
                }
            if case .json = schema, Document(Array(message.payload)) == nil {
                return (bytes, once(id, Self.flaw(id, side, "it is no JSON")))
            }
            return (Bytes(json), nil)
        } catch {
            return (bytes, once(id, Self.flaw(id, side, "\(error)")))
        }
    }

    private static func flaw(_ id: Int32, _ side: RecordSide, _ words: String) -> String {
        "the \(side) is not what schema \(id) says (\(words)), and is shown as it is; it is damaged, or its producer uses "
            + "another registry"
    }

    /// The sentence, unless one was told of that schema.
    private mutating func once(_ id: Int32, _ sentence: String) -> String? {
        guard told.count < Self.mostTold, told.insert(id).inserted else { return nil }
        return told.count < Self.mostTold ? sentence : sentence + "; of other schemas no more is told"
    }
}
