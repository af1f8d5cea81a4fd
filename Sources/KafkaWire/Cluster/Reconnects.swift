/// When brokers that could not be connected to, or whose connections broke, may be connected to again, and how long opening
/// a connection may take meanwhile (KIP-144, KIP-580, KIP-601). A value.
///
/// Pauses are those of a broker, whatever the connection is for: four connections that break with their broker are one
/// failure, and so is what fails within a pause.
struct Reconnects: Equatable, Sendable {
    private struct State: Equatable {
        var failures = 0
        /// How many attempts in a row did not come to be a connection.
        var attempts = 0
        var end: Instant
    }

    private let pauses: Backoff
    private let longest: Duration
    private let setUp: Duration
    private let growing: Backoff
    private let longestSetUp: Duration
    private var states: [BrokerAddress: State] = [:]
    /// Brokers of which nobody has heard for so long are forgotten: addresses come and go.
    private static let memory = Duration.seconds(600)

    init(_ options: ConnectionOptions, setUp: Duration, seed: UInt64) {
        longest = max(options.reconnectBackoff, options.maximumReconnectBackoff)
        pauses = Backoff(initial: options.reconnectBackoff, limit: longest, seed: seed)
        self.setUp = setUp
        longestSetUp = max(setUp, options.maximumConnectTimeout)
        growing = Backoff(initial: setUp, limit: longestSetUp, seed: seed)
    }

    /// Until when the broker is to be left alone; nil where it may be connected to.
    func end(of address: BrokerAddress, now: Instant) -> Instant? {
        guard !states.isEmpty, let end = states[address]?.end, end > now else { return nil }
        return end
    }

    /// How long opening a connection may take: as it is set, and longer behind attempts that failed.
    func setUpTime(for address: BrokerAddress) -> Duration {
        guard let attempts = states[address]?.attempts, attempts > 0 else { return setUp }
        return min(longestSetUp, growing.pause(after: attempts + 1))
    }

    /// No connection came to be.
    mutating func failed(_ address: BrokerAddress, now: Instant) {
        states = states.filter { $0.value.end + Self.memory > now }
        count(address, now)
        states[address]?.attempts += 1
    }

    /// The broker does not let this client in: it is left alone for the longest pause at once, since each try is counted there,
    /// and may lock the user out.
    mutating func refused(_ address: BrokerAddress, now: Instant) {
        failed(address, now: now)
        states[address]?.end = now + longest
    }

    /// A connection broke, or the broker ended it. It may be connected to again behind the shortest pause.
    mutating func broke(_ address: BrokerAddress, now: Instant) {
        count(address, now)
        states[address]?.attempts = 0
    }

    private mutating func count(_ address: BrokerAddress, _ now: Instant) {
        var state = states[address] ?? State(end: now)
        defer { states[address] = state }
        if state.failures > 0, state.end > now { return }
        state.failures += 1
        state.end = now + min(longest, pauses.pause(after: state.failures))
    }

    /// There is a connection.
    mutating func worked(_ address: BrokerAddress) {
        if !states.isEmpty { states[address] = nil }
    }
}
