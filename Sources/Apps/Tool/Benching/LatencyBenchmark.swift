import AppSupport
import JSONLines
import KafkaWire

/// Sends one record after the other, and waits each time until a consumer has it: how long a record takes through Kafka.
package struct LatencyBenchmark: Sendable {
    package var topic: String
    package var records: Int
    package var size: Int
    package var keySize: Int?
    package var seed: UInt64 = 0
    /// How long a record may take.
    package var timeout: Duration = .seconds(60)

    package init(topic: String, records: Int, size: Int) {
        self.topic = topic
        self.records = records
        self.size = size
    }

    /// Runs the benchmark over the partitions of the topic. `report` gets every thousandth record's time in milliseconds.
    package func run(
        producer producing: KafkaProducer.Configuration, consumer consuming: KafkaConsumer.Configuration,
        shouldStop: @escaping @Sendable () -> Bool, report: @escaping @Sendable (Int, Double) -> Void
    ) async throws(KafkaError) -> LatencyOutcome {
        let consumer = try KafkaConsumer(consuming)
        let producer = try KafkaProducer(producing)
        let outcome: Result<LatencyOutcome, KafkaError>
        do throws(KafkaError) {
            outcome = .success(try await exchange(producer, consumer, shouldStop, report))
        } catch {
            outcome = .failure(error)
        }
        try? await producer.close()
        await consumer.close()
        return try outcome.get()
    }

    private func exchange(
        _ producer: KafkaProducer, _ consumer: KafkaConsumer, _ shouldStop: @escaping @Sendable () -> Bool,
        _ report: (Int, Double) -> Void
    ) async throws(KafkaError) -> LatencyOutcome {
        let loop = producer.loop
        let sentAt = Locked(loop.now)
        let timeout = timeout
        // Nothing wakes the reading while no record comes.
        let watch = Task {
            while !Task.isCancelled {
                try? await loop.sleep(for: .milliseconds(50))
                if shouldStop() || sentAt.withLock({ loop.now - $0 }) > timeout { return await consumer.stop() }
            }
        }
        defer { watch.cancel() }
        var random = SeededRandom(seed: seed)
        var latencies = LatencyFigures()
        var events = consumer.events.makeAsyncIterator()
        let before = ProcessUsage.now()
        let started = loop.now
        for number in 0..<records {
            if shouldStop() { break }
            let value = Bytes((0..<size).map { _ in UInt8(ascii: "A") + UInt8(random.next() % 26) })
            let key = keySize.map { Bytes((0..<$0).map { _ in UInt8(ascii: "A") + UInt8(random.next() % 26) }) }
            let begin = loop.now
            sentAt.withLock { $0 = begin }
            try await producer.send(ProducerRecord(topic: topic, key: key, value: value))
            guard let read = try await one(&events) else {
                if shouldStop() { break }
                throw KafkaError(
                    .timedOut,
                    "record \(number + 1) of the measurement was acknowledged and not read within "
                        + "\(Figures.duration(timeout)); look whether topic \(topic) can be read", topic: topic)
            }
            let elapsed = loop.now - begin
            guard read.count == 1, read[0] == value else {
                throw KafkaError(
                    .invalidRequest,
                    "somebody else writes to topic \(topic): \(read.count) records came where one was sent; give a topic "
                        + "that only this measurement uses", topic: topic)
            }
            latencies.record(elapsed)
            if number % 1000 == 0 { report(number, Figures.seconds(elapsed) * 1000) }
        }
        let usage = ProcessUsage.now()
        return LatencyOutcome(
            latencies: latencies, elapsed: loop.now - started, cpu: usage.cpu - before.cpu,
            peakResident: usage.peakResident, bytes: latencies.count * (size + (keySize ?? 0)))
    }

    /// The values of the next batch; nil at the end.
    private func one(_ events: inout KafkaConsumer.Events.Iterator) async throws(KafkaError) -> [Bytes]? {
        while let event = try await events.next() {
            if case .batch(let batch) = event { return batch.map { $0.value ?? Bytes() } }
            if case .trouble(let error) = event, !error.isRetriable { throw error }
        }
        return nil
    }
}

/// What the records' way through Kafka took.
package struct LatencyOutcome: Sendable {
    package var latencies: LatencyFigures
    package var elapsed: Duration
    package var cpu: Duration
    package var peakResident: Int
    package var bytes: Int

    /// As Kafka's end-to-end latency tool prints its end.
    package var lines: [String] {
        let parts = [("50th", 50.0), ("99th", 99), ("99.9th", 99.9)].map {
            "\($0.0) = \(Int(latencies.percentile($0.1)))"
        }
        return [
            "Avg latency: \(Figures.fixed(latencies.mean, decimals: 4)) ms",
            "Percentiles: \(parts.joined(separator: ", "))",
        ]
    }

    /// What Kafka's tool does not tell.
    package var more: String {
        "latency \(latencies.line); \(Rates.cost(cpu, latencies.count)) CPU a record"
    }

    package func json(_ settings: [(String, String)]) -> String {
        JSONText.object(
            [("benchmark", JSONText.string("latency"))] + settings + [("records", "\(latencies.count)")]
                + Rates.json(
                    records: latencies.count, bytes: bytes, elapsed: elapsed, cpu: cpu, peakResident: peakResident)
                + [("latencyMilliseconds", latencies.json)])
    }
}
