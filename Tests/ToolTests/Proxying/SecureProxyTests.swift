import Foundation
import JSONLines
import KafkaBroker
import Proxying
import TestSupport
import Testing

@testable import KafkaWire

/// The proxy before brokers with TLS and SASL, and what it records of that.
@Suite(.serialized, .turn) struct SecureProxyTests {
    static let password = "correct horse battery"

    /// What a test has: an authority, and a broker whose certificate it has signed.
    struct Scene {
        let authority: DevelopmentCA.Issued
        let broker: KafkaBroker

        init(_ security: SecurityProtocol, sessions: Duration? = nil, refusesAtOnce: Bool = false) async throws {
            let validity = DevelopmentCA.Validity(days: 2, now: Int64(Date().timeIntervalSince1970))
            authority = try DevelopmentCA.authority(named: "proxy tests", validity)
            let leaf = try DevelopmentCA.issue(
                "localhost", .server(names: ["localhost", "127.0.0.1"]), validity, by: authority)
            var configuration = KafkaBroker.Configuration(topics: ["orders": 2])
            var listener = ListenerSecurity(name: security.rawValue, security)
            listener.tls = TLSServerOptions(
                identity: .pem(certificate: leaf.certificate, key: leaf.key, password: nil))
            listener.users = ["alice": Secret(SecureProxyTests.password)]
            listener.sessionLifetime = sessions
            configuration.security = listener
            if refusesAtOnce { configuration.connectionBounds.failedAuthenticationDelay = .zero }
            configuration.scramUsers = ["alice": Secret(SecureProxyTests.password)]
            broker = try await KafkaBroker.start(configuration)
        }

        /// How the broker is reached.
        func options(_ security: SecurityProtocol, sasl: (any SASLMechanism)? = nil) -> SecurityOptions {
            var options = SecurityOptions()
            options.securityProtocol = security
            options.tls.trust = .pem(authority.certificate)
            options.sasl = sasl
            return options
        }
    }

    private static var mechanisms: [any SASLMechanism] {
        [
            PlainMechanism(user: "alice", password: Secret(password)),
            ScramMechanism(.sha512, user: "alice", password: Secret(password)),
        ]
    }

    /// Sends so many records of a size, and reads them again.
    private static func roundTrip(_ address: String, _ mechanism: (any SASLMechanism)?, count: Int, size: Int)
        async throws
    {
        var security = SecurityOptions()
        if mechanism != nil { security.securityProtocol = .saslPlaintext }
        security.sasl = mechanism
        var producing = KafkaProducer.Configuration(bootstrapServers: [address])
        producing.client.security = security
        let producer = try KafkaProducer(producing)
        let value = String(repeating: "x", count: size)
        for number in 0..<count {
            try await producer.enqueue(ProducerRecord(topic: "orders", key: "\(number)", value: value))
        }
        try await producer.close()
        var consuming = KafkaConsumer.Configuration(bootstrapServers: [address], group: "g", topics: ["orders"])
        consuming.client.security = security
        consuming.offsetReset = .earliest
        let consumer = try KafkaConsumer(consuming)
        var seen = 0
        for try await event in consumer.events {
            guard case .batch(let batch) = event else { continue }
            for _ in batch { seen += 1 }
            if seen >= count { break }
        }
        _ = await consumer.close()
        // What was not committed of an earlier reading comes again.
        #expect(seen >= count)
    }

    @Test(arguments: [false, true]) func saslPassesUnderTLS(showsSecrets: Bool) async throws {
        let scene = try await Scene(.saslSSL)
        let security = try ConnectionSecurity(scene.options(.ssl))
        let harness = try await ProxyHarness([scene.broker.bootstrapServers]) {
            $0.security = security
            $0.tellsFrames = true
            $0.showsSecrets = showsSecrets
        }
        for mechanism in Self.mechanisms {
            // Far more than a turn of the loop reads, so that something is held of which the system does not know.
            try await Self.roundTrip(await harness.address, mechanism, count: 120, size: 30_000)
        }
        await harness.stop()
        await scene.broker.stop()
        #expect(harness.sentences.allSatisfy { !$0.contains("turned away") }, "\(harness.sentences)")
        let said = harness.frames.filter { frame in
            frame.bytes.count > 6 && frame.from == .client && frame.bytes[5] == 36 && frame.bytes[4] == 0
        }
        #expect(said.count >= 4)
        let word = Array(Self.password.utf8)
        #expect(said.contains { Self.contains($0.bytes.copy(), word) } == showsSecrets)
        let proofs = said.filter { Self.contains($0.bytes.copy(), Array("n=alice".utf8)) }
        #expect(proofs.isEmpty != showsSecrets)
        for frame in said { #expect(Explanation(requestFrame: frame.bytes).failure == nil) }
        let shown = harness.exchanges.flatMap { [$0.request, $0.answer] }.compactMap { $0 }.count
        #expect(shown > 0)
    }

    private static func contains(_ bytes: [UInt8], _ word: [UInt8]) -> Bool {
        bytes.count >= word.count
            && (0...(bytes.count - word.count)).contains { bytes[$0...].starts(with: word) }
    }

    /// Clients that know nothing of TLS or SASL come in as the proxy's user.
    @Test(arguments: [SecurityProtocol.saslSSL, .saslPlaintext]) func theProxyLogsIn(security: SecurityProtocol)
        async throws
    {
        let scene = try await Scene(security)
        for mechanism in Self.mechanisms {
            let upstream = try ConnectionSecurity(scene.options(security, sasl: mechanism))
            let harness = try await ProxyHarness([scene.broker.bootstrapServers]) {
                $0.security = upstream
                $0.logsIn = true
            }
            try await Self.roundTrip(await harness.address, nil, count: 50, size: 2000)
            #expect(!harness.exchanges.contains { [.saslHandshake, .saslAuthenticate].contains($0.head.api) })
            await harness.stop()
        }
        await scene.broker.stop()
    }

    /// Where sessions end, the proxy says anew who it is between two requests of the client, whose connection stays.
    @Test(arguments: [SecurityProtocol.saslSSL, .saslPlaintext]) func sessionsAreRenewedInPlace(
        security: SecurityProtocol
    )
        async throws
    {
        let scene = try await Scene(security, sessions: .seconds(2))
        let upstream = try ConnectionSecurity(scene.options(security, sasl: Self.mechanisms[1]))
        let harness = try await ProxyHarness([scene.broker.bootstrapServers]) {
            $0.security = upstream
            $0.logsIn = true
            $0.tellsFrames = true
        }
        var configuration = KafkaProducer.Configuration(bootstrapServers: [await harness.address])
        configuration.linger = .zero
        let producer = try KafkaProducer(configuration)
        let partition = TopicPartition("orders", 0)
        var sent = 0
        let end = ContinuousClock.now + .seconds(7)
        var connections = 0
        while ContinuousClock.now < end {
            // Several in flight at once, so that a renewal has some before and some behind it.
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in sent..<sent + 20 {
                    group.addTask {
                        let value = String(repeating: "\(number) ", count: 500)
                        _ = try await producer.send(
                            ProducerRecord(topic: "orders", value: Bytes(utf8: value), partition: 0))
                    }
                }
                try await group.waitForAll()
            }
            sent += 20
            if connections == 0 { connections = await harness.connectionCount }
        }
        try await producer.close()
        #expect(sent > 100)
        #expect(connections > 0)
        #expect(await harness.connectionCount == connections, "a connection was made anew")
        await harness.stop()
        var asking = ClientConfiguration(bootstrapServers: [scene.broker.bootstrapServers])
        asking.security = scene.options(security, sasl: Self.mechanisms[1])
        let admin = try KafkaAdmin(asking)
        #expect(try await admin.listOffsets([partition: .latest]).get()[partition]?.offset == Offset(Int64(sent)))
        await admin.close()
        await scene.broker.stop()
        #expect(harness.sentences.allSatisfy { !$0.contains("session") && !$0.contains("turned away") })
        #expect(!harness.exchanges.contains { [.saslHandshake, .saslAuthenticate].contains($0.head.api) })
        #expect(harness.frames.allSatisfy { $0.bytes.count < 6 || $0.from == .broker || $0.bytes[5] != 36 })
    }

    /// What the broker no longer takes ends the connection, and is told: also where the answer and the end come together.
    @Test(arguments: [false, true])
    func aRenewalThatIsRefusedIsASentence(atOnce: Bool) async throws {
        let scene = try await Scene(.saslSSL, sessions: .milliseconds(500), refusesAtOnce: atOnce)
        let isWrong = Locked(false)
        let upstream = try ConnectionSecurity(
            scene.options(
                .saslSSL,
                sasl: PlainMechanism { _ in ("alice", isWrong.withLock { $0 } ? "hunter2" : Secret(Self.password)) }))
        let harness = try await ProxyHarness([scene.broker.bootstrapServers]) {
            $0.security = upstream
            $0.logsIn = true
        }
        let admin = try KafkaAdmin(ClientConfiguration(bootstrapServers: [await harness.address]))
        _ = try await admin.describeCluster()
        isWrong.withLock { $0 = true }
        try await Task.sleep(for: .milliseconds(600))
        _ = try? await admin.describeCluster()
        try await eventually { harness.sentences.contains { $0.contains("could not be renewed") } }
        #expect(harness.sentences.allSatisfy { !$0.contains("hunter2") && !$0.contains(Self.password) })
        await admin.close()
        await harness.stop()
        await scene.broker.stop()
    }

    /// Shorter than clients' pauses: each first request behind one waits for the proxy.
    @Test func aLoginThatIsOverIsMadeAnew() async throws {
        let scene = try await Scene(.saslSSL, sessions: .milliseconds(500))
        let upstream = try ConnectionSecurity(scene.options(.saslSSL, sasl: Self.mechanisms[0]))
        let harness = try await ProxyHarness([scene.broker.bootstrapServers]) {
            $0.security = upstream
            $0.logsIn = true
        }
        for _ in 0..<3 {
            try await Self.roundTrip(await harness.address, nil, count: 5, size: 100)
            try await Task.sleep(for: .milliseconds(600))
        }
        await harness.stop()
        await scene.broker.stop()
    }

    @Test func whatStandsInTheWayIsSaid() async throws {
        let scene = try await Scene(.saslSSL)
        let stranger = try await Scene(.saslSSL)
        await stranger.broker.stop()
        let wrong = PlainMechanism(user: "alice", password: "wrong")
        let ways: [(ConnectionSecurity, Bool, String)] = [
            (try ConnectionSecurity(stranger.options(.ssl)), false, "certificate"),
            (try ConnectionSecurity(scene.options(.saslSSL, sasl: wrong)), true, "PLAIN"),
        ]
        for (security, logsIn, word) in ways {
            let harness = try await ProxyHarness([scene.broker.bootstrapServers]) {
                $0.security = security
                $0.logsIn = logsIn
                $0.probes = true
            }
            let peer = try RawPeer.connect(to: await harness.port)
            #expect(try await peer.ends())
            peer.close()
            try await eventually { harness.sentences.contains { $0.contains(word) && $0.contains("turned away") } }
            #expect(harness.sentences.allSatisfy { !$0.contains("wrong\"") })
            await harness.stop()
        }
        await scene.broker.stop()
    }

    // MARK: - What is recorded

    @Test func secretsAreZerosInAFrameOfTheSameForm() throws {
        for version in SaslAuthenticateRequest.versions {
            let request = SaslAuthenticateRequest.with { $0.authBytes = Bytes(Array("\0alice\0secret".utf8)) }
            let frame = Bytes(try Frame.request(request, version: version, correlationId: 7, clientId: "c"))
            let masked = SecretMask.request(frame, .saslAuthenticate)
            let (_, body) = try Frame.decodeRequestHeader(masked[4..<masked.count])
            let read = try SaslAuthenticateRequest.decode(body, version: version)
            #expect(masked.count == frame.count && read.authBytes.copy() == [UInt8](repeating: 0, count: 13))
            let response = SaslAuthenticateResponse.with {
                $0.authBytes = Bytes(Array("r=a,s=b,i=4096".utf8))
                $0.errorMessage = "no"
            }
            let answer = Bytes(try Frame.response(response, version: version, correlationId: 7))
            let hidden = SecretMask.answer(answer, to: .saslAuthenticate, version: version)
            let seen = try Frame.decodeResponse(
                SaslAuthenticateResponse.self, hidden[4..<hidden.count], version: version)
            #expect(seen.errorMessage == "no" && seen.authBytes.copy() == [UInt8](repeating: 0, count: 14))
        }
        let other = Bytes(try Frame.request(HeartbeatRequest(), version: 0, correlationId: 1, clientId: nil))
        #expect(SecretMask.request(other, .heartbeat) == other)
    }

    @Test func brokenOnesAreHiddenAsWhole() throws {
        let request = SaslAuthenticateRequest.with { $0.authBytes = Bytes(Array("\0alice\0secret".utf8)) }
        var bytes = try Frame.request(request, version: 1, correlationId: 7, clientId: "c")
        bytes[15 + 3] = 200
        let masked = SecretMask.request(Bytes(bytes), .saslAuthenticate)
        #expect(!Self.contains(masked.copy(), Array("secret".utf8)))
        let whole = SecretMask.whole(Bytes([0, 0, 0, 2, 7, 8])).copy()
        #expect(whole == [0, 0, 0, 2, 0, 0])
    }

    /// `kw proxy` as a program, with settings as clients have them.
    @Test func theProgramTakesClientsSettings() async throws {
        let scene = try await Scene(.saslSSL)
        let folder = FileManager.default.temporaryDirectory.appending(path: "kw-proxy-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let authority = folder.appending(path: "ca.pem")
        try scene.authority.certificate.write(to: authority, atomically: true, encoding: .utf8)
        let settings = folder.appending(path: "client.properties")
        try """
        security.protocol=SASL_SSL
        ssl.ca.location=\(authority.path)
        sasl.mechanism=SCRAM-SHA-256
        sasl.username=alice
        sasl.password=\(Self.password)
        acks=all
        """.write(to: settings, atomically: true, encoding: .utf8)
        let capture = folder.appending(path: "capture.jsonl").path
        for logsIn in [true, false] {
            var arguments = ["proxy", "--listen", "127.0.0.1:0", "--json", "-b", scene.broker.bootstrapServers]
            arguments += ["--command-config", settings.path]
            arguments += logsIn ? ["--upstream-login"] : ["--record", capture]
            let run = try Program.start(arguments)
            var address: String?
            try await eventually {
                address = JSON(try run.output.text().split(separator: "\n").first ?? "")?["listen"].text
                return address != nil
            }
            let mechanism: (any SASLMechanism)? = logsIn ? nil : Self.mechanisms[0]
            try await Self.roundTrip(try #require(address), mechanism, count: 10, size: 10)
            kill(run.id, SIGINT)
            let outcome = try run.wait()
            #expect(outcome.status == 0, "\(outcome.error)")
        }
        await scene.broker.stop()
        let recorded = try String(contentsOfFile: capture, encoding: .utf8)
        let hex = Self.password.utf8.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(recorded.count > 1000 && !recorded.lowercased().contains(hex))
        let explained = try Program.kw(["explain", "--file", capture])
        #expect(explained.output.contains("SaslAuthenticate"))
        let refused = try Program.kw(["proxy", "-b", "localhost:1", "--upstream-login"])
        #expect(refused.status != 0 && refused.error.contains("--upstream-login needs"))
    }
}
