/// A topic's identifier (KIP-516): another topic of the same name has another one. Directories, client instances and
/// members of groups have identifiers of the same form, for which it cannot be taken.
@frozen
public struct TopicID: WireScalar {
    /// The identifier on the wire.
    public var rawValue: Uuid

    @inlinable
    @inline(__always)
    public init(rawValue: Uuid) { self.rawValue = rawValue }

    /// The topic of that identifier.
    @inlinable
    public init(_ id: Uuid) { self.init(rawValue: id) }
}

extension TopicID: CustomStringConvertible {
    /// The text that Kafka's own tools print: base64url, 22 characters.
    public var description: String { rawValue.description }
}
