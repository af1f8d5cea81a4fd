/// Why bytes could not be read, or a message could not be written: what, in which field, and at which byte.
public struct WireError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Reason: Equatable, Sendable {
        /// The bytes end too early: `needed` more were wanted, `available` were left.
        case truncated(needed: Int, available: Int)
        /// The bytes are there, but mean nothing in this place; the text completes "found …".
        case malformed(String)
        /// A length or count that is below the lowest allowed value or longer than the bytes that are left.
        case badLength(Int, limit: Int)
        /// Null stands where the version does not allow it.
        case unexpectedNull
        /// The value cannot be carried by the version that was asked for.
        case notInVersion
        /// The message has no such version.
        case unsupportedVersion(supported: ClosedRange<Int16>)
        /// A text or byte string that is too long for its length prefix.
        case tooLong(Int, limit: Int)
        /// Bytes are left over after the end of the message.
        case trailing(Int)
        /// A checksum over the bytes differs from the one that they carry.
        case checksum(expected: UInt32, found: UInt32)
        /// A compression codec that this build cannot read or write.
        case unsupportedCodec(String)
        /// Data that unpacks to more bytes than the limit.
        case tooLarge(limit: Int)
    }

    /// What is wrong.
    public var reason: Reason
    /// The byte, counted from the beginning of what was read, at which it was noticed; -1 when writing.
    public var offset: Int
    /// The field being read or written, as the protocol names it; empty outside a field.
    public var field: String
    /// The message, such as `FetchResponse`; empty outside a message.
    public var message: String
    /// The message's version; -1 where there is none.
    public var version: Int16

    @usableFromInline
    package init(_ reason: Reason, at offset: Int = -1, field: String = "", message: String = "", version: Int16 = -1) {
        self.reason = reason
        self.offset = offset
        self.field = field
        self.message = message
        self.version = version
    }
}

extension WireError: CustomStringConvertible {
    /// Message and version, field, place, and what is wrong there, as far as they are known.
    public var description: String {
        var text = message.isEmpty ? "" : version >= 0 ? "\(message) v\(version)" : message
        if !field.isEmpty { text += text.isEmpty ? field : ", field \(field)" }
        if offset >= 0 { text += text.isEmpty ? "byte \(offset)" : ", byte \(offset)" }
        return text.isEmpty ? "\(reason)" : "\(text): \(reason)"
    }
}

extension WireError.Reason: CustomStringConvertible {
    /// What is wrong, without the place.
    public var description: String {
        switch self {
        case .truncated(let needed, let available):
            "the bytes end here: \(needed) wanted, \(available) left"
        case .malformed(let what): "found \(what)"
        case .badLength(let length, let limit): "a length of \(length), but only \(limit) bytes are left"
        case .unexpectedNull: "null, which this version does not allow"
        case .notInVersion: "this version cannot carry the value; leave it at its default or choose another version"
        case .unsupportedVersion(let supported):
            "no such version; known are \(supported.lowerBound) to \(supported.upperBound)"
        case .tooLong(let length, let limit): "\(length) bytes, but at most \(limit) can be written"
        case .trailing(let count): "\(count) bytes are left over after the message's end"
        case .checksum(let expected, let found):
            "the checksum is \(Hex.encode(bigEndian(found))), but the batch says \(Hex.encode(bigEndian(expected)))"
        case .unsupportedCodec(let name): "the codec \(name) is not in this build"
        case .tooLarge(let limit): "the data unpacks to more than the limit of \(limit) bytes"
        }
    }

    private func bigEndian(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
