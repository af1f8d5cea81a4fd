import AppSupport
import KafkaWire

/// After how many records, or how long, a transaction is committed: whichever comes first.
package struct TransactionSpan: Sendable, Equatable {
    package var records: Int?
    package var duration: Duration?

    package init(records: Int?, duration: Duration?) {
        self.records = records
        self.duration = duration
    }
}

/// Sends records as fast as the producer takes them, or at a given rate, and measures.
package struct ProduceBenchmark: Sendable {
    package var topic: String
    package var records: Int
    /// So many of them come first and are not counted.
    package var warmup = 0
    /// Records a second; nil is as many as go.
    package var throughput: Double?
    package var payloads: Payloads
    /// How many different keys there are; nil sends without keys.
    package var keys: Int?
    package var seed: UInt64 = 0
    package var reportingInterval: Duration = .seconds(5)
    /// When transactions are committed; nil sends outside of any. The producer has to have a transactional id.
    package var transactions: TransactionSpan?

    package init(topic: String, records: Int, payloads: Payloads) {
        self.topic = topic
        self.records = records
        self.payloads = payloads
    }

    /// At full speed the clock is read for every so many records: reading it is a tenth of sending one.
    private static let stride = 16

    /// Runs the benchmark. `progress` gets the number of records that were sent, often; `report` gets each window;
    /// `shouldStop` ends it early.
    package func run(
        _ configuration: KafkaProducer.Configuration, shouldStop: @escaping @Sendable () -> Bool,
        progress: @escaping @Sendable (Int) -> Void,
        report: @escaping @Sendable (BenchmarkWindow) -> Void
    ) async throws(KafkaError) -> ProduceOutcome {
        let producer = try KafkaProducer(configuration)
        let loop = producer.loop
        let times = DeliveryTimes(warmup: warmup, on: loop)
        let windows = Task { await Self.windows(times, on: loop, every: reportingInterval, report) }
        defer { windows.cancel() }
        var feed = Feed(self, on: loop)
        var failure: KafkaError?
        do throws(KafkaError) {
            try await feed.send(to: producer, times, shouldStop, progress)
            if transactions == nil { try await producer.flush() } else { try await feed.commit(producer) }
        } catch {
            failure = error
        }
        let ended = loop.now
        let usage = ProcessUsage.now()
        do throws(KafkaError) { try await producer.close() } catch { failure = failure ?? error }
        // The last acknowledgements may still be on their way to those who count them.
        while times.isWaiting { try? await loop.sleep(for: .milliseconds(1)) }
        let total = times.total
        if total.records == 0, let failure { throw failure }
        return ProduceOutcome(
            records: total.records, bytes: total.bytes, elapsed: ended - feed.countedFrom,
            cpu: usage.cpu - feed.cpuBefore, peakResident: usage.peakResident, latencies: total.latencies,
            failed: total.failed, firstFailure: total.firstFailure ?? failure,
            wasInterrupted: feed.sent < records, transactions: transactions.map { _ in feed.committed })
    }

    private static func windows(
        _ times: DeliveryTimes, on loop: any EventLoop, every interval: Duration,
        _ report: @Sendable (BenchmarkWindow) -> Void
    ) async {
        var start = loop.now
        while true {
            do { try await loop.sleep(for: interval) } catch { return }
            let now = loop.now
            let window = times.takeWindow()
            report(
                BenchmarkWindow(
                    records: window.records, bytes: window.bytes, elapsed: now - start, latencies: window.latencies))
            start = now
        }
    }

    /// The loop that sends.
    private struct Feed {
        let plan: ProduceBenchmark
        var random: SeededRandom
        var sent = 0
        let loop: any EventLoop
        var countedFrom: Instant
        var cpuBefore = ProcessUsage.now().cpu
        /// The transaction that is open: when it began, and its records.
        private var open: (began: Instant, records: Int)?
        /// Transactions that were committed.
        private(set) var committed = 0

        init(_ plan: ProduceBenchmark, on loop: any EventLoop) {
            self.plan = plan
            self.loop = loop
            countedFrom = loop.now
            random = SeededRandom(seed: plan.seed)
        }

        mutating func send(
            to producer: KafkaProducer, _ times: DeliveryTimes, _ shouldStop: () -> Bool, _ progress: (Int) -> Void
        ) async throws(KafkaError) {
            let stride = plan.throughput == nil ? ProduceBenchmark.stride : 1
            let start = loop.now
            var group: Group?
            while sent < plan.records {
                if sent == plan.warmup, sent > 0 {
                    group?.note(to: times)
                    group = nil
                    countedFrom = loop.now
                    cpuBefore = ProcessUsage.now().cpu
                }
                if group == nil {
                    if shouldStop() { return }
                    if let throughput = plan.throughput { await pause(until: start, throughput) }
                    if let span = plan.transactions { try await turn(span, producer) }
                    group = Group(time: loop.now)
                }
                let value = plan.payloads.values[Int(random.next() >> 33) % plan.payloads.values.count]
                let key = plan.keys.map { "key-\(random.next() % UInt64(max(1, $0)))" }
                let delivery = try await send(value, key, to: producer)
                sent += 1
                open?.records += 1
                group?.add(delivery, bytes: value.count + (key?.utf8.count ?? 0), to: times)
                if sent & 0x3FFF == 0 { progress(sent) }
                if let full = group, full.count >= stride || isFull {
                    full.note(to: times)
                    group = nil
                }
            }
            group?.note(to: times)
        }

        /// Whether the open transaction has all of its records.
        private var isFull: Bool {
            guard let open, let most = plan.transactions?.records else { return false }
            return open.records >= most
        }

        /// Commits a transaction that is full or has been open for long enough, and begins one where none is open.
        private mutating func turn(_ span: TransactionSpan, _ producer: KafkaProducer) async throws(KafkaError) {
            if let open, isFull || span.duration.map({ loop.now - open.began >= $0 }) == true {
                try await commit(producer)
            }
            guard open == nil else { return }
            try await producer.beginTransaction()
            open = (loop.now, 0)
        }

        /// Commits the transaction that is open.
        mutating func commit(_ producer: KafkaProducer) async throws(KafkaError) {
            guard open != nil else { return }
            try await producer.commitTransaction()
            open = nil
            committed += 1
        }

        /// Records of one batch that were sent one behind the other, at about one time.
        private struct Group {
            let time: Instant
            var delivery: Delivery?
            var count = 0
            var bytes = 0

            init(time: Instant) { self.time = time }

            /// Adds a record; one of another batch begins the group anew.
            mutating func add(_ next: Delivery, bytes size: Int, to times: DeliveryTimes) {
                if let delivery, !delivery.isTogether(with: next) {
                    note(to: times)
                    count = 0
                    bytes = 0
                }
                delivery = next
                count += 1
                bytes += size
            }

            func note(to times: DeliveryTimes) {
                if let delivery { times.note(delivery, count: count, bytes: bytes, at: time) }
            }
        }

        private func send(
            _ value: [UInt8], _ key: String?, to producer: KafkaProducer
        ) async throws(KafkaError) -> Delivery {
            if key == nil {
                let taken: Result<Delivery?, KafkaError> = value.withUnsafeBytes { bytes in
                    do throws(KafkaError) {
                        return .success(try producer.tryEnqueue(topic: plan.topic, value: bytes))
                    } catch {
                        return .failure(error)
                    }
                }
                if let delivery = try taken.get() { return delivery }
            }
            return try await producer.enqueue(
                ProducerRecord(topic: plan.topic, key: key.map { Bytes(utf8: $0) }, value: Bytes(value)))
        }

        /// Waits until it is this record's turn.
        private func pause(until start: Instant, _ throughput: Double) async {
            let due = start + .seconds(min(Double(sent) / throughput, 1e9))
            let ahead = due - loop.now
            // Shorter pauses than that come out longer than they should.
            if ahead > .milliseconds(1) { try? await loop.sleep(for: ahead) }
        }
    }
}
