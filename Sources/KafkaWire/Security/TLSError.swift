/// Why a connection could not be secured, or what is wrong with the settings for it. Its description is a sentence that
/// says what to do; it has no secrets in it.
public struct TLSError: Error, Equatable, Sendable {
    /// What is wrong.
    public enum Reason: Equatable, Sendable {
        /// A setting cannot be used; the sentence says which one, which file, and what to do.
        case setting(String)
        /// The library was built without its trait `Security`.
        case unavailable
        /// A certificate is no longer valid.
        case expired(CertificateSummary)
        /// A certificate is not valid yet.
        case notYetValid(CertificateSummary)
        /// Nobody who is trusted has signed the certificate; the one at whose issuer the search ended.
        case unknownAuthority(CertificateSummary)
        /// The certificate, or the root that came with it, is signed by itself, and is not among those that are
        /// trusted.
        case selfSigned(CertificateSummary)
        /// The certificate is for other names than the one that was asked for.
        case nameMismatch(wanted: String, CertificateSummary)
        /// Its authority has revoked the certificate.
        case revoked(CertificateSummary)
        /// The revocation lists have none of this certificate's authority, or an old one; OpenSSL's words.
        case revocationUnknown(String, CertificateSummary)
        /// The certificate is not believed for another reason; OpenSSL's words.
        case untrusted(String, CertificateSummary?)
        /// What the other side says is not TLS.
        case plainPeer
        /// There is no version that both sides take.
        case noCommonVersion
        /// There is no cipher, group or signature that both sides take.
        case noCommonCipher
        /// The other side wants a certificate, and there was none.
        case certificateRequired
        /// The other side does not believe the certificate that it was shown.
        case certificateRefused(TLSAlert)
        /// The other side does not believe the certificate that it was shown, which is no longer valid.
        case ownExpired(CertificateSummary)
        /// The other side ends the connection for another reason.
        case alert(TLSAlert)
        /// The other side closed the connection during the handshake.
        case closed
        /// The handshake took too long.
        case timedOut
        /// The connection below broke; the system's words.
        case connection(String)
        /// The other side breaks the protocol, or what it sent was changed on its way; OpenSSL's words.
        case broken(String)
    }

    /// Which side this program was.
    public enum Side: String, Equatable, Sendable {
        /// It connected.
        case client
        /// It was connected to.
        case server
    }

    /// What is wrong.
    public var reason: Reason
    /// Which side this program was.
    public var side: Side
    /// Who is on the other side, such as `kafka.example:9093`. Empty where there is none.
    public var peer: String

    package init(_ reason: Reason, side: Side = .client, peer: String = "") {
        self.reason = reason
        self.side = side
        self.peer = peer
    }

    static func setting(_ sentence: String, side: Side) -> TLSError { TLSError(.setting(sentence), side: side) }
}

/// What one side tells the other as it ends a connection (RFC 8446, 6).
public struct TLSAlert: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// Its number.
    public var code: UInt8
    init(_ code: UInt8) { self.code = code }

    private static let names: [UInt8: String] = [
        0: "close_notify", 10: "unexpected_message", 20: "bad_record_mac", 21: "decryption_failed",
        22: "record_overflow", 30: "decompression_failure", 40: "handshake_failure", 41: "no_certificate",
        42: "bad_certificate", 43: "unsupported_certificate", 44: "certificate_revoked", 45: "certificate_expired",
        46: "certificate_unknown", 47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
        51: "decrypt_error", 70: "protocol_version", 71: "insufficient_security", 80: "internal_error",
        86: "inappropriate_fallback", 90: "user_canceled", 100: "no_renegotiation", 109: "missing_extension",
        110: "unsupported_extension", 112: "unrecognized_name", 113: "bad_certificate_status_response",
        115: "unknown_psk_identity", 116: "certificate_required", 120: "no_application_protocol",
    ]

    /// Whether it is about a certificate that was shown.
    var isAboutCertificate: Bool { (41...46).contains(code) || code == 48 || code == 49 || code == 51 }

    /// Its name in the RFC.
    public var description: String { Self.names[code] ?? "alert \(code)" }
}

extension TLSError: CustomStringConvertible {
    /// The sentence.
    public var description: String {
        switch reason {
        case .setting(let sentence): return sentence
        case .unavailable:
            return
                "TLS is not part of this build of KafkaWire: build it with the package's trait Security, and OpenSSL 3"
        default: break
        }
        let place = peer.isEmpty ? "" : (side == .client ? " to \(peer)" : " from \(peer)")
        return "the connection\(place) could not be secured: \(cause)"
    }

    /// Who is on the other side, in a sentence.
    private var other: String { side == .client ? "server" : "client" }

    private var trustSetting: String { "ssl.truststore.location or ssl.ca.location" }

    private var cause: String {
        switch reason {
        case .setting, .unavailable: return ""
        case .expired(let certificate):
            return "the \(other)'s certificate (\(certificate.title)) has expired on "
                + "\(UTCTime(seconds: certificate.validUntil).text); it has to be renewed there, unless this machine's "
                + "clock is wrong"
        case .notYetValid(let certificate):
            return "the \(other)'s certificate (\(certificate.title)) is not valid before "
                + "\(UTCTime(seconds: certificate.validFrom).text); look at this machine's clock and at the \(other)'s"
        case .unknownAuthority(let certificate):
            return
                "nobody who is trusted here has signed the \(other)'s certificate (\(certificate.title)): its issuer "
                + "is \(certificate.issuer); name that authority's certificate in \(trustSetting), or let the \(other) "
                + "send the certificates in between"
        case .selfSigned(let certificate):
            return "the \(other)'s certificate leads to one that has signed itself (\(certificate.title)) and is not "
                + "trusted here; name it in \(trustSetting) if it is the right one"
        case .nameMismatch(let wanted, let certificate):
            return "the server's certificate is not for \(wanted) but for \(certificate.nameList); connect by one of "
                + "these names, or look at what the broker advertises (advertised.listeners)"
        case .revoked(let certificate):
            return
                "the \(other)'s certificate (\(certificate.title), number \(certificate.serialNumber)) was revoked by "
                + "its authority"
        case .revocationUnknown(let words, let certificate):
            return
                "whether the \(other)'s certificate (\(certificate.title)) was revoked is not known: \(words); renew "
                + "the lists in ssl.crl.location"
        case .untrusted(let words, let certificate):
            let title = certificate.map { " (\($0.title))" } ?? ""
            return "the \(other)'s certificate\(title) is not believed: \(words)"
        default: return endCause
        }
    }

    private var endCause: String {
        switch reason {
        case .plainPeer where side == .client:
            return "what listens there answers without TLS; look at the port, or at security.protocol"
        case .plainPeer:
            return
                "the client speaks without TLS; it has to be set to SSL or SASL_SSL (security.protocol), or to connect "
                + "to another port"
        case .noCommonVersion:
            return "there is no version of TLS that both sides take; look at ssl.enabled.protocols on both"
        case .noCommonCipher:
            return
                "there is no cipher, group or signature that both sides take; look at ssl.cipher.suites on both, and "
                + "at the kind of key that the server's certificate has"
        case .certificateRequired where side == .client:
            return
                "the server wants a certificate from this client, and none is set; name one in ssl.keystore.location "
                + "or ssl.certificate.location"
        case .certificateRequired:
            return "the client has shown no certificate, which is required here (ssl.client.auth=required)"
        case .certificateRefused(let alert):
            return "the \(other) does not believe this side's certificate (\(alert)): \(hint(alert))"
        case .ownExpired(let certificate):
            return "the \(other) does not take this side's certificate (\(certificate.title)), which has expired on "
                + "\(UTCTime(seconds: certificate.validUntil).text); renew it (ssl.keystore.location)"
        case .alert(let alert) where alert.code == 40 && side == .client:
            return
                "the server refuses (handshake_failure): it takes none of the ciphers offered, or wants a certificate "
                + "that it can believe"
        case .alert(let alert): return "the \(other) refuses (\(alert))\(alert.code == 80 ? "; its log says why" : "")"
        case .closed where side == .client:
            return
                "the server closed the connection during the handshake; it may be one without TLS, or its log says why"
        case .closed: return "the client closed the connection during the handshake; it may not trust this certificate"
        case .timedOut: return "the \(other) did not complete the handshake in time"
        case .connection(let words): return words
        case .broken(let words):
            return "what the \(other) sent is not as TLS has it (\(words)); something on the way may have changed it"
        default: return ""
        }
    }

    private func hint(_ alert: TLSAlert) -> String {
        switch alert.code {
        case 44: "it was revoked"
        case 45: "it has expired, or the clock there is wrong"
        case 48: "its authority is not known there"
        case 51: "its key does not go with it"
        default: side == .client ? "the server's log says why" : "its name, its dates or its authority"
        }
    }
}
