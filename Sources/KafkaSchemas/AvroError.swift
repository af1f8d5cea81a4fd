/// What is wrong with a schema, or with bytes that are read by one.
public struct AvroError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of trouble.
    public enum Reason: String, Equatable, Sendable {
        /// The schema is none, or needs types that are not there.
        case schema
        /// The bytes end in the middle of a value.
        case truncated
        /// The bytes are not what the schema says.
        case malformed
        /// The value is larger or deeper than any that is read.
        case tooLarge
        /// Bytes are left behind the value.
        case trailing
    }

    /// The kind of trouble.
    public let reason: Reason
    /// What it is, in words.
    public let words: String
    /// Where, as `after.amount`; of a schema's errors the place in the schema.
    public let path: String
    /// Where in the bytes; nil for errors of a schema.
    public let offset: Int?

    init(_ reason: Reason, _ words: String, path: String, offset: Int? = nil) {
        self.reason = reason
        self.words = words
        self.path = path
        self.offset = offset
    }

    /// A sentence: where, and what.
    public var description: String {
        let place = path.isEmpty ? "the value" : path
        return "\(place)\(offset.map { ", byte \($0)" } ?? ""): \(words)"
    }
}
