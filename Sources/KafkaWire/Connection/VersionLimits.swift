/// Up to which versions a client speaks, whatever its brokers speak besides: as an older client would, to compare behaviours, or
/// because something on the way (a proxy, a gateway) knows no newer ones. What is not there then fails with
/// ``KafkaError/Code/unsupportedVersion``, and the error says that it is held back here.
public enum VersionLimits: Sendable, Equatable {
    /// As a client of that release of Apache Kafka, such as `2.8`; requests that it does not have are not sent. From `0.11.0` on.
    case release(String)
    /// Up to these versions, as franz-go's `MaxVersions`; requests that are not named are held to none. With
    /// ``APIKey/apiVersions`` the first request of each connection is one of them.
    case highest([APIKey: Int16])
}

/// ``VersionLimits`` as they are applied. A value.
struct VersionPin: Sendable, Equatable {
    /// What the client is held to, in words.
    let words: String
    private let highest: [APIKey: Int16]
    /// Whether requests that are not named are left out.
    private let isWhole: Bool

    static let setting = "api.versions.release"

    /// - Throws: where the release is not known, and for what this library is too new for itself.
    init(_ limits: VersionLimits) throws(KafkaError) {
        switch limits {
        case .release(let text):
            guard let name = ReleaseHistory.named(text) else {
                throw Self.refusal(
                    "the release \"\(text)\" is none of Kafka's that this client knows: name one from "
                        + "\(ReleaseHistory.oldest) to \(ReleaseHistory.own)")
            }
            words = "Kafka \(name)"
            guard let known = ReleaseHistory.highest(of: name) else {
                highest = [:]
                isWhole = false
                return
            }
            highest = Dictionary(known.inOrder.map { (APIKey(rawValue: $0.key), $0.value) }) { first, _ in first }
            isWhole = true
            for api in [APIKey.produce, .fetch] where API.of(api)?.isSpoken(upTo: highest[api]) != true {
                throw Self.refusal(
                    "Kafka \(name) is older than this client can be: its \(api) is not spoken any more (KIP-896); name a "
                        + "release from \(ReleaseHistory.oldest) on")
            }
        case .highest(let versions):
            words = "versions of its configuration"
            highest = versions
            isWhole = false
            for (api, version) in versions.inOrder where API.of(api)?.isSpoken(upTo: version) != true {
                let spoken = API.of(api).map { "speaks it from version \($0.stableVersions.lowerBound) on" }
                throw Self.refusal(
                    "\(api) is held to version \(version) at most, and this client \(spoken ?? "does not know it")")
            }
        }
    }

    private static func refusal(_ sentence: String) -> KafkaError {
        KafkaError(.invalidConfiguration, sentence, setting: setting)
    }

    /// The highest version of an API that may be spoken; nil where it is none.
    func limit(of api: APIKey) -> Int16? { highest[api] ?? (isWhole ? nil : .max) }

    /// What is left of a broker's versions.
    func held(_ range: ClosedRange<Int16>, of api: APIKey) -> ClosedRange<Int16>? {
        guard let limit = limit(of: api), limit >= range.lowerBound else { return nil }
        return range.lowerBound...min(limit, range.upperBound)
    }

    /// Whether transactions of version 2 (KIP-890) can be: all of their requests are spoken.
    var hasTransactions2: Bool {
        let needed: [(APIKey, Int16)] = [(.produce, 12), (.endTxn, 5), (.txnOffsetCommit, 5)]
        return needed.allSatisfy { api, version in limit(of: api) ?? -1 >= version }
    }

    /// That an API cannot be used for it.
    func error(_ api: APIKey, broker: String) -> KafkaError {
        let reason =
            limit(of: api).map { "knows \(api) up to version \($0) only, which the broker does not speak" }
            ?? "has no \(api)"
        return KafkaError(
            .unsupportedVersion,
            "this client is held to \(words), which \(reason) (broker \(broker) could be asked); raise "
                + "ClientConfiguration.versions (\(Self.setting))", api: api, setting: Self.setting)
    }
}
