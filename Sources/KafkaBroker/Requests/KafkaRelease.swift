import KafkaWire

/// A release of Apache Kafka, and up to which version its brokers speak each API: what ``KafkaBroker/speak(as:)`` holds
/// this broker to.
///
/// The numbers are those of ``ReleaseHistory``. What Kafka 4 has removed (Fetch before v4, Produce before v3, …;
/// KIP-896) is not known to this library either: an API of which a release speaks nothing else is not served then. Of
/// 0.10.2 that leaves neither Produce nor Fetch.
struct KafkaRelease: Sendable {
    /// Two numbers, such as 2.8; three before 1.0.
    let name: String
    /// The highest version of each API that the release knows; nil where it is this library's own, and nothing is capped.
    private let highest: [Int16: Int16]?
    /// Whether brokers of the release say which versions of transactions and groups are in force.
    let hasFeatures: Bool

    /// The release of that name, with or without a `v` in front and a patch number behind, or nil.
    static func named(_ text: String) -> KafkaRelease? {
        ReleaseHistory.named(text).flatMap { name in all.first { $0.name == name } }
    }

    /// The versions of `range` that the release speaks, or nil where that is none.
    func cap(_ range: ClosedRange<Int16>, of api: APIKey) -> ClosedRange<Int16>? {
        guard let highest else { return range }
        guard let limit = highest[api.rawValue], limit >= range.lowerBound else { return nil }
        return range.lowerBound...min(limit, range.upperBound)
    }

    /// Every release that is known, the oldest first.
    static let all: [KafkaRelease] = {
        var hasFeatures = false
        let releases = ReleaseHistory.releases.map { name, highest in
            if name == "4.0" { hasFeatures = true }
            return KafkaRelease(name: name, highest: highest, hasFeatures: hasFeatures)
        }
        return releases + [KafkaRelease(name: ReleaseHistory.own, highest: nil, hasFeatures: true)]
    }()
}
