/// Where the bytes of an explanation stop making sense: what should stand there, what does, and what may be behind it.
extension Explanation {
    /// A break.
    public struct Breakage: Equatable, Sendable {
        /// The row at the break. Its bytes are those that could not be read, or those that contradict others.
        public let row: Row
        /// Where the break is, counted as the row's offset is.
        public let offset: Int
        /// The message and its version, such as `FetchResponse v12`; empty where the break is not in a message.
        public let message: String
        /// What should stand there: `string: 2 bytes of length, then the text`.
        public let expected: String
        /// What stands there: `length 1,000,000 where 12 bytes are left`.
        public let found: String
        /// What may be behind it; nil where nothing suggests itself.
        public let hint: String?
    }

    /// The first break; nil where all bytes make sense.
    public var breakage: Breakage? {
        guard let failure, let index = failureRow, rows.indices.contains(index) else { return nil }
        let row = rows[index]
        let message = failure.version >= 0 ? "\(failure.message) v\(failure.version)" : failure.message
        return Breakage(
            row: row, offset: max(failure.offset, row.offset), message: message == "Frame" ? "" : message,
            expected: row.kind == .unread ? Self.expectation(row.type) : "",
            found: Self.found(failure.reason), hint: hint)
    }

    /// What is found in place of what was expected.
    static func found(_ reason: WireError.Reason) -> String {
        switch reason {
        case .truncated(let needed, let available):
            "needs \(Meaning.bytes(needed)), \(Meaning.areLeft(available))"
        case .badLength(let length, _) where length < 0:
            "length \(Meaning.grouped(length)), less than any length may be"
        case .badLength(let length, let limit):
            "length \(Meaning.grouped(length)) where \(Meaning.areLeft(limit, named: true))"
        case .unexpectedNull: "null, which this version does not allow"
        case .malformed(let what): what
        case .trailing(let count): "\(Meaning.bytes(count)) behind the end"
        default: "\(reason)"
        }
    }

    /// A type's form on the wire.
    private static func expectation(_ type: String) -> String {
        let isCompact = type.hasPrefix("compact ")
        let bare = isCompact ? String(type.dropFirst("compact ".count)) : type
        let form: String? =
            switch bare {
            case "bool", "int8": "1 byte"
            case "int16", "uint16": "2 bytes"
            case "int32", "uint32": "4 bytes"
            case "int64", "float64": "8 bytes"
            case "uuid": "16 bytes"
            case "string": (isCompact ? "a varint of length + 1" : "2 bytes of length") + ", then the text"
            case "bytes", "records": (isCompact ? "a varint of length + 1" : "4 bytes of length") + ", then the bytes"
            case "uvarint", "varint": "1 to 5 bytes"
            case "uvarint, uvarint": "the tag and the size of a tagged field"
            case "varint bytes": "a varint of length, then the bytes"
            case "varlong": "1 to 10 bytes"
            case let array where array.hasPrefix("[]"):
                (isCompact ? "a varint of count + 1" : "4 bytes of count") + ", then the elements"
            default: nil
            }
        return form.map { "\(type): \($0)" } ?? type
    }

    /// What the bytes would be instead.
    private var hint: String? {
        if let found = unframed { return found }
        guard let body = brokenBody else { return nil }
        let others = body.type.versions.filter {
            $0 != body.version && (try? body.type.decode(body.bytes, version: $0)) != nil
        }
        if !others.isEmpty {
            let list = others.map { "\($0)" }.joined(separator: ", ")
            return "the body would be whole in version \(list) of \(body.type.wireName)"
        }
        guard let api = API.of(body.type.api) else { return nil }
        let other: any WireMessage.Type = body.type == api.request ? api.response : api.request
        guard (try? other.decode(body.bytes, version: body.version)) != nil else { return nil }
        return "the body would be a whole \(other.wireName) v\(body.version)"
    }

    /// Whether a request stands there without the size in front.
    private var unframed: String? {
        guard failure?.message == "Frame", failure?.field == "size", let bytes = unframedBytes,
            let (_, body) = try? Frame.decodeRequestHeader(bytes)
        else { return nil }
        var reader = ByteReader(bytes)
        guard let key: Int16 = try? reader.integer(), let version: Int16 = try? reader.integer(),
            let api = API.of(APIKey(rawValue: key)), (try? api.request.decode(body, version: version)) != nil
        else { return nil }
        return "without a size in front they would be a whole \(api.request.wireName) v\(version)"
    }
}

/// Other protocols that turn up where Kafka's should be spoken.
package enum ForeignProtocol {
    /// What the first bytes look like; nil where they may be Kafka's. None of these could be a frame's size: all are
    /// above the largest that any broker takes.
    package static func name(_ bytes: Bytes) -> String? {
        guard bytes.count >= 4 else { return nil }
        let start = Array(bytes[0..<min(bytes.count, 8)].copy())
        if (0x14...0x17).contains(start[0]), start[1] == 3, start[2] <= 4 { return tls(start) }
        let text = String(decoding: start, as: UTF8.self)
        if text.hasPrefix("HTTP") { return "an HTTP response: this is not a port of Kafka's protocol" }
        for method in ["GET ", "POST", "PUT ", "HEAD", "DELE", "OPTI", "PATC", "CONN", "PRI "]
        where text.hasPrefix(method) {
            return "an HTTP request: its sender does not speak Kafka's protocol"
        }
        if text.hasPrefix("SSH-") { return "SSH's greeting: this is not a port of Kafka's protocol" }
        guard start[..<4].allSatisfy({ (0x20..<0x7F).contains($0) }) else { return nil }
        return "text: \(Meaning.quoted(String(decoding: start[..<4], as: UTF8.self))) in place of a size"
    }

    private static func tls(_ start: [UInt8]) -> String {
        switch (start[0], start.count > 5 ? start[5] : nil) {
        case (0x16, 1): "a TLS ClientHello: the client speaks TLS"
        case (0x16, 2): "a TLS ServerHello: the port speaks TLS"
        case (0x15, _): "a TLS alert: the port speaks TLS"
        default: "a TLS record: its sender speaks TLS"
        }
    }
}
