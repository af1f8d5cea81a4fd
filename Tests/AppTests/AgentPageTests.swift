import Detectors
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

/// What `docs/agents.md` shows is what there is.
@Suite(.turn) struct AgentPageTests {
    private static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/"

    private static func read(_ path: String) throws -> String {
        try String(contentsOfFile: root + path, encoding: .utf8)
    }

    /// Each block of Swift is in the source that the text in front of it names last.
    @Test func listingsAreTheSources() throws {
        let parts = try Self.read("docs/agents.md").components(separatedBy: "```")
        var count = 0
        for (text, block) in zip(parts, parts.dropFirst()) where block.hasPrefix("swift\n") {
            let source = try #require(text.matches(of: /`(Sources\/[^`]*\.swift)`/).last?.output.1)
            #expect(try Self.read(String(source)).contains(block.dropFirst("swift\n".count)), "\(source)")
            count += 1
        }
        #expect(count == 2)
    }

    private static func row(_ agent: String, _ texts: String) -> String {
        "| `\(agent)` | " + texts.split(separator: " ").map { "`\($0)`" }.joined(separator: " ") + " |"
    }

    @Test func numbersAreTheRules() throws {
        let page = try Self.read("docs/agents.md")
        let anomaly = try RuleSheet(AnomalyDetector.Rule(), AnomalyDetector.numbers)
        let velocity = try RuleSheet(VelocityDetector.Rule(), VelocityDetector.numbers)
        let probe = try RuleSheet(ProbeDetector.Rule(), ProbeDetector.numbers)
        #expect(page.contains(Self.row("anomaly-agent", anomaly.text(of: anomaly.numbers))))
        #expect(page.contains(Self.row("velocity-agent", velocity.text(of: velocity.numbers))))
        #expect(page.contains(Self.row("probe-agent", probe.text(of: probe.numbers))))
    }

    @Test func headersAndBoundsAreThoseThatAreSent() throws {
        let page = try Self.read("docs/agents.md")
        typealias Header = DeadLetter.Header
        for name in [Header.agent, Header.problem, Header.field, Header.byte, Header.leftOut, RetryPolicy.Header.cause]
        {
            #expect(page.contains("`\(name)`"), "\(name)")
        }
        #expect(DeadLetter.largest == 1_040_000 && Outbox.limit == 200_000 && Outbox.sizeLimit == 8 << 20)
        #expect(AlertLedger().limit == 50_000 && AlertLedger().sizeLimit == 16 << 20)
    }
}
