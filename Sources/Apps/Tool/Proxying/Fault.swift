import AppSupport
import KafkaWire

/// What is done to a request or its answer on purpose.
package enum Fault: Equatable, Sendable {
    /// The answer is held back so long.
    case delay(Duration)
    /// The request is swallowed, and with it the connection: as when a broker hangs.
    case drop
    /// The request never reaches the broker: it is answered here, with that error wherever its answer has one.
    case error(ErrorCode)
    /// Half of the answer is sent, then the connection closes.
    case truncate
    /// Swallowed because an earlier request of the connection was.
    case behindDropped

    /// In a few words, for people.
    package var text: String {
        switch self {
        case .delay(let duration): "delayed \(Figures.duration(duration))"
        case .drop: "dropped"
        case .error(let code): "made up \(code.name)"
        case .truncate: "cut short"
        case .behindDropped: "behind a dropped request"
        }
    }

    /// One word, for programs.
    package var name: String {
        switch self {
        case .delay: "delay"
        case .drop: "drop"
        case .error: "error"
        case .truncate: "truncate"
        case .behindDropped: "behindDropped"
        }
    }
}

/// A fault that is asked for: which, for which API, and how often.
package struct FaultRule: Equatable, Sendable {
    /// What is to happen.
    package enum Kind: Equatable, Sendable {
        case delay(ClosedRange<Duration>)
        case drop
        case error(ErrorCode)
        case truncate
    }

    package var kind: Kind
    /// The API that is meant; nil is every one.
    package var api: APIKey?
    /// How many of a million requests it concerns.
    package var perMillion: Int

    package init(_ kind: Kind, api: APIKey? = nil, perMillion: Int = 1_000_000) {
        self.kind = kind
        self.api = api
        self.perMillion = perMillion
    }
}

/// The faults of a proxy, which a seed makes the same in every run: what happens to a connection depends on the seed,
/// on the connection's number, and on the requests on it in their order, and on no clock.
package struct FaultPlan: Equatable, Sendable {
    package var seed: UInt64
    package var rules: [FaultRule]
    /// How many of a million connections are refused.
    package var refusedPerMillion: Int
    /// After how many bytes, of both directions together, a connection is cut.
    package var cutAfter: Int?
    /// How many bytes a second a connection carries at most, in each direction.
    package var bytesPerSecond: Int?

    package init(
        seed: UInt64 = 0, rules: [FaultRule] = [], refusedPerMillion: Int = 0, cutAfter: Int? = nil,
        bytesPerSecond: Int? = nil
    ) {
        self.seed = seed
        self.rules = rules
        self.refusedPerMillion = refusedPerMillion
        self.cutAfter = cutAfter
        self.bytesPerSecond = bytesPerSecond
    }

    /// Whether it holds anything, and whether its seed matters.
    package var isEmpty: Bool { rules.isEmpty && refusedPerMillion == 0 && cutAfter == nil && bytesPerSecond == nil }

    /// The faults of a connection.
    package func connection(_ number: Int) -> ConnectionFaults { ConnectionFaults(self, number) }
}

/// What happens to the requests of one connection.
package struct ConnectionFaults: Sendable {
    private let rules: [FaultRule]
    private var random: SeededRandom
    /// Whether the connection is refused.
    package let isRefused: Bool

    fileprivate init(_ plan: FaultPlan, _ number: Int) {
        rules = plan.rules
        random = SeededRandom(
            seed: SeededRandom.mixed(plan.seed) ^ SeededRandom.mixed(UInt64(truncatingIfNeeded: number)))
        isRefused = Self.happens(plan.refusedPerMillion, &random)
    }

    private static func happens(_ perMillion: Int, _ random: inout SeededRandom) -> Bool {
        perMillion > 0 && Int(random.next() % 1_000_000) < perMillion
    }

    /// The faults of the next request. Of several that would answer it or swallow it, the first counts.
    package mutating func next(_ api: APIKey) -> [Fault] {
        guard !rules.isEmpty else { return [] }
        var faults: [Fault] = []
        var isDecided = false
        for rule in rules where rule.api == nil || rule.api == api {
            guard Self.happens(rule.perMillion, &random) else { continue }
            switch rule.kind {
            case .delay(let range):
                let low = range.lowerBound / .microseconds(1)
                let high = range.upperBound / .microseconds(1)
                let wait = low + Double(random.next() >> 11) / Double(1 << 53) * (high - low)
                faults.append(.delay(.microseconds(Int64(wait))))
            case .drop:
                if !isDecided { faults.append(.drop) }
                isDecided = true
            case .error(let code):
                if !isDecided { faults.append(.error(code)) }
                isDecided = true
            case .truncate:
                if !isDecided { faults.append(.truncate) }
                isDecided = true
            }
        }
        return faults
    }
}
