/// Who a client is to the broker: what its listener's protocol has found out, and what permissions and quotas are for.
public struct KafkaPrincipal: Hashable, Sendable, CustomStringConvertible {
    /// The kind, such as `User`.
    public var type: String
    /// The name.
    public var name: String

    /// A principal; of the kind `User` unless another is named.
    public init(type: String = "User", _ name: String) {
        self.type = type
        self.name = name
    }

    /// Whoever comes in by a listener that asks nobody who he is.
    public static let anonymous = KafkaPrincipal("ANONYMOUS")

    /// As Kafka writes it: `User:alice`.
    public var description: String { "\(type):\(name)" }

    /// By their bytes: Swift takes two spellings of "é" for one text, and to Kafka they are two principals.
    public static func == (a: KafkaPrincipal, b: KafkaPrincipal) -> Bool {
        a.type.utf8.elementsEqual(b.type.utf8) && a.name.utf8.elementsEqual(b.name.utf8)
    }

    /// Hashes the same bytes.
    public func hash(into hasher: inout Hasher) {
        for byte in type.utf8 { hasher.combine(byte) }
        for byte in name.utf8 { hasher.combine(byte) }
    }
}
