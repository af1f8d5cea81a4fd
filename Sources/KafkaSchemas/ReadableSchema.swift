/// A registry's schema by which payloads are made into JSON.
package enum ReadableSchema: Sendable {
    /// Avro, with its schema as Connect's JSON converter writes it; nil where Connect has none.
    case avro(AvroSchema, connect: String?)
    /// JSON Schema: the payload is JSON already. With the schema as Connect's JSON converter writes it; nil where Connect has noted
    /// nothing in it.
    case json(connect: String?)

    /// - Throws: ``SchemaRegistryError``, which says of what kind the schema is, where nothing is read by it.
    package init(_ schema: SchemaRegistryClient.Schema, id: Int32) throws(SchemaRegistryError) {
        switch schema {
        case .avro(let schema): self = .avro(schema, connect: schema.connectSchema)
        case .json(let text): self = .json(connect: ConnectNotes.connectSchema(of: text))
        case .other(let kind):
            throw SchemaRegistryError(
                .malformed, "schema \(id) is \(kind): only Avro and JSON Schema are read")
        }
    }

    /// No longer texts are made of a value, in bytes.
    private static let longest = 64 << 20

    private static func text(
        of payload: ArraySlice<UInt8>, _ schema: AvroSchema, _ decimals: AvroValue.DecimalForm
    ) throws(AvroError) -> String {
        guard let text = try schema.value(of: payload).json(decimals: decimals, limit: longest) else {
            throw AvroError(.tooLarge, "it is more than \(longest) bytes of JSON", path: "")
        }
        return text
    }

    /// Whether ``connectJSON(of:)`` tells what the values are.
    package var isConnects: Bool {
        switch self {
        case .avro(_, let connect): connect != nil
        case .json: true
        }
    }

    /// The value in JSON, decimals in digits.
    package func json(of payload: ArraySlice<UInt8>) throws(AvroError) -> [UInt8] {
        switch self {
        case .avro(let schema, _): Array(try Self.text(of: payload, schema, .text).utf8)
        case .json: Array(payload)
        }
    }

    /// The value as Connect's JSON converter writes it, with the schema in front by which decimals and times are told apart from
    /// plain numbers. Where Connect has none, as ``json(of:)``.
    package func connectJSON(of payload: ArraySlice<UInt8>) throws(AvroError) -> [UInt8] {
        switch self {
        case .avro(let schema, let connect?): Self.envelope(connect, try Self.text(of: payload, schema, .base64).utf8)
        case .json(let connect?): Self.envelope(connect, payload)
        case .avro, .json: try json(of: payload)
        }
    }

    private static func envelope(_ schema: String, _ payload: some Collection<UInt8>) -> [UInt8] {
        Array(#"{"schema":\#(schema),"payload":"#.utf8) + payload + [UInt8(ascii: "}")]
    }
}
