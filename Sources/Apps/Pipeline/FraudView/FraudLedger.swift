import ClusterView
import Detectors
import KafkaWire

/// All that was seen of alerts and of the transactions behind them. Pure, and bounded whatever comes.
package struct FraudLedger: Sendable {
    /// How many alerts are kept, the newest.
    package static let keptAlerts = 1000

    /// The oldest first.
    package private(set) var alerts: [SeenAlert] = []
    package private(set) var total = 0
    package private(set) var rules = TallyTable<String>(limit: 64)
    package private(set) var users = TallyTable<Int64>(limit: 5000)
    package private(set) var merchants = TallyTable<Int64>(limit: 2000)
    package private(set) var memory: PaymentMemory
    /// From the events' own times, and from their records, until the alerts were there.
    package private(set) var sinceEvent = LatencyWindow()
    package private(set) var sinceRecord = LatencyWindow()

    /// Records of the alerts' topic that are no alerts, and the last of them.
    package private(set) var flaws: [AlertFlaw: Int] = [:]
    package private(set) var lastFlaw: (place: String, flaw: AlertFlaw)?
    /// Change events that were read, and those that were passed over since more came than can be looked at.
    package private(set) var eventsRead = 0
    package private(set) var eventsSkipped: Int64 = 0
    package private(set) var alertsSkipped: Int64 = 0

    /// How far both topics are read: what is told again is passed over.
    private var alertsNext: [PartitionID: Int64] = [:]
    private var eventsNext: [PartitionID: Int64] = [:]
    /// Alerts whose events are still to come, by the events' places.
    private var waiting: [RecordPlace: [SeenAlert.ID]] = [:]
    /// Alerts whose events were looked up.
    private var soughtFor: Set<SeenAlert.ID> = []

    package init(memory: PaymentMemory = PaymentMemory()) { self.memory = memory }

    /// How many records of the alerts' topic were no alerts.
    package var malformed: Int { flaws.values.reduce(0, +) }

    /// The kept alert with that place.
    package func alert(_ id: SeenAlert.ID) -> SeenAlert? { alerts.last { $0.id == id } }

    // MARK: - Alerts

    /// Takes in what a tail has read of the alerts' topic.
    package mutating func take(_ delivery: TailDelivery<TailMessage>, now: Int64) {
        alertsSkipped = alertsSkipped.addingSaturated(delivery.skipped)
        for message in delivery.items where message.offset >= alertsNext[message.partition.partition] ?? 0 {
            do throws(AlertFlaw) { take(try SeenAlert(message), now: now) } catch {
                flaws[error, default: 0] += 1
                lastFlaw = ("\(message.partition.partition)@\(message.offset)", error)
            }
        }
        advance(&alertsNext, delivery.next)
        let excess = alerts.count - Self.keptAlerts
        if excess > 0 {
            for old in alerts.prefix(excess) { forget(old) }
            alerts.removeFirst(excess)
        }
    }

    private mutating func take(_ seen: SeenAlert, now: Int64) {
        var alert = seen
        let time = min(alert.recordedAt, now)
        total += 1
        rules.add(alert.rule, alert.value, at: time)
        users.add(alert.user, alert.value, at: time)
        if let merchant = alert.merchant { merchants.add(merchant, alert.value, at: time) }
        if let latency = alert.sinceEvent { sinceEvent.add(latency, at: time) }
        if let place = alert.place {
            if let payment = memory.payment(of: alert.user, at: place) {
                settle(&alert, with: payment, now: now)
            } else {
                waiting[place, default: []].append(alert.id)
            }
        }
        alerts.append(alert)
    }

    /// The event of an alert is known.
    private mutating func settle(_ alert: inout SeenAlert, with payment: SeenPayment, now: Int64) {
        guard alert.payment == nil, payment.transaction.userID == alert.user else { return }
        let time = min(alert.recordedAt, now)
        alert.payment = payment
        if let latency = alert.sinceRecord { sinceRecord.add(latency, at: time) }
        if alert.merchant == nil, let merchant = payment.transaction.merchantID {
            alert.merchant = merchant
            merchants.add(merchant, alert.value, at: time)
        }
    }

    private mutating func forget(_ alert: SeenAlert) {
        soughtFor.remove(alert.id)
        guard let place = alert.place, var others = waiting[place] else { return }
        others.removeAll { $0 == alert.id }
        waiting[place] = others.isEmpty ? nil : others
    }

    // MARK: - Change events

    /// The change events are read from these offsets on.
    package mutating func beginEvents(_ offsets: [PartitionID: Int64]) { eventsNext = offsets }

    /// The topics were made anew: places that were known mean something else.
    package mutating func beginAlerts() { alertsNext = [:] }

    /// Takes in what a tail has read of the change events.
    package mutating func take(_ delivery: TailDelivery<SeenPayment>, now: Int64) {
        eventsRead += delivery.records
        eventsSkipped = eventsSkipped.addingSaturated(delivery.skipped)
        for payment in delivery.items {
            memory.add(payment)
            if !waiting.isEmpty { found(payment, now: now) }
        }
        advance(&eventsNext, delivery.next)
    }

    /// Takes in what was looked up.
    package mutating func take(lookedUp payments: [SeenPayment], now: Int64) {
        for payment in payments { found(payment, now: now) }
    }

    private mutating func found(_ payment: SeenPayment, now: Int64) {
        guard let ids = waiting.removeValue(forKey: payment.place) else { return }
        for id in ids {
            guard let index = alerts.lastIndex(where: { $0.id == id }) else { continue }
            var alert = alerts[index]
            settle(&alert, with: payment, now: now)
            alerts[index] = alert
        }
    }

    private func advance(_ next: inout [PartitionID: Int64], _ offsets: [PartitionID: Int64]) {
        next.merge(offsets) { max($0, $1) }
    }

    // MARK: - What has to be looked up

    /// Whether the tail has passed that place, so that it will not come by itself.
    package func isPassed(_ place: RecordPlace) -> Bool {
        place.offset < eventsNext[PartitionID(place.partition)] ?? 0
    }

    /// The places of events that alerts name and that will not come by themselves: those of one partition, the newest alerts'
    /// first, each once. Empty where there are none.
    package mutating func nextLookUp(limit: Int = 50) -> [RecordPlace] {
        guard !waiting.isEmpty else { return [] }
        var places: [RecordPlace] = []
        for alert in alerts.reversed() {
            guard let place = alert.place, alert.payment == nil, !soughtFor.contains(alert.id), isPassed(place),
                place.partition == places.first?.partition ?? place.partition
            else { continue }
            soughtFor.insert(alert.id)
            if !places.contains(place) { places.append(place) }
            if places.count >= limit { break }
        }
        return places
    }
}
