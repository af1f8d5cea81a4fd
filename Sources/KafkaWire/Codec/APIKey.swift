/// The number of an API. Open: a broker may speak APIs that this library does not know.
public struct APIKey: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number in request headers.
    public let rawValue: Int16
    public init(rawValue: Int16) { self.rawValue = rawValue }
    init(_ rawValue: Int16) { self.rawValue = rawValue }

    public static func < (a: APIKey, b: APIKey) -> Bool { a.rawValue < b.rawValue }
}
