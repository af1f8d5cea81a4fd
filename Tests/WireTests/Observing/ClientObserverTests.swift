import Logging
import TestSupport
import Testing

@testable import KafkaWire

/// Who is told what, and what the log makes of it.
@Suite(.turn) struct ClientObserverTests {
    static let partition = TopicPartition("t", 3)
    static let error = KafkaError(.timedOut, "the broker is late")
    static let settled = SettledBatch(
        partition: partition, records: 5, bytes: 500, latency: .milliseconds(3), offset: nil, buffered: 0)

    /// One of each kind, with the method that stands for it and the level of its line.
    static let events: [(ClientEvent, String, Logger.Level)] = [
        (.connecting(broker: "b:1"), "connecting", .debug),
        (.connected(broker: "b:1", after: .zero), "connected", .info),
        (.connectionFailed(broker: "b:1", error: error, after: .zero), "connectionFailed", .warning),
        (.disconnected(broker: "b:1", reason: nil), "disconnected", .debug),
        (.disconnected(broker: "b:1", reason: error), "disconnected", .warning),
        (.misrouted(broker: "b:1", reason: "b:1 is broker 2"), "misrouted", .warning),
        (.rebootstrapped(reason: "told so"), "rebootstrapped", .notice),
        (.requestSent(SentRequest(api: .fetch, version: 1, broker: "b:1", bytes: 1)), "requestSent", .trace),
        (
            .requestAnswered(AnsweredRequest(api: .fetch, version: 1, broker: "b:1", bytes: 1, latency: .zero)),
            "requestAnswered", .trace
        ), (.throttled(broker: "b:1", api: .fetch, time: .seconds(1)), "throttled", .notice),
        (.retry(call: "create topics", error: error, pause: .seconds(1)), "retrying", .debug),
        (.metadataLearned(brokers: 3, topics: 2), "metadataLearned", .debug),
        (.leaderChanged(partition, from: 1, to: 2), "leaderChanged", .info),
        (.leaderChanged(partition, from: 1, to: -1), "leaderChanged", .info),
        (.coordinatorFound(of: "group g", broker: 1), "coordinatorFound", .info),
        (.coordinatorLost(of: "group g"), "coordinatorLost", .info),
        (
            .batchSent(
                SentBatch(partition: partition, broker: 1, records: 1, bytes: 1, queueTime: .zero, attempt: 1)),
            "batchSent", .trace
        ), (.batchAcknowledged(settled), "batchAcknowledged", .trace),
        (.batchRetried(partition, error: error, attempt: 1, pause: .zero), "batchRetried", .debug),
        (.batchRetried(partition, error: error, attempt: 4, pause: .zero), "batchRetried", .warning),
        (.batchDivided(partition, parts: 2, error: error), "batchDivided", .info),
        (.batchFailed(settled, error: error), "batchFailed", .error),
        (
            .fetched(FetchedRecords(partition: partition, broker: 1, records: 1, bytes: 1, lag: 0, buffered: 1)),
            "fetched", .trace
        ), (.committed(group: "g", offsets: [partition: 3]), "committed", .debug),
        (.commitFailed(group: "g", error: error), "commitFailed", .debug),
        (
            .commitFailed(group: "g", error: KafkaError(.broker(.illegalGeneration), "moved on")), "commitFailed",
            .warning
        ),
        (.positionLost(partition, at: 3, error: error), "positionLost", .warning),
        (.batchSkipped(partition, error: error), "batchSkipped", .error),
        (
            .stalled(Stall(partition: partition, position: 1, lag: 2, duration: .seconds(30), cause: .noLeader)),
            "stalled", .warning
        ),
        (
            .stalled(Stall(partition: partition, position: 1, lag: 2, duration: .seconds(30), cause: .paused)),
            "stalled", .notice
        ), (.progressed(partition, after: .seconds(40)), "progressed", .notice),
        (.rebalanceStarted(group: "g"), "rebalanceStarted", .info),
        (.rebalanceEnded(group: "g", generation: 1, after: .zero), "rebalanceEnded", .info),
        (.assigned(group: "g", [partition]), "assigned", .notice),
        (.revoked(group: "g", [partition], lost: false), "revoked", .notice),
        (.revoked(group: "g", [partition], lost: true), "revoked", .warning), (.troubled(error), "troubled", .warning),
        (.recovered, "recovered", .notice), (.closed, "closed", .debug),
    ]

    @Test func everyEventHasAMethodOfItsOwn() {
        for (event, method, _) in Self.events {
            let observer = Methods()
            observer.observe(event)
            #expect(observer.called.withLock { $0 } == [method])
        }
        #expect(Set(Self.events.map(\.1)).count == 33)
    }

    @Test func everyEventIsOneLineAtItsLevel() {
        for (event, _, level) in Self.events {
            let lines = Lines()
            var logger = Logger(label: "test") { _ in lines }
            logger.logLevel = .trace
            LogObserver(logger).observe(event)
            let written = lines.all.withLock { $0 }
            #expect(written.count == 1 && written.first?.level == level, "\(event): \(written)")
            // What has no sentence of its own would be written as Swift writes the case.
            let name = "\(event)".prefix { $0 != "(" }
            #expect(
                written.first.map { !$0.message.isEmpty && !$0.message.hasPrefix("\(name)(") } ?? false, "\(written)")
        }
    }

    @Test func belowItsLevelNothingIsWritten() {
        let lines = Lines()
        var logger = Logger(label: "test") { _ in lines }
        logger.logLevel = .error
        for (event, _, _) in Self.events { LogObserver(logger).observe(event) }
        #expect(lines.all.withLock { $0.map(\.level) } == [.error, .error])
    }

    @Test func whereNobodyWatchesNoEventIsMade() {
        let made = Locked(0)
        func event() -> ClientEvent {
            made.withLock { $0 += 1 }
            return .recovered
        }
        let silent = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let nobody = Observation([], logger: silent, keepsMetrics: false)
        nobody.tell(event())
        #expect(made.withLock { $0 } == 0 && !nobody.isWatched && nobody.watch(over: "b:1") == nil)
        let observers = (Methods(), Methods())
        let two = Observation([observers.0, observers.1], logger: silent, keepsMetrics: true)
        two.tell(event())
        #expect(made.withLock { $0 } == 1)
        #expect(
            observers.0.called.withLock { $0 } == ["recovered"] && observers.1.called.withLock { $0 } == ["recovered"])
    }

    @Test func onlyLeadersThatHaveChangedAreTold() {
        func metadata(_ leaders: [BrokerID], id: TopicID = .zero) -> ClusterMetadata {
            var metadata = ClusterMetadata()
            metadata.update(
                .with {
                    $0.topics = [
                        .with {
                            $0.name = "t"
                            $0.topicId = id
                            $0.partitions = leaders.enumerated().map { index, leader in
                                .with {
                                    $0.partitionIndex = PartitionID(index: index)
                                    $0.leaderId = leader
                                }
                            }
                        }
                    ]
                }, all: true)
            return metadata
        }
        func changes(_ old: ClusterMetadata, _ new: ClusterMetadata) -> [String] {
            new.leaderChanges(since: old).map { "\($0.0) \($0.from) \($0.to)" }
        }
        #expect(changes(ClusterMetadata(), metadata([1, 2])) == [], "what was not known has not changed")
        #expect(changes(metadata([1, 2, 3]), metadata([1, 3, -1])) == ["t-1 2 3", "t-2 3 -1"])
        #expect(changes(metadata([1, 2]), metadata([1, 2, 3])) == [])
    }

    @Test func aConnectionIsWatchedInTheVersionOfItsFrame() throws {
        let frame = try Frame.request(MetadataRequest(), version: 12, correlationId: 1, clientId: "c")
        #expect(Frame.version(of: frame) == 12)
        #expect(Frame.version(of: [0, 0, 0]) == -1)
    }
}

/// Notes which methods were called.
private final class Methods: ClientObserver {
    let called = Locked<[String]>([])
    private func note(_ name: String = #function) {
        called.withLock { $0.append(String(name.prefix { $0 != "(" })) }
    }
    func connecting(to broker: String) { note() }
    func connected(to broker: String, after time: Duration) { note() }
    func connectionFailed(to broker: String, error: KafkaError, after time: Duration) { note() }
    func disconnected(from broker: String, reason: KafkaError?) { note() }
    func misrouted(to broker: String, reason: String) { note() }
    func rebootstrapped(because reason: String) { note() }
    func requestSent(_ request: SentRequest) { note() }
    func requestAnswered(_ request: AnsweredRequest) { note() }
    func throttled(by broker: String, api: APIKey, time: Duration) { note() }
    func retrying(_ call: String, error: KafkaError?, pause: Duration) { note() }
    func metadataLearned(brokers: Int, topics: Int) { note() }
    func leaderChanged(of partition: TopicPartition, from: BrokerID, to: BrokerID) { note() }
    func coordinatorFound(of name: String, broker: BrokerID) { note() }
    func coordinatorLost(of name: String) { note() }
    func batchSent(_ batch: SentBatch) { note() }
    func batchAcknowledged(_ batch: SettledBatch) { note() }
    func batchRetried(of partition: TopicPartition, error: KafkaError, attempt: Int, pause: Duration) { note() }
    func batchDivided(of partition: TopicPartition, parts: Int, error: KafkaError) { note() }
    func batchFailed(_ batch: SettledBatch, error: KafkaError) { note() }
    func fetched(_ records: FetchedRecords) { note() }
    func committed(_ offsets: [TopicPartition: Offset], group: String) { note() }
    func commitFailed(group: String, error: KafkaError) { note() }
    func positionLost(in partition: TopicPartition, at offset: Offset, error: KafkaError) { note() }
    func batchSkipped(of partition: TopicPartition, error: KafkaError) { note() }
    func stalled(_ stall: Stall) { note() }
    func progressed(_ partition: TopicPartition, after time: Duration) { note() }
    func rebalanceStarted(group: String) { note() }
    func rebalanceEnded(group: String, generation: Int32, after time: Duration) { note() }
    func assigned(_ partitions: [TopicPartition], group: String?) { note() }
    func revoked(_ partitions: [TopicPartition], group: String?, lost: Bool) { note() }
    func troubled(_ error: KafkaError) { note() }
    func recovered() { note() }
    func closed() { note() }
}

/// A log that is kept.
private struct Lines: LogHandler {
    struct Line: Equatable {
        var level: Logger.Level
        var message: String
    }
    let all = Locked<[Line]>([])
    var logLevel = Logger.Level.trace
    var metadata = Logger.Metadata()
    subscript(metadataKey _: String) -> Logger.Metadata.Value? {
        get { nil }
        set {}
    }
    func log(event: LogEvent) {
        all.withLock { $0.append(Line(level: event.level, message: "\(event.message)")) }
    }
}
