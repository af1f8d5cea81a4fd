/// How a client secures its connections with TLS: whom it trusts, who it is, which versions and ciphers it takes.
///
/// ```swift
/// var tls = TLSOptions()
/// tls.trust = .pemFile("/etc/kafka/ca.pem")
/// tls.identity = .pkcs12File("/etc/kafka/me.p12", password: Secret(password))
/// ```
///
/// Files are looked at again when a connection is made: a renewed certificate needs no restart.
public struct TLSOptions: Sendable {
    /// Which authorities' certificates are believed. Default: those of the system.
    public var trust = TLSTrust.system
    /// A PEM file with revocation lists, librdkafka's `ssl.crl.location`; with it, a server's certificate has to have a
    /// list of its authority. Default: none, and nothing is asked.
    public var revocationLists: String?
    /// The certificate and key that a server gets that asks for one. Default: none.
    public var identity: TLSIdentity?
    /// Whether the server's certificate has to be for the host that was asked for:
    /// `ssl.endpoint.identification.algorithm=https`. Default: true.
    public var verifiesHostName = true
    /// Whether the server has to have a certificate that is believed; librdkafka's
    /// `enable.ssl.certificate.verification`. Without, anybody can pass himself off as the server, and read what is
    /// sent. Default: true.
    public var verifiesCertificates = true
    /// The lowest version. Default: TLS 1.2; older ones are broken (RFC 8996).
    public var lowestVersion = TLSVersion.v12
    /// The highest version. Default: TLS 1.3.
    public var highestVersion = TLSVersion.v13
    /// What may be agreed on. Default: what OpenSSL takes by itself.
    public var algorithms = TLSAlgorithms()
    /// A file to which the connections' keys are appended, in the format of SSLKEYLOGFILE, for Wireshark: who has it
    /// can read all that was sent. Default: none; the environment's variable is not looked at.
    public var keyLog: String?
    /// Whether a further connection to a server may take up the session of an earlier one (RFC 8446, 2.2), which spares
    /// both the certificates. Default: true.
    public var resumesSessions = true

    /// The defaults.
    public init() {}
}

/// How a broker secures its connections with TLS.
public struct TLSServerOptions: Sendable {
    /// Whether clients show a certificate; Kafka's `ssl.client.auth`.
    public enum ClientAuthentication: String, Sendable, CaseIterable {
        /// They are not asked.
        case none
        /// They are asked, and may have none; one that is not believed is refused.
        case requested
        /// They are asked, and refused without.
        case required
    }

    /// The certificate and key.
    public var identity: TLSIdentity
    /// Default: none.
    public var clientAuthentication = ClientAuthentication.none
    /// Which authorities' certificates are believed of clients. Default: those of the system.
    public var trust = TLSTrust.system
    /// A PEM file with revocation lists for clients' certificates. Default: none.
    public var revocationLists: String?
    /// The lowest version. Default: TLS 1.2.
    public var lowestVersion = TLSVersion.v12
    /// The highest version. Default: TLS 1.3.
    public var highestVersion = TLSVersion.v13
    /// What may be agreed on. Default: what OpenSSL takes by itself.
    public var algorithms = TLSAlgorithms()
    /// As ``TLSOptions/keyLog``. Default: none.
    public var keyLog: String?

    /// This certificate, and the defaults.
    public init(identity: TLSIdentity) { self.identity = identity }
}

/// Which authorities' certificates are believed.
///
/// A certificate that is listed is believed by itself too, though it be no authority's: as in Java, and for one that a
/// server has signed itself.
public enum TLSTrust: Sendable {
    /// Those that the system has.
    case system
    /// Those of a PEM file, or of a directory as `openssl rehash` makes them; librdkafka's `ssl.ca.location`.
    case pemFile(String)
    /// Those of a PEM text; Java's `ssl.truststore.certificates`, librdkafka's `ssl.ca.pem`.
    case pem(String)
    /// Those of a PKCS12 file (`ssl.truststore.location` with `ssl.truststore.type=PKCS12`).
    case pkcs12File(String, password: Secret?)
}

/// A certificate with its chain and its private key.
public enum TLSIdentity: Sendable {
    /// PEM files (`ssl.certificate.location`, `ssl.key.location`), which may be the same one (`ssl.keystore.location`
    /// with
    /// `ssl.keystore.type=PEM`). The password is for an encrypted key.
    case pemFiles(certificate: String, key: String, password: Secret?)
    /// PEM texts (Java's `ssl.keystore.certificate.chain` and `ssl.keystore.key`, librdkafka's `ssl.certificate.pem`
    /// and
    /// `ssl.key.pem`). The password is for an encrypted key.
    case pem(certificate: String, key: Secret, password: Secret?)
    /// A PKCS12 file (`ssl.keystore.location` with `ssl.keystore.type=PKCS12`).
    case pkcs12File(String, password: Secret?)
}

/// A version of TLS that is still in use.
public enum TLSVersion: String, Sendable, Comparable, CaseIterable {
    /// TLS 1.2 (RFC 5246).
    case v12 = "TLSv1.2"
    /// TLS 1.3 (RFC 8446).
    case v13 = "TLSv1.3"

    /// Whether it is the older one.
    public static func < (a: TLSVersion, b: TLSVersion) -> Bool { a == .v12 && b == .v13 }
}

/// What two sides may agree on, in OpenSSL's notation. Nil takes OpenSSL's own choice.
public struct TLSAlgorithms: Sendable, Equatable {
    /// Ciphers of TLS 1.2, librdkafka's `ssl.cipher.suites`: a list with colons between. Java's names, and commas, are
    /// understood too, with suites of TLS 1.3 among them. Nil is OpenSSL's own choice for clients; servers then take those
    /// with ECDHE and AES-GCM or ChaCha20 alone.
    public var ciphers: String?
    /// Cipher suites of TLS 1.3, such as `TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256`.
    public var cipherSuites: String?
    /// Groups for the keys, librdkafka's `ssl.curves.list`, such as `X25519:P-256`.
    public var curves: String?
    /// Signatures, librdkafka's `ssl.sigalgs.list`, such as `ECDSA+SHA256:RSA-PSS+SHA256`.
    public var signatures: String?

    /// OpenSSL's own choice.
    public init() {}
}
