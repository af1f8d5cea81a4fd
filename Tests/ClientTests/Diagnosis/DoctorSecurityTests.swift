import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The doctor before doors of every kind: those that it comes in by, and those that stay shut, each with its own finding.
@Suite(.turn) struct DoctorSecurityTests {
    private func examine(
        _ client: ClientConfiguration, _ change: (inout KafkaDoctor.Configuration) -> Void = { _ in }
    ) async -> DiagnosisReport {
        var configuration = KafkaDoctor.Configuration.quick()
        configuration.client = client
        configuration.timeout = .seconds(3)
        change(&configuration)
        return await KafkaDoctor(configuration).examine()
    }

    private static let mechanisms = ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]

    @Test func whoIsRightIsLedThrough() async throws {
        let secure = try await SecureBroker.start(
            validity: SecureBroker.day(300), brokers: 2, listener: { $0.sessionLifetime = .seconds(600) })
        let plain = await examine(try await secure.client(.plaintext))
        #expect(plain.troubles == [] && plain.steps.map(\.stage) == DiagnosisReport.Stage.allCases)
        #expect(try plain.step(.security).summary.contains("neither TLS nor SASL"))
        let tls = await examine(try await secure.client(.ssl))
        #expect(tls.troubles == [], "\(tls.problems)")
        #expect(try #require(tls[.tlsAgreed].first).message.contains("TLSv1.3"))
        #expect(try #require(tls[.tlsAgreed].first).message.contains("localhost, 127.0.0.1"))
        for kind in [SecurityProtocol.saslPlaintext, .saslSSL] {
            for name in Self.mechanisms {
                let report = await examine(try await secure.client(kind, SecureBroker.mechanism(name)))
                #expect(report.troubles == [], "\(kind) \(name): \(report.problems)")
                let message = try #require(report[.authenticated].first).message
                #expect(message.contains("as User:alice by \(name)"), "\(message)")
                #expect(message.contains("the session lasts 10 min (connections.max.reauth.ms)"), "\(message)")
                #expect(try report.step(.protocol).summary.hasSuffix("takes the client for User:alice"))
                #expect(try report.only(.brokersReachable).message.contains("All 2 brokers"))
                #expect(report.release == "4.3")
            }
        }
        await secure.broker.stop()
    }

    @Test(arguments: mechanisms.dropLast(), [SecurityProtocol.saslPlaintext, .saslSSL])
    func wrongCredentials(mechanism: String, kind: SecurityProtocol) async throws {
        let secure = try await SecureBroker.start(validity: SecureBroker.day(300))
        let wrong = SecureBroker.mechanism(mechanism, password: "hunter2")
        let report = await examine(try await secure.client(kind, wrong))
        #expect(report.troubles == ["problem credentials-refused"])
        let finding = try report.only(.credentialsRefused)
        for words in ["User:alice", mechanism, "it says: Authentication failed"] {
            #expect(finding.message.contains(words), "\(finding)")
        }
        #expect(!"\(report)".contains("hunter2"))
        #expect(report.release == "4.3", "versions are told to everybody")
        #expect(try report.step(.brokers).isSkipped)
        await secure.broker.stop()
    }

    @Test func aMechanismThatIsNotOffered() async throws {
        let secure = try await SecureBroker.start(
            validity: SecureBroker.day(300), listener: { $0.mechanisms = ["SCRAM-SHA-512", "OAUTHBEARER"] })
        let report = await examine(try await secure.client(.saslSSL, SecureBroker.mechanism("PLAIN")))
        #expect(report.troubles == ["problem mechanism-not-offered"])
        let finding = try report.only(.mechanismNotOffered)
        #expect(
            finding.message.contains("mechanism PLAIN on that port; it has SCRAM-SHA-512 and OAUTHBEARER"), "\(finding)"
        )
        #expect(finding.advice?.contains("sasl.mechanism=SCRAM-SHA-512") == true)
        await secure.broker.stop()
    }

    /// What a client is told that was set for another kind of port.
    @Test(arguments: [
        (SecurityProtocol.plaintext, SecurityProtocol.ssl, "tls-port", "security.protocol=SSL"),
        (.plaintext, .saslSSL, "tls-port", "SASL_SSL"),
        (.plaintext, .saslPlaintext, "authentication-required", "security.protocol=SASL_PLAINTEXT"),
        (.ssl, .plaintext, "plain-port", "security.protocol=PLAINTEXT"),
        (.ssl, .saslPlaintext, "plain-port", "security.protocol=SASL_PLAINTEXT"),
        (.ssl, .saslSSL, "authentication-required", "security.protocol=SASL_SSL"),
        (.saslPlaintext, .plaintext, "no-authentication", "security.protocol=PLAINTEXT"),
        (.saslPlaintext, .ssl, "tls-port", "security.protocol=SASL_SSL"),
        (.saslPlaintext, .saslSSL, "tls-port", "security.protocol=SASL_SSL"),
        (.saslSSL, .plaintext, "plain-port", "security.protocol=PLAINTEXT"),
        (.saslSSL, .ssl, "no-authentication", "security.protocol=SSL"),
        (.saslSSL, .saslPlaintext, "plain-port", "security.protocol=SASL_PLAINTEXT"),
    ])
    func aPortOfAnotherKind(
        spoken: SecurityProtocol, port: SecurityProtocol, code: String, advice: String
    ) async throws {
        let secure = try await SecureBroker.start(validity: SecureBroker.day(300))
        var client = try await secure.client(spoken, SecureBroker.mechanism("SCRAM-SHA-512"))
        client.bootstrapServers = [try #require(await secure.broker.bootstrapServers(of: port.rawValue))]
        let report = await examine(client)
        #expect(report.troubles == ["problem \(code)"])
        #expect(report.problems.first?.advice?.contains(advice) == true, "\(report.problems)")
        if code == "tls-port" {
            let message = try report.only(.tlsPort).message
            #expect(message.contains("Its certificate is for localhost, 127.0.0.1, signed by CN=Test CA"), "\(message)")
        }
        await secure.broker.stop()
    }

    @Test func certificatesThatAreWrong() async throws {
        let now = Instant.wallMilliseconds / 1000
        let cases: [(DevelopmentCA.Validity, [String], [String], String)] = [
            (SecureBroker.day(300), ["kafka.example"], ["problem certificate-name-mismatch"], "kafka.example"),
            (.init(from: now - 7200, until: now - 3600), ["127.0.0.1"], ["problem certificate-expired"], "60 min ago"),
            (
                .init(from: now + 7 * 86_400, until: now + 90 * 86_400), ["127.0.0.1"],
                ["problem certificate-not-yet-valid"], "this clock is behind"
            ),
            (
                .init(from: now - 7200, until: now - 3600), ["kafka.example"],
                ["problem certificate-expired", "problem certificate-name-mismatch"], "kafka.example"
            ),
            (SecureBroker.day(9), ["127.0.0.1"], ["warning certificate-ends-soon"], "ends in 8 days"),
        ]
        for (validity, names, troubles, words) in cases {
            let secure = try await SecureBroker.start(names: names, validity: validity)
            let report = await examine(try await secure.client(.ssl))
            #expect(report.troubles.sorted() == troubles.sorted())
            #expect(report.findings.contains { $0.severity > .ok && $0.message.contains(words) }, "\(report.findings)")
            let isBlocked = troubles.contains { $0.hasPrefix("problem") }
            #expect(try report.step(.protocol).isSkipped == isBlocked)
            // Where it is a matter of dates, the broker was asked for its clock.
            let isOfDates = troubles.contains { $0.contains("expired") || $0.contains("not-yet-valid") }
            let agreed = report[.clocksAgree].first { $0.place == .client }
            #expect((agreed != nil) == isOfDates, "\(report.findings)")
            #expect(agreed?.message.contains("the certificate's dates are what is wrong") ?? true)
            await secure.broker.stop()
        }
    }

    @Test func aTokenThatIsOutOfTime() async throws {
        let secure = try await SecureBroker.start(validity: SecureBroker.day(300))
        let now = Instant.wallMilliseconds / 1000
        for (begins, ends, words) in [
            (now + 600, now + 1200, "behind that of who has issued it"), (now - 600, now - 300, "old one"),
        ] {
            func part(_ text: String) -> String { Base64.encode(Array(text.utf8), .urlSafe) }
            let token =
                part("{\"alg\":\"none\"}") + "." + part("{\"sub\":\"alice\",\"iat\":\(begins),\"exp\":\(ends)}") + "."
            let provider = ClosureTokenProvider { _ in OAuthToken(value: Secret(token), expiresAtMilliseconds: nil) }
            let report = await examine(try await secure.client(.saslSSL, OAuthBearerMechanism(provider)))
            #expect(report.troubles.contains("problem credentials-refused"), "\(report.troubles)")
            let finding = try report.only(.clockSkew)
            #expect(finding.message.contains(words) && finding.advice?.contains("NTP") == true, "\(finding)")
        }
        await secure.broker.stop()
    }

    @Test func anAuthorityThatIsMissing() async throws {
        let secure = try await SecureBroker.start(validity: SecureBroker.day(300))
        let other = try DevelopmentCA.authority(named: "Other CA", SecureBroker.day(300))
        let report = await examine(try await secure.client(.ssl) { $0.tls.trust = .pem(other.certificate) })
        #expect(report.troubles == ["problem certificate-not-trusted"])
        let finding = try report.only(.certificateNotTrusted)
        #expect(
            finding.message.contains("leads to CN=Test CA") && finding.message.contains("client's settings"),
            "\(finding)")
        let print = try #require(try certificates(pem: secure.authority.certificate).first?.fingerprint)
        #expect(finding.advice?.contains(print) == true, "\(finding)")
        // Whoever looks at nothing comes in, and is warned of it and of what there is.
        let blind = await examine(try await secure.client(.ssl) { $0.tls.verifiesCertificates = false })
        #expect(blind.troubles == ["warning verification-off"])
        let nameless = await examine(try await secure.client(.ssl) { $0.tls.verifiesHostName = false })
        #expect(nameless.troubles == ["warning verification-off"])
        await secure.broker.stop()
    }

    @Test func whatIsAskedOfTheClientsOwnCertificate() async throws {
        let secure = try await SecureBroker.start(
            validity: SecureBroker.day(300),
            listener: { if $0.securityProtocol == .ssl { $0.tls?.clientAuthentication = .required } })
        func look(_ identity: TLSIdentity?) async throws -> DiagnosisReport {
            await examine(try await secure.client(.ssl) { $0.tls.identity = identity })
        }
        #expect(try await look(nil).troubles == ["problem client-certificate-required"])
        let good = try DevelopmentCA.issue("bob", .client, SecureBroker.day(300), by: secure.authority)
        let report = try await look(good.identity)
        #expect(report.troubles == [])
        let short = try DevelopmentCA.issue("bob", .client, SecureBroker.day(3), by: secure.authority)
        let soon = try await look(short.identity)
        #expect(soon.troubles == ["warning certificate-ends-soon"])
        #expect(try soon.only(.certificateEndsSoon).place == .client)
        let other = try DevelopmentCA.authority(named: "Other CA", SecureBroker.day(300))
        let foreign = try DevelopmentCA.issue("bob", .client, SecureBroker.day(300), by: other)
        let refused = try await look(foreign.identity)
        #expect(refused.troubles == ["problem client-certificate-refused"])
        #expect(try refused.only(.clientCertificateRefused).advice?.contains("CN=Other CA") == true)
        let now = Instant.wallMilliseconds / 1000
        let past = try DevelopmentCA.issue(
            "bob", .client, .init(from: now - 7200, until: now - 3600), by: secure.authority)
        let old = try await look(past.identity)
        #expect(old.troubles == ["problem certificate-expired", "problem client-certificate-refused"])
        #expect(try old.only(.clientCertificateRefused).advice?.contains("renew it") == true)
        // A key of something else: no client can be made at all.
        let mixed = TLSIdentity.pem(certificate: good.certificate, key: foreign.key, password: nil)
        let keyless = try await look(mixed)
        #expect(keyless.troubles == ["problem invalid-configuration"])
        #expect(try keyless.only(.invalidConfiguration).message.contains("private key does not go with"))
        await secure.broker.stop()
    }

    @Test func anAdvertisedAddressThatTheCertificateIsNotFor() async throws {
        let secure = try await SecureBroker.start(names: ["localhost"], validity: SecureBroker.day(300))
        var client = try await secure.client(.ssl)
        let server = try #require(client.bootstrapServers.first)
        client.bootstrapServers = [server.replacing("127.0.0.1", with: "localhost")]
        let report = await examine(client)
        #expect(report.troubles.first == "problem certificate-name-mismatch", "\(report.troubles)")
        let finding = try report.only(.certificateNameMismatch)
        #expect(finding.place == .broker(1, address: server))
        #expect(finding.advice?.contains("Let advertised.listeners name the broker as its certificate does") == true)
        await secure.broker.stop()
    }

    @Test func filesThatOthersMayRead() async throws {
        let secure = try await SecureBroker.start(validity: SecureBroker.day(300))
        let file = FileManager.default.temporaryDirectory.appending(path: "kw-\(UInt32.random(in: 0 ... .max))").path
        defer { try? FileManager.default.removeItem(atPath: file) }
        for (mode, troubles) in [(0o644, ["warning exposed-secret"]), (0o600, [])] {
            _ = FileManager.default.createFile(
                atPath: file, contents: Data("x".utf8), attributes: [.posixPermissions: mode])
            let report = await examine(try await secure.client(.ssl)) { $0.secretFiles = [file] }
            #expect(report.troubles == troubles)
            try FileManager.default.removeItem(atPath: file)
        }
        await secure.broker.stop()
    }
}
