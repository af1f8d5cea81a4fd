/// Why a registry gave no schema.
public struct SchemaRegistryError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The kind of trouble.
    public enum Reason: String, Equatable, Sendable {
        /// The address is none, or not one that a login may be sent to.
        case settings
        /// Nobody answers, or the registry has trouble of its own: it may go well the next time.
        case unavailable
        /// The registry does not know the schema.
        case unknown
        /// It does not let the client in, or not read this.
        case refused
        /// What it answers is none of a registry's answers, or no schema.
        case malformed
    }

    /// The kind of trouble.
    public let reason: Reason
    /// A sentence: which registry, and what.
    public let description: String

    package init(_ reason: Reason, _ description: String) {
        self.reason = reason
        self.description = description
    }

    /// Whether the same may go well later.
    public var mayPass: Bool { reason == .unavailable }
}
