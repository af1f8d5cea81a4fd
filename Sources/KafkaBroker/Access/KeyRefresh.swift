import KafkaWire

/// When the keys of tokens are asked for again: Kafka's `RefreshingHttpsJwks` as a value. From time to time; soon after that
/// has failed, and then less and less often; at once where a token names a key that is not known. Told the time.
struct KeyRefresh: Sendable {
    /// For how long a name that was not found is not looked for again, of how many names that is known, and how long they may
    /// be.
    static let missingPause = Duration.seconds(60)
    static let missingLimit = 16
    static let longestName = 1000
    /// How far apart two requests are that tokens bring about: Kafka has no such bound, and who makes names up has it ask
    /// without end.
    static let leastPause = Duration.seconds(1)

    private let interval: Duration
    private let backoff: Duration
    private let longestBackoff: Duration
    /// When they are asked for next.
    private(set) var due: Instant
    private(set) var isUnderWay = false
    private var began: Instant
    private var pause: Duration?
    private var missing: [(name: String, until: Instant)] = []

    /// They were had at `now`.
    init(_ rules: TokenRules, now: Instant) {
        interval = min(max(rules.refreshInterval, .milliseconds(1)), .seconds(1 << 32))
        longestBackoff = min(max(rules.longestRetryBackoff, .milliseconds(1)), .seconds(1 << 32))
        backoff = min(max(rules.retryBackoff, .milliseconds(1)), longestBackoff)
        due = now + interval
        began = now
    }

    /// They are to be asked for; false where they are already.
    mutating func begin(_ now: Instant) -> Bool {
        guard !isUnderWay else { return false }
        isUnderWay = true
        began = now
        return true
    }

    /// They were had, with these names.
    mutating func succeeded(_ names: Set<String>, _ now: Instant) {
        isUnderWay = false
        pause = nil
        missing.removeAll { names.contains($0.name) }
        due = now + interval
    }

    /// They could not be had. Gives the pause until they are asked for again.
    mutating func failed(_ now: Instant) -> Duration {
        isUnderWay = false
        let next = pause.map { min($0 * 2, longestBackoff) } ?? backoff
        pause = next
        due = now + next
        return next
    }

    /// A token names a key that is not known. Whether they are to be asked for at once.
    mutating func isToBeAsked(for name: String, _ now: Instant) -> Bool {
        guard name.utf8.count <= Self.longestName, !isUnderWay, now - began >= Self.leastPause else { return false }
        if let known = missing.firstIndex(where: { $0.name == name }) {
            guard missing[known].until <= now else { return false }
            missing.remove(at: known)
        }
        if missing.count == Self.missingLimit { missing.removeFirst() }
        missing.append((name, now + Self.missingPause))
        return true
    }
}
