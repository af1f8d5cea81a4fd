/// How much a consumer may ask for, so that what waits for the application, what stands aside and what is on its way stay within
/// its limit together. A value, in bytes: what there is goes in, how much to ask each broker for comes out.
///
/// The limit is divided by one more than there are brokers to ask: each has a part on its way, and as much waits for the
/// application. A broker waits for records before it answers, so one that has none keeps its part; were parts larger, those
/// brokers that have records would not be asked meanwhile. While a whole part waits for the application, brokers whose part does
/// not fit wait, too: asking for less would have them send it in crumbs. When nothing waits, every broker is asked.
///
/// What the application has in hand is not counted. The limit is held to but for what no request can rule out: a broker sends
/// a batch that is larger than what it was asked for, alone (KIP-74); and with so many brokers that their parts would be below
/// ``least``, they are that large.
struct FetchRoom: Equatable, Sendable {
    /// What there may be in all (`queued.max.messages.kbytes`).
    let limit: Int
    /// What one request asks for at most (`fetch.max.bytes`).
    let largest: Int
    /// What one request asks for at least: the usual size of a batch, or `fetch.min.bytes`, for which a broker waits.
    let least: Int

    /// What was asked for at brokers that have not answered yet.
    private var asked: [BrokerID: Int] = [:]
    /// What is on its way at most.
    private(set) var onItsWay = 0
    /// While more than this waits or is on its way, there was no room for a broker when that was looked at last.
    private var threshold: Int
    /// When each broker was asked last, as a count: who has waited longest comes first.
    private var turns: [BrokerID: Int] = [:]
    private var turn = 0

    /// A producer's batches are as large by default (`batch.size`).
    static let usualBatch = 16 << 10

    init(limit: Int, largest: Int = .max, least: Int = 1) {
        self.limit = max(1, limit)
        // No request can ask for more.
        self.largest = min(max(1, largest), Int(Int32.max))
        self.least = min(max(1, least), self.largest)
        threshold = self.limit
    }

    func isAsked(_ broker: BrokerID) -> Bool { asked[broker] != nil }

    /// Whether there may be room for a request while so many bytes wait for the application: not to be looked at in vain for each
    /// record batch that is taken.
    func mayAsk(waiting: Int) -> Bool { waiting == 0 || waiting + onItsWay <= threshold }

    /// Asks these brokers, in that order where all were asked equally long ago: gives those that are asked now, and for how many
    /// bytes each. So many wait for the application, and so many stand aside.
    mutating func ask(_ brokers: [BrokerID], waiting: Int, aside: Int) -> [(broker: BrokerID, bytes: Int)] {
        let parts = asked.count + brokers.count + 1
        let room = max(limit - aside, parts * least)
        let part = min(largest, room / parts)
        threshold = room
        var granted: [(broker: BrokerID, bytes: Int)] = []
        for broker in inTurn(brokers) {
            var bytes = min(part, room - waiting - onItsWay)
            if bytes < part, waiting > 0 {
                threshold = room - part
                break
            }
            bytes = max(least, bytes)
            asked[broker] = bytes
            onItsWay += bytes
            turn += 1
            turns[broker] = turn
            granted.append((broker, bytes))
        }
        return granted
    }

    private func inTurn(_ brokers: [BrokerID]) -> [BrokerID] {
        guard brokers.count > 1 else { return brokers }
        return brokers.enumerated().map { (turn: turns[$1] ?? 0, place: $0, broker: $1) }
            .sorted { ($0.turn, $0.place) < ($1.turn, $1.place) }.map(\.broker)
    }

    /// The broker has answered, or never will.
    mutating func settled(_ broker: BrokerID) {
        if let bytes = asked.removeValue(forKey: broker) { onItsWay -= bytes }
    }
}
