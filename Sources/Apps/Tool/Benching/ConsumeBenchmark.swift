import AppSupport
import JSONLines
import KafkaWire

/// Reads records as fast as they come, and measures.
package struct ConsumeBenchmark: Sendable {
    /// How many records are read.
    package var records: Int
    /// The end, when so long no record comes.
    package var timeout: Duration = .seconds(10)
    package var reportingInterval: Duration = .seconds(5)

    package init(records: Int) { self.records = records }

    /// What was read at some moment.
    package struct Progress: Sendable {
        /// Milliseconds since 1970.
        package var start: Int64
        package var end: Int64
        package var records: Int
        package var bytes: Int
        /// Since the report before.
        package var newRecords: Int
        package var newBytes: Int
        package var elapsed: Duration
        /// Of `elapsed`, how long the group took to hand out partitions.
        package var rebalancing: Duration
    }

    /// Runs the benchmark. `report` gets each interval; `shouldStop` ends it early.
    package func run(
        _ configuration: KafkaConsumer.Configuration, shouldStop: @escaping @Sendable () -> Bool,
        report: @escaping @Sendable (Progress) -> Void
    ) async throws(KafkaError) -> ConsumeOutcome {
        let consumer = try KafkaConsumer(configuration)
        let loop = consumer.loop
        let counts = Locked(Counts(now: loop.now))
        let timeout = timeout
        // Nothing wakes the loop below while no record comes.
        let watch = Task {
            while !Task.isCancelled {
                try? await loop.sleep(for: .milliseconds(50))
                let isOver = counts.withLock { $0.isIdle(for: timeout, now: loop.now) }
                if isOver || shouldStop() { return await consumer.stop() }
            }
        }
        defer { watch.cancel() }
        let started = loop.now
        let startedWall = loop.wallMicroseconds / 1000
        let before = ProcessUsage.now()
        var failure: KafkaError?
        do throws(KafkaError) {
            try await read(consumer, counts, startedWall, report)
        } catch {
            failure = error
        }
        let ended = loop.now
        let usage = ProcessUsage.now()
        await consumer.close()
        let final = counts.withLock { $0 }
        if final.records == 0, let failure { throw failure }
        return ConsumeOutcome(
            records: final.records, bytes: final.bytes, start: startedWall, end: loop.wallMicroseconds / 1000,
            elapsed: ended - started, rebalancing: final.rebalancing, cpu: usage.cpu - before.cpu,
            peakResident: usage.peakResident, hasTimedOut: final.records < records && !shouldStop() && failure == nil,
            failure: failure)
    }

    private struct Counts {
        var records = 0
        var bytes = 0
        var rebalancing: Duration = .zero
        /// Since when the group hands out partitions; nil while there are some.
        var rebalancingSince: Instant?
        var lastRecord: Instant

        init(now: Instant) {
            rebalancingSince = now
            lastRecord = now
        }

        func isIdle(for timeout: Duration, now: Instant) -> Bool { now - lastRecord > timeout }
    }

    private func read(
        _ consumer: KafkaConsumer, _ counts: Locked<Counts>, _ startedWall: Int64, _ report: (Progress) -> Void
    ) async throws(KafkaError) {
        let loop = consumer.loop
        var reported = loop.now
        var last = (records: 0, bytes: 0, rebalancing: Duration.zero)
        for try await event in consumer.events {
            let now = loop.now
            switch event {
            case .assigned:
                counts.withLock { counts in
                    if let since = counts.rebalancingSince { counts.rebalancing += now - since }
                    counts.rebalancingSince = nil
                }
            case .revoked, .lost: counts.withLock { $0.rebalancingSince = $0.rebalancingSince ?? now }
            case .trouble(let error) where !error.isRetriable: throw error
            case .trouble, .recovered, .reset, .reachedEnd: break
            case .batch(let batch):
                let read = count(batch, upTo: counts.withLock { records - $0.records })
                let sum = counts.withLock { counts in
                    counts.records += read.records
                    counts.bytes += read.bytes
                    counts.lastRecord = now
                    if let since = counts.rebalancingSince {
                        counts.rebalancing += now - since
                        counts.rebalancingSince = nil
                    }
                    return counts
                }
                let elapsed = now - reported
                if elapsed >= reportingInterval {
                    report(
                        Progress(
                            start: startedWall, end: loop.wallMicroseconds / 1000, records: sum.records,
                            bytes: sum.bytes, newRecords: sum.records - last.records, newBytes: sum.bytes - last.bytes,
                            elapsed: elapsed, rebalancing: sum.rebalancing - last.rebalancing))
                    reported = now
                    last = (sum.records, sum.bytes, sum.rebalancing)
                }
                if sum.records >= records { return }
            }
        }
    }

    private func count(_ batch: ConsumerBatch, upTo limit: Int) -> (records: Int, bytes: Int) {
        var bytes = 0
        var number = 0
        for record in batch {
            if number >= limit { break }
            number += 1
            bytes += (record.key?.count ?? 0) + (record.value?.count ?? 0)
        }
        return (number, bytes)
    }
}

/// What consuming came to.
package struct ConsumeOutcome: Sendable {
    package var records: Int
    package var bytes: Int
    /// Milliseconds since 1970.
    package var start: Int64
    package var end: Int64
    package var elapsed: Duration
    package var rebalancing: Duration
    package var cpu: Duration
    package var peakResident: Int
    package var hasTimedOut: Bool
    package var failure: KafkaError?

    private static let columns =
        "data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, "
        + "fetch.MB.sec, fetch.nMsg.sec"

    /// The names of the columns of ``line(_:)``, as Kafka's consumer-performance tool prints them.
    package static let header = "start.time, end.time, " + columns
    /// The same for ``detail(_:)``.
    package static let detailHeader = "time, threadId, " + columns

    /// As Kafka's consumer-performance tool prints its end.
    package var line: String {
        let times = [Self.time(start), Self.time(end)]
        return
            (times
            + Self.fields(
                totalBytes: bytes, bytes: bytes, totalRecords: records, records: records, elapsed: elapsed,
                rebalancing: rebalancing)).joined(separator: ", ")
    }

    /// An interval, as it prints it with `--show-detailed-stats`.
    package static func detail(_ progress: ConsumeBenchmark.Progress) -> String {
        ([time(progress.end), "0"]
            + fields(
                totalBytes: progress.bytes, bytes: progress.newBytes, totalRecords: progress.records,
                records: progress.newRecords, elapsed: progress.elapsed, rebalancing: progress.rebalancing))
            .joined(separator: ", ")
    }

    private static func fields(
        totalBytes: Int, bytes: Int, totalRecords: Int, records: Int, elapsed: Duration, rebalancing: Duration
    ) -> [String] {
        let fetching = max(.zero, elapsed - rebalancing)
        return [
            Figures.fixed(Double(totalBytes) / 1_048_576, decimals: 4), Rates.megabytes(bytes, elapsed, decimals: 4),
            "\(totalRecords)", Rates.perSecond(records, elapsed, decimals: 4), "\(milliseconds(rebalancing))",
            "\(milliseconds(fetching))", Rates.megabytes(bytes, fetching, decimals: 4),
            Rates.perSecond(records, fetching, decimals: 4),
        ]
    }

    private static func milliseconds(_ duration: Duration) -> Int64 { Int64(Figures.seconds(duration) * 1000) }

    /// `2026-01-07 22:15:29:594`, as the tool's default form has it.
    private static func time(_ milliseconds: Int64) -> String {
        let text = "\(Timestamp(microseconds: milliseconds * 1000))"
        return text.dropLast(7) + ":" + text.dropLast(3).suffix(3)
    }

    /// What Kafka's tool does not tell.
    package var more: String {
        "\(Rates.cost(cpu, records)) CPU a record, \(Rates.memory(peakResident)) resident at most"
    }

    package func json(_ settings: [(String, String)]) -> String {
        JSONText.object(
            [("benchmark", JSONText.string("consume"))] + settings + [
                ("records", "\(records)"), ("bytes", "\(bytes)"),
                ("rebalanceMilliseconds", "\(Self.milliseconds(rebalancing))"), ("timedOut", "\(hasTimedOut)"),
            ] + Rates.json(records: records, bytes: bytes, elapsed: elapsed, cpu: cpu, peakResident: peakResident))
    }
}
