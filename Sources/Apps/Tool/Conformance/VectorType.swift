import JSONLines
import KafkaWire

/// A structure that vectors are about, without its Swift type: bytes in, values and bytes out.
package struct VectorType: Sendable {
    /// The name in Kafka's message definitions.
    package let name: String
    /// Reads bytes and throws the result away.
    package let decode: @Sendable (Bytes, Int16) throws(WireError) -> Void
    /// Reads bytes; gives what they mean, and the bytes that the value is written back as.
    package let roundTrip: @Sendable (Bytes, Int16) throws(WireError) -> (values: WireValue, bytes: [UInt8])
    /// The version of the header that goes before the body; nil where there is none.
    package let headerVersion: @Sendable (Int16) -> Int16?

    /// A request's or response's body.
    package init<M: WireMessage>(message type: M.Type, isRequest: Bool) {
        name = type.wireName
        decode = { (bytes, version) throws(WireError) in _ = try type.decode(bytes, version: version) }
        roundTrip = { (bytes, version) throws(WireError) in
            let message = try type.decode(bytes, version: version)
            return (try message.values(version: version), try message.encode(version: version))
        }
        headerVersion = { version in
            isRequest ? RequestHeader.version(for: type, version) : ResponseHeader.version(for: type, version)
        }
    }

    /// A structure that travels inside a field or a record.
    package init<E: EmbeddedMessage>(embedded type: E.Type) {
        name = type.wireName
        decode = { (bytes, version) throws(WireError) in _ = try type.decode(bytes, version: version) }
        roundTrip = { (bytes, version) throws(WireError) in
            let value = try type.decode(bytes, version: version)
            let values = try value.values(version: version, flexible: type.flexible)
            return (values, try value.encode(version: version))
        }
        headerVersion = { _ in nil }
    }

    /// A header.
    package init<H: WireMessageHeader>(header type: H.Type) {
        name = type.wireName
        decode = { (bytes, version) throws(WireError) in _ = try Self.header(type, bytes, version) }
        roundTrip = { (bytes, version) throws(WireError) in
            let header = try Self.header(type, bytes, version)
            let values = try header.values(version: version, flexible: type.flexible)
            return (values, try header.encode(into: ByteWriter(), version: version).array())
        }
        headerVersion = { _ in nil }
    }

    private static func header<H: WireMessageHeader>(
        _ type: H.Type, _ bytes: Bytes, _ version: Int16
    ) throws(WireError) -> H {
        let (header, size) = try type.decodePrefix(bytes, version: version)
        guard size == bytes.count else { throw WireError(.trailing(bytes.count - size), at: size) }
        return header
    }

    /// The type that a vector names; nil where this build does not know it.
    package static func of(_ vector: JSON) -> VectorType? {
        guard let name = vector["api"].text else { return nil }
        switch vector["kind"].text {
        case "request": return api(vector).map { message($0.request, isRequest: true) }
        case "response": return api(vector).map { message($0.response, isRequest: false) }
        default: return embedded[name]
        }
    }

    private static func api(_ vector: JSON) -> API? {
        vector["key"].number.flatMap { Int16(exactly: $0) }.flatMap { API.of(APIKey(rawValue: $0)) }
    }

    private static func message(_ type: any WireMessage.Type, isRequest: Bool) -> VectorType {
        func opened<M: WireMessage>(_ type: M.Type) -> VectorType { VectorType(message: type, isRequest: isRequest) }
        return opened(type)
    }

    /// By the names of Kafka's generated classes.
    private static let embedded: [String: VectorType] = [
        "RequestHeaderData": VectorType(header: RequestHeader.self),
        "ResponseHeaderData": VectorType(header: ResponseHeader.self),
        "ConsumerProtocolSubscription": VectorType(embedded: ConsumerProtocolSubscription.self),
        "ConsumerProtocolAssignment": VectorType(embedded: ConsumerProtocolAssignment.self),
        "ControlRecordTypeSchema": VectorType(embedded: ControlRecordTypeSchema.self),
        "EndTxnMarker": VectorType(embedded: EndTxnMarker.self),
        "LeaderChangeMessage": VectorType(embedded: LeaderChangeMessage.self),
    ]
}
