#if Security
    import Foundation
    import TestSupport
    import Testing

    @testable import KafkaWire

    /// Our client with OpenSSL's own server.
    @Suite(.turn(minutes: 5)) struct TLSClientTests {
        struct Row: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// The arguments of `openssl s_server`; `$D` is the directory of the certificates.
            let server: String
            var host = "localhost"
            /// What the sentence has in it; nil where it goes well.
            let sentence: String?
            let client: @Sendable (inout TLSOptions, ForeignCertificates) throws -> Void

            init(
                _ name: String, _ server: String, host: String = "localhost", _ sentence: String?,
                _ client: @escaping @Sendable (inout TLSOptions, ForeignCertificates) throws -> Void = { _, _ in }
            ) {
                (testDescription, self.server, self.host, self.sentence, self.client) = (
                    name, server, host, sentence, client
                )
            }
        }

        private static let plain = "-cert $D/server.pem -key $D/server.key"
        private static let demanding = plain + " -Verify 2 -verify_return_error -CAfile $D/ca.pem"

        static let rows = [
            Row("all is well", plain, nil),
            Row("TLS 1.2", plain + " -tls1_2", nil),
            Row("TLS 1.3", plain + " -tls1_3", nil),
            Row("RSA", "-cert $D/rsa.pem -key $D/rsa.key", nil),
            Row("by IPv4", plain, host: "127.0.0.1", nil),
            Row("by IPv6", plain, host: "::1", nil),
            Row("by IPv6 in brackets", plain, host: "[::1]", nil),
            Row("an absolute name", plain, host: "localhost.", nil),
            Row("trust as text", plain, nil) { $0.trust = .pem(try $1.text("ca.pem")) },
            Row("trust as PKCS12", plain, nil) {
                $0.trust = .pkcs12File($1.path("trust.p12"), password: Secret("geheim"))
            },
            Row("trust in a directory", plain, nil) { $0.trust = .pemFile($1.path("authorities")) },
            Row("a chain", "-cert $D/leaf.pem -key $D/leaf.key -cert_chain $D/middle.pem", nil),
            Row("a wildcard", "-cert $D/wronghost.pem -key $D/wronghost.key", host: "b1.wild.example", nil),
            Row(
                "a wildcard is for one label", "-cert $D/wronghost.pem -key $D/wronghost.key", host: "a.b.wild.example",
                "is not for a.b.wild.example but for elsewhere.example, *.wild.example, 10.0.0.1"),
            Row(
                "another host", "-cert $D/wronghost.pem -key $D/wronghost.key",
                "is not for localhost but for elsewhere.example, *.wild.example, 10.0.0.1; connect by one"
            ),
            Row(
                "another address", "-cert $D/wronghost.pem -key $D/wronghost.key", host: "127.0.0.1",
                "is not for 127.0.0.1 but for"),
            Row("another host, not looked at", "-cert $D/wronghost.pem -key $D/wronghost.key", nil) { options, _ in
                options.verifiesHostName = false
            },
            Row(
                "expired", "-cert $D/expired.pem -key $D/expired.key",
                "(CN=expired,O=Test) has expired on 2021-02-03 04:05:06 UTC"),
            Row(
                "not yet valid", "-cert $D/future.pem -key $D/future.key", "is not valid before 2099-01-01 00:00:00 UTC"
            ),
            Row("expired, not verified", "-cert $D/expired.pem -key $D/expired.key", nil) { options, _ in
                options.verifiesCertificates = false
            },
            Row(
                "an authority of others", "-cert $D/foreign.pem -key $D/foreign.key",
                "its issuer is CN=other,O=Test; name that authority's certificate in ssl.truststore.location"),
            Row("self-signed", "-cert $D/selfsigned.pem -key $D/selfsigned.key", "has signed itself (CN=localhost)"),
            Row("self-signed and trusted", "-cert $D/selfsigned.pem -key $D/selfsigned.key", nil) {
                $0.trust = .pemFile($1.path("selfsigned.pem"))
            },
            Row("a chain with a hole", "-cert $D/leaf.pem -key $D/leaf.key", "its issuer is CN=middle,O=Test"),
            Row("trust in what is in between", "-cert $D/leaf.pem -key $D/leaf.key", nil) {
                $0.trust = .pemFile($1.path("middle.pem"))
            },
            Row("the system's trust", plain, "nobody who is trusted here has signed") { options, _ in
                options.trust = .system
            },
            Row("revoked", "-cert $D/revoked.pem -key $D/revoked.key", "was revoked by its authority") {
                $0.revocationLists = $1.path("crl.pem")
            },
            Row("revoked, not asked", "-cert $D/revoked.pem -key $D/revoked.key", nil),
            Row("not revoked", plain, nil) { $0.revocationLists = $1.path("crl.pem") },
            Row(
                "no list for this authority", "-cert $D/foreign.pem -key $D/foreign.key",
                "unable to get certificate CRL"
            ) {
                $0.trust = .pemFile($1.path("other.pem"))
                $0.revocationLists = $1.path("crl.pem")
            },
            Row("TLS 1.1", plain + " -tls1_1 -cipher DEFAULT@SECLEVEL=0", "no version of TLS that both sides take"),
            Row("1.3 against 1.2", plain + " -tls1_2", "no version of TLS that both sides take") { options, _ in
                options.lowestVersion = .v13
            },
            Row("1.2 against 1.3", plain + " -tls1_3", "no version of TLS that both sides take") { options, _ in
                options.highestVersion = .v12
            },
            Row("no cipher of 1.2", plain + " -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", "handshake_failure") {
                options, _ in options.algorithms.ciphers = "ECDHE-ECDSA-CHACHA20-POLY1305"
            },
            Row("Java's name of a cipher", plain + " -tls1_2 -cipher ECDHE-ECDSA-AES128-GCM-SHA256", nil) {
                options, _ in
                options.algorithms.ciphers = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"
            },
            Row("a suite of 1.3", plain + " -tls1_3", nil) { options, _ in
                options.algorithms.cipherSuites = "TLS_CHACHA20_POLY1305_SHA256"
                options.algorithms.curves = "P-256"
                options.algorithms.signatures = "ECDSA+SHA256:RSA-PSS+SHA256"
            },
            Row(
                "a certificate is wanted (1.3)", demanding + " -tls1_3",
                "wants a certificate from this client, and none is set"),
            Row(
                "a certificate is wanted (1.2)", demanding + " -tls1_2",
                "wants a certificate from this client, and none is set"),
            Row("a certificate is shown", demanding, nil) {
                $0.identity = .pemFiles(certificate: $1.path("client.pem"), key: $1.path("client.key"), password: nil)
            },
            Row("a certificate in one file", demanding, nil) {
                $0.identity = .pemFiles(
                    certificate: $1.path("client.both.pem"), key: $1.path("client.both.pem"), password: nil)
            },
            Row("an encrypted key", demanding, nil) {
                $0.identity = .pemFiles(
                    certificate: $1.path("client.pem"), key: $1.path("client.enc.key"), password: Secret("geheim"))
            },
            Row("a certificate as text", demanding + " -tls1_2", nil) {
                $0.identity = .pem(
                    certificate: try $1.text("client.pem"), key: Secret(try $1.text("client.enc.key")),
                    password: Secret("geheim"))
            },
            Row("a certificate as PKCS12", demanding, nil) {
                $0.identity = .pkcs12File($1.path("client.p12"), password: Secret("geheim"))
            },
            Row(
                "a certificate of others (1.3)", demanding + " -tls1_3",
                "the server does not believe this side's certificate"
            ) {
                $0.identity = .pemFiles(
                    certificate: $1.path("foreignclient.pem"), key: $1.path("foreignclient.key"), password: nil)
            },
            Row(
                "a certificate of others (1.2)", demanding + " -tls1_2",
                "(unknown_ca): its authority is not known there"
            ) {
                $0.identity = .pemFiles(
                    certificate: $1.path("foreignclient.pem"), key: $1.path("foreignclient.key"), password: nil)
            },
            Row("an expired certificate", demanding, "has expired on 2021-02-03 04:05:06 UTC; renew it") {
                $0.identity = .pemFiles(
                    certificate: $1.path("expiredclient.pem"), key: $1.path("expiredclient.key"), password: nil)
            },
        ]

        /// Handshake, a line there and back. OpenSSL's `-rev` sends it the other way round.
        static func exchange(_ context: TLSContext, _ port: UInt16, host: String = "localhost") throws -> TLSDetails? {
            let socket = try context.connect(over: try Driving.connect(to: port), host: host, port: port)
            defer { socket.close() }
            try Driving.handshake(socket)
            try Driving.write(Array("hello\n".utf8), to: socket)
            let answer = try Driving.read(socket, count: 6)
            #expect(answer == Array("olleh\n".utf8))
            return socket.details
        }

        @Test(arguments: rows) func serversOfOpenSSL(_ row: Row) async throws {
            let made = try #require(ForeignCertificates.shared)
            let arguments = row.server.split(separator: " ").map { String($0).replacing("$D", with: made.directory) }
            let server = try ForeignServer(arguments + ["-rev"])
            defer { server.program.stop() }
            var options = TLSOptions()
            options.trust = .pemFile(made.path("ca.pem"))
            try row.client(&options, made)
            let context = try TLSContext(options)
            var sentence: String?
            var details: TLSDetails?
            do { details = try Self.exchange(context, server.port, host: row.host) } catch { sentence = "\(error)" }
            if let wanted = row.sentence {
                #expect(sentence?.contains(wanted) == true, "\(sentence ?? "no error"); \(server.program.output)")
                #expect(sentence?.contains("geheim") != true)
            } else {
                #expect(sentence == nil, "\(server.program.output)")
                #expect(details?.peer != nil && details?.isVerified == options.verifiesCertificates)
            }
        }

        @Test func whatWasAgreedOnIsTold() throws {
            let made = try #require(ForeignCertificates.shared)
            let server = try ForeignServer(
                ["-cert", made.path("server.pem"), "-key", made.path("server.key"), "-rev", "-tls1_3"])
            defer { server.program.stop() }
            var options = TLSOptions()
            options.trust = .pemFile(made.path("ca.pem"))
            options.algorithms.cipherSuites = "TLS_CHACHA20_POLY1305_SHA256"
            let details = try #require(try Self.exchange(try TLSContext(options), server.port))
            #expect(
                details.version == "TLSv1.3" && details.cipher == "TLS_CHACHA20_POLY1305_SHA256" && !details.isResumed)
            let peer = try #require(details.peer)
            #expect(peer.subject == "CN=server,O=Test" && peer.issuer == "CN=ca,O=Test" && peer.key == "EC 256")
            #expect(peer.hostNames == ["localhost"] && peer.addresses == ["127.0.0.1", "::1"] && !peer.isAuthority)
            let openSSL = try Program.run(
                Program.openSSL,
                ["x509", "-in", made.path("server.pem"), "-noout", "-fingerprint", "-sha256", "-serial"])
            let fingerprint = openSSL.output.split(separator: "\n")[0].split(separator: "=")[1]
            #expect(peer.fingerprint == fingerprint.replacing(":", with: "").lowercased())
            #expect(openSSL.output.contains("serial=\(peer.serialNumber)\n"))
            // Where nothing is said, what costs least.
            options.algorithms.cipherSuites = nil
            let usual = try #require(try Self.exchange(try TLSContext(options), server.port))
            #expect(usual.cipher == "TLS_AES_128_GCM_SHA256")
        }

        /// The server tells; a second context knows nothing of the first one's sessions.
        @Test(arguments: ["-tls1_2", "-tls1_3"]) func sessionsAreTakenUp(_ version: String) throws {
            let made = try #require(ForeignCertificates.shared)
            let server = try ForeignServer(
                ["-cert", made.path("server.pem"), "-key", made.path("server.key"), "-rev", version])
            defer { server.program.stop() }
            var options = TLSOptions()
            options.trust = .pemFile(made.path("ca.pem"))
            let context = try TLSContext(options)
            let resumed = try (0..<4).map { _ in try Self.exchange(context, server.port)?.isResumed }
            #expect(resumed == [false, true, true, true])
            #expect(
                try Self.exchange(context, server.port, host: "127.0.0.1")?.isResumed == false,
                "another name is another server")
            #expect(try Self.exchange(try TLSContext(options), server.port)?.isResumed == false)
            options.resumesSessions = false
            let without = try TLSContext(options)
            #expect(try (0..<2).map { _ in try Self.exchange(without, server.port)?.isResumed } == [false, false])
        }

        /// Whoever has the keys can read along: `SSLKEYLOGFILE`'s lines, in a file for nobody else.
        @Test func keysAreLoggedWhereAskedFor() throws {
            let made = try #require(ForeignCertificates.shared)
            let server = try ForeignServer(["-cert", made.path("server.pem"), "-key", made.path("server.key"), "-rev"])
            defer { server.program.stop() }
            var options = TLSOptions()
            options.trust = .pemFile(made.path("ca.pem"))
            options.keyLog = made.path("keys.log")
            let context = try TLSContext(options)
            #expect(context.warnings.contains { $0.contains("keys.log") })
            _ = try Self.exchange(context, server.port)
            let lines = try made.text("keys.log").split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("CLIENT_TRAFFIC_SECRET_0 ") })
            let mode =
                try FileManager.default.attributesOfItem(atPath: made.path("keys.log"))[.posixPermissions] as? Int
            #expect(mode == 0o600)
        }

        /// What answers without TLS, closes, or says nothing.
        @Test(arguments: [
            ("HTTP/1.1 400 Bad Request\r\n\r\n", "answers without TLS; look at the port"),
            ("\0\0\0\u{10}\0\0\0\0abcdefghijkl", "answers without TLS; look at the port"),
            ("SSH-2.0-OpenSSH_9.2\r\n", "answers without TLS; look at the port"),
            ("", "closed the connection during the handshake; it may be one without TLS"),
        ])
        func otherPeersAreToldApart(_ answer: String, _ sentence: String) throws {
            let (near, far) = MemorySocket.pair()
            let socket = try TLSContext(TLSOptions()).connect(over: near, host: "k.example", port: 9)
            #expect(try socket.handshake() == .wantsRead)
            _ = try Array(answer.utf8).withUnsafeBytes { try far.write($0) }
            far.shutdownWriting()
            let error = #expect(throws: TLSError.self) { while try socket.handshake() != .done {} }
            #expect(error.map { "\($0)" }?.hasPrefix("the connection to k.example:9 could not be secured: ") == true)
            #expect(error.map { "\($0)" }?.contains(sentence) == true, "\(error.map { "\($0)" } ?? "")")
        }

        private actor Dialing {
            nonisolated let loop: any EventLoop
            nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
            init(_ loop: any EventLoop) { self.loop = loop }

            func handshake(_ socket: TLSSocket, within limit: Duration) async throws {
                try await socket.clientHandshake(on: loop, until: loop.now + limit)
            }
        }

        @Test func handshakesAreAwaitedOnALoop() async throws {
            let made = try #require(ForeignCertificates.shared)
            let server = try ForeignServer(["-cert", made.path("server.pem"), "-key", made.path("server.key"), "-rev"])
            defer { server.program.stop() }
            let loop = try SocketLoop(name: "tls")
            defer { loop.stop() }
            var options = TLSOptions()
            options.trust = .pemFile(made.path("ca.pem"))
            let context = try TLSContext(options)
            let socket = try context.connect(
                over: try Driving.connect(to: server.port), host: "localhost", port: server.port)
            try await Dialing(loop).handshake(socket, within: .seconds(20))
            #expect(socket.details?.version == "TLSv1.3")
            socket.close()

            // Nobody answers: time, and whoever gives up, end it.
            let listener = try TCPSocket.listening(on: .loopback(port: 0))
            defer { listener.close() }
            let late = try context.connect(
                over: try Driving.connect(to: listener.localPort), host: "localhost", port: 1)
            let error = await #expect(throws: TLSError.self) {
                try await Dialing(loop).handshake(late, within: .milliseconds(50))
            }
            #expect(error?.reason == .timedOut)
            late.close()
            let given = try context.connect(
                over: try Driving.connect(to: listener.localPort), host: "localhost", port: 1)
            let task = Task { try await Dialing(loop).handshake(given, within: .seconds(60)) }
            task.cancel()
            await #expect(throws: TLSError.self) { try await task.value }
            given.close()
        }
    }
#endif
