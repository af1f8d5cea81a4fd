/// The number of an API. Open: a broker may speak APIs that this library does not know.
public struct APIKey: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number in request headers.
    public let rawValue: Int16
    /// The API of that number, also of one that is not known here.
    public init(rawValue: Int16) { self.rawValue = rawValue }
    init(_ rawValue: Int16) { self.rawValue = rawValue }

    /// By number.
    public static func < (a: APIKey, b: APIKey) -> Bool { a.rawValue < b.rawValue }
}
