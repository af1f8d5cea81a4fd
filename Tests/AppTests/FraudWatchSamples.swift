import ChangeEvents
import ClusterView
import Detectors
import KafkaWire

@testable import FraudView

/// What the view's tests are made of: alerts, transactions and looks, in which a number is a second.
enum WatchSamples {
    static let plan = WatchPlan(topic: "changes", alertsTopic: "alerts", groups: ["anomaly-group", "missing-group"])
    /// Milliseconds since 1970 of second 0.
    static let start: Int64 = 1_795_234_900_000

    static func payment(
        _ offset: Int64, user: Int64, partition: Int32 = 0, cents: Int64 = 1000, merchant: Int64? = 7
    ) -> SeenPayment {
        SeenPayment(
            place: RecordPlace(partition: partition, offset: offset), recordedAt: start + offset * 1000,
            transaction: Transaction(
                id: 100 + offset, userID: user, amount: Amount(cents: cents), card: .visa, merchantID: merchant,
                createdAt: EventTime(microseconds: (start + offset * 1000 - 50) * 1000)))
    }

    /// An alert as an agent writes it, `latency` milliseconds after its event's record.
    static func alert(
        _ number: Int64, of payment: SeenPayment, _ finding: Alert.Finding = .velocity(score: 90), latency: Int64 = 20
    ) -> TailMessage {
        var json: [UInt8] = []
        Alert(finding, of: payment.transaction, at: payment.place).appendJSON(to: &json)
        return message(number, json, at: payment.recordedAt + latency)
    }

    static func message(_ offset: Int64, _ json: [UInt8]?, at time: Int64 = start) -> TailMessage {
        TailMessage(
            TopicPartition("alerts", 0), offset: offset, timestamp: time, key: nil,
            value: json.map { TailMessage.Part($0) })
    }

    static func message(_ offset: Int64, _ json: String, at time: Int64 = start) -> TailMessage {
        message(offset, Array(json.utf8), at: time)
    }

    static func delivery(_ messages: [TailMessage]) -> TailDelivery<TailMessage> {
        var delivery = TailDelivery<TailMessage>()
        delivery.items = messages
        delivery.records = messages.count
        if let last = messages.map(\.offset).max() { delivery.next = [0: last + 1] }
        return delivery
    }

    static func delivery(_ payments: [SeenPayment]) -> TailDelivery<SeenPayment> {
        var delivery = TailDelivery<SeenPayment>()
        delivery.items = payments
        delivery.records = payments.count
        for payment in payments { delivery.next[PartitionID(payment.place.partition)] = payment.place.offset + 1 }
        return delivery
    }

    /// Both, as one piece of news.
    static func news(_ alerts: [TailMessage] = [], _ payments: [SeenPayment] = []) -> WatchFeed.News {
        var news = WatchFeed.News()
        news.alerts = delivery(alerts)
        news.events = delivery(payments)
        return news
    }

    /// A cluster in which the group has read some of it.
    static func snapshot(_ second: Int, hasAlerts: Bool = true) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot(at: .seconds(second), id: "cluster", bootstrap: "kafka.example.org:9092")
        snapshot.topics = [
            .init(
                "changes",
                partitions: (0..<4).map {
                    .init(
                        PartitionID(index: $0), leader: 1, replicas: [1], inSync: [1], start: 0,
                        end: Int64(second * 1000))
                })
        ]
        if hasAlerts {
            snapshot.topics.append(
                .init("alerts", partitions: [.init(0, leader: 1, replicas: [1], inSync: [1], start: 0, end: 50)]))
        }
        var group = ClusterSnapshot.Group("anomaly-group", type: "classic", state: "Stable", protocolType: "consumer")
        for partition in 0..<4 as Range<Int32> {
            group.committed[TopicPartition("changes", PartitionID(partition))] =
                Int64(second * 1000) - Int64(partition) * 100
        }
        snapshot.groups = [group]
        return snapshot
    }

    /// A view with three looks, forty alerts of three rules and eight users, and the transactions behind them.
    static func state(_ columns: Int, _ rows: Int) -> WatchState {
        var state = WatchState(plan, size: (columns, rows))
        for second in 0..<3 { state.take(.success(snapshot(second * 2))) }
        let findings: [Alert.Finding] = [
            .velocity(score: 90), .anomaly(mean: Amount(cents: 1234)), .probe(merchants: 3),
        ]
        var alerts: [TailMessage] = []
        var payments: [SeenPayment] = []
        for number in 0..<40 as Range<Int64> {
            let payment = payment(
                number, user: 1000 + number % 8, cents: 50_000 + number * 100, merchant: 1 + number % 5)
            payments.append(payment)
            alerts.append(alert(number, of: payment, findings[Int(number % 3)], latency: 10 + number * 7 % 40))
        }
        state.take(news([], payments), now: start + 40_000)
        state.take(news(alerts), now: start + 40_000)
        return state
    }
}
