import Foundation
import KafkaBroker
import PageServing
import TestSupport
import Testing

@testable import AgentRuntime
@testable import KafkaWire

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// What an agent answers on its port.
@Suite(.turn) struct AgentPortTests {
    private static let options = [
        "--metrics-port", "0", "--dead-letter-topic", "unread", "--guarantee", "at-least-once",
    ]

    /// The status and the text at a path of the agent's port.
    private static func get(
        _ path: String, of agent: RunningAgent, method: String = "GET"
    ) async throws -> (status: Int, type: String, text: String) {
        try await agent.says("metrics at http://")
        let address = try #require(agent.text.firstMatch(of: /metrics at (http:\/\/127\.0\.0\.1:[0-9]+)\/metrics/)).1
        var request = URLRequest(url: try #require(URL(string: address + path)))
        request.httpMethod = method
        let (data, response) = try await URLSession.shared.data(for: request)
        let http = try #require(response as? HTTPURLResponse)
        return (
            http.statusCode, http.value(forHTTPHeaderField: "Content-Type") ?? "",
            String(decoding: data, as: UTF8.self)
        )
    }

    @Test func metricsAreThoseOfTheTotals() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 2, "unread": 1]))
        try await broker.write(
            Change.alarming(user: 7, from: 1, alerts: 2) + ["{", Change.row(9, user: 8, op: "u")], 0)
        let agent = try RunningAgent(broker, Self.options)
        try await eventually { try await Self.get("/readyz", of: agent).status == 200 }
        try await eventually {
            try await Self.get("/metrics", of: agent).text.contains(
                "agent_events_total{agent=\"agent\",group=\"g\"} 7\n")
        }
        let metrics = try await Self.get("/metrics", of: agent)
        #expect(metrics.status == 200 && metrics.type == "text/plain; version=0.0.4; charset=utf-8")
        for sample in [
            "agent_ready{agent=\"agent\",group=\"g\"} 1", "agent_transactions_total{agent=\"agent\",group=\"g\"} 5",
            "agent_alerts_total{agent=\"agent\",group=\"g\"} 2", "agent_users{agent=\"agent\",group=\"g\"} 1",
            "agent_malformed_total{agent=\"agent\",group=\"g\",problem=\"no JSON object\"} 1",
            "agent_ignored_total{agent=\"agent\",group=\"g\",reason=\"update\"} 1",
            "agent_dead_letters_total{agent=\"agent\",group=\"g\"} 1",
            "agent_verdict_seconds_count{agent=\"agent\",group=\"g\"} 7",
            "kafka_consumer_assigned_partitions{agent=\"agent\",group=\"g\"} 2",
            "kafka_consumer_lag{agent=\"agent\",group=\"g\",topic=\"changes\",partition=\"0\"} 0",
        ] { #expect(metrics.text.contains("\n\(sample)\n"), "\(sample) is not in\n\(metrics.text)") }
        #expect(try await Self.get("/healthz", of: agent).status == 200)
        #expect(try await Self.get("/", of: agent).status == 404)
        #expect(try await Self.get("/metrics/x", of: agent).status == 404)
        #expect(try await Self.get("/metrics", of: agent, method: "POST").status == 405)
        #expect(try await agent.end() == 0)
        await broker.stop()
    }

    @Test func whoHasNoPartitionsIsAliveAndNotReady() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        let hook = broker.on(.joinGroup) { _ in .delay(.seconds(1)) }
        let agent = try RunningAgent(broker, ["--metrics-port", "0"])
        let early = try await Self.get("/readyz", of: agent)
        #expect(early.status == 503 && early.text == "The group has not given it partitions yet.\n")
        #expect(try await Self.get("/healthz", of: agent).status == 200)
        #expect(try await Self.get("/metrics", of: agent).text.contains("agent_ready{agent=\"agent\",group=\"g\"} 0\n"))
        hook.remove()
        try await eventually { try await Self.get("/readyz", of: agent).status == 200 }
        #expect(try await agent.end() == 0)
        await broker.stop()
    }

    /// What is asked of Prometheus, and what is written of it, is there.
    @Test(arguments: ["deploy/grafana-agents.json", "docs/agents.md"]) func everyNameIsOneOfTheMetrics(path: String)
        throws
    {
        let gauges = AgentGauges(
            name: "a", group: "g", readiness: .ready, tally: Tally(), users: 0, waiting: 0, client: ClientMetrics())
        let told = Set(gauges.text.matches(of: /# TYPE ([a-z_]+)/).map { String($0.output.1) })
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../\(path)")
        let text = try String(contentsOf: file, encoding: .utf8)
        let named = Set(text.matches(of: /\b(agent|kafka)_[a-z_]+\b/).map { String($0.output.0) })
        #expect(named.count > 8 && named.subtracting(told) == [], "\(named.subtracting(told))")
    }

    @Test func aPortThatIsTakenIsOneSentence() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        let agent = try RunningAgent(broker, ["--metrics-port", "\(broker.port)"])
        #expect(try await agent.end() == 1)
        #expect(
            agent.text.hasPrefix("agent: metrics cannot be served on 127.0.0.1:\(broker.port): ")
                && agent.text.hasSuffix("; choose another --metrics-port or --metrics-host\n"), "\(agent.text)")
        await broker.stop()
    }

    @Test func namesAndValuesAreWrittenAsPrometheusReadsThem() {
        var text = PrometheusText(labels: [("client", "a\"b\\c\nd")])
        text.family("x_total", .counter, "Two\nlines, and \\.", 7)
        text.family("y", .summary, "Parts.")
        text.sample(0.25, [("quantile", "0.5")])
        text.sample(3, suffix: "_count")
        #expect(
            text.text == #"""
                # HELP x_total Two\nlines, and \\.
                # TYPE x_total counter
                x_total{client="a\"b\\c\nd"} 7
                # HELP y Parts.
                # TYPE y summary
                y{client="a\"b\\c\nd",quantile="0.5"} 0.25
                y_count{client="a\"b\\c\nd"} 3

                """#)
        var bare = PrometheusText()
        bare.family("z", .gauge, "None.", 1)
        #expect(bare.text.hasSuffix("\nz 1\n"))
    }
}
