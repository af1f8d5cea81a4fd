import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// Counters, their names, and the page that lists them.
@Suite(.turn) struct ClientMetricsTests {
    private static let partition = TopicPartition("t", 3)
    private static let error = KafkaError(.timedOut, "late")

    private static func counted(_ events: [ClientEvent]) -> ClientMetrics {
        let counters = ClientCounters()
        for event in events { counters.count(event) }
        return counters.metrics
    }

    @Test func requestsAreCountedByAPIAndBroker() {
        let metrics = Self.counted([
            .requestSent(SentRequest(api: .fetch, version: 12, broker: "b:1", bytes: 100)),
            .requestSent(SentRequest(api: .fetch, version: 12, broker: "b:1", bytes: 50)),
            .requestSent(SentRequest(api: .fetch, version: 12, broker: "a:1", bytes: 7)),
            .requestSent(SentRequest(api: .produce, version: 9, broker: "b:1", bytes: 9)),
            .requestAnswered(
                AnsweredRequest(api: .fetch, version: 12, broker: "b:1", bytes: 1000, latency: .milliseconds(8))),
            .requestAnswered(
                AnsweredRequest(
                    api: .fetch, version: 12, broker: "b:1", bytes: 0, latency: .milliseconds(2), error: Self.error)),
        ])
        #expect(metrics.requests.map { "\($0.api) \($0.broker)" } == ["Produce b:1", "Fetch a:1", "Fetch b:1"])
        let fetches = metrics.requests[2]
        #expect(fetches.sent == 2 && fetches.failed == 1 && fetches.waiting == 0)
        #expect(fetches.bytesSent == 150 && fetches.bytesReceived == 1000)
        #expect(fetches.latency.longest == .milliseconds(8) && fetches.latency.mean == .milliseconds(5))
        #expect(metrics.requests[1].waiting == 1)
    }

    @Test func pairsOfAPIAndBrokerAreBounded() {
        let counters = ClientCounters()
        for number in 0..<3000 {
            let request = SentRequest(api: .fetch, version: 12, broker: "b:\(number)", bytes: 1)
            counters.count(.requestSent(request))
        }
        let metrics = counters.metrics
        #expect(metrics.requests.count == ClientCounters.mostPairs + 1)
        #expect(metrics.requests.reduce(0) { $0 + $1.sent } == 3000)
        #expect(metrics.requests.first { $0.broker.isEmpty }?.sent == 2000)
    }

    @Test func batchesRecordsAndSharesAreCounted() {
        let settled = SettledBatch(
            partition: Self.partition, records: 5, bytes: 500, latency: .milliseconds(3), offset: 1, buffered: 70)
        let metrics = Self.counted([
            .connected(broker: "b:1", after: .milliseconds(1)), .connected(broker: "b:2", after: .milliseconds(1)),
            .disconnected(broker: "b:1", reason: nil),
            .connectionFailed(broker: "b:3", error: Self.error, after: .zero),
            .throttled(broker: "b:1", api: .fetch, time: .seconds(2)), .retry(call: "x", error: nil, pause: .zero),
            .leaderChanged(Self.partition, from: 1, to: 2),
            .batchSent(
                SentBatch(
                    partition: Self.partition, broker: 1, records: 5, bytes: 500, queueTime: .milliseconds(1),
                    attempt: 1)),
            .batchRetried(Self.partition, error: Self.error, attempt: 1, pause: .zero),
            .batchSent(
                SentBatch(
                    partition: Self.partition, broker: 1, records: 5, bytes: 500, queueTime: .milliseconds(9),
                    attempt: 2)),
            .batchAcknowledged(settled), .batchFailed(settled, error: Self.error),
            .assigned(group: "g", [Self.partition, TopicPartition("t", 4)]),
            .rebalanceEnded(group: "g", generation: 1, after: .milliseconds(50)),
            .fetched(
                FetchedRecords(partition: Self.partition, broker: 1, records: 10, bytes: 999, lag: 7, buffered: 999)),
            .committed(group: "g", offsets: [Self.partition: 5]), .commitFailed(group: "g", error: Self.error),
        ])
        #expect(metrics.connections.opened == 2 && metrics.connections.open == 1 && metrics.connections.failed == 1)
        #expect(metrics.throttles == 1 && metrics.throttledTime == .seconds(2) && metrics.retries == 1)
        #expect(metrics.leaderChanges == 1)
        #expect(metrics.produced.batches == 2 && metrics.produced.queueTime.longest == .milliseconds(1))
        #expect(metrics.produced.records == 5 && metrics.produced.bytes == 500 && metrics.produced.failedRecords == 5)
        #expect(metrics.produced.retriedBatches == 1 && metrics.produced.bufferedBytes == 70)
        #expect(metrics.consumed.records == 10 && metrics.consumed.bytes == 999)
        #expect(metrics.consumed.lag == [Self.partition: 7])
        #expect(metrics.consumed.commits == 1 && metrics.consumed.failedCommits == 1)
        #expect(metrics.rebalances.assigned == 2 && metrics.rebalances.count == 1)
    }

    @Test func whatIsTakenAwayHasNoLagAnyMore() {
        let metrics = Self.counted([
            .assigned(group: "g", [Self.partition]),
            .fetched(FetchedRecords(partition: Self.partition, broker: 1, records: 1, bytes: 1, lag: 7, buffered: 1)),
            .revoked(group: "g", [Self.partition], lost: true),
        ])
        #expect(metrics.consumed.lag == [:] && metrics.rebalances.assigned == 0 && metrics.rebalances.lost == 1)
    }

    @Test func quantilesAreToTheNextPowerOfTwo() {
        var summary = DurationSummary()
        #expect(summary.quantile(0.5) == nil && summary.mean == nil)
        for _ in 0..<99 { summary.add(.microseconds(100)) }
        summary.add(.seconds(3))
        #expect(summary.count == 100 && summary.longest == .seconds(3))
        #expect(summary.quantile(0.5) == .microseconds(128))
        #expect(summary.quantile(0.99) == .microseconds(128))
        #expect(summary.quantile(1) == .seconds(3))
        summary.add(.seconds(-1))
        summary.add(.seconds(1 << 40))
        #expect(summary.count == 102 && summary.quantile(1) == .seconds(1 << 40))
    }

    // MARK: - Names

    @Test func namesSayWhatTheyAre() {
        for name in MetricName.allCases {
            #expect(name.rawValue.allSatisfy { $0.isLowercase || $0 == "_" }, "\(name)")
            #expect(name.rawValue.hasSuffix("_total") == (name.kind == .counter), "\(name)")
            #expect(name.rawValue.hasSuffix("_duration") == (name.kind == .timer), "\(name)")
            #expect(!name.meaning.isEmpty, "\(name)")
        }
    }

    /// `KAFKAWIRE_WRITE=1` writes it.
    @Test func thePageOfMetricsIsTheTable() throws {
        let path = String(Fixture.folder.dropLast("Fixtures/".count)) + "docs/metrics.md"
        if ProcessInfo.processInfo.environment["KAFKAWIRE_WRITE"] != nil {
            try MetricName.markdown.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == MetricName.markdown)
    }
}
