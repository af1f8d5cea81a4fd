import Detectors
import KafkaWire

/// Where an agent's alerts go, and its dead letters.
enum AlertChannel: Sendable {
    /// At least once: each by itself, and positions behind them.
    case courier(AlertCourier)
    /// Exactly once: with positions and the agent's memory, in transactions.
    case parcels(ParcelSender, ChangelogTopic)

    var courier: AlertCourier? { if case .courier(let courier) = self { courier } else { nil } }

    /// Gives up what is still on its way.
    func close() async {
        switch self {
        case .courier(let courier): await courier.close()
        case .parcels(let sender, _): await sender.close()
        }
    }
}

extension Alert {
    /// As a record of the alerts' topic: JSON, keyed by user, so that alerts of one user stay in order.
    func record(to topic: String) -> ProducerRecord {
        var json: [UInt8] = []
        appendJSON(to: &json)
        return ProducerRecord(topic: topic, key: Bytes(utf8: "\(transaction.userID)"), value: Bytes(json))
    }
}
