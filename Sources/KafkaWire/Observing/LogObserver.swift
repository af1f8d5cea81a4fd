import Logging

/// Writes what happens to a client into a log. Every client has one on ``ClientConfiguration/logger``.
///
/// Levels are those that a person would choose: `error` where records are lost or passed over, `warning` for what does not
/// work, `notice` for what an operator should know of (throttling, partitions that come and go, stalls that end), `info` for
/// connections, elections, coordinators and rebalances, `debug` for retries and commits, `trace` for requests, batches and
/// fetches. It never writes keys, values or credentials.
public struct LogObserver: ClientObserver {
    private let logger: Logger

    /// An observer that writes to this logger.
    public init(_ logger: Logger) { self.logger = logger }

    /// Writes what happened to the log, at the level of its kind.
    public func observe(_ event: ClientEvent) {
        let level = Self.level(of: event)
        guard level >= logger.logLevel else { return }
        let (message, metadata) = Self.line(for: event)
        logger.log(level: level, "\(message)", metadata: metadata)
    }

    /// At which level an event is written.
    public static func level(of event: ClientEvent) -> Logger.Level {
        switch event {
        case .batchFailed, .batchSkipped: .error
        case .stalled(let stall): stall.cause == .paused ? .notice : .warning
        case .connectionFailed, .misrouted, .positionLost, .troubled: .warning
        // What may pass is tried again, or thrown; where the group has moved on, records come again.
        case .commitFailed(_, let error): error.code.broker == nil || error.isRetriable ? .debug : .warning
        case .disconnected(_, let reason): reason == nil ? .debug : .warning
        // What works with the fourth try is nobody's trouble.
        case .batchRetried(_, _, let attempt, _): attempt == 4 ? .warning : .debug
        case .rebootstrapped, .throttled, .progressed, .assigned, .recovered: .notice
        case .revoked(_, _, let lost): lost ? .warning : .notice
        case .connected, .leaderChanged, .coordinatorFound, .coordinatorLost, .rebalanceStarted, .rebalanceEnded,
            .batchDivided:
            .info
        case .connecting, .retry, .metadataLearned, .committed, .closed: .debug
        case .requestSent, .requestAnswered, .batchSent, .batchAcknowledged, .fetched: .trace
        }
    }

    private typealias Line = (String, Logger.Metadata)

    private static func line(for event: ClientEvent) -> Line {
        switch event {
        case .connecting, .connected, .connectionFailed, .disconnected, .misrouted, .rebootstrapped, .requestSent,
            .requestAnswered, .throttled, .retry,
            .metadataLearned, .leaderChanged, .coordinatorFound, .coordinatorLost:
            clusterLine(for: event)
        case .batchSent, .batchAcknowledged, .batchRetried, .batchDivided, .batchFailed: producerLine(for: event)
        default: consumerLine(for: event)
        }
    }

    private static func clusterLine(for event: ClientEvent) -> Line {
        switch event {
        case .connecting(let broker): ("connecting", ["broker": "\(broker)"])
        case .connected(let broker, let time): ("connected in \(time.rounded)", ["broker": "\(broker)"])
        case .connectionFailed(let broker, let error, _): (error.message, ["broker": "\(broker)"])
        case .disconnected(let broker, let reason):
            (reason.map { "connection lost: \($0.message)" } ?? "connection closed", ["broker": "\(broker)"])
        case .misrouted(let broker, let reason):
            ("a connection went to another broker: \(reason)", ["broker": "\(broker)"])
        case .rebootstrapped(let reason): ("the client begins with its bootstrap servers anew: \(reason)", [:])
        case .requestSent(let request):
            (
                "\(request.api) \(request.version) sent", ["broker": "\(request.broker)", "bytes": "\(request.bytes)"]
            )
        case .requestAnswered(let answer):
            (
                answer.error?.message ?? "\(answer.api) \(answer.version) answered in \(answer.latency.rounded)",
                ["broker": "\(answer.broker)", "bytes": "\(answer.bytes)"]
            )
        case .throttled(let broker, let api, let time):
            ("broker \(broker) throttles this client for \(time) (\(api))", ["broker": "\(broker)"])
        case .retry(let call, let error, let pause):
            ("could not \(call); trying again in \(pause.rounded): \(error?.message ?? "no broker has answered")", [:])
        case .metadataLearned(let brokers, let topics): ("learnt of \(brokers) brokers and \(topics) topics", [:])
        case .leaderChanged(let partition, let from, let to):
            (
                to < 0 ? "\(partition) has no leader any more" : "broker \(to) leads \(partition)",
                ["from": "\(from)", "to": "\(to)"]
            )
        case .coordinatorFound(let name, let broker): ("broker \(broker) coordinates \(name)", [:])
        case .coordinatorLost(let name): ("the coordinator of \(name) is to be found anew", [:])
        default: ("\(event)", [:])
        }
    }

    private static func producerLine(for event: ClientEvent) -> Line {
        switch event {
        case .batchSent(let batch):
            (
                "\(batch.records) records for \(batch.partition) sent",
                ["broker": "\(batch.broker)", "bytes": "\(batch.bytes)", "attempt": "\(batch.attempt)"]
            )
        case .batchAcknowledged(let batch):
            (
                "\(batch.records) records of \(batch.partition) acknowledged in \(batch.latency.rounded)",
                ["bytes": "\(batch.bytes)"]
            )
        case .batchRetried(_, let error, let attempt, let pause):
            ("\(error.message); sent again in \(pause.rounded)", ["attempt": "\(attempt)"])
        case .batchDivided(_, let parts, let error): ("\(error.message); they are sent again in \(parts) batches", [:])
        case .batchFailed(let batch, let error): (error.message, ["records": "\(batch.records)"])
        default: ("\(event)", [:])
        }
    }

    private static func consumerLine(for event: ClientEvent) -> Line {
        switch event {
        case .fetched(let records):
            (
                "\(records.records) records of \(records.partition) fetched",
                ["broker": "\(records.broker)", "bytes": "\(records.bytes)", "lag": "\(records.lag)"]
            )
        case .committed(let group, let offsets): ("committed \(list(offsets.keys))", ["group": "\(group)"])
        case .commitFailed(let group, let error): (error.message, ["group": "\(group)"])
        case .positionLost(_, _, let error): ("\(error.message); going on by auto.offset.reset", [:])
        case .batchSkipped(_, let error): (error.message, [:])
        case .stalled(let stall): (stall.message, ["lag": "\(stall.lag ?? -1)"])
        case .progressed(let partition, let time): ("\(partition) makes progress again, after \(time.rounded)", [:])
        case .rebalanceStarted(let group): ("joining the group", ["group": "\(group)"])
        case .rebalanceEnded(let group, let generation, let time):
            ("joined the group in \(time.rounded)", ["group": "\(group)", "generation": "\(generation)"])
        case .assigned(let group, let partitions): ("assigned \(list(partitions))", ["group": "\(group ?? "none")"])
        case .revoked(let group, let partitions, let lost):
            ("\(lost ? "lost" : "revoked") \(list(partitions))", ["group": "\(group ?? "none")"])
        case .troubled(let error): (error.message, [:])
        case .recovered: ("consuming works again", [:])
        case .closed: ("closed", [:])
        default: ("\(event)", [:])
        }
    }

    /// The first few partitions, and how many there are.
    private static func list(_ partitions: some Collection<TopicPartition>) -> String {
        let first = partitions.sorted().prefix(10).map(\.description).joined(separator: ", ")
        switch partitions.count {
        case 0: return "no partition"
        case ...10: return first
        default: return "\(partitions.count) partitions (\(first), …)"
        }
    }
}
