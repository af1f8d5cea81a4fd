import AppSupport
import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import KW

/// `kw groups` held against kafka-python and confluent-kafka, whose consumers are the groups' members
/// (`Tests/Foreign/test_kw_groups.py`).
@Suite(.alone(minutes: 3)) struct ForeignToolsGroupsTests {
    private static let python = ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }

    @Test(.enabled(if: python != nil)) func othersTellTheSame() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["orders": 4, "payments": 2])
        configuration.consumerHeartbeatInterval = .milliseconds(300)
        configuration.consumerSessionTimeout = .seconds(6)
        let broker = try await KafkaBroker.start(configuration)
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let kw = try #require(Program.folder) + "/kw"
        let command =
            "BOOTSTRAP=\(broker.bootstrapServers) KW='\(kw)' timeout 150 '\(try #require(Self.python))' "
            + "'\(root)/Tests/Foreign/test_kw_groups.py'"
        #expect(try await runShell(command) == 0)
        await broker.stop()
    }

    private static let jars = ProcessInfo.processInfo.environment["KAFKAWIRE_JARS"]

    /// Patterns put together at random, and what RE2/J itself says of them.
    @Test(.enabled(if: jars != nil)) func patternsAreReadAsBrokersReadThem() async throws {
        let parts = [
            "a", "b", "(", ")", "(?:", "(?P<n>", "(?<m>", "(?i)", "(?i-s:", "(?-)", "(?=", "(?", "[", "[^", "]", "-",
            "a-z",
            "z-a", "[:alpha:]", "[:bad:]", "[:^digit:]", "*", "+", "?", "|", "{2}", "{2,}", "{,3}", "{3,1}", "{1001}",
            "{02}",
            "{100}", "{20}", "\\d", "\\W", "\\p{Greek}", "\\pN", "\\p{Nope}", "\\p", "\\1", "\\01", "\\12", "\\08",
            "\\x41", "\\x{1F600}", "\\x4", "\\x{110000}", "\\Q", "\\E", "\\A", "\\z", "\\Z", "\\b", "\\C", "\\", "\\.",
            "\\_", "\\a", "\\y", "^", "$", ".", "é", "\\é", "{", "}", ",",
        ]
        var random = SeededRandom(seed: 848)
        let patterns = (0..<5000).map { _ in
            (0..<Int.random(in: 1...6, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
        }
        let file = try Program.file(Array(patterns.joined(separator: "\n").utf8))
        defer { file.remove() }
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let outcome = try await Shell.run(
            "java -cp '\(try #require(Self.jars))/*' '\(root)/Tests/Foreign/JavaPatterns.java' '\(file.path)'")
        let verdicts = outcome.output.split(separator: "\n").map(String.init)
        #expect(outcome.status == 0 && verdicts.count == patterns.count)
        for (pattern, verdict) in zip(patterns, verdicts) {
            var found = "valid"
            do throws(RE2Syntax.Malformed) { try RE2Syntax.check(pattern) } catch { found = error.description }
            #expect((found == "valid") == (verdict == "valid"), "\(pattern): \(found), by RE2/J \(verdict)")
        }
    }
}
