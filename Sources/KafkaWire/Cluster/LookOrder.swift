/// Whom to ask what any broker can answer: who has least to do and answers. A value.
///
/// Java's client asks its least loaded node, too; it stays with it until `request.timeout.ms` is over, which a node that is
/// silent makes a long time. So one that has failed lately comes last, and one that was asked the same a moment ago, and was
/// of no help, behind the others: it may be cut off from the cluster, and know of leaders that are none any more.
struct LookOrder: Equatable, Sendable {
    /// A broker that could be asked.
    struct Candidate: Equatable, Sendable {
        var address: BrokerAddress
        /// How many requests wait on its connection; nil where there is none.
        var load: Int?
    }

    /// How long it counts that a broker did not answer.
    private static let memory = Duration.seconds(10)
    /// So soon the same question means that the answer was of no help.
    private static let soon = Duration.seconds(2)
    /// A new connection is better than one with so many requests in front.
    private static let crowd = 3

    private var troubled: [BrokerAddress: Instant] = [:]
    private var asked: [String: (address: BrokerAddress, at: Instant)] = [:]

    static func == (a: Self, b: Self) -> Bool {
        a.troubled == b.troubled && a.asked.mapValues(\.address) == b.asked.mapValues(\.address)
            && a.asked.mapValues(\.at) == b.asked.mapValues(\.at)
    }

    /// The candidates in the order in which to ask them; those alike stay in theirs.
    func order(_ candidates: [Candidate], about question: String, now: Instant) -> [BrokerAddress] {
        let before = asked[question].flatMap { now < $0.at + Self.soon ? $0.address : nil }
        func rank(_ candidate: Candidate) -> (Int, Int, Int) {
            let isTroubled = troubled[candidate.address].map { now < $0 + Self.memory } ?? false
            return (isTroubled ? 1 : 0, candidate.address == before ? 1 : 0, candidate.load ?? Self.crowd)
        }
        return candidates.enumerated()
            .map { (rank: rank($0.element), place: $0.offset, address: $0.element.address) }
            .sorted { ($0.rank.0, $0.rank.1, $0.rank.2, $0.place) < ($1.rank.0, $1.rank.1, $1.rank.2, $1.place) }
            .map(\.address)
    }

    /// A broker is asked something.
    mutating func asks(_ address: BrokerAddress, about question: String, now: Instant) {
        asked = asked.filter { now < $0.value.at + Self.soon }
        asked[question] = (address, now)
    }

    /// It did not answer, or not in time.
    mutating func failed(_ address: BrokerAddress, now: Instant) {
        troubled = troubled.filter { now < $0.value + Self.memory }
        troubled[address] = now
    }

    /// It has answered.
    mutating func worked(_ address: BrokerAddress) {
        if !troubled.isEmpty { troubled[address] = nil }
    }
}
