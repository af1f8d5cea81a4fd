/// Decides, look by look, whether a connector has come to where it should be. A value: whoever has one asks Connect, and
/// tells it what came and when.
package struct ConnectorWait: Sendable {
    /// Where the connector should come to.
    package enum Goal: String, Sendable {
        /// It and all its tasks, one at least, are RUNNING.
        case running = "RUNNING"
        case paused = "PAUSED"
        case stopped = "STOPPED"
    }

    package enum Verdict: Equatable, Sendable {
        case reached
        /// Not yet; how it is now, in a few words.
        case waiting(String)
        /// It will not come there by itself; why, in sentences.
        case failed([String])
    }

    private let goal: Goal
    /// How the connector was before it was asked to change; nil where it did not exist.
    private let before: ConnectorStatus?
    private var hasChanged = false

    /// A worker acts on a request a moment after it has accepted it, and says until then how it was before.
    package static let settling = Duration.seconds(2)

    package init(_ goal: Goal, before: ConnectorStatus?) {
        self.goal = goal
        self.before = before
    }

    /// What a look means that was made some time after the request; nil where there was no status yet.
    package mutating func judge(_ status: ConnectorStatus?, after elapsed: Duration) -> Verdict {
        guard let status else { return .waiting("no status yet") }
        if status != before { hasChanged = true }
        let mayBeOld = !hasChanged && elapsed < Self.settling
        if !status.failures.isEmpty, goal == .running {
            return mayBeOld ? .waiting(status.summary) : .failed(status.reasons)
        }
        let isThere =
            switch goal {
            case .running: status.isRunning
            case .paused: status.parts.allSatisfy { $0.state == .paused }
            case .stopped: status.connector.state == .stopped && status.tasks.isEmpty
            }
        // What was there before the request may be RUNNING still. Paused and stopped ones stay as they are.
        return isThere && !(goal == .running && mayBeOld) ? .reached : .waiting(status.summary)
    }
}
