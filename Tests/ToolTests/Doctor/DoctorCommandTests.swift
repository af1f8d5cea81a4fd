import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

/// `kw doctor` as a program: what it prints, and how it ends.
@Suite(.turn) struct DoctorCommandTests {
    @Test func aHealthyCluster() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 4]))
        let outcome = try Program.kw(["doctor", "--bootstrap-server", "127.0.0.1:\(broker.port)", "--strict"])
        #expect(outcome.status == 0)
        #expect(outcome.error.isEmpty)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 11, "ten steps, and the last sentence: \(outcome.output)")
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("  ✓ ") })
        #expect(lines.last?.hasPrefix("Nothing stands in the way; looked in ") == true)
        let verbose = try Program.kw(["doctor", "-b", "127.0.0.1:\(broker.port)", "--verbose"])
        #expect(verbose.output.contains("✓ speaks-kafka  127.0.0.1:\(broker.port)"))
        await broker.stop()
    }

    @Test func aProblemIsSaidWithWhatToChange() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1], advertisedHost: "kafka.invalid"))
        let outcome = try Program.kw(["doctor", "-b", "127.0.0.1:\(broker.port)", "--timeout", "2s"])
        #expect(outcome.status == 1)
        #expect(outcome.output.contains("✗ advertised-name-unresolved  broker 1 (kafka.invalid:\(broker.port))"))
        #expect(outcome.output.contains("  → Change advertised.listeners of broker 1"))
        #expect(outcome.output.contains("2 problems, found in "))
        // Nobody's terminal is needed to read it.
        let widest = outcome.output.split(separator: "\n").map(\.count).max() ?? 0
        #expect(widest <= 96)
        await broker.stop()
    }

    @Test func theFilesSettingsAreLookedAt() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        func examine(_ settings: String) throws -> Program.Outcome {
            let file = try Program.file(Array(settings.utf8))
            defer { file.remove() }
            return try Program.kw(["doctor", "-b", "127.0.0.1:\(broker.port)", "--command-config", file.path])
        }
        let good = try examine("client.id=x\nlinger.ms=5\ngroup.id=g\nbroker.address.family=v4\n")
        #expect(good.status == 0 && good.error.isEmpty, "\(good.error)")
        let misspelt = try examine("request.timeout.m=5\n")
        #expect(misspelt.status == 0 && misspelt.error.contains("did you mean request.timeout.ms"), "\(misspelt.error)")
        let wrong = try examine("\nrequest.timeout.ms=soon\n")
        #expect(wrong.status == 1 && wrong.error.contains("line 2: request.timeout.ms"), "\(wrong.error)")
        let protected = try examine("security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\n")
        #expect(protected.status == 1 && protected.error.contains("line 2: sasl.mechanism is PLAIN"), "\(protected)")
        let absent = try examine("security.protocol=SSL\nssl.truststore.location=/nowhere.pem\n")
        #expect(absent.status == 1 && absent.output.contains("✗ invalid-configuration"), "\(absent)")
        #expect(absent.output.contains("/nowhere.pem"), "\(absent)")
        await broker.stop()
    }

    @Test func aUnixSocketIsNamedAsSuch() throws {
        let outcome = try Program.kw(["doctor", "-b", "unix:/tmp/kafkawire-nobody.sock"])
        #expect(outcome.status == 1 && outcome.output.contains("the Unix socket /tmp/kafkawire-nobody.sock failed"))
        #expect(!outcome.output.contains("does not resolve"), "\(outcome.output)")
    }

    @Test func warningsCountWithStrict() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1], brokers: 2))
        try await broker.stopNode(2)
        let servers = broker.bootstrapServers
        #expect(try Program.kw(["doctor", "-b", servers]).status == 0)
        let strict = try Program.kw(["doctor", "-b", servers, "--strict"])
        #expect(strict.status == 1)
        #expect(strict.output.contains("! under-replicated  topic orders"))
        #expect(strict.output.contains("Nothing stands in the way; 2 warnings"))
        await broker.stop()
    }

    @Test func oneDocumentAsJSON() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let outcome = try Program.kw([
            "doctor", "-b", "127.0.0.1:\(broker.port)", "--json", "--topic", "order", "--group", "g", "--for", "1s",
        ])
        #expect(outcome.status == 1)
        let document = try #require(JSON(outcome.output))
        #expect(document["problems"].number == 2)
        #expect(document["release"].text == "4.3")
        let steps = document["steps"].elements
        #expect(steps.map(\.["step"].text) == DiagnosisReport.Stage.allCases.map(\.rawValue))
        let findings = steps.flatMap { $0["findings"].elements }
        let unknown = try #require(findings.first { $0["code"].text == "unknown-topic" })
        #expect(unknown["place"]["kind"].text == "topic" && unknown["place"]["name"].text == "order")
        #expect(unknown["advice"].text?.contains("orders") == true)
        await broker.stop()
    }

    @Test func theSettingsOfAFileAndWrongOnes() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let file = try Program.file(Array("bootstrap.servers=127.0.0.1:\(broker.port)\nsecurity.protocol=SSL\n".utf8))
        defer { file.remove() }
        let outcome = try Program.kw(["doctor", "--command-config", file.path])
        #expect(outcome.status == 1 && outcome.output.contains("✗ plain-port"))
        let wrong = try Program.file(Array("security.protocol=TLS\n".utf8))
        defer { wrong.remove() }
        let refused = try Program.kw(["doctor", "--command-config", wrong.path])
        #expect(
            refused.status == 1 && refused.error.contains("line 1: security.protocol is \"TLS\""), "\(refused.error)")
        #expect(try Program.kw(["doctor", "--timeout", "0"]).status == 64)
        await broker.stop()
    }
}
