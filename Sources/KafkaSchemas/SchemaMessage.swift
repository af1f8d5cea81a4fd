import KafkaWire

/// What a serializer of Confluent's puts in front of a key or a value: a zero byte, and the schema's id in four bytes, the highest
/// first.
public struct SchemaMessage: Equatable, Sendable {
    /// The schema's id in the registry.
    public let schemaID: Int32
    /// What follows: a value by that schema.
    public let payload: ArraySlice<UInt8>

    /// Nil where the bytes have no such front: JSON and text begin otherwise.
    public init?(_ bytes: [UInt8]) {
        guard bytes.count >= 5, bytes[0] == 0 else { return nil }
        let id = bytes[1..<5].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        schemaID = Int32(bitPattern: id)
        payload = bytes[5...]
    }

    /// The id in front of a value, of which no more is looked at; nil where it has no such front.
    package static func schemaID(of value: Bytes) -> Int32? {
        value.withUnsafeBytes { $0.first == 0 ? SchemaMessage(Array($0.prefix(5)))?.schemaID : nil }
    }
}
