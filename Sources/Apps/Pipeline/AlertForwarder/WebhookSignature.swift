import KafkaWire

/// The headers by which a receiver knows that a message is ours, whole, new and not seen yet (Standard Webhooks 1.0.0): its id, its
/// time, and HMAC-SHA256 over both and the body.
struct WebhookSignature: Sendable {
    /// Why a secret is of no use.
    enum Flaw: Error, Equatable {
        /// It is not base 64 behind `whsec_`.
        case form
        /// The standard wants 24 to 64 bytes.
        case length(Int)
    }

    private let key: Secret

    /// The secret as the standard writes it: `whsec_` and base 64; without the prefix, base 64 alone.
    init(_ secret: Secret) throws(Flaw) {
        let bytes: [UInt8]? = secret.withBytes { bytes in
            let prefix = Array("whsec_".utf8)
            return Base64.decode(
                bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : Array(bytes), .standard)
        }
        guard let bytes else { throw .form }
        guard (24...64).contains(bytes.count) else { throw .length(bytes.count) }
        key = Secret(bytes)
    }

    /// The headers of a message.
    ///
    /// - Parameter time: Of this sending, in seconds since 1970: receivers refuse what is old, so each try has its own.
    func headers(id: String, time: Int64, body: [UInt8]) throws(SASLError) -> [(name: String, value: String)] {
        let signed = Array("\(id).\(time).".utf8) + body
        let signature = try key.withBytes { key throws(SASLError) in
            try HashFunction.sha256.authenticate(signed, key: Array(key))
        }
        return [
            ("webhook-id", id), ("webhook-timestamp", "\(time)"),
            ("webhook-signature", "v1,\(Base64.encode(signature))"),
        ]
    }
}
