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

    /// Certificates that are refused for their dates: what the other clock says, and what stands against this one.
    @Test(
        arguments: [
            // The clock that was read, in seconds from ours; the certificate's days; what comes of it, and words of it.
            (nil, -100 ... -1, [], ""), (nil, 1...300, [], ""),
            (0, -100 ... -1, ["ok clocks-agree"], "says the same: the certificate's dates are what is wrong"),
            (
                -3 * 86_400, -100 ... -1, ["problem clock-skew"],
                "this clock is 3 days ahead of it. By the other one the certificate is valid"
            ),
            (86_400 * 5 / 2, 1...300, ["problem clock-skew"], "this clock is 2 days behind it. By the other one"),
            (
                7300, 1...300, ["warning clock-skew"],
                "2 h behind it. The certificate is not valid by the other one either"
            ),
            (1, 1...300, ["ok clocks-agree"], "the same"),
        ] as [(Int64?, ClosedRange<Int64>, [String], String)])
    func clocksBehindCertificates(theirs: Int64?, days: ClosedRange<Int64>, codes: [String], words: String) {
        var own = OwnSecurity()
        own.now = Self.now
        let bad = certificate(days: days)
        var tls = TLSFacts(host: "kafka.example")
        tls.chain = [bad]
        tls.failure = TLSError(days.lowerBound > 0 ? .notYetValid(bad) : .expired(bad), peer: "kafka.example:9093")
        if let theirs {
            let now = Self.now * 1000
            tls.clock = .init(broker: 3, earliest: now, latest: now + 40, time: now + theirs * 1000)
        }
        let found = ClockCause.findings(tls, "kafka.example:9093", own)
        #expect(found.map { "\($0.severity) \($0.code)" } == codes)
        for finding in found {
            #expect(finding.message.contains(words), "\(finding)")
            #expect(finding.message.contains("This machine's clock says 2027-01-15 08:00:00 UTC"), "\(finding)")
            #expect(finding.code == .clocksAgree || finding.advice?.contains("NTP") == true)
        }
        // Several that begin later were made by clocks that are ahead, or this one is behind.
        own.certificate = certificate("CN=own", days: 2...9)
        let several = ClockCause.findings(tls, "kafka.example:9093", own)
        if theirs == nil, days.lowerBound > 0 {
            #expect(
                several.map(\.code) == [.clockSkew] && several[0].message.contains("by 2 days at least"), "\(several)")
        }
        // What is in time is refused for something else.
        let good = certificate(days: -9...9)
        tls.chain = [good]
        tls.failure = TLSError(.unknownAuthority(good), peer: "x")
        #expect(ClockCause.findings(tls, "x", own).isEmpty)
    }

    /// Tokens that are refused, by this machine's clock and in the broker's words.
    @Test(
        arguments: [
            (100, 3600, "", "problem clock-skew", "this clock is behind that of who has issued it, by 100 s at least"),
            (1, 3600, "", "ok token-in-time", "for another 60 min"),
            (-100, -60, "", "problem clock-skew", "60 s before: it is an old one, or this clock is ahead"),
            (-100, 3600, "it ended 2027-01-15", "problem clock-skew", "its clock is ahead of this one"),
            (-100, 3600, "Token Expired", "problem clock-skew", "its clock is ahead of this one"),
            (-100, 3600, "it begins 2027 (iat): are the clocks right?", "problem clock-skew", "its clock is behind"),
            (-100, 3600, "invalid_token", "ok token-in-time", "is good until 2027-01-15 09:00:00 UTC"),
            (nil, nil, "expired", nil, ""),
        ] as [(Int64?, Int64?, String, String?, String)])
    func clocksBehindTokens(begins: Int64?, ends: Int64?, said: String, code: String?, words: String) {
        var own = OwnSecurity()
        own.now = Self.now
        own.mechanism = "OAUTHBEARER"
        own.token = TokenDates(begins: begins.map { Self.now + $0 }, ends: ends.map { Self.now + $0 })
        for access in [BrokerContact.Access.refusesLogin(said), .loginFails(said)] {
            let found = ClockCause.findings(after: access, "kafka:9093", own)
            #expect(found.map { "\($0.severity) \($0.code)" } == [code].compactMap(\.self))
            #expect(
                found.allSatisfy { $0.message.contains(words) && $0.message.contains("2027-01-15 08:00:00 UTC") },
                "\(found)")
        }
        #expect(ClockCause.findings(after: .wantsSASL([]), "x", own).isEmpty)
        own.mechanism = "PLAIN"
        #expect(ClockCause.findings(after: .refusesLogin(said), "x", own).isEmpty)
    }

    /// No number that a token or a certificate has ends the doctor.
    @Test func datesAtTheEndsOfWhatCanBe() {
        var own = OwnSecurity()
        own.mechanism = "OAUTHBEARER"
        for now in [Int64.min, 0, .max] {
            for date in [Int64.min, -1, 0, .max] {
                own.now = now
                own.token = TokenDates(begins: date, ends: date)
                _ = ClockCause.findings(after: .refusesLogin(""), "x", own)
                var bad = certificate()
                (bad.validFrom, bad.validUntil) = (date, now)
                var tls = TLSFacts(host: "x")
                tls.failure = TLSError(.expired(bad), peer: "x")
                tls.clock = .init(broker: 1, earliest: now, latest: now, time: date)
                _ = ClockCause.findings(tls, "x", own)
                var facts = ClockJudgement.Facts()
                facts.session = .init(tokenEnds: date, lifetime: now, now: now)
                _ = ClockJudgement.findings(facts)
            }
        }
    }

    /// A session never lasts longer than its token, by the broker's clock.
    @Test(
        arguments: [(60_000, 59_000, false), (60_000, 61_999, false), (60_000, 70_000, true), (60_000, 10_000, false)]
            as [(Int64, Int64, Bool)])
    func clocksBehindSessions(left: Int64, lifetime: Int64, isSkewed: Bool) {
        var facts = ClockJudgement.Facts()
        let now = Self.now * 1000
        facts.session = .init(tokenEnds: now + left, lifetime: lifetime, now: now)
        let found = ClockJudgement.findings(facts)
        #expect(found.map(\.code) == (isSkewed ? [.clockSkew] : []))
        if isSkewed { #expect(found[0].message.contains("behind ours by 10 s at least"), "\(found)") }
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
                #expect(await OwnPrincipal.read(mechanism, call)?.user == user, "\(name)")
            }
        }
        var options = ScramMechanism.Options()
        options.isToken = true
        let token = ScramMechanism(.sha256, user: "id", password: "hmac", options: options)
        #expect(await OwnPrincipal.read(token, call)?.user == nil, "whose it is, the broker knows")
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
