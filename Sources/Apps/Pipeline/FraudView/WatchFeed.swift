import ClusterView
import KafkaWire

/// What the view is told from outside: looks at the cluster, what both topics bring, what is looked up. It begins to read a topic
/// as soon as a look shows it, and again where the topic was made anew or has more partitions.
package actor WatchFeed {
    /// So many alerts that were there before are shown first.
    private static let pastAlerts: Int64 = 500
    /// So many events that were there before are read first, for the users' transactions.
    private static let pastEvents: Int64 = 20_000

    /// What has come since the feed was asked last.
    package struct News: Sendable {
        package var alerts = TailDelivery<TailMessage>()
        package var events = TailDelivery<SeenPayment>()
        /// The change events are read from these offsets on, since the last news.
        package var eventsBegin: [PartitionID: Int64]?
        /// Whether the alerts' topic is another one than before.
        package var alertsBegin = false
        package var alertsTrouble: String?
        package var eventsTrouble: String?

        package init() {}
    }

    /// A topic that is read.
    private struct Reading {
        var id: TopicID
        var partitions: Int
        var task: Task<Void, Never>
    }

    private let client: ClientConfiguration
    private let plan: WatchPlan
    private let admin: KafkaAdmin
    private let sampler: ClusterSampler
    private let lookUp: PaymentLookUp
    private var alerts: Reading?
    private var events: Reading?
    private var alertsBox = TailMailbox<TailMessage>(limit: 5000)
    private var eventsBox = TailMailbox<SeenPayment>()
    private var news = News()

    package init(_ client: ClientConfiguration, _ plan: WatchPlan) throws(KafkaError) {
        self.client = client
        self.plan = plan
        admin = try KafkaAdmin(client)
        sampler = ClusterSampler(
            admin, bootstrap: client.bootstrapServers.joined(separator: ","),
            scope: .init(topics: [plan.topic, plan.alertsTopic], groups: Set(plan.groups), mayBeAbsent: true))
        lookUp = PaymentLookUp(client, topic: plan.topic)
    }

    /// The loop of all that it does.
    package nonisolated var loop: any EventLoop { admin.loop }

    /// Looks at the cluster, and begins to read what is there now.
    package func look() async throws(KafkaError) -> ClusterSnapshot {
        let snapshot = try await sampler.look()
        open(snapshot)
        return snapshot
    }

    /// What both topics have brought.
    package func take() async -> News {
        var taken = news
        news = News()
        taken.alerts = await alertsBox.take()
        taken.events = await eventsBox.take()
        taken.alertsTrouble = await alertsBox.trouble
        taken.eventsTrouble = await eventsBox.trouble
        return taken
    }

    /// Reads change events again.
    package nonisolated func read(_ request: PaymentLookUp.Request) async throws(KafkaError) -> [SeenPayment] {
        try await lookUp.read(request)
    }

    /// Reads no more, and closes all connections.
    package func close() async {
        for reading in [alerts, events] {
            reading?.task.cancel()
            await reading?.task.value
        }
        await admin.close()
    }

    // MARK: - Tails

    private func open(_ snapshot: ClusterSnapshot) {
        if let topic = snapshot.topic(plan.alertsTopic), isNew(topic, alerts) {
            alerts?.task.cancel()
            if let alerts, alerts.id != topic.id { news.alertsBegin = true }
            let box = TailMailbox<TailMessage>(limit: 5000)
            alertsBox = box
            // Each alert once, and only what was committed.
            let tail = PipelineTail(
                client, from: PipelineTail<MessageReader>.beginnings(topic, last: Self.pastAlerts),
                isolation: .readCommitted, behind: 200_000, MessageReader())
            alerts = Reading(id: topic.id, partitions: led(topic), task: Task { await tail.run(into: box) })
        }
        if let topic = snapshot.topic(plan.topic), isNew(topic, events) {
            events?.task.cancel()
            let box = TailMailbox<SeenPayment>()
            eventsBox = box
            let beginnings = PipelineTail<PaymentReader>.beginnings(topic, last: Self.pastEvents)
            news.eventsBegin = Dictionary(
                beginnings.map { ($0.key.partition, $0.value) }, uniquingKeysWith: { one, _ in one })
            let tail = PipelineTail(
                client, from: beginnings, isolation: .readUncommitted, behind: 100_000, PaymentReader())
            events = Reading(id: topic.id, partitions: led(topic), task: Task { await tail.run(into: box) })
        }
    }

    /// Whether the topic is not read yet, or not all of it; one that nobody leads cannot be.
    private func isNew(_ topic: ClusterSnapshot.Topic, _ reading: Reading?) -> Bool {
        guard led(topic) > 0 else { return false }
        guard let reading else { return true }
        return reading.id != topic.id || reading.partitions < led(topic)
    }

    /// The partitions that can be read.
    private func led(_ topic: ClusterSnapshot.Topic) -> Int {
        topic.partitions.count { $0.leader != nil && $0.end != nil }
    }
}
