import KafkaWire

/// How long records take from `send` to their acknowledgement. Acknowledgements are per batch, so one task waits for each
/// batch, and not one for each record.
final class DeliveryTimes: Sendable {
    /// What was acknowledged so far.
    struct Counts: Sendable {
        var records = 0
        var bytes = 0
        var latencies = LatencyFigures()
        var failed = 0
        var firstFailure: KafkaError?
    }

    private struct State {
        /// Since the last look.
        var window = Counts()
        var total = Counts()
        var open: [ObjectIdentifier: Sent] = [:]
        /// The batch of the record before: most records are in the same one.
        var latest: Sent?
    }

    /// The records of a batch that were sent: when, and how many at that time.
    private final class Sent: Sendable {
        let batch: ObjectIdentifier
        let content = Locked(Content())

        struct Content {
            var times: [(sent: Instant, count: Int, bytes: Int)] = []
            var outcome: (at: Instant, failure: KafkaError?)?
        }

        init(_ batch: ObjectIdentifier) { self.batch = batch }
    }

    private let state = Locked(State())
    /// Records that were sent in front of this one are counted in the windows, and not in the total.
    private let warmup: Int
    private let sent = Locked(0)

    private let loop: any EventLoop

    init(warmup: Int, on loop: any EventLoop) {
        self.warmup = warmup
        self.loop = loop
    }

    /// Notes that `count` records of together `bytes` bytes were sent at `time`, the last of them as `delivery`.
    func note(_ delivery: Delivery, count: Int, bytes: Int, at time: Instant) {
        let batch = delivery.batchIdentity
        let (sent, isNew) = state.withLock { state -> (Sent, Bool) in
            if let latest = state.latest, latest.batch == batch { return (latest, false) }
            let known = state.open[batch]
            let sent = known ?? Sent(batch)
            state.open[batch] = sent
            state.latest = sent
            return (sent, known == nil)
        }
        let isWarm = self.sent.withLock { number in
            number += count
            return number > warmup
        }
        let late = sent.content.withLock { content -> (at: Instant, failure: KafkaError?)? in
            if content.outcome == nil { content.times.append((time, isWarm ? count : -count, bytes)) }
            return content.outcome
        }
        // The batch may be through before its last record is noted here.
        if let late { settle([(time, isWarm ? count : -count, bytes)], late.at, late.failure) }
        guard isNew else { return }
        Task { await self.wait(for: delivery, sent) }
    }

    private func wait(for delivery: Delivery, _ sent: Sent) async {
        // Of a batch that went in parts some may have arrived; it counts as failed then.
        let failure = await delivery.batchParts().lazy.compactMap(\.error).first
        let now = loop.now
        let times = sent.content.withLock { content in
            content.outcome = (now, failure)
            defer { content.times = [] }
            return content.times
        }
        state.withLock { state in
            state.open[sent.batch] = nil
            // A new batch may get the old one's address.
            if state.latest === sent { state.latest = nil }
        }
        settle(times, now, failure)
    }

    /// Below 0, the count is that of records of the warm-up.
    private func settle(_ times: [(sent: Instant, count: Int, bytes: Int)], _ now: Instant, _ failure: KafkaError?) {
        state.withLock { state in
            for (sent, signed, bytes) in times {
                let count = abs(signed)
                if let failure {
                    state.total.failed += count
                    state.total.firstFailure = state.total.firstFailure ?? failure
                    continue
                }
                Self.add(to: &state.window, count, bytes, now - sent)
                if signed > 0 { Self.add(to: &state.total, count, bytes, now - sent) }
            }
        }
    }

    private static func add(to counts: inout Counts, _ records: Int, _ bytes: Int, _ latency: Duration) {
        counts.records += records
        counts.bytes += bytes
        counts.latencies.record(latency, count: records)
    }

    /// Whether a batch is still on its way.
    var isWaiting: Bool { state.withLock { !$0.open.isEmpty } }

    /// Everything but the warm-up.
    var total: Counts { state.withLock { $0.total } }

    /// What came since this was asked last.
    func takeWindow() -> Counts {
        state.withLock { state in
            defer { state.window = Counts() }
            return state.window
        }
    }
}
