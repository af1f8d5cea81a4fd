/// A name as the bytes that it was sent as. Swift takes two spellings of "é" for one text; to Kafka they are two names, and
/// what one of them may do the other may not.
struct ExactName: Hashable, Sendable, Comparable, ExpressibleByStringLiteral, CustomStringConvertible {
    let bytes: [UInt8]

    init(_ text: String) { bytes = Array(text.utf8) }
    init(stringLiteral text: String) { self.init(text) }
    init(bytes: ArraySlice<UInt8>) { self.bytes = Array(bytes) }

    /// In rules: every name, every principal of a kind, every host.
    static let wildcard: ExactName = "*"

    var description: String { String(decoding: bytes, as: UTF8.self) }

    static func < (a: ExactName, b: ExactName) -> Bool { a.bytes.lexicographicallyPrecedes(b.bytes) }
}
