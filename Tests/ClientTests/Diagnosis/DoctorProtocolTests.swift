import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The doctor before ports that speak something else: TLS, HTTP, SSH, databases, a controller, a listener with SASL.
@Suite(.turn) struct DoctorProtocolTests {
    private func examine(_ peer: ScriptedPeer) async throws -> DiagnosisReport {
        let report = await KafkaDoctor(.quick(peer.address)).examine()
        await peer.stop()
        return report
    }

    @Test func serversThatGreet() async throws {
        let ssh = try await examine(.start(greeting: "SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"))
        #expect(ssh.troubles == ["problem not-kafka"])
        #expect(try ssh.only(.notKafka).message.contains("SSH-2.0-OpenSSH_9.2p1"))
        let mail = try await examine(.start(greeting: "220 mail.example ESMTP\u{1B}[2J\r\n"))
        #expect(try mail.only(.notKafka).message.contains("220 mail.example ESMTP?[2J"), "no control characters")
    }

    /// What PostgreSQL 17 answers to a start of protocol 18.0, to SSLRequest, and what others do.
    @Test func serversThatAnswer() async throws {
        let database = try await examine(
            .start { bytes in
                bytes.count == 8
                    ? .say(Array("N".utf8))
                    : .sayAndClose(
                        [0x45, 0, 0, 0, 0x8B] + Array("SFATAL\0VFATAL\0C0A000\0Munsupported frontend protocol".utf8))
            })
        #expect(try database.only(.notKafka).message.contains("PostgreSQL"))
        let silentDatabase = try await examine(.start { $0.count == 8 ? .say(Array("S".utf8)) : .nothing })
        #expect(try silentDatabase.only(.notKafka).message.contains("PostgreSQL"))
        let keeper = try await examine(
            .start {
                $0.starts(with: Array("srvr".utf8)) ? .sayAndClose(Array("Zookeeper version: 3.8.4".utf8)) : .close
            })
        #expect(try keeper.only(.notKafka).message.contains("ZooKeeper"))
        #expect(try keeper.only(.notKafka).advice?.contains("9092") == true)
        let web = try await examine(
            .start {
                $0.starts(with: Array("GET /".utf8))
                    ? .sayAndClose(Array("HTTP/1.1 200 OK\r\nDate: today\r\nServer: Jetty(12.0.22)\r\n\r\n".utf8))
                    : .nothing
            })
        #expect(try web.only(.notKafka).message.contains("an HTTP server answers (Jetty(12.0.22))"))
        let garbage = try await examine(.start { _ in .sayAndClose([1, 2, 3, 0xFE]) })
        #expect(try garbage.only(.notKafka).message.contains("(01 02 03 fe …)"))
    }

    @Test func portsThatHangUpOrSayNothing() async throws {
        #expect(try await examine(.start(hangsUp: true)).troubles == ["problem hangs-up"])
        #expect(try await examine(.start { _ in .close }).troubles == ["problem hangs-up"])
        let silent = try await examine(.start())
        #expect(silent.troubles == ["problem silent-port"])
        #expect(silent.duration < .seconds(15))
    }

    /// A real TLS server, and one that has been switched to the newest version alone.
    @Test(
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/openssl")),
        arguments: ["-tls1_2", "-tls1_3"])
    func aTLSServer(version: String) async throws {
        let folder = FileManager.default.temporaryDirectory.appending(
            path: "kw-doctor-\(UInt32.random(in: 0 ... .max))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (key, certificate) = (folder.appending(path: "key.pem").path, folder.appending(path: "cert.pem").path)
        let make = try openssl(
            [
                "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", certificate, "-days", "1",
                "-subj",
                "/CN=localhost",
            ])
        make.waitUntilExit()
        try #require(make.terminationStatus == 0)
        let port = try closedPort()
        let server = try openssl(
            ["s_server", "-accept", "127.0.0.1:\(port)", "-key", key, "-cert", certificate, "-quiet", version])
        defer { kill(server.processIdentifier, SIGKILL) }
        let address = try #require(SocketAddress.resolve(host: "127.0.0.1", port: port).first)
        let prober = SocketProber(loop: try SocketLoop.common())
        try await eventually { await prober.connect(to: address, within: .seconds(1)).isConnected }

        // This server takes one connection at a time, and leaves half a second between two.
        var patient = KafkaDoctor.Configuration.quick("localhost:\(port)")
        patient.timeout = .seconds(6)
        let report = await KafkaDoctor(patient).examine()
        // Beside that it may be called slow.
        #expect(report.troubles.filter { $0.hasPrefix("problem") } == ["problem tls-port"])
        #expect(try report.only(.tlsPort).advice?.contains("security.protocol=SSL") == true)
        // Seen from a client with TLS, it has signed itself; once it is trusted, it speaks no Kafka.
        patient.client.security.securityProtocol = .ssl
        let unknown = await KafkaDoctor(patient).examine()
        #expect(unknown.troubles.filter { $0.hasPrefix("problem") } == ["problem certificate-not-trusted"])
        #expect(try unknown.only(.certificateNotTrusted).message.contains("has signed itself"))
        patient.client.security.tls.trust = .pemFile(certificate)
        patient.timeout = .seconds(2)
        let trusted = await KafkaDoctor(patient).examine()
        // It may say nothing, or break off when its own input ends.
        let isSilent = ["problem silent-port", "problem broker-fails"].contains(trusted.troubles.first)
        #expect(isSilent && trusted.troubles.dropFirst() == ["warning certificate-ends-soon"], "\(trusted.troubles)")
        #expect(trusted[.olderTLS].count == (version == "-tls1_2" ? 1 : 0))
    }

    private func openssl(_ arguments: [String]) throws -> Process {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = arguments
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        return process
    }

    @Test func aPlainPortForAClientThatIsToSpeakTLS() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var configuration = KafkaDoctor.Configuration.quick("127.0.0.1:\(broker.port)")
        configuration.client.security.securityProtocol = .saslSSL
        configuration.client.security.sasl = PlainMechanism(user: "alice", password: "secret")
        let report = await KafkaDoctor(configuration).examine()
        #expect(report.troubles == ["problem plain-port"])
        #expect(try report.only(.plainPort).advice?.contains("security.protocol=PLAINTEXT") == true)
        #expect(report.release == "4.3", "versions are told to everybody")
        await broker.stop()
    }

    /// What a controller of Kafka 4.3 lists, as far as it matters: registration of brokers, and neither Produce nor Metadata.
    @Test func aControllersPort() async throws {
        let apis: [Int16] = [
            1, 17, 18, 19, 20, 32, 33, 36, 37, 43, 44, 45, 46, 49, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 62, 63, 64,
            67, 70,
        ]
        let proxy = try await FaultProxy.start { passing in
            let response = ApiVersionsResponse.with { response in
                response.apiKeys = apis.map { api in
                    .with {
                        $0.apiKey = api
                        $0.maxVersion = api == 18 ? 4 : 1
                    }
                }
            }
            let frame = try? Frame.response(response, version: passing.version, correlationId: passing.correlationId)
            return passing.api == .apiVersions ? .answer(frame ?? []) : .cut
        }
        let report = await KafkaDoctor(.quick(proxy.address)).examine()
        #expect(report.troubles == ["problem controller-port"])
        #expect(try report.step(.brokers).isSkipped)
        await proxy.stop()
    }

    /// A listener with SASL tells its versions, and closes the connection at any other request; asked for a mechanism that
    /// it has not, it names those that it has.
    @Test(arguments: [true, false]) func aListenerThatWantsSASL(tellsMechanisms: Bool) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let proxy = try await FaultProxy.start { passing in
            guard passing.isRequest else {
                // The embedded broker has no SASL; Kafka lists the API on every listener.
                guard passing.api == .apiVersions,
                    var answer = try? Frame.decodeResponse(
                        ApiVersionsResponse.self, passing.frame, version: passing.version)
                else { return .pass }
                answer.apiKeys.append(
                    .with {
                        $0.apiKey = 17
                        $0.maxVersion = 1
                    })
                let frame = try? Frame.response(answer, version: passing.version, correlationId: passing.correlationId)
                return frame.map { .replace(Bytes($0)[4..<$0.count]) } ?? .pass
            }
            switch passing.api {
            case .apiVersions: return .pass
            case .saslHandshake:
                let answer = SaslHandshakeResponse.with {
                    $0.errorCode = tellsMechanisms ? .unsupportedSaslMechanism : .illegalSaslState
                    $0.mechanisms = tellsMechanisms ? ["PLAIN", "SCRAM-SHA-512"] : []
                }
                let frame = try? Frame.response(answer, version: passing.version, correlationId: passing.correlationId)
                return .answer(frame ?? [])
            default: return .cut
            }
        }
        try await proxy.setBroker(port: broker.port)
        let report = await KafkaDoctor(.quick(proxy.address)).examine()
        if tellsMechanisms {
            #expect(report.troubles == ["problem authentication-required"])
            let finding = try report.only(.authenticationRequired)
            #expect(finding.message.contains("It offers PLAIN and SCRAM-SHA-512."))
            #expect(finding.advice?.contains("sasl.mechanism=SCRAM-SHA-512") == true)
        } else {
            // Who closes connections for another reason wants no SASL.
            #expect(report.troubles == ["problem broker-fails"])
        }
        #expect(report.release == "4.3", "versions are told to everybody")
        await proxy.stop()
        await broker.stop()
    }

    @Test func whatBytesSay() {
        func peer(_ bytes: [UInt8]) -> PeerProtocol? { PeerProtocol(said: bytes) }
        #expect(peer([0x15, 3, 3, 0, 2, 2, 70]) == .tls)
        #expect(peer([0x16, 3, 3, 0, 90]) == .tls)
        #expect(peer([0x15, 3]) == nil)
        #expect(peer(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) == .http(server: nil))
        #expect(peer(Array("-ERR unknown command".utf8)) == .redis)
        #expect(peer(Array("AMQP".utf8) + [0, 0, 9, 1]) == .amqp)
        #expect(peer([0x4A, 0, 0, 0, 10] + Array("8.0.36".utf8)) == .mySQL)
        #expect(peer([0, 0, 0, 10] + PeerProtocol.Question.correlation + [0, 0]) == .kafka)
        #expect(peer([0, 0, 0, 10, 1, 2, 3, 4, 0, 0]) == nil)
        #expect(peer([]) == nil)
        // What is sent says how long it is, so that a server can wait for it and answer.
        let hello = ClientHello.bytes(host: "kafka.example")
        #expect(hello.count == 5 + Int(hello[3]) << 8 + Int(hello[4]))
        #expect(hello.count == 9 + Int(hello[6]) << 16 + Int(hello[7]) << 8 + Int(hello[8]))
        #expect(ClientHello.bytes(host: "127.0.0.1").count < hello.count, "an address is no server name")
    }
}
