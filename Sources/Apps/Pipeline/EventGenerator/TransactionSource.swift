/// One made-up row of `transactions`.
public struct GeneratedTransaction: Equatable, Sendable {
    /// What the row is there for.
    public enum Kind: Equatable, Sendable {
        case ordinary
        /// Over three times its user's mean and over 500: the anomaly rule's.
        case spike
        /// One of a burst of eight within seconds, each over 4000: the velocity rule's, from the sixth on.
        case burst
        /// One of a card's four trials, small payments at different merchants within seconds.
        case trial
        /// The large payment behind a card's trials: the probe rule's, and the anomaly rule's as well.
        case theft
    }

    /// The row's number: each row has the next one.
    public var id: Int64
    /// Who pays, from 1000.
    public var userID: Int64
    /// The amount in cents.
    public var cents: Int64
    /// An index into VISA, MASTERCARD, AMEX.
    public var card: Int
    /// To whom, 1 to 100.
    public var merchantID: Int64
    /// Microseconds since the epoch.
    public var createdAt: Int64
    /// What it is there for.
    public var kind: Kind
}

/// Makes rows: users with habits, and now and then somebody suspicious.
///
/// Each user has a usual amount, and ordinary amounts lie within 60 to 140 % of it and below 4000, so they trip no
/// rule. Spikes come from users with a low usual amount and some history, and so do the cards that are tried out; bursts
/// from users with a high one, for whom over 4000 is no anomaly.
struct TransactionSource {
    static let firstUser: Int64 = 1000
    static let burstLength = 8
    static let trialCount = 4
    static let merchantCount: UInt64 = 100

    private var random: RandomNumbers
    private let salt: UInt64
    private let users: UInt64
    private let interval: Int64
    private let spikeShare: UInt64
    private let burstShare: UInt64
    private let theftShare: UInt64
    private var id: Int64
    private var time: Int64
    private var bursts: [(user: Int, left: Int)] = []
    private var thefts: [(user: Int, left: Int)] = []
    /// Ordinary rows since the user's last spike (or since the beginning), up to 255.
    private var quiet: [UInt8]
    private var hasSpiked: [Bool]

    init(seed: UInt64, firstID: Int64, start: Int64, interval: Int64, suspiciousShare: Double, users: Int) {
        self.users = UInt64(users)
        quiet = [UInt8](repeating: 0, count: users)
        hasSpiked = [Bool](repeating: false, count: users)
        random = RandomNumbers(seed: seed)
        salt = RandomNumbers.mixed(seed ^ 0x7573_6572)
        id = firstID
        time = start
        self.interval = max(1, interval)
        let share = suspiciousShare.isNaN ? 0 : min(max(suspiciousShare, 0), 0.5)
        spikeShare = UInt64(share / 3 * 1_000_000)
        burstShare = spikeShare / UInt64(Self.burstLength)
        theftShare = spikeShare / UInt64(Self.trialCount + 1)
    }

    mutating func next() -> GeneratedTransaction {
        var user = Int(random.below(users))
        var merchant = 1 + Int64(random.below(Self.merchantCount))
        var kind = GeneratedTransaction.Kind.ordinary
        if random.happens(burstShare), bursts.count < 64 { startBurst() }
        if random.happens(theftShare), thefts.count < 64, let victim = lowSpender(history: 0) {
            thefts.append((victim, Self.trialCount + 1))
        }
        if !bursts.isEmpty, random.next() & 1 == 0 {
            user = Self.take(&bursts, &random).user
            kind = .burst
        } else if !thefts.isEmpty, random.next() & 1 == 0 {
            let theft = Self.take(&thefts, &random)
            (user, kind) = (theft.user, theft.left == 0 ? .theft : .trial)
            // Its neighbours: each trial is at another.
            merchant = 1 + (Int64(user) + Int64(theft.left)) % Int64(Self.merchantCount)
        } else if random.happens(spikeShare), let spender = lowSpender(history: 3) {
            user = spender
            kind = .spike
        }
        // The rows of a burst and of a theft follow each other closely, whatever the pace of the others.
        time += kind == .ordinary || kind == .spike ? 1 + Int64(random.below(UInt64(2 * interval))) : 1000
        let row = GeneratedTransaction(
            id: id, userID: Self.firstUser + Int64(user), cents: cents(user, kind), card: Int(random.below(3)),
            merchantID: merchant, createdAt: time, kind: kind)
        id += 1
        if kind == .spike || kind == .theft { quiet[user] = 0 } else if quiet[user] < 255 { quiet[user] += 1 }
        return row
    }

    /// The usual amount in cents: every second user up to 150.00, the others up to 2700.00.
    private func usual(_ user: Int) -> Int64 {
        let number = RandomNumbers.mixed(salt &+ UInt64(user))
        return number & 1 == 0 ? 10_00 + Int64(number >> 32) % 140_00 : 150_00 + Int64(number >> 32) % 2550_00
    }

    private mutating func cents(_ user: Int, _ kind: GeneratedTransaction.Kind) -> Int64 {
        let usual = usual(user)
        switch kind {
        case .ordinary: return max(5_00, usual * 6 / 10 + Int64(random.below(UInt64(usual * 8 / 10))))
        // Five times the usual is over three times any mean of ordinary amounts (at most 1.4 times the usual).
        case .spike, .theft: return max(600_00, usual * 5) + Int64(random.below(1000_00))
        case .trial: return 5_00 + Int64(random.below(15_00))
        case .burst: return 4000_01 + Int64(random.below(1000_00))
        }
    }

    private mutating func startBurst() {
        for _ in 0..<8 {
            let user = Int(random.below(users))
            guard usual(user) > 1700_00 else { continue }  // three times its mean is over 5000 or nearly
            bursts.append((user, Self.burstLength))
            return
        }
    }

    /// One of those, with how many rows it has left behind this one; it is gone with its last.
    private static func take(
        _ others: inout [(user: Int, left: Int)], _ random: inout RandomNumbers
    ) -> (user: Int, left: Int) {
        let index = Int(random.below(UInt64(others.count)))
        others[index].left -= 1
        let taken = others[index]
        if taken.left == 0 {
            others.swapAt(index, others.count - 1)
            others.removeLast()
        }
        return taken
    }

    /// A user with a low usual amount, whose last fifty amounts hold no spike but so many others at least.
    private mutating func lowSpender(history: UInt8) -> Int? {
        for _ in 0..<16 {
            let user = Int(random.below(users))
            if quiet[user] >= (hasSpiked[user] ? 50 : history), usual(user) <= 150_00 {
                hasSpiked[user] = true
                quiet[user] = 0
                return user
            }
        }
        return nil
    }
}
