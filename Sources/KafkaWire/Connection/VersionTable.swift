/// The APIs and versions that a broker speaks, as it said when the connection was opened.
public struct VersionTable: Sendable, Equatable {
    private let ranges: [APIKey: ClosedRange<Int16>]
    /// What this client is held to, and what the broker speaks besides.
    private let held: Held?

    private struct Held: Sendable, Equatable {
        var pin: VersionPin
        var all: [APIKey: ClosedRange<Int16>]
    }

    /// How long the broker wanted no further request when it said so.
    let throttleTime: Duration?
    /// The versions that the cluster's features are at (KIP-584), and how new that is; -1 where the broker tells of none.
    private(set) var features: [String: Int16] = [:]
    private(set) var featuresEpoch: Int64 = -1

    /// A table of these ranges.
    package init(_ ranges: [APIKey: ClosedRange<Int16>]) {
        self.ranges = ranges
        held = nil
        throttleTime = nil
    }

    /// What the broker has answered in `version`, as far as `pin` leaves it.
    init(_ response: ApiVersionsResponse, version: Int16 = 0, pin: VersionPin? = nil) {
        throttleTime = response.throttleTime(version)
        featuresEpoch = response.finalizedFeaturesEpoch
        for feature in response.finalizedFeatures { features[feature.name] = feature.maxVersionLevel }
        var ranges: [APIKey: ClosedRange<Int16>] = [:]
        for api in response.apiKeys where api.minVersion <= api.maxVersion {
            ranges[APIKey(rawValue: api.apiKey)] = api.minVersion...api.maxVersion
        }
        // librdkafka's mock cluster is known by a Heartbeat 5 that Kafka has not. It announces the flexible versions of
        // the group's requests too, but reads them as if they were not, and hangs up.
        if ranges[.heartbeat]?.upperBound == 5 {
            for (api, last) in [(APIKey.joinGroup, 5), (.syncGroup, 3), (.heartbeat, 3), (.leaveGroup, 3)] {
                guard let range = ranges[api], range.lowerBound <= Int16(last) else { continue }
                ranges[api] = range.lowerBound...min(range.upperBound, Int16(last))
            }
        }
        guard let pin else {
            self.ranges = ranges
            held = nil
            return
        }
        held = Held(pin: pin, all: ranges)
        var left: [APIKey: ClosedRange<Int16>] = [:]
        for (api, range) in ranges.inOrder { left[api] = pin.held(range, of: api) }
        self.ranges = left
        if !pin.hasTransactions2, let level = features["transaction.version"] {
            features["transaction.version"] = min(level, 1)
        }
    }

    /// What the broker speaks of an API, as far as this client may; nil where it does not know it.
    public subscript(api: APIKey) -> ClosedRange<Int16>? { ranges[api] }

    /// The highest version that both sides speak and Kafka calls stable, up to `limit`.
    func negotiate<R: WireRequest>(_: R.Type, atMost limit: Int16 = .max, broker: String) throws(KafkaError) -> Int16 {
        try negotiate(R.api, R.versions, atMost: limit, broker)
    }

    private func negotiate(
        _ api: APIKey, _ known: ClosedRange<Int16>, atMost limit: Int16, _ broker: String
    ) throws(KafkaError) -> Int16 {
        let ours = known.lowerBound...min(API.of(api)?.latestStable ?? known.upperBound, limit)
        if let version = Self.common(ours, ranges[api]) { return version }
        if let held, Self.common(ours, held.all[api]) != nil { throw held.pin.error(api, broker: broker) }
        let all = held?.all ?? ranges
        guard let theirs = all[api] else {
            if all.isOfController {
                throw KafkaError(
                    .unsupportedVersion,
                    "\(broker) is the port of a KRaft controller, which serves no \(api); name a port of the brokers, one of "
                        + "listeners that is not in controller.listener.names (KIP-919)",
                    broker: broker, api: api, setting: "bootstrap.servers")
            }
            let release = API.of(api)?.firstRelease
            throw KafkaError(
                .unsupportedVersion,
                "broker \(broker) does not speak \(api) at all; "
                    + (release.map { "it is in Kafka since \($0)" }
                        ?? "it may be older than Kafka \(ReleaseHistory.oldest)"),
                broker: broker, api: api)
        }
        throw KafkaError(
            .unsupportedVersion,
            "broker \(broker) speaks \(api) \(theirs.lowerBound) to \(theirs.upperBound), this client "
                + "\(ours.lowerBound) to \(ours.upperBound); use a broker of Kafka \(ReleaseHistory.oldest) or later",
            broker: broker, api: api)
    }

    /// The highest version in both; nil where there is none.
    private static func common(_ ours: ClosedRange<Int16>, _ theirs: ClosedRange<Int16>?) -> Int16? {
        guard let theirs else { return nil }
        let version = min(ours.upperBound, theirs.upperBound)
        return version >= ours.lowerBound && version >= theirs.lowerBound ? version : nil
    }

    /// Throws unless both sides speak exactly this version, be it stable or not.
    func check<R: WireRequest>(_: R.Type, _ version: Int16, broker: String) throws(KafkaError) {
        let theirs = ranges[R.api]
        guard !R.versions.contains(version) || theirs?.contains(version) != true else { return }
        if let held, R.versions.contains(version), held.all[R.api]?.contains(version) == true {
            throw held.pin.error(R.api, broker: broker)
        }
        let spoken = theirs.map { "\($0.lowerBound) to \($0.upperBound)" } ?? "none"
        throw KafkaError(
            .unsupportedVersion,
            "version \(version) of \(R.api) cannot be spoken with broker \(broker): it speaks \(spoken), this client "
                + "\(R.versions.lowerBound) to \(R.versions.upperBound)", broker: broker, api: R.api)
    }
}

extension [APIKey: ClosedRange<Int16>] {
    /// BrokerRegistration, which no client sends.
    private static var brokerRegistration: APIKey { APIKey(rawValue: 62) }

    /// Whether that is what a KRaft controller speaks: brokers register there, and have no metadata from there.
    fileprivate var isOfController: Bool {
        self[.metadata] == nil && self[.produce] == nil && self[Self.brokerRegistration] != nil
    }
}
