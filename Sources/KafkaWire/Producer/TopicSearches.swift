/// The topics that senders wait for, until the cluster has told of them. A value: one look is under way for each, however
/// many wait, and none of them waits longer than it may because a look does.
struct TopicSearches: Equatable, Sendable {
    /// What to do where a sender waits.
    enum Step: Equatable, Sendable {
        case look
        /// It was looked for in vain; not before then.
        case wait(until: Instant)
        /// It is being looked for.
        case nothing
    }

    private struct Search: Equatable, Sendable {
        var waiters = 0
        var isLooking = false
        var failures = 0
        var lookAt = Instant(nanoseconds: 0)
        var error: KafkaError?
        var isOver = false
    }

    private var searches: [String: Search] = [:]

    /// A sender waits for the topic.
    mutating func begin(_ topic: String) { searches[topic, default: Search()].waiters += 1 }

    /// It waits no longer.
    mutating func end(_ topic: String) {
        guard var search = searches[topic] else { return }
        search.waiters -= 1
        searches[topic] = search.waiters > 0 ? search : nil
    }

    mutating func wanted(_ topic: String, now: Instant) -> Step {
        guard var search = searches[topic], !search.isLooking, !search.isOver else { return .nothing }
        guard now >= search.lookAt else { return .wait(until: search.lookAt) }
        search.isLooking = true
        searches[topic] = search
        return .look
    }

    /// The cluster has told of it.
    mutating func found(_ topic: String) { searches[topic]?.isLooking = false }

    /// It has not. A `final` error is that of all who wait.
    mutating func failed(
        _ topic: String, _ error: KafkaError, isFinal: Bool, now: Instant, pause: (_ failures: Int) -> Duration
    ) {
        guard var search = searches[topic] else { return }
        search.isLooking = false
        search.isOver = isFinal
        search.failures += 1
        search.lookAt = now + pause(search.failures)
        search.error = error
        searches[topic] = search
    }

    /// Why the last look was in vain.
    func error(of topic: String) -> KafkaError? { searches[topic]?.error }
    /// Why no further look will be any better.
    func finalError(of topic: String) -> KafkaError? {
        searches[topic].flatMap { $0.isOver ? $0.error : nil }
    }
}
