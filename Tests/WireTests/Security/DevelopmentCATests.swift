#if Security
    import Foundation
    import TestSupport
    import Testing

    @testable import KafkaWire

    /// Certificates of our own making, which OpenSSL's program looks at.
    @Suite(.turn) struct DevelopmentCATests {
        private static let now = Int64(Date.now.timeIntervalSince1970)

        /// A settings file has a value on one line; Java reads it.
        @Test(arguments: [" ", ""]) func textsWhoseLinesWereLostAreRead(end: String) throws {
            let days = DevelopmentCA.Validity(days: 30, now: Self.now)
            let authority = try DevelopmentCA.authority(named: "our authority", days)
            let server = try DevelopmentCA.issue("our server", .server(names: ["localhost"]), days, by: authority)
            let folded = server.certificate.replacing("\n", with: end)
            #expect(try certificates(pem: folded) == certificates(pem: server.certificate))
            #expect(try certificates(pem: "# of ours" + folded).count == 2)
            var options = TLSOptions()
            options.trust = .pem(authority.certificate.replacing("\n", with: end))
            let key = server.key.text.replacing("\n", with: end)
            options.identity = .pem(certificate: folded, key: Secret(key), password: nil)
            #expect(try TLSContext(options).ownCertificate?.subject == "CN=our server,O=KafkaWire development")
            #expect(throws: (any Error).self) { try certificates(pem: String(folded.dropLast(30))) }
        }

        @Test func openSSLBelievesThem() throws {
            let place = FileManager.default.temporaryDirectory.appending(
                path: "kafkawire-ca-\(UInt32.random(in: 0 ... .max))")
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(at: place) }
            func file(_ name: String, _ bytes: [UInt8]) throws -> String {
                let path = place.appending(path: name).path
                try Data(bytes).write(to: URL(filePath: path))
                return path
            }
            func openSSL(_ arguments: [String]) throws -> String {
                let run = try Program.run(Program.openSSL, arguments)
                return run.output + (run.status == 0 ? "" : "failed")
            }
            let days = DevelopmentCA.Validity(days: 30, now: Self.now)
            let authority = try DevelopmentCA.authority(named: "our authority", days)
            let names = ["localhost", "*.kafka.local", "127.0.0.1", "::1"]
            let server = try DevelopmentCA.issue("our server", .server(names: names), days, by: authority)
            let client = try DevelopmentCA.issue(
                "alice", .client, days, by: authority, password: Secret("geheim"))
            let ca = try file("ca.pem", Array(authority.certificate.utf8))
            let serverPath = try file("server.pem", Array(server.certificate.utf8))
            let clientPath = try file("client.pem", Array(client.certificate.utf8))
            for (path, purpose) in [(serverPath, "sslserver"), (clientPath, "sslclient")] {
                #expect(
                    try openSSL(["verify", "-x509_strict", "-CAfile", ca, "-purpose", purpose, path]) == "\(path): OK\n"
                )
            }
            #expect(try openSSL(["verify", "-CAfile", ca, "-purpose", "sslclient", serverPath]).contains("failed"))
            #expect(try openSSL(["verify", "-CAfile", ca, "-purpose", "sslserver", clientPath]).contains("failed"))
            for name in ["localhost", "b1.kafka.local"] {
                #expect(try openSSL(["verify", "-CAfile", ca, "-verify_hostname", name, serverPath]).hasSuffix("OK\n"))
            }
            #expect(
                try openSSL(["verify", "-CAfile", ca, "-verify_hostname", "example.org", serverPath]).contains("failed")
            )
            for address in ["127.0.0.1", "::1"] {
                #expect(try openSSL(["verify", "-CAfile", ca, "-verify_ip", address, serverPath]).hasSuffix("OK\n"))
            }
            let summaries = try certificates(pem: server.certificate)
            #expect(
                summaries.map(\.subject) == [
                    "CN=our server,O=KafkaWire development", "CN=our authority,O=KafkaWire development",
                ])
            #expect(
                summaries[0].hostNames == ["localhost", "*.kafka.local"]
                    && summaries[0].addresses == ["127.0.0.1", "::1"])
            #expect(summaries[0].validUntil == Self.now + 30 * 86_400 && summaries[0].validFrom == Self.now - 3600)
            #expect(
                summaries.map(\.isAuthority) == [false, true] && summaries[0].serialNumber != summaries[1].serialNumber)

            let store = try file("client.p12", try #require(client.pkcs12))
            let shown = try openSSL(["pkcs12", "-in", store, "-passin", "pass:geheim", "-nodes"])
            #expect(
                shown.contains("CN = alice") && shown.contains("CN = our authority") && shown.contains("PRIVATE KEY"))
            let key = client.key.withBytes { Array($0) }
            #expect(try openSSL(["pkey", "-in", try file("client.key", key), "-noout", "-check"]).contains("valid"))
            #expect(server.pkcs12 == nil)
        }

        /// A server and a client that have nothing else.
        @Test func bothSidesUseThem() throws {
            let days = DevelopmentCA.Validity(days: 30, now: Self.now)
            let authority = try DevelopmentCA.authority(named: "our authority", days)
            let server = try DevelopmentCA.issue("broker", .server(names: ["localhost"]), days, by: authority)
            let client = try DevelopmentCA.issue("alice", .client, days, by: authority)
            var serverOptions = TLSServerOptions(identity: server.identity)
            serverOptions.clientAuthentication = .required
            serverOptions.trust = .pem(authority.certificate)
            var options = TLSOptions()
            options.trust = .pem(authority.certificate)
            options.identity = client.identity
            let (a, b) = MemorySocket.pair()
            let near = try TLSContext(options).connect(over: a, host: "localhost", port: 1)
            let far = try TLSContext(server: serverOptions).accept(over: b)
            #expect(Driving.shake(near, far) == (.success(true), .success(true)))
            #expect(far.details?.peer?.subject == "CN=alice,O=KafkaWire development")
        }

        @Test(arguments: [[], [""], ["a,DNS:b"], ["localhost:9092"], ["a b"], ["a\nb"]]) func namesAreLookedAt(
            _ names: [String]
        ) throws {
            let days = DevelopmentCA.Validity(days: 30, now: Self.now)
            #expect(throws: TLSError.self) { try DevelopmentCA.issue("x", .server(names: names), days, by: nil) }
        }

        @Test func timesOutsideOfTheCalendarAreHeldToIt() throws {
            let made = try DevelopmentCA.authority(named: "x", DevelopmentCA.Validity(from: .min, until: .max))
            let summary = try certificates(pem: made.certificate)[0]
            #expect(summary.validFrom == -631_152_000 && summary.validUntil == 253_402_300_799)
            #expect(throws: TLSError.self) {
                try DevelopmentCA.authority(
                    named: String(repeating: "x", count: 100), DevelopmentCA.Validity(days: 1, now: 0))
            }
        }
    }
#endif
