import KafkaWire

/// Where an agent's alerts go.
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
