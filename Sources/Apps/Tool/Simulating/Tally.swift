import KafkaSimulation

/// What there was in histories, in numbers.
package struct Tally: Sendable, Equatable {
    package var histories = 0
    /// How long they took, in their own time.
    package var elapsed = Duration.zero
    package var faults = 0
    package var sent = 0
    package var acknowledged = 0
    package var refused = 0
    package var received = 0
    package var rebalances = 0
    package var killed = 0

    package init() {}

    /// Adds what came of a plan.
    package mutating func add(_ trial: Trial) {
        histories += 1
        elapsed += trial.outcome.elapsed
        faults += trial.plan.faults.count
        for event in trial.outcome.history.events {
            switch event.what {
            case .sent: sent += 1
            case .acknowledged: acknowledged += 1
            case .refused: refused += 1
            case .received: received += 1
            case .assigned: rebalances += 1
            case .killed: killed += 1
            default: break
            }
        }
    }

    /// The numbers with their names.
    package var fields: [(name: String, count: Int)] {
        [
            ("faults", faults), ("sent", sent), ("acknowledged", acknowledged), ("refused", refused),
            ("received", received), ("assignments", rebalances), ("killed", killed),
        ]
    }
}
