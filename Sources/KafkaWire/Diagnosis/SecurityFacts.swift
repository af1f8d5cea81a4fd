// What was seen of TLS and SASL: facts, of which the judgements make findings.

/// How a client is set to protect what it says, and to say who it is.
package struct OwnSecurity: Sendable, Equatable {
    package var securityProtocol = SecurityProtocol.plaintext
    package var verifiesCertificates = true
    package var verifiesHostName = true
    /// Whom it trusts, in words.
    package var trust = "the system's authorities"
    /// The highest version of TLS that it takes.
    package var highestVersion = TLSVersion.v13
    /// What it shows to whoever asks for a certificate.
    package var certificate: CertificateSummary?
    /// Where it writes its connections' keys.
    package var keyLog: String?
    /// Files of its secrets that others may read: sentences.
    package var remarks: [String] = []
    /// The name of its SASL mechanism, where it has one.
    package var mechanism: String?
    /// Whether it says with a delegation token who it is.
    package var isDelegationToken = false
    /// Whom the brokers take it for, as far as its settings tell, such as `User:alice`.
    package var principal: String?
    /// The dates of the token that it says it with, where that has some.
    package var token: TokenDates?
    /// Why it cannot be set up at all.
    package var failure: KafkaError?
    /// Seconds since 1970, by this machine's clock.
    package var now: Int64 = 0

    package init() {}
}

/// The dates of a JWT (RFC 7519), in seconds since 1970 by the clock of whoever has issued it.
package struct TokenDates: Sendable, Equatable {
    /// From when on it is good: the later of `nbf` and `iat`.
    package var begins: Int64?
    /// Until when (`exp`).
    package var ends: Int64?

    package init(begins: Int64? = nil, ends: Int64? = nil) {
        self.begins = begins
        self.ends = ends
    }

    init(_ token: JSONWebToken) {
        let beginnings = ["nbf", "iat"].compactMap { token.milliseconds($0).map { $0 / 1000 } }
        self.init(begins: beginnings.max(), ends: token.milliseconds("exp").map { $0 / 1000 })
    }
}

/// What became of TLS with a port.
package struct TLSFacts: Sendable, Equatable {
    /// The host that the certificate has to be for.
    package var host: String
    /// What was agreed on; nil where nothing was.
    package var details: TLSDetails?
    /// The certificates that the other side has, its own first. Where they were not believed, those that it showed to
    /// somebody who believes everything.
    package var chain: [CertificateSummary] = []
    /// Why a client as it is set gets no further.
    package var failure: TLSError?
    /// The clock of who answers there, where certificates were refused for their dates and it told: nobody has verified who
    /// that is.
    package var clock: ClockJudgement.Facts.Reading?
    /// What came back under TLS on Kafka's first question.
    package var said: [UInt8] = []

    package init(host: String) { self.host = host }
}

/// How the client came in with SASL.
package struct LoginFacts: Sendable, Equatable {
    package var mechanism: String
    /// After how long it has to say anew who it is (`connections.max.reauth.ms`); nil for never.
    package var lifetime: Duration?

    package init(mechanism: String, lifetime: Duration? = nil) {
        self.mechanism = mechanism
        self.lifetime = lifetime
    }
}

extension TLSTrust {
    /// Whom it means, in words.
    var words: String {
        switch self {
        case .system: "the system's authorities, as no setting names others"
        case .pemFile(let path), .pkcs12File(let path, _): "the authorities in \(path)"
        case .pem: "the authorities in the client's settings"
        }
    }
}

extension CertificateSummary {
    /// Whether it is not valid yet, or no longer, at that time in seconds since 1970.
    func isOutOfDate(_ seconds: Int64) -> Bool { seconds < validFrom || seconds > validUntil }
}

extension TLSError.Reason {
    /// Whether a certificate was refused for its dates.
    var isOfDates: Bool {
        switch self {
        case .expired, .notYetValid: true
        default: false
        }
    }

    /// Whether the other side may speak something else than TLS, or nothing at all.
    var isOfOtherProtocol: Bool {
        switch self {
        case .plainPeer, .closed, .timedOut, .connection, .broken: true
        default: false
        }
    }
}
