/// What was agreed on in a handshake, and who is on the other side.
public struct TLSDetails: Equatable, Sendable {
    /// The version, such as `TLSv1.3`.
    public var version: String
    /// The cipher, such as `TLS_AES_256_GCM_SHA384`.
    public var cipher: String
    /// The other side's certificate; nil where it has shown none.
    public var peer: CertificateSummary?
    /// Whether an earlier connection's session was taken up.
    public var isResumed: Bool
    /// Whether the other side's certificate was looked at and is believed.
    public var isVerified: Bool
}

/// How far a handshake is.
package enum HandshakeStep: Equatable, Sendable {
    /// It has ended well.
    case done
    /// More bytes of the other side are needed.
    case wantsRead
    /// The socket has to take bytes first.
    case wantsWrite
}
