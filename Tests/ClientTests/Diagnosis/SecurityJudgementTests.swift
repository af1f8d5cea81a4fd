import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// What is judged of TLS, SASL and permissions, as tables.
@Suite(.turn) struct SecurityJudgementTests {
    private static let now: Int64 = 1_800_000_000
    private static let day: Int64 = 86_400

    private func certificate(
        _ subject: String = "CN=broker", issuer: String = "CN=ca", names: [String] = ["kafka.example"],
        days: ClosedRange<Int64> = -100...300
    ) -> CertificateSummary {
        CertificateSummary(
            subject: subject, issuer: issuer, hostNames: names, addresses: ["10.0.0.1"], serialNumber: "1",
            validFrom: Self.now + days.lowerBound * Self.day, validUntil: Self.now + days.upperBound * Self.day,
            isAuthority: false, key: "EC 256", fingerprint: "\(subject) \(days)")
    }

    private func judge(
        _ chain: [CertificateSummary], _ reason: TLSError.Reason? = nil, version: String = "TLSv1.3",
        host: String = "kafka.example", _ change: (inout OwnSecurity) -> Void = { _ in }
    ) -> [String] {
        var own = OwnSecurity()
        own.securityProtocol = .ssl
        own.now = Self.now
        change(&own)
        var tls = TLSFacts(host: host)
        tls.chain = chain
        tls.failure = reason.map { TLSError($0, peer: "kafka.example:9093") }
        if reason == nil {
            tls.details = TLSDetails(
                version: version, cipher: "c", peer: chain.first, isResumed: false,
                isVerified: own.verifiesCertificates)
        }
        return CertificateJudgement.findings(tls, "kafka.example:9093", .cluster, own, setting: "bootstrap.servers")
            .map { "\($0.severity) \($0.code)" }
    }

    @Test func certificates() {
        let good = certificate()
        let root = certificate("CN=ca", days: -100...29)
        #expect(judge([good]) == [])
        #expect(judge([certificate(days: -100...29)]) == ["warning certificate-ends-soon"])
        #expect(judge([certificate(days: -100...31)]) == [])
        #expect(judge([good, root, root]) == ["warning certificate-ends-soon"])
        #expect(judge([good], version: "TLSv1.2") == ["ok older-tls"])
        let old = certificate(days: -100 ... -1)
        #expect(judge([old], .expired(old)) == ["problem certificate-expired"])
        let early = certificate(days: 1...300)
        #expect(judge([early], .notYetValid(early)) == ["problem certificate-not-yet-valid"])
        #expect(judge([good], .nameMismatch(wanted: "b", good), host: "b") == ["problem certificate-name-mismatch"])
        #expect(judge([good], .selfSigned(root)) == ["problem certificate-not-trusted"])
        #expect(
            judge([old], .unknownAuthority(old), host: "b") == [
                "problem certificate-not-trusted", "problem certificate-expired", "problem certificate-name-mismatch",
            ])
        #expect(judge([good], .revoked(good)) == ["problem certificate-revoked"])
        #expect(judge([good], .noCommonVersion) == ["problem tls-failed"])
        #expect(judge([], .certificateRequired) == ["problem client-certificate-required"])
        // Who does not look comes in with anything.
        let blind = judge([old], host: "b") { $0.verifiesCertificates = false }
        #expect(blind == ["warning certificate-expired", "warning certificate-name-mismatch"])
        // Dates at their ends do not trap.
        var endless = good
        (endless.validFrom, endless.validUntil) = (.max, .min)
        #expect(judge([endless], .expired(endless)).count == 2)
        (endless.validFrom, endless.validUntil) = (.min, .max)
        #expect(judge([endless]) == [])
    }

    @Test func names() {
        let one = certificate(names: ["kafka.example", "*.b.example"])
        for host in ["kafka.example", "KAFKA.example.", "x.b.example", "10.0.0.1"] {
            #expect(one.covers(host), "\(host)")
        }
        for host in ["b.example", "x.y.b.example", ".b.example", "example", "10.0.0.2", "::1", ""] {
            #expect(!one.covers(host), "\(host)")
        }
        #expect(!certificate(names: ["10.0.0.9"]).covers("10.0.0.9"), "an address is no name")
        #expect(certificate(names: ["localhost"]).covers("unix:/run/kafka.sock"))
    }

    @Test func ownSettings() {
        func judge(_ change: (inout OwnSecurity) -> Void) -> [String] {
            var own = OwnSecurity()
            own.securityProtocol = .ssl
            own.now = Self.now
            change(&own)
            return SecurityJudgement.findings(own).map { "\($0.severity) \($0.code)" }
        }
        #expect(judge { _ in } == [])
        #expect(judge { $0.verifiesCertificates = false } == ["warning verification-off"])
        #expect(judge { $0.verifiesHostName = false } == ["warning verification-off"])
        #expect(judge { $0.keyLog = "/tmp/keys" } == ["warning exposed-secret"])
        #expect(judge { $0.certificate = certificate(days: -9...20) } == ["warning certificate-ends-soon"])
        #expect(judge { $0.certificate = certificate(days: -9 ... -2) } == ["problem certificate-expired"])
        #expect(judge { $0.certificate = certificate(days: 2...90) } == ["problem certificate-not-yet-valid"])
        #expect(judge { $0.remarks = ["f holds secrets"] } == ["warning exposed-secret"])
        #expect(
            judge {
                $0.securityProtocol = .plaintext; $0.keyLog = "f"
            } == [], "there is no TLS")
    }

    @Test func whatOthersCanHear() {
        func judge(_ kind: SecurityProtocol, _ mechanism: String?, isLoopback: Bool) -> [DiagnosisFinding] {
            var own = OwnSecurity()
            (own.securityProtocol, own.mechanism) = (kind, mechanism)
            let attempt = HostFacts.Attempt("10.0.0.1:9092", isLoopback: isLoopback, .connected(.zero))
            let host = HostFacts(BrokerAddress(host: "kafka.example", port: 9092), .addresses([attempt]))
            return SecurityJudgement.findings(Visit(host), own)
        }
        #expect(judge(.saslPlaintext, "PLAIN", isLoopback: false).map(\.code) == [.credentialsInTheClear])
        #expect(judge(.saslPlaintext, "OAUTHBEARER", isLoopback: false).map(\.code) == [.credentialsInTheClear])
        #expect(judge(.saslPlaintext, "PLAIN", isLoopback: true).isEmpty)
        #expect(judge(.saslPlaintext, "SCRAM-SHA-512", isLoopback: false).isEmpty)
        #expect(judge(.saslSSL, "PLAIN", isLoopback: false).isEmpty)
    }

    @Test func whoTheClientIs() async throws {
        let call = SASLCall(host: "h", port: 1, wallMilliseconds: 0, nonce: [UInt8](repeating: 1, count: 24))
        for name in ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] {
            for user in ["alice", "a,b=c", "müller"] {
                let mechanism = SecureBroker.mechanism(name, user: user)
                #expect(await OwnPrincipal.user(of: mechanism, call) == user, "\(name)")
            }
        }
        var options = ScramMechanism.Options()
        options.isToken = true
        let token = ScramMechanism(.sha256, user: "id", password: "hmac", options: options)
        #expect(await OwnPrincipal.user(of: token, call) == nil, "whose it is, the broker knows")
        #expect(OwnPrincipal.user("PLAIN", []) == nil)
        #expect(OwnPrincipal.user("OAUTHBEARER", [1, 2, 3]) == nil)
    }

    @Test func permissions() throws {
        func judge(_ change: (inout PermissionJudgement.Facts) -> Void) -> [DiagnosisFinding] {
            var facts = PermissionJudgement.Facts()
            facts.principal = "User:CN=it's me"
            facts.server = "kafka:9092"
            facts.areNamed = true
            change(&facts)
            return PermissionJudgement.findings(facts)
        }
        func told(_ findings: [DiagnosisFinding]) -> [String] { findings.map { "\($0.severity) \($0.code)" } }
        let both = PermissionJudgement.Facts.Rights.operations([.read, .write, .describe])
        let reads = PermissionJudgement.Facts.Rights.operations([.read, .describe])
        #expect(told(judge { $0.topics = ["t": both] }) == ["ok authorized"])
        #expect(told(judge { $0.topics = ["t": .operations([.all])] }) == ["ok authorized"])
        #expect(told(judge { $0.topics = ["t": .untold] }) == [])
        let reader = judge { $0.topics = ["t": reads] }
        #expect(told(reader) == ["warning not-authorized"])
        #expect(
            reader[0].advice?.hasSuffix(
                "kafka-acls.sh --bootstrap-server kafka:9092 --add --allow-principal 'User:CN=it'\\''s me' "
                    + "--operation Write --topic t.") == true, "\(reader)")
        // Who names a group reads.
        let group = judge {
            $0.topics = ["t": reads]; $0.groups = ["g": .operations([.read])]
        }
        #expect(told(group) == ["ok not-authorized"])
        #expect(told(judge { $0.topics = ["t": .operations([.describe])] }) == ["problem not-authorized"])
        #expect(told(judge { $0.topics = ["t": .denied("TOPIC_AUTHORIZATION_FAILED")] }) == ["problem not-authorized"])
        let writer = judge {
            $0.topics = ["t": .operations([.write])]; $0.groups = ["g": .operations([.describe])]
        }
        #expect(told(writer) == ["problem not-authorized", "problem not-authorized"])
        #expect(writer[1].advice?.contains("--operation Read --group g") == true)
        #expect(
            told(
                judge {
                    $0.topics = ["t": .missing]; $0.cluster = .operations([.create])
                }) == [])
        #expect(
            told(
                judge {
                    $0.topics = ["t": .missing]; $0.cluster = .operations([])
                }) == ["ok not-authorized"])
        #expect(
            told(
                judge {
                    $0.areNamed = false; $0.topics = ["t": reads]
                }) == ["ok not-authorized"])
    }
}
