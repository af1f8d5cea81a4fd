#if Security
    import COpenSSL

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    /// What all connections of a client, or of a listener, have in common: settings, certificates, sessions. When the
    /// files that they came from have changed, new connections have what is there now.
    package final class TLSContext: Sendable {
        private struct State: ~Copyable {
            var setup: TLSSetup
            var sessions = TLSSessions()
            var lastLook: Instant
            /// What the files were when they could not be used: nobody tries again before they are others.
            var failed: [FileStamp?]?
            var trouble: String?
        }

        package let side: TLSError.Side
        private let plan: TLSPlan
        private let verifiesHostName: Bool
        private let resumesSessions: Bool
        private let keyLog: KeyLog?
        private let onTrouble: @Sendable (String) -> Void
        private let state: Locked<State>

        /// For connections to servers. `onTrouble` is told, once each time, when changed files cannot be used.
        package convenience init(
            _ options: TLSOptions, onTrouble: @escaping @Sendable (String) -> Void = { _ in }
        ) throws(TLSError) {
            try self.init(
                TLSPlan(options), verifiesHostName: options.verifiesHostName && options.verifiesCertificates,
                resumesSessions: options.resumesSessions, onTrouble)
        }

        /// For connections of clients.
        package convenience init(
            server options: TLSServerOptions, onTrouble: @escaping @Sendable (String) -> Void = { _ in }
        ) throws(TLSError) {
            try self.init(TLSPlan(options), verifiesHostName: false, resumesSessions: true, onTrouble)
        }

        private init(
            _ plan: TLSPlan, verifiesHostName: Bool, resumesSessions: Bool,
            _ onTrouble: @escaping @Sendable (String) -> Void
        ) throws(TLSError) {
            side = plan.side
            self.plan = plan
            self.verifiesHostName = verifiesHostName
            self.resumesSessions = resumesSessions
            self.onTrouble = onTrouble
            keyLog = plan.keyLog.map { KeyLog($0) }
            let setup = try TLSSetup.make(plan, now: Instant.wallMilliseconds / 1000)
            state = Locked(State(setup: setup, lastLook: .now))
        }

        /// What works, but somebody should look at, as sentences.
        package var warnings: [String] {
            state.withLock { state in state.setup.warnings + (state.trouble.map { [$0] } ?? []) }
        }

        /// The certificate that is shown to whoever asks for one.
        package var ownCertificate: CertificateSummary? { state.withLock { $0.setup.ownCertificate } }

        /// A connection to a server over a socket that is connected to it. The host is what its certificate has to be
        /// for; a Unix socket is this machine, `localhost`.
        package func connect(over inner: any LoopSocket, host: String, port: UInt16) throws(TLSError) -> TLSSocket {
            let name = ServerName(host)
            let peer = host.contains(":") && UnixPath.read(host) == nil ? "[\(name.text)]:\(port)" : "\(host):\(port)"
            let connection = try make(peer: peer, takesSession: true)
            let code = name.set(connection, verifies: verifiesHostName)
            guard code else {
                SSL_free(connection)
                throw .setting("no certificate can be for the host \(name.text)", side: side)
            }
            SSL_set_connect_state(connection)
            return TLSSocket(inner, connection, self, peer: peer, host: name.text, keyLog: keyLog)
        }

        /// A connection of a client over a socket that was accepted.
        package func accept(over inner: any LoopSocket) throws(TLSError) -> TLSSocket {
            let peer = inner.peer.map { "\($0)" } ?? ""
            let connection = try make(peer: peer, takesSession: false)
            SSL_set_accept_state(connection)
            return TLSSocket(inner, connection, self, peer: peer, host: nil, keyLog: keyLog)
        }

        private func make(peer: String, takesSession: Bool) throws(TLSError) -> OpaquePointer {
            lookAtFiles()
            let resumes = takesSession && resumesSessions
            let connection = state.withLock { state -> OpaquePointer? in
                OpenSSL.forgetErrors()
                guard let connection = SSL_new(state.setup.context) else { return nil }
                if resumes, let session = state.sessions.take(for: peer) {
                    SSL_set_session(connection, session)
                    SSL_SESSION_free(session)
                }
                return connection
            }
            guard let connection else {
                throw TLSError(
                    .connection("OpenSSL gives no connection: \(OpenSSL.takeWords())"), side: side, peer: peer)
            }
            return connection
        }

        /// Sessions that a server has sent; they are this context's from now on, if they were made by what it has now.
        func keep(_ sessions: [OpaquePointer], of connection: OpaquePointer, for peer: String) {
            guard !sessions.isEmpty else { return }
            let resumes = resumesSessions
            state.withLock { state in
                for session in sessions {
                    if resumes, SSL_get_SSL_CTX(connection) == state.setup.context {
                        state.sessions.insert(session, for: peer)
                    } else {
                        SSL_SESSION_free(session)
                    }
                }
            }
        }

        // MARK: - Renewal

        /// Looks, at most once a second, whether the files are others. Such as cannot be used, since they are being
        /// written, change nothing yet.
        private func lookAtFiles() {
            let trouble = state.withLock { state -> String? in
                let now = Instant.now
                guard now - state.lastLook >= .seconds(1) else { return nil }
                state.lastLook = now
                guard state.setup.files.haveChanged else {
                    state.failed = nil
                    state.trouble = nil
                    return nil
                }
                let stamps = state.setup.files.stampsNow
                if let failed = state.failed, failed == stamps { return nil }
                do throws(TLSError) {
                    state.setup = try TLSSetup.make(plan, now: Instant.wallMilliseconds / 1000)
                    state.sessions.removeAll()
                    state.failed = nil
                    state.trouble = nil
                    return nil
                } catch {
                    state.failed = stamps
                    let sentence =
                        "what has changed on disk is not used, new connections have what was there before: \(error)"
                    state.trouble = sentence
                    return sentence
                }
            }
            if let trouble { onTrouble(trouble) }
        }
    }

    /// Whom a certificate has to be for.
    private struct ServerName {
        let text: String
        let isAddress: Bool

        init(_ host: String) {
            var text = UnixPath.read(host) == nil ? host : "localhost"
            if text.hasPrefix("["), text.hasSuffix("]") { text = String(text.dropFirst().dropLast()) }
            if let zone = text.firstIndex(of: "%"), text.contains(":") { text = String(text[..<zone]) }
            var bytes = in6_addr()
            isAddress = inet_pton(AF_INET, text, &bytes) == 1 || inet_pton(AF_INET6, text, &bytes) == 1
            // The dot at the end of an absolute name is not part of it (RFC 6066, 3).
            if !isAddress, text.hasSuffix("."), text.utf8.count > 1 { text.removeLast() }
            self.text = text
        }

        /// False where no certificate can be for it.
        func set(_ connection: OpaquePointer, verifies: Bool) -> Bool {
            if !isAddress, !text.isEmpty, text.utf8.count < 256 {
                _ = text.withCString {
                    SSL_ctrl(
                        connection, SSL_CTRL_SET_TLSEXT_HOSTNAME, Int(TLSEXT_NAMETYPE_host_name),
                        UnsafeMutableRawPointer(mutating: $0))
                }
            }
            guard verifies else { return true }
            // Without a name OpenSSL would look at none.
            guard !text.isEmpty, !text.utf8.contains(0), let parameters = SSL_get0_param(connection) else {
                return false
            }
            X509_VERIFY_PARAM_set_hostflags(parameters, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            return isAddress
                ? X509_VERIFY_PARAM_set1_ip_asc(parameters, text) == 1
                : X509_VERIFY_PARAM_set1_host(parameters, text, text.utf8.count) == 1
        }
    }
#endif
