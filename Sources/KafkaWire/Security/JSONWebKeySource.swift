/// Where the keys of whoever issues tokens are to be had (RFC 7517), where that is no file: over HTTP, say, which the product
/// KafkaOIDC speaks and the library does not.
public protocol JSONWebKeySource: Sendable {
    /// Where that is, for logs and errors.
    var place: String { get }

    /// The key set as it is now, a text in JSON. It is asked for again from time to time, and when a token names a key that
    /// is not in it.
    nonisolated(nonsending) func keySet() async throws -> [UInt8]
}
