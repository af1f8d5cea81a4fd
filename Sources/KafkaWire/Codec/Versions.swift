/// The versions of a message that carry a field: written `4...` (from 4 on), `0...7`, or `.all`.
public struct Versions: Sendable, Equatable {
    /// The first version.
    public let lowest: Int16
    /// The last version; `Int16.max` where there is none.
    public let highest: Int16

    package init(_ lowest: Int16, _ highest: Int16) {
        self.lowest = lowest
        self.highest = highest
    }

    /// Every version.
    public static let all = Versions(0, .max)
    /// No version.
    public static let none = Versions(1, 0)

    /// Whether `version` is among them.
    @inlinable
    @inline(__always)
    public func contains(_ version: Int16) -> Bool { version >= lowest && version <= highest }

    /// A version's number in a literal, so that `4...` is read as ``Versions`` and not as a range of `Int`.
    public struct Number: ExpressibleByIntegerLiteral, Sendable {
        let value: Int16
        /// The number that is written there.
        public init(integerLiteral value: Int16) { self.value = value }

        /// `4...`: from version 4 on.
        public static postfix func ... (lowest: Number) -> Versions { Versions(lowest.value, .max) }
        /// `0...7`: versions 0 to 7.
        public static func ... (lowest: Number, highest: Number) -> Versions { Versions(lowest.value, highest.value) }
    }
}

extension Versions: CustomStringConvertible {
    /// As Kafka's message definitions write it: `4+`, `0-7`, `2`, `none`.
    public var description: String {
        if self == .none { return "none" }
        if highest == .max { return "\(lowest)+" }
        return lowest == highest ? "\(lowest)" : "\(lowest)-\(highest)"
    }
}
