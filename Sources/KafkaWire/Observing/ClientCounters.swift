/// Keeps ``ClientMetrics``. It is told of requests and batches, never of single records, so that it costs what a lock and a
/// look into a dictionary cost for each of those.
package final class ClientCounters: Sendable {
    /// So many pairs of API and broker are told apart; the others are counted together.
    static let mostPairs = 1000
    /// So many partitions' lags are kept.
    static let mostLags = 100_000

    private struct Pair: Hashable {
        var api: APIKey
        var broker: String
    }

    private struct State {
        var metrics = ClientMetrics()
        var requests: [Pair: ClientMetrics.Requests] = [:]
        var assigned: Set<TopicPartition> = []
    }

    private let state = Locked(State())

    package init() {}

    /// What was counted so far.
    package var metrics: ClientMetrics {
        state.withLock { state in
            var metrics = state.metrics
            metrics.requests = state.requests.values.sorted { ($0.api, $0.broker) < ($1.api, $1.broker) }
            return metrics
        }
    }

    package func count(_ event: ClientEvent) {
        state.withLock { state in
            switch event {
            case .requestSent, .requestAnswered: Self.countRequest(event, &state)
            case .batchSent, .batchAcknowledged, .batchRetried, .batchDivided, .batchFailed:
                Self.count(event, &state.metrics.produced)
            case .assigned, .revoked, .rebalanceEnded: Self.countShare(event, &state)
            case .fetched(let records) where records.lag >= 0:
                Self.count(event, &state.metrics.consumed)
                let lags = state.metrics.consumed.lag
                if lags.count < Self.mostLags || lags[records.partition] != nil {
                    state.metrics.consumed.lag[records.partition] = records.lag
                }
            default:
                Self.count(event, &state.metrics)
                Self.count(event, &state.metrics.consumed)
            }
        }
    }

    private static func countRequest(_ event: ClientEvent, _ state: inout State) {
        func pair(_ api: APIKey, _ broker: String) -> Pair {
            let pair = Pair(api: api, broker: broker)
            return state.requests.count < mostPairs || state.requests[pair] != nil ? pair : Pair(api: api, broker: "")
        }
        switch event {
        case .requestSent(let request):
            let pair = pair(request.api, request.broker)
            state.requests[pair, default: .init(pair.api, pair.broker)].sent += 1
            state.requests[pair]?.bytesSent += request.bytes
        case .requestAnswered(let answer):
            let pair = pair(answer.api, answer.broker)
            state.requests[pair, default: .init(pair.api, pair.broker)].latency.add(answer.latency)
            state.requests[pair]?.bytesReceived += answer.bytes
            if answer.error != nil { state.requests[pair]?.failed += 1 }
        default: break
        }
    }

    private static func countShare(_ event: ClientEvent, _ state: inout State) {
        switch event {
        case .assigned(_, let partitions): state.assigned.formUnion(partitions)
        case .revoked(_, let partitions, let lost):
            state.assigned.subtract(partitions)
            if lost { state.metrics.rebalances.lost += partitions.count }
            for partition in partitions { state.metrics.consumed.lag[partition] = nil }
        case .rebalanceEnded(_, _, let time):
            state.metrics.rebalances.count += 1
            state.metrics.rebalances.time.add(time)
        default: break
        }
        state.metrics.rebalances.assigned = state.assigned.count
    }

    private static func count(_ event: ClientEvent, _ metrics: inout ClientMetrics) {
        switch event {
        case .connected(_, let time):
            metrics.connections.opened += 1
            metrics.connections.opening.add(time)
        case .connectionFailed: metrics.connections.failed += 1
        case .disconnected: metrics.connections.ended += 1
        case .throttled(_, _, let time):
            metrics.throttles += 1
            metrics.throttledTime += time
        case .retry: metrics.retries += 1
        case .leaderChanged: metrics.leaderChanges += 1
        default: break
        }
    }

    private static func count(_ event: ClientEvent, _ produced: inout ClientMetrics.Produced) {
        switch event {
        case .batchSent(let batch):
            produced.batches += 1
            if batch.attempt == 1 { produced.queueTime.add(batch.queueTime) }
        case .batchAcknowledged(let batch):
            produced.records += batch.records
            produced.bytes += batch.bytes
            produced.latency.add(batch.latency)
            produced.bufferedBytes = batch.buffered
        case .batchRetried: produced.retriedBatches += 1
        case .batchDivided: produced.dividedBatches += 1
        case .batchFailed(let batch, _):
            produced.failedRecords += batch.records
            produced.bufferedBytes = batch.buffered
        default: break
        }
    }

    private static func count(_ event: ClientEvent, _ consumed: inout ClientMetrics.Consumed) {
        switch event {
        case .fetched(let records):
            consumed.fetches += 1
            consumed.records += records.records
            consumed.bytes += records.bytes
            consumed.bufferedBytes = records.buffered
        case .committed: consumed.commits += 1
        case .commitFailed: consumed.failedCommits += 1
        case .positionLost: consumed.resets += 1
        case .batchSkipped: consumed.skippedBatches += 1
        case .stalled: consumed.stalls += 1
        default: break
        }
    }
}
