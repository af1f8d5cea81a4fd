#if Metrics
    import CoreMetrics
    import KafkaBroker
    import TestSupport
    import Testing

    @testable import KafkaWire

    /// What goes to swift-metrics, and under which names.
    @Suite(.turn) struct MetricsObserverTests {
        @Test func aProducerAndAConsumerReportUnderTheirNames() async throws {
            let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
            let kept = KeptMetrics()
            let observer = MetricsObserver(labels: [("client_id", "me")], factory: kept)
            try await broker.produce(0..<10, to: "t") { $0.client.observers = [observer] }
            let seen = Seen()
            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
                $0.client.observers = [observer]
            }
            let task = consumer.read(into: seen)
            try await seen.wait(for: 10)
            try await eventually { kept.sum("kafka_consumer_commits_total{client_id=me}") >= 1 }
            await consumer.close()
            try await task.value
            #expect(kept.sum("kafka_producer_records_total{client_id=me,topic=t}") == 10)
            #expect(kept.sum("kafka_consumer_records_total{client_id=me,topic=t}") == 10)
            #expect(kept.last("kafka_consumer_lag{client_id=me,topic=t}") == 0)
            #expect(kept.last("kafka_consumer_assigned_partitions{client_id=me}") == 0)
            #expect(kept.last("kafka_producer_buffered_bytes{client_id=me}") == 0)
            let server = "127.0.0.1:\(broker.port)"
            #expect(kept.sum("kafka_client_requests_total{api=Produce,broker=\(server),client_id=me}") >= 1)
            #expect(kept.count("kafka_client_request_duration{api=Fetch,broker=\(server),client_id=me}") >= 1)
            #expect(kept.count("kafka_consumer_rebalance_duration{client_id=me}") == 1)
            let known = Set(MetricName.allCases.map(\.rawValue))
            #expect(kept.names.allSatisfy { name in known.contains(String(name.prefix { $0 != "{" })) })
            await broker.stop()
        }

        /// A program that reads a thousand topics from a thousand brokers must not make a million series.
        @Test func labelsHaveABoundedNumberOfValues() {
            let kept = KeptMetrics()
            let observer = MetricsObserver(maximumLabelValues: 3, factory: kept)
            for number in 0..<100 {
                observer.observe(.connected(broker: "b:\(number)", after: .milliseconds(1)))
                observer.observe(
                    .fetched(
                        FetchedRecords(
                            partition: TopicPartition("t\(number)", 0), broker: 1, records: 2, bytes: 3, lag: 4,
                            buffered: 5)))
            }
            let opened = kept.names.filter { $0.hasPrefix("kafka_client_connections_opened_total") }
            #expect(opened.count == 4 && kept.sum("kafka_client_connections_opened_total{broker=other}") == 97)
            #expect(kept.last("kafka_consumer_lag{topic=other}") == 388.0)
            #expect(kept.last("kafka_consumer_lag_max{topic=other}") == 4)
            let partitions = (0..<100).map { TopicPartition("t\($0)", 0) }
            observer.observe(.revoked(group: "g", partitions, lost: true))
            #expect(kept.last("kafka_consumer_lag{topic=other}") == 0)
            #expect(kept.sum("kafka_consumer_partitions_lost_total{}") == 100)
        }
    }

    /// Metrics that are kept as the numbers that were reported, by name and labels in order.
    private final class KeptMetrics: MetricsFactory {
        private let values = Locked<[String: [Double]]>([:])

        var names: [String] { values.withLock { $0.keys.sorted() } }
        func sum(_ name: String) -> Double { values.withLock { ($0[name] ?? []).reduce(0, +) } }
        func count(_ name: String) -> Int { values.withLock { ($0[name] ?? []).count } }
        func last(_ name: String) -> Double? { values.withLock { $0[name]?.last } }

        private final class Kept: CounterHandler, TimerHandler, RecorderHandler, FloatingPointCounterHandler,
            MeterHandler
        {
            let note: @Sendable (Double) -> Void
            init(note: @escaping @Sendable (Double) -> Void) { self.note = note }
            func increment(by amount: Int64) { note(Double(amount)) }
            func increment(by amount: Double) { note(amount) }
            func decrement(by amount: Double) { note(-amount) }
            func reset() {}
            func recordNanoseconds(_ duration: Int64) { note(Double(duration)) }
            func record(_ value: Int64) { note(Double(value)) }
            func record(_ value: Double) { note(value) }
            func set(_ value: Int64) { note(Double(value)) }
            func set(_ value: Double) { note(value) }
        }

        private func kept(_ label: String, _ dimensions: [(String, String)]) -> Kept {
            let labels = dimensions.sorted { $0.0 < $1.0 }.map { "\($0)=\($1)" }.joined(separator: ",")
            let name = "\(label){\(labels)}"
            return Kept { [values] value in values.withLock { $0[name, default: []].append(value) } }
        }

        func makeCounter(label: String, dimensions: [(String, String)]) -> CounterHandler { kept(label, dimensions) }
        func makeFloatingPointCounter(
            label: String, dimensions: [(String, String)]
        ) -> FloatingPointCounterHandler { kept(label, dimensions) }
        func makeMeter(label: String, dimensions: [(String, String)]) -> MeterHandler { kept(label, dimensions) }
        func makeRecorder(
            label: String, dimensions: [(String, String)], aggregate: Bool
        ) -> RecorderHandler { kept(label, dimensions) }
        func makeTimer(label: String, dimensions: [(String, String)]) -> TimerHandler { kept(label, dimensions) }
        func destroyCounter(_ handler: CounterHandler) {}
        func destroyFloatingPointCounter(_ handler: FloatingPointCounterHandler) {}
        func destroyMeter(_ handler: MeterHandler) {}
        func destroyRecorder(_ handler: RecorderHandler) {}
        func destroyTimer(_ handler: TimerHandler) {}
    }
#endif
