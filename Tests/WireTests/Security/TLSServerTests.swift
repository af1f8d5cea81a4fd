#if Security
    import Foundation
    import TestSupport
    import Testing

    @testable import KafkaWire

    /// Our server's side with clients of others: OpenSSL's own, and Python's.
    @Suite(.turn(minutes: 5)) struct TLSServerTests {
        /// A listener that accepts one client after the other, and sends each what it gets, in upper case.
        final class Echo: Sendable {
            let listener: TCPSocket
            let context: TLSContext
            struct State {
                var isStopped = false
                var errors: [String] = []
                var details: [TLSDetails] = []
            }
            let state = Locked(State())

            init(_ options: TLSServerOptions) throws {
                listener = try TCPSocket.listening(on: .loopback(port: 0))
                context = try TLSContext(server: options)
                let thread = Foundation.Thread { self.run() }
                thread.start()
            }

            var port: UInt16 { listener.localPort }
            var errors: [String] { state.withLock { $0.errors } }
            var details: [TLSDetails] { state.withLock { $0.details } }

            func stop() { state.withLock { $0.isStopped = true } }

            private func run() {
                defer { listener.close() }
                while !state.withLock({ $0.isStopped }) {
                    var entry = pollfd(fd: listener.id, events: Int16(POLLIN), revents: 0)
                    guard poll(&entry, 1, 50) > 0, let inner = try? listener.accept() else { continue }
                    do { try serve(inner) } catch { state.withLock { $0.errors.append("\(error)") } }
                }
            }

            private func serve(_ inner: any LoopSocket) throws {
                let socket = try context.accept(over: inner)
                defer { socket.close() }
                try Driving.handshake(socket)
                if let details = socket.details { state.withLock { $0.details.append(details) } }
                while true {
                    let bytes = try Driving.read(socket)
                    if bytes.isEmpty { return }
                    try Driving.write(bytes.map { (0x61...0x7A).contains($0) ? $0 - 32 : $0 }, to: socket)
                }
            }
        }

        static func options(_ made: ForeignCertificates) -> TLSServerOptions {
            var options = TLSServerOptions(
                identity: .pemFiles(certificate: made.path("server.pem"), key: made.path("server.key"), password: nil))
            options.trust = .pemFile(made.path("ca.pem"))
            return options
        }

        struct Row: Sendable, CustomTestStringConvertible {
            let testDescription: String
            /// The arguments of `openssl s_client`; `$D` is the directory of the certificates.
            let client: String
            let demand: TLSServerOptions.ClientAuthentication
            /// What s_client prints; what the server's sentence has in it, or none.
            let prints: [String]
            let sentence: String?

            init(
                _ name: String, _ client: String, _ demand: TLSServerOptions.ClientAuthentication = .none,
                prints: [String] = [], _ sentence: String? = nil
            ) {
                (testDescription, self.client, self.demand) = (name, client, demand)
                (self.prints, self.sentence) = (prints, sentence)
            }
        }

        private static let good =
            "-CAfile $D/ca.pem -verify_return_error -servername localhost -verify_hostname localhost"

        static let rows = [
            Row("all is well", good, prints: ["Verification: OK", "HELLO", "TLSv1.3", "Compression: NONE"]),
            Row("TLS 1.2", good + " -tls1_2", prints: ["HELLO", "Protocol  : TLSv1.2", "Compression: NONE"]),
            Row(
                "TLS 1.1", good + " -tls1_1 -cipher DEFAULT@SECLEVEL=0", .none, prints: ["protocol version"],
                "no version of TLS that both"),
            Row(
                "no cipher", good + " -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256", .none,
                "no cipher, group or signature"),
            Row(
                "a cipher that vouches for nothing", good + " -tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:AES128-SHA", .none,
                "no cipher, group or signature"),
            Row(
                "no trust", "-CAfile $D/other.pem -verify_return_error", prints: ["verify error"],
                "the client does not believe this side's certificate (unknown_ca)"),
            Row(
                "another name", good + " -verify_hostname elsewhere", prints: ["hostname mismatch"],
                "the client does not believe this side's certificate"),
            Row("required and shown", good + " -cert $D/client.pem -key $D/client.key", .required, prints: ["HELLO"]),
            Row(
                "required and not shown (1.3)", good + " -tls1_3", .required, prints: ["certificate required"],
                "the client has shown no certificate, which is required here"),
            Row(
                "required and not shown (1.2)", good + " -tls1_2", .required,
                "the client has shown no certificate, which is required here"),
            Row(
                "required and of others", good + " -cert $D/foreignclient.pem -key $D/foreignclient.key", .required,
                prints: ["unknown ca"],
                "nobody who is trusted here has signed the client's certificate (CN=foreignclient,O=Test)"),
            Row(
                "required and expired", good + " -cert $D/expiredclient.pem -key $D/expiredclient.key", .required,
                prints: ["certificate expired"], "the client's certificate (CN=expiredclient,O=Test) has expired"),
            Row(
                "a server's certificate is not a client's", good + " -cert $D/client.pem -key $D/client.key", .none,
                prints: ["HELLO"]),
            Row("requested and not shown", good, .requested, prints: ["HELLO"]),
            Row(
                "requested and of others", good + " -cert $D/foreignclient.pem -key $D/foreignclient.key", .requested,
                prints: ["unknown ca"], "nobody who is trusted here"),
        ]

        @Test(arguments: rows) func clientsOfOpenSSL(_ row: Row) throws {
            let made = try #require(ForeignCertificates.shared)
            var options = Self.options(made)
            options.clientAuthentication = row.demand
            let echo = try Echo(options)
            defer { echo.stop() }
            let client = try Program(
                Program.openSSL,
                ["s_client", "-connect", "127.0.0.1:\(echo.port)"]
                    + row.client.split(separator: " ").map { String($0).replacing("$D", with: made.directory) })
            defer { client.stop() }
            client.type("hello\n")
            // What is refused ends by itself.
            if row.sentence == nil {
                try client.waitForOutput("HELLO")
                client.endInput()
            }
            _ = try client.waitForEnd()
            for word in row.prints { #expect(client.output.contains(word), "\(client.output)") }
            if let wanted = row.sentence {
                let deadline = Date(timeIntervalSinceNow: 10)
                while echo.errors.isEmpty, Date.now < deadline { usleep(2000) }
                #expect(echo.errors.first?.contains(wanted) == true, "\(echo.errors) \(client.output)")
                #expect(echo.errors.first?.hasPrefix("the connection from 127.0.0.1:") == true)
            } else {
                #expect(echo.errors.isEmpty, "\(echo.errors)")
                let peer = echo.details.first?.peer
                #expect(peer?.subject == (row.demand == .required ? "CN=client,O=Test" : nil))
            }
        }

        /// The client asks by itself for other keys, as an attacker would again and again (CVE-2011-1473): it gets
        /// none.
        @Test func nothingIsNegotiatedAnew() throws {
            let made = try #require(ForeignCertificates.shared)
            let echo = try Echo(Self.options(made))
            defer { echo.stop() }
            let client = try Program(
                Program.openSSL,
                ["s_client", "-connect", "127.0.0.1:\(echo.port)", "-tls1_2", "-CAfile", made.path("ca.pem")])
            defer { client.stop() }
            client.type("hello\n")
            try client.waitForOutput("HELLO")
            client.type("R\n")
            client.endInput()
            #expect(try client.waitForEnd() != 0)
            #expect(client.output.contains("no renegotiation"), "\(client.output)")
        }

        /// Other keys for TLS 1.3 (RFC 8446, 4.6.3), there and back, do not disturb.
        @Test func keysAreChanged() throws {
            let made = try #require(ForeignCertificates.shared)
            let echo = try Echo(Self.options(made))
            defer { echo.stop() }
            let client = try Program(
                Program.openSSL,
                ["s_client", "-connect", "127.0.0.1:\(echo.port)", "-tls1_3", "-CAfile", made.path("ca.pem")])
            defer { client.stop() }
            client.type("one\n")
            try client.waitForOutput("ONE")
            client.type("K\n")
            try client.waitForOutput("KEYUPDATE")
            client.type("two\n")
            try client.waitForOutput("TWO")
            client.endInput()
            _ = try client.waitForEnd()
            #expect(echo.errors.isEmpty)
        }

        @Test(arguments: ["-tls1_2", "-tls1_3"]) func sessionsAreTakenUp(_ version: String) throws {
            let made = try #require(ForeignCertificates.shared)
            var options = Self.options(made)
            options.clientAuthentication = .required
            let echo = try Echo(options)
            defer { echo.stop() }
            let session = made.path("session\(version)")
            var output = ""
            for direction in ["-sess_out", "-sess_in"] {
                let client = try Program(
                    Program.openSSL,
                    [
                        "s_client", "-connect", "127.0.0.1:\(echo.port)", version, "-CAfile", made.path("ca.pem"),
                        "-cert",
                        made.path("client.pem"), "-key", made.path("client.key"), direction, session,
                    ])
                defer { client.stop() }
                client.type("hello\n")
                try client.waitForOutput("HELLO")
                client.endInput()
                _ = try client.waitForEnd()
                output = client.output
            }
            #expect(output.contains("Reused, TLSv1."), "\(output)")
            #expect(echo.details.map(\.isResumed) == [false, true])
            #expect(echo.details.map { $0.peer?.subject } == ["CN=client,O=Test", "CN=client,O=Test"])
        }

        @Test func aClientWithoutTLSIsTold() throws {
            let made = try #require(ForeignCertificates.shared)
            for bytes in [
                [0, 0, 0, 20, 0, 18, 0, 4, 0, 0, 0, 1, 0, 4, 0x6B, 0x61], Array("GET / HTTP/1.1\r\n\r\n".utf8),
            ] {
                let (near, far) = MemorySocket.pair()
                let socket = try TLSContext(server: Self.options(made)).accept(over: near)
                _ = try (bytes as [UInt8]).withUnsafeBytes { try far.write($0) }
                let error = #expect(throws: TLSError.self) { while try socket.handshake() != .done {} }
                #expect(error?.reason == .plainPeer)
                #expect(error.map { "\($0)" }?.contains("security.protocol") == true)
            }
        }

        /// Python's `ssl` sends ten megabytes and gets them back.
        @Test func pythonSendsMuch() throws {
            let made = try #require(ForeignCertificates.shared)
            var options = Self.options(made)
            options.clientAuthentication = .required
            let echo = try Echo(options)
            defer { echo.stop() }
            let script = """
                import hashlib, socket, ssl, sys, threading
                c = ssl.create_default_context(cafile=sys.argv[2])
                c.load_cert_chain(sys.argv[3], sys.argv[4])
                s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                s = c.wrap_socket(s, server_hostname="localhost")
                data = bytes((i * 7 + i // 251) % 26 + 65 for i in range(1 << 20)) * 10
                t = threading.Thread(target=lambda: s.sendall(data)); t.start()
                got = b""
                while len(got) < len(data):
                    b = s.recv(65536)
                    if not b: break
                    got += b
                t.join()
                print("SAME" if got == data else "OTHER %d" % len(got), s.version(), s.compression(), s.cipher()[0])
                s.unwrap().close()
                """
            let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
                FileManager.default.isExecutableFile(atPath: $0)
            }
            let run = try Program.run(
                python ?? "/usr/bin/env",
                (python == nil ? ["python3"] : []) + [
                    "-c", script, "\(echo.port)", made.path("ca.pem"), made.path("client.pem"), made.path("client.key"),
                ])
            #expect(run.output.hasPrefix("SAME TLSv1.3 None "), "\(run.output) \(echo.errors)")
        }
    }
#endif
