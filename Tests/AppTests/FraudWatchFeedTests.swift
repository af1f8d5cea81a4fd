import ChangeEvents
import ClusterView
import Detectors
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import FraudView

/// The view over the embedded broker: what it reads, when, and what it leaves alone.
@Suite(.turn) struct FraudWatchFeedTests {
    private static let plan = WatchPlan(topic: "changes", alertsTopic: "alerts", groups: ["g"])

    /// A view that was told whatever has come so far.
    private final class Watcher {
        let feed: WatchFeed
        var state: WatchState

        init(_ broker: KafkaBroker) throws {
            feed = try WatchFeed(
                ClientConfiguration(bootstrapServers: [broker.bootstrapServers]), FraudWatchFeedTests.plan)
            state = WatchState(FraudWatchFeedTests.plan, size: (120, 40), interval: .milliseconds(200))
        }

        /// Looks and takes in what has come until it is as wanted.
        func watch(until holds: (WatchState) -> Bool) async throws {
            try await eventually {
                state.take(.success(try await feed.look()))
                state.take(await feed.take(), now: feed.loop.wallMicroseconds / 1000)
                let places = state.nextLookUp()
                if !places.isEmpty { state.take(lookedUp: try await feed.read(.places(places))) }
                return holds(state)
            }
        }
    }

    private static func alert(_ id: Int, user: Int, at offset: Int64, partition: Int32 = 0) -> String {
        var json: [UInt8] = []
        let transaction = Transaction(
            id: Int64(id), userID: Int64(user), amount: Amount(cents: 500_000), createdAt: EventTime(microseconds: 0))
        Alert(.velocity(score: 90), of: transaction, at: RecordPlace(partition: partition, offset: offset))
            .appendJSON(to: &json)
        return String(decoding: json, as: UTF8.self)
    }

    @Test func onlyWhatWasCommittedIsShown() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1, "alerts": 1]))
        try await broker.write((0..<6).map { Change.row($0, user: 7 + $0 % 2) })
        var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
        configuration.transactionalId = "agent"
        let producer = try KafkaProducer(configuration)
        try await producer.initTransactions()
        let watcher = try Watcher(broker)
        for (round, isCommitted) in [true, false, true].enumerated() {
            try await producer.beginTransaction()
            for number in 0..<2 {
                let offset = round * 2 + number
                let text = Self.alert(offset, user: 7 + offset % 2, at: Int64(offset))
                try await producer.enqueue(ProducerRecord(topic: "alerts", value: text))
            }
            try await producer.flush()
            // What is under way is not told.
            try await watcher.watch { $0.ledger.total == (round == 0 ? 0 : 2) && $0.ledger.eventsRead == 6 }
            if isCommitted { try await producer.commitTransaction() } else { try await producer.abortTransaction() }
        }
        try await watcher.watch { $0.ledger.total == 4 && $0.ledger.alerts.allSatisfy { $0.payment != nil } }
        let ledger = watcher.state.ledger
        #expect(ledger.alerts.compactMap(\.transaction) == [0, 1, 4, 5] && ledger.malformed == 0)
        #expect(ledger.alerts.allSatisfy { $0.merchant == 1 } && ledger.merchants[1]?.count == 4)
        #expect(ledger.memory.payments(of: 7).map(\.transaction.id) == [0, 2, 4])
        // It has no group, commits nothing and makes nothing.
        let groups = await broker.groups
        #expect(groups.isEmpty)
        await watcher.feed.close()
        try await producer.close()
        await broker.stop()
    }

    @Test func topicsAreWaitedFor() async throws {
        let broker = try await KafkaBroker.start(.init())
        let watcher = try Watcher(broker)
        try await watcher.watch { $0.snapshot != nil }
        #expect(watcher.state.sentences.map(\.text).count { $0.contains("is waited for") } == 2)
        let made = await broker.topics
        #expect(made.isEmpty)
        try await broker.createTopic("alerts", partitions: 1)
        try await broker.write([Self.alert(1, user: 7, at: 0), "no alert"], of: "alerts")
        try await watcher.watch { $0.ledger.total == 1 && $0.ledger.malformed == 1 }
        // Its event comes later than the alert.
        try await broker.createTopic("changes", partitions: 1)
        try await broker.write([Change.row(1, user: 7)])
        try await watcher.watch { $0.ledger.alerts.first?.payment != nil && !$0.lags.rows.isEmpty }
        // A topic that is made anew is read from its beginning.
        let admin = try KafkaAdmin(ClientConfiguration(bootstrapServers: [broker.bootstrapServers]))
        _ = await admin.deleteTopics(["alerts"])
        try await watcher.watch { $0.snapshot?.topic("alerts") == nil }
        try await broker.createTopic("alerts", partitions: 1)
        try await broker.write([Self.alert(2, user: 8, at: 0)], of: "alerts")
        try await watcher.watch { $0.ledger.total == 2 }
        await admin.close()
        await watcher.feed.close()
        await broker.stop()
    }

    /// What lies in front of where the view began is read when it is asked for.
    @Test func aUsersPastIsReadBack() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 2, "alerts": 1]))
        try await broker.write((0..<300).map { Change.row($0, user: $0 % 10) }, 1)
        let client = ClientConfiguration(bootstrapServers: [broker.bootstrapServers])
        let lookUp = PaymentLookUp(client, topic: "changes")
        let past = try await lookUp.read(.past(user: 3, upTo: RecordPlace(partition: 1, offset: 253)))
        #expect(past.map(\.place.offset) == (0..<26).map { $0 * 10 + 3 } && past.allSatisfy { $0.place.partition == 1 })
        let places = [250, 3, 120].map { RecordPlace(partition: 1, offset: $0) }
        let found = try await lookUp.read(.places(places))
        #expect(found.map(\.transaction.id) == [3, 120, 250])
        // What is not there, and what has gone.
        #expect(try await lookUp.read(.places([RecordPlace(partition: 0, offset: 5)])).isEmpty)
        let admin = try KafkaAdmin(client)
        _ = try await admin.deleteRecords(before: [TopicPartition("changes", 1): 200]).get()
        #expect(try await lookUp.read(.places(places)).map(\.transaction.id) == [250])
        let rest = try await lookUp.read(.past(user: 3, upTo: RecordPlace(partition: 1, offset: 253)))
        #expect(rest.map(\.place.offset) == [203, 213, 223, 233, 243, 253])
        await admin.close()
        await broker.stop()
    }

    /// Where more has come than can be looked at, the tail passes over what lies between, says so, and is at the end again; it
    /// waits while nobody takes what it has read.
    @Test func whatComesTooFastIsPassedOver() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["changes": 1]))
        // More than a fetch brings.
        let count = 16_000
        for start in stride(from: 0, to: count, by: 500) {
            try await broker.write((start..<start + 500).map { Change.row($0, user: $0) })
        }
        let mailbox = TailMailbox<SeenPayment>(limit: 20)
        let tail = PipelineTail(
            ClientConfiguration(bootstrapServers: [broker.bootstrapServers]), from: [TopicPartition("changes", 0): 0],
            isolation: .readUncommitted, behind: 1000, PaymentReader())
        let task = Task { await tail.run(into: mailbox) }
        try await eventually { await mailbox.isFull }
        var (records, skipped, next) = (0, Int64(0), Int64(0))
        try await eventually {
            let delivery = await mailbox.take()
            records += delivery.records
            skipped += delivery.skipped
            next = delivery.next[0] ?? next
            return next == count
        }
        #expect(skipped > 0 && records + Int(skipped) == count, "\(records) \(skipped)")
        task.cancel()
        await task.value
        await broker.stop()
    }
}
