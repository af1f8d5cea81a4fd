#if Security
    import Foundation
    import TestSupport
    import Testing

    @testable import KafkaWire

    /// Contexts from files: what is wrong with them, and what becomes of them when they change.
    @Suite(.turn) struct TLSContextTests {
        struct Row: Sendable, CustomTestStringConvertible {
            let testDescription: String
            let sentence: String
            let client: @Sendable (inout TLSOptions, ForeignCertificates) throws -> Void

            init(
                _ name: String, _ sentence: String,
                _ client: @escaping @Sendable (inout TLSOptions, ForeignCertificates) throws -> Void
            ) { (testDescription, self.sentence, self.client) = (name, sentence, client) }
        }

        private static func pem(
            _ made: ForeignCertificates, _ certificate: String, _ key: String, _ password: String? = nil
        )
            -> TLSIdentity
        {
            .pemFiles(
                certificate: made.path(certificate), key: made.path(key), password: password.map { Secret($0) })
        }

        static let rows = [
            Row("no file", "(ssl.truststore.location, ssl.ca.location) cannot be opened: No such file") {
                $0.trust = .pemFile($1.path("nothing.pem"))
            },
            Row("no certificate", "client.key (ssl.truststore.location, ssl.ca.location) has no certificate in it") {
                $0.trust = .pemFile($1.path("client.key"))
            },
            Row("no certificate in the text", "(ssl.truststore.certificates, ssl.ca.pem) has no certificate in it") {
                options, _ in
                options.trust = .pem("hello")
            },
            Row("half a certificate", "has a certificate that cannot be read") {
                $0.trust = .pemFile($1.path("torn.pem"))
            },
            Row("PKCS12 as PEM", "is no PEM text; if it is PKCS12, say so") {
                $0.trust = .pemFile($1.path("trust.p12"))
            },
            Row("PEM as PKCS12", "is no PKCS12; if it is PEM, say so") {
                $0.trust = .pkcs12File($1.path("ca.pem"), password: nil)
            },
            Row("a Java key store", "keytool -importkeystore -srckeystore") {
                $0.trust = .pkcs12File($1.path("old.jks"), password: Secret("geheim"))
            },
            Row("a Java key store as own", "old.p12 -deststoretype PKCS12") {
                $0.identity = .pkcs12File($1.path("old.jks"), password: Secret("geheim"))
            },
            Row(
                "trust's wrong password",
                "trust.p12 (ssl.truststore.location) is not opened by the password in ssl.truststore.password"
            ) {
                $0.trust = .pkcs12File($1.path("trust.p12"), password: Secret("falsch"))
            },
            Row("trust without password", "has a password, and none is set (ssl.truststore.password)") {
                $0.trust = .pkcs12File($1.path("trust.p12"), password: nil)
            },
            Row("own wrong password", "is not opened by the password in ssl.keystore.password") {
                $0.identity = .pkcs12File($1.path("client.p12"), password: Secret("falsch"))
            },
            Row("own without key", "has no certificate with a private key in it") {
                $0.identity = .pkcs12File($1.path("trust.p12"), password: Secret("geheim"))
            },
            Row(
                "key's wrong password",
                "client.enc.key (ssl.keystore.location, ssl.key.location) is not opened by the password"
            ) {
                $0.identity = pem($1, "client.pem", "client.enc.key", "falsch")
            },
            Row("key without password", "is encrypted, and no password is set (ssl.key.password)") {
                $0.identity = pem($1, "client.pem", "client.enc.key")
            },
            Row("another key", "the private key does not go with any certificate in") {
                $0.identity = pem($1, "client.pem", "server.key")
            },
            Row("no key", "client.pem (ssl.keystore.location, ssl.key.location) has no private key in it") {
                $0.identity = pem($1, "client.pem", "client.pem")
            },
            Row("a directory", "is no file") { $0.identity = pem($1, "", "client.key") },
            Row("no list", "(ssl.crl.location) has no revocation list in it") {
                $0.revocationLists = $1.path("ca.pem")
            },
            Row("versions", "the lowest version of TLS (TLSv1.3) is above the highest (TLSv1.2)") { options, _ in
                options.lowestVersion = .v13
                options.highestVersion = .v12
            },
            Row("ciphers", "what ssl.cipher.suites lists (NONSENSE)") { options, _ in
                options.algorithms.ciphers = "NONSENSE"
            },
            Row("suites", "lists (NONSENSE)") { options, _ in options.algorithms.cipherSuites = "NONSENSE" },
            Row("curves", "what ssl.curves.list lists (NONSENSE)") { options, _ in
                options.algorithms.curves = "NONSENSE"
            },
            Row("signatures", "what ssl.sigalgs.list lists (NONSENSE)") { options, _ in
                options.algorithms.signatures = "NONSENSE"
            },
        ]

        @Test(arguments: rows) func settingsAreRefused(_ row: Row) throws {
            let made = try #require(ForeignCertificates.shared)
            var options = TLSOptions()
            try row.client(&options, made)
            let error = #expect(throws: TLSError.self) { try TLSContext(options) }
            let sentence = error.map { "\($0)" } ?? ""
            #expect(sentence.contains(row.sentence), "\(sentence)")
            #expect(!sentence.contains("falsch") && !sentence.contains("geheim"))
        }

        @Test func whatWorksMayBeWarnedOf() throws {
            let made = try #require(ForeignCertificates.shared)
            var options = TLSOptions()
            options.identity = Self.pem(made, "expiredclient.pem", "expiredclient.key")
            chmod(made.path("expiredclient.key"), 0o644)
            var warnings = try TLSContext(options).warnings
            #expect(
                warnings.contains { $0.contains("(CN=expiredclient,O=Test) has expired on 2021-02-03 04:05:06 UTC") })
            #expect(warnings.contains { $0.hasSuffix("chmod o-r " + made.path("expiredclient.key")) })
            chmod(made.path("expiredclient.key"), 0o600)
            warnings = try TLSContext(options).warnings
            #expect(warnings.count == 1)
            options = TLSOptions()
            options.verifiesCertificates = false
            #expect(try TLSContext(options).warnings.contains { $0.contains("not verified") })
            options = TLSOptions()
            options.trust = .pemFile(made.path("ca.pem"))
            #expect(try TLSContext(options).warnings.isEmpty)
        }

        /// A server, of whose certificate a client tells the serial number.
        private static func serial(_ server: TLSContext, _ client: TLSContext) throws -> (String?, Bool?) {
            let (a, b) = MemorySocket.pair()
            let near = try client.connect(over: a, host: "localhost", port: 1)
            let far = try server.accept(over: b)
            defer {
                near.close()
                far.close()
            }
            _ = Driving.shake(near, far)
            var buffer = [UInt8](repeating: 0, count: 10)
            // The tickets.
            _ = try buffer.withUnsafeMutableBytes { try near.read(into: $0) }
            return (near.details?.peer?.subject, near.details?.isResumed)
        }

        @Test func renewedFilesAreTaken() async throws {
            let made = try #require(ForeignCertificates.shared)
            let files = FileManager.default
            let (certificate, key) = (made.path("renewed.pem"), made.path("renewed.key"))
            func put(_ name: String, _ target: String) throws {
                // As tools do it: a new file takes the place of the old one.
                let part = target + ".part"
                try? files.removeItem(atPath: part)
                try files.copyItem(atPath: made.path(name), toPath: part)
                #expect(rename(part, target) == 0)
            }
            try put("server.pem", certificate)
            try put("server.key", key)
            let told = Locked<[String]>([])
            let server = try TLSContext(
                server: TLSServerOptions(identity: .pemFiles(certificate: certificate, key: key, password: nil))
            ) { sentence in told.withLock { $0.append(sentence) } }
            var options = TLSOptions()
            options.trust = .pemFile(made.path("ca.pem"))
            let client = try TLSContext(options)
            #expect(try Self.serial(server, client) == ("CN=server,O=Test", false))
            #expect(try Self.serial(server, client) == ("CN=server,O=Test", true))

            // Certificate and key do not go together yet: nothing changes, and it is told once.
            try put("rsa.pem", certificate)
            try await Task.sleep(for: .milliseconds(1100))
            #expect(try Self.serial(server, client).0 == "CN=server,O=Test")
            try await Task.sleep(for: .milliseconds(1100))
            #expect(try Self.serial(server, client).0 == "CN=server,O=Test")
            #expect(told.withLock { $0.count } == 1 && told.withLock { $0[0] }.contains("does not go with"))
            #expect(server.warnings.count == 1)

            // Half a key.
            try "-----BEGIN PRIVATE KEY-----\nMIIE".write(toFile: key, atomically: true, encoding: .utf8)
            try await Task.sleep(for: .milliseconds(1100))
            #expect(try Self.serial(server, client).0 == "CN=server,O=Test")
            #expect(told.withLock { $0.count } == 2)

            try put("rsa.key", key)
            try await Task.sleep(for: .milliseconds(1100))
            let renewed = try Self.serial(server, client)
            #expect(renewed.0 == "CN=rsa,O=Test" && renewed.1 == false, "tickets of before are not taken up")
            #expect(server.warnings.isEmpty && told.withLock { $0.count } == 2)
        }

        /// Chains are sent in their order, whatever order the file has.
        @Test func chainsAreOrdered() throws {
            let made = try #require(ForeignCertificates.shared)
            for file in ["chain.pem", "unordered.pem"] {
                let server = try TLSContext(
                    server: TLSServerOptions(identity: Self.pem(made, file, "leaf.key")))
                var options = TLSOptions()
                options.trust = .pemFile(made.path("ca.pem"))
                options.highestVersion = .v12
                #expect(try Self.serial(server, try TLSContext(options)).0 == "CN=leaf,O=Test")
            }
        }

        /// A name with all that is special, as Java prints it.
        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/java")))
        func javaPrintsTheSame() throws {
            let made = try #require(ForeignCertificates.shared)
            let source = """
                import java.io.*;
                import java.security.cert.*;
                public class Names {
                    public static void main(String[] args) throws Exception {
                        var f = CertificateFactory.getInstance("X.509");
                        var out = new PrintStream(System.out, true, "UTF-8");
                        for (var c : f.generateCertificates(new FileInputStream(args[0])))
                            out.println(((X509Certificate) c).getSubjectX500Principal().getName());
                    }
                }
                """
            try source.write(toFile: made.path("Names.java"), atomically: true, encoding: .utf8)
            let java = try Program.run("/usr/bin/java", [made.path("Names.java"), made.path("name.pem")])
            let name = try certificates(pem: try made.text("name.pem"))[0].subject
            #expect(java.output == name + "\n")
            #expect(name.contains("1.2.840.113549.1.9.1=#16") && name.contains("Süd"))
        }

        /// Stores that Java's own tool has made: with a certificate for both sides, and with trust alone.
        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/keytool")))
        func javasStoresAreRead() throws {
            let made = try #require(ForeignCertificates.shared)
            func keytool(_ arguments: String) throws {
                let run = try Program.run(
                    "/usr/bin/keytool", arguments.split(separator: " ").map { String($0) } + ["-storepass", "geheim"],
                    in: made.directory)
                guard run.status == 0 else { throw Program.Failed(output: run.output) }
            }
            try keytool(
                "-genkeypair -alias own -keyalg EC -dname CN=java -ext san=dns:localhost -validity 9 "
                    + "-keystore java.p12 -storetype PKCS12")
            try keytool("-exportcert -alias own -keystore java.p12 -rfc -file java.pem")
            try keytool("-importcert -alias own -file java.pem -noprompt -keystore javatrust.p12 -storetype PKCS12")
            try keytool("-importcert -alias own -file java.pem -noprompt -keystore javatrust.jks -storetype JKS")
            var options = TLSOptions()
            options.trust = .pkcs12File(made.path("javatrust.p12"), password: Secret("geheim"))
            let server = try TLSContext(
                server: TLSServerOptions(identity: .pkcs12File(made.path("java.p12"), password: Secret("geheim"))))
            #expect(try Self.serial(server, try TLSContext(options)).0 == "CN=java")
            options.trust = .pkcs12File(made.path("javatrust.jks"), password: Secret("geheim"))
            let error = #expect(throws: TLSError.self) { try TLSContext(options) }
            #expect(error.map { "\($0)" }?.contains("-destkeystore \(made.path("javatrust.p12"))") == true)
        }

        @Test func oldEncryptionIsNamed() throws {
            let made = try #require(ForeignCertificates.shared)
            guard FileManager.default.fileExists(atPath: made.path("legacy.p12")) else { return }
            var options = TLSOptions()
            options.identity = .pkcs12File(made.path("legacy.p12"), password: Secret("geheim"))
            let error = #expect(throws: TLSError.self) { try TLSContext(options) }
            #expect(error.map { "\($0)" }?.contains("as Java 8 did it") == true, "\(String(describing: error))")
        }

        @Test func certificatesOfATextAreTold() throws {
            let made = try #require(ForeignCertificates.shared)
            let all = try certificates(
                pem: try made.text("chain.pem") + "something else\n" + made.text("client.both.pem"))
            #expect(all.map(\.subject) == ["CN=leaf,O=Test", "CN=middle,O=Test", "CN=client,O=Test"])
            #expect(all.map(\.isAuthority) == [false, true, false])
            #expect(throws: TLSError.self) { try certificates(pem: "") }
            #expect(throws: TLSError.self) { try certificates(pem: made.text("torn.pem")) }
        }
    }
#endif
