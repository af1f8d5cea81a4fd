#if Security
    import COpenSSL

    /// What client and server have in common in their settings.
    struct TLSPlan: Sendable {
        var side: TLSError.Side
        var trust: TLSTrust?
        var revocationLists: String?
        var identity: TLSIdentity?
        var verification: Int32
        var lowestVersion: TLSVersion
        var highestVersion: TLSVersion
        var algorithms: TLSAlgorithms
        var keyLog: String?

        init(_ options: TLSOptions) {
            side = .client
            trust = options.verifiesCertificates ? options.trust : nil
            revocationLists = options.verifiesCertificates ? options.revocationLists : nil
            identity = options.identity
            verification = options.verifiesCertificates ? SSL_VERIFY_PEER : SSL_VERIFY_NONE
            (lowestVersion, highestVersion) = (options.lowestVersion, options.highestVersion)
            (algorithms, keyLog) = (options.algorithms, options.keyLog)
        }

        init(_ options: TLSServerOptions) {
            side = .server
            trust = options.clientAuthentication == .none ? nil : options.trust
            revocationLists = options.clientAuthentication == .none ? nil : options.revocationLists
            identity = options.identity
            switch options.clientAuthentication {
            case .none: verification = SSL_VERIFY_NONE
            case .requested: verification = SSL_VERIFY_PEER
            case .required: verification = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT
            }
            (lowestVersion, highestVersion) = (options.lowestVersion, options.highestVersion)
            (algorithms, keyLog) = (options.algorithms, options.keyLog)
        }
    }

    /// What is to be freed of OpenSSL's context. Connections hold it on their own.
    private struct ContextHandle: ~Copyable {
        let pointer: OpaquePointer
        init(_ pointer: OpaquePointer) { self.pointer = pointer }
        deinit { SSL_CTX_free(pointer) }
    }

    /// OpenSSL's context, made from settings and the files that they name.
    struct TLSSetup: ~Copyable {
        private let handle: ContextHandle
        var context: OpaquePointer { handle.pointer }
        private(set) var files = KeyFiles()
        /// What works, but somebody should look at.
        private(set) var warnings: [String] = []
        private(set) var ownCertificate: CertificateSummary?
        private let side: TLSError.Side

        /// What a server takes of TLS 1.2 unless it is told otherwise: keys of each connection's own, so that who gets the
        /// certificate's key later opens none that he has recorded, and encryption that vouches for what it holds. OpenSSL's
        /// own choice, as Java's, also has those without.
        private static let serverCiphers = "ECDHE+AESGCM:ECDHE+CHACHA20"
        /// What OpenSSL offers of TLS 1.3 where neither a setting nor this machine's policy says something else.
        private static let usualSuites = [
            "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256", "TLS_AES_128_GCM_SHA256",
        ]

        /// What OpenSSL reads at once: a few records. Its memory is there only while something is read.
        static let readSize = 96 << 10

        private init(_ context: OpaquePointer, _ side: TLSError.Side) {
            handle = ContextHandle(context)
            self.side = side
        }

        /// Makes one.
        ///
        /// - Throws: which setting, or which file, cannot be used.
        static func make(_ plan: TLSPlan, now: Int64) throws(TLSError) -> TLSSetup {
            OpenSSL.forgetErrors()
            guard let context = SSL_CTX_new(plan.side == .client ? TLS_client_method() : TLS_server_method()) else {
                throw .setting("OpenSSL cannot be used: \(OpenSSL.takeWords())", side: plan.side)
            }
            var setup = TLSSetup(context, plan.side)
            try setup.apply(plan, now)
            return setup
        }

        private mutating func apply(_ plan: TLSPlan, _ now: Int64) throws(TLSError) {
            setUp(plan)
            try setVersions(plan)
            try setAlgorithms(plan.algorithms)
            if let trust = plan.trust { try setTrust(trust) }
            if let path = plan.revocationLists { try setRevocationLists(path) }
            if let identity = plan.identity { try setIdentity(identity, now) }
            for path in files.openFiles {
                warnings.append(
                    "every user of this machine can read the private key in \(path); take their right "
                        + "away: chmod o-r \(path)"
                )
            }
            if plan.side == .client, plan.verification == SSL_VERIFY_NONE {
                warnings.append(
                    "servers' certificates are not verified (enable.ssl.certificate.verification=false): anybody can "
                        + "pass himself off as the server")
            }
            if let keyLog = plan.keyLog {
                warnings.append("the connections' keys are written to \(keyLog): who has it can read all that is sent")
            }
        }

        private func failure(_ sentence: String) -> TLSError { .setting(sentence, side: side) }

        private func setUp(_ plan: TLSPlan) {
            SSL_CTX_set_options(context, OpenSSL.noCompression | OpenSSL.noRenegotiation)
            let modes =
                SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS
                | SSL_MODE_AUTO_RETRY
            SSL_CTX_ctrl(context, SSL_CTRL_MODE, Int(modes), nil)
            SSL_CTX_ctrl(context, SSL_CTRL_SET_READ_AHEAD, 1, nil)
            SSL_CTX_set_default_read_buffer_len(context, Self.readSize)
            SSL_CTX_set_verify(context, plan.verification) { TLSCallbacks.verified($0, $1) }
            SSL_CTX_set_cert_cb(context, { connection, _ in TLSCallbacks.askedForCertificate(connection) }, nil)
            if plan.keyLog != nil { SSL_CTX_set_keylog_callback(context) { TLSCallbacks.keyLog($0, $1) } }
            switch plan.side {
            case .client:
                let mode = SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_LOOKUP | SSL_SESS_CACHE_NO_INTERNAL_STORE
                SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(mode), nil)
                SSL_CTX_sess_set_new_cb(context) { TLSCallbacks.newSession($0, $1) }
            case .server:
                // Sessions are in the tickets that clients hold; nothing of them is kept here.
                SSL_CTX_ctrl(context, SSL_CTRL_SET_SESS_CACHE_MODE, Int(SSL_SESS_CACHE_OFF), nil)
                SSL_CTX_set_options(context, OpenSSL.serverPreference)
                // Without one, OpenSSL refuses to take up sessions of clients that have certificates.
                let name = Array("kafka".utf8)
                SSL_CTX_set_session_id_context(context, name, UInt32(name.count))
            }
        }

        private func setVersions(_ plan: TLSPlan) throws(TLSError) {
            func number(_ version: TLSVersion) -> Int { Int(version == .v12 ? TLS1_2_VERSION : TLS1_3_VERSION) }
            guard plan.lowestVersion <= plan.highestVersion else {
                throw failure(
                    "the lowest version of TLS (\(plan.lowestVersion.rawValue)) is above the highest "
                        + "(\(plan.highestVersion.rawValue)); look at ssl.enabled.protocols and ssl.protocol")
            }
            guard
                SSL_CTX_ctrl(context, SSL_CTRL_SET_MIN_PROTO_VERSION, number(plan.lowestVersion), nil) == 1,
                SSL_CTX_ctrl(context, SSL_CTRL_SET_MAX_PROTO_VERSION, number(plan.highestVersion), nil) == 1
            else { throw failure("OpenSSL does not take these versions of TLS: \(OpenSSL.takeWords())") }
        }

        private func setAlgorithms(_ algorithms: TLSAlgorithms) throws(TLSError) {
            OpenSSL.forgetErrors()
            func refuse(_ setting: String, _ list: String) -> TLSError {
                failure(
                    "OpenSSL knows nothing of what \(setting) lists (\(list)): \(OpenSSL.takeWords()); openssl ciphers "
                        + "-s -tls1_2, or -tls1_3, shows what it has")
            }
            let names = TLSCipherNames(ciphers: algorithms.ciphers, suites: algorithms.cipherSuites)
            let ciphers = names.ciphers ?? (side == .server ? Self.serverCiphers : nil)
            if let list = ciphers, SSL_CTX_set_cipher_list(context, list) != 1 {
                throw refuse("ssl.cipher.suites", algorithms.ciphers ?? list)
            }
            if let list = names.suites ?? preferredSuites, SSL_CTX_set_ciphersuites(context, list) != 1 {
                throw refuse("the suites of TLS 1.3", list)
            }
            for (command, setting, list) in [
                (SSL_CTRL_SET_GROUPS_LIST, "ssl.curves.list", algorithms.curves),
                (SSL_CTRL_SET_SIGALGS_LIST, "ssl.sigalgs.list", algorithms.signatures),
            ] {
                guard let list else { continue }
                let code = list.withCString { SSL_CTX_ctrl(context, command, 0, UnsafeMutableRawPointer(mutating: $0)) }
                guard code == 1 else { throw refuse(setting, list) }
            }
        }

        /// The cheapest first, as Go's and BoringSSL's clients have it; a server with an order of its own, as Java's, goes by that.
        private var preferredSuites: String? {
            guard side == .client else { return nil }
            let offered = OpenSSL.members(SSL_CTX_get_ciphers(context))
                .compactMap { SSL_CIPHER_get_name($0).map { String(cString: $0) } }.filter { $0.hasPrefix("TLS_") }
            return offered == Self.usualSuites ? (offered.suffix(1) + offered.dropLast()).joined(separator: ":") : nil
        }

        // MARK: - Who is trusted

        private mutating func setTrust(_ trust: TLSTrust) throws(TLSError) {
            guard let store = SSL_CTX_get_cert_store(context) else { return }
            // What is listed is trusted, though it be signed by somebody else.
            let flags = UInt(X509_V_FLAG_PARTIAL_CHAIN)
            X509_STORE_set_flags(store, flags)
            switch trust {
            case .system: setSystemTrust()
            case .pemFile(let path) where KeyFiles.isDirectory(path):
                guard SSL_CTX_load_verify_dir(context, path) == 1 else {
                    throw failure("the authorities' directory \(path) cannot be read: \(OpenSSL.takeWords())")
                }
            case .pemFile(let path):
                let place = "the authorities' file \(path) (ssl.truststore.location, ssl.ca.location)"
                let bytes = try read(path, place)
                try add(try parsed(place) { () throws(PEMTrouble) in try PEM.certificates(bytes) }, to: store)
            case .pem(let text):
                let place = "the authorities' text (ssl.truststore.certificates, ssl.ca.pem)"
                try add(
                    try parsed(place) { () throws(PEMTrouble) in try PEM.certificates(Array(text.utf8)) }, to: store)
            case .pkcs12File(let path, let password):
                let place = "the authorities' file \(path) (ssl.truststore.location)"
                let bytes = try read(path, place)
                var content = try parsed(place) { () throws(PEMTrouble) in
                    try PKCS12Content(bytes, password: password, setting: "ssl.truststore.password")
                }
                if let own = content.certificate.take() {
                    X509_up_ref(own.pointer)
                    content.others.append(own.pointer)
                }
                guard !content.others.pointers.isEmpty else { throw failure("\(place) has no certificate in it") }
                try add(content.others, to: store)
            }
        }

        private mutating func setSystemTrust() {
            SSL_CTX_set_default_verify_paths(context)
            let file = X509_get_default_cert_file().map { String(cString: $0) } ?? ""
            let directory = X509_get_default_cert_dir().map { String(cString: $0) } ?? ""
            if FileStamp(file) != nil || KeyFiles.isDirectory(directory) { return }
            // An OpenSSL that was built for another system looks in the wrong place.
            let others = [
                "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
                "/etc/ssl/cert.pem",
            ]
            for path in others where SSL_CTX_load_verify_file(context, path) == 1 { return }
            OpenSSL.forgetErrors()
            warnings.append(
                "the system has no authorities' certificates; name some in ssl.truststore.location or ssl.ca.location")
        }

        private func add(_ list: borrowing X509List, to store: OpaquePointer) throws(TLSError) {
            for certificate in list.pointers {
                guard X509_STORE_add_cert(store, certificate) == 1 else {
                    throw failure("a certificate cannot be trusted: \(OpenSSL.takeWords())")
                }
                // Servers tell clients whom they trust; more than fits a record they keep to themselves.
                if side == .server, list.pointers.count <= 100 { SSL_CTX_add_client_CA(context, certificate) }
            }
        }

        private mutating func setRevocationLists(_ path: String) throws(TLSError) {
            guard let store = SSL_CTX_get_cert_store(context) else { return }
            let place = "the revocation lists' file \(path) (ssl.crl.location)"
            let bytes = try read(path, place)
            try parsed(place) { () throws(PEMTrouble) in try PEM.addRevocationLists(bytes, to: store) }
            X509_STORE_set_flags(store, UInt(X509_V_FLAG_CRL_CHECK))
        }

        // MARK: - Who one is

        private mutating func setIdentity(_ identity: TLSIdentity, _ now: Int64) throws(TLSError) {
            var chain = X509List()
            let key: KeyHandle
            let place: String
            switch identity {
            case .pemFiles(let certificatePath, let keyPath, let password):
                place =
                    "the own certificate's file \(certificatePath) (ssl.keystore.location, ssl.certificate.location)"
                let keyPlace = "the own key's file \(keyPath) (ssl.keystore.location, ssl.key.location)"
                let bytes = try read(certificatePath, place)
                chain = try parsed(place) { () throws(PEMTrouble) in try PEM.certificates(bytes) }
                var keyBytes = try read(keyPath, keyPlace, isSecret: true)
                defer { keyBytes.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
                key = try parsed(keyPlace) { () throws(PEMTrouble) in try PEM.key(keyBytes, password: password) }
            case .pem(let text, let keyText, let password):
                place = "the own certificate's text (ssl.keystore.certificate.chain, ssl.certificate.pem)"
                chain = try parsed(place) { () throws(PEMTrouble) in try PEM.certificates(Array(text.utf8)) }
                key = try parsed("the own key's text (ssl.keystore.key, ssl.key.pem)") { () throws(PEMTrouble) in
                    try PEM.key(keyText, password: password)
                }
            case .pkcs12File(let path, let password):
                place = "the own certificate's file \(path) (ssl.keystore.location)"
                let bytes = try read(path, place, isSecret: true)
                var content = try parsed(place) { () throws(PEMTrouble) in
                    try PKCS12Content(bytes, password: password, setting: "ssl.keystore.password")
                }
                guard let own = content.certificate.take(), let held = content.key.take() else {
                    throw failure("\(place) has no certificate with a private key in it")
                }
                X509_up_ref(own.pointer)
                chain.append(own.pointer)
                for other in content.others.pointers {
                    X509_up_ref(other)
                    chain.append(other)
                }
                key = held
            }
            try use(&chain, key, place, now)
        }

        private mutating func use(
            _ chain: inout X509List, _ key: borrowing KeyHandle, _ place: String, _ now: Int64
        ) throws(TLSError) {
            let keyPointer = key.pointer
            chain.sort { CertificateChain.inOrder($0, of: keyPointer) }
            guard let own = chain.pointers.first else { throw failure("\(place) has no certificate in it") }
            guard X509_check_private_key(own, keyPointer) == 1 else {
                OpenSSL.forgetErrors()
                throw failure(
                    "the private key does not go with any certificate in \(place); both have to be from "
                        + "the same request"
                )
            }
            guard SSL_CTX_use_certificate(context, own) == 1, SSL_CTX_use_PrivateKey(context, keyPointer) == 1 else {
                throw failure("OpenSSL does not take \(place): \(OpenSSL.takeWords())")
            }
            for other in chain.pointers.dropFirst() {
                SSL_CTX_ctrl(context, SSL_CTRL_CHAIN_CERT, 1, UnsafeMutableRawPointer(other))
            }
            let summary = CertificateSummary(own)
            ownCertificate = summary
            if summary.validUntil < now {
                warnings.append(
                    "the own certificate (\(summary.title)) has expired on "
                        + "\(UTCTime(seconds: summary.validUntil).text); renew \(place)")
            } else if summary.validFrom > now {
                warnings.append(
                    "the own certificate (\(summary.title)) is not valid before "
                        + "\(UTCTime(seconds: summary.validFrom).text); look at this machine's clock")
            }
        }

        // MARK: - Reading

        private mutating func read(_ path: String, _ place: String, isSecret: Bool = false) throws(TLSError) -> [UInt8]
        {
            let bytes: [UInt8]
            do throws(PEMTrouble) { bytes = try files.read(path, isSecret: isSecret) } catch {
                throw failure("\(place) \(error.words)")
            }
            if KeyFileKind(bytes) == .javaKeyStore { throw failure("\(place) \(KeyFileKind.conversion(of: path))") }
            return bytes
        }

        private func parsed<R: ~Copyable>(
            _ place: String, _ body: () throws(PEMTrouble) -> R
        ) throws(TLSError) -> R {
            do throws(PEMTrouble) { return try body() } catch { throw failure("\(place) \(error.words)") }
        }
    }

    /// A certificate before the one that has signed it, as TLS 1.2 has them (RFC 5246, 7.4.2), whatever the file's
    /// order.
    enum CertificateChain {
        static func inOrder(_ certificates: [OpaquePointer], of key: OpaquePointer) -> [OpaquePointer] {
            OpenSSL.forgetErrors()
            defer { OpenSSL.forgetErrors() }
            guard let own = certificates.firstIndex(where: { X509_check_private_key($0, key) == 1 }) else {
                return certificates
            }
            var left = certificates
            var ordered = [left.remove(at: own)]
            while let last = ordered.last,
                let next = left.firstIndex(where: { X509_check_issued($0, last) == X509_V_OK })
            {
                ordered.append(left.remove(at: next))
            }
            return ordered + left
        }
    }

    /// Java has the names of the registry (IANA), for all versions in one list; OpenSSL has its own for TLS 1.2, and a
    /// list for each version. What is not set stays as OpenSSL has it.
    struct TLSCipherNames: Equatable {
        /// For TLS 1.2.
        var ciphers: String?
        /// For TLS 1.3.
        var suites: String?

        init(ciphers: String?, suites: String?) {
            func names(_ list: String?) -> [String] { (list ?? "").split { ":, ".contains($0) }.map { String($0) } }
            // Of the suites with this beginning, those of TLS 1.3 say nothing of keys (RFC 8446, B.4).
            func isNew(_ name: String) -> Bool { name.hasPrefix("TLS_") && !name.contains("_WITH_") }
            let listed = names(ciphers)
            let old = listed.filter { !isNew($0) }.map { name in
                guard name.contains("_WITH_") else { return name }
                return OPENSSL_cipher_name(name).map { String(cString: $0) } ?? name
            }
            let new = suites == nil ? listed.filter(isNew) : names(suites)
            if !old.isEmpty || ciphers != nil && listed.isEmpty { self.ciphers = old.joined(separator: ":") }
            if !new.isEmpty { self.suites = new.joined(separator: ":") }
        }
    }
#endif
