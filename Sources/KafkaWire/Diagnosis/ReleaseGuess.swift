/// Which release, or which other implementation, a broker's table of versions is like. A value.
///
/// Kafka's brokers do not tell their release; the table of ApiVersions (KIP-35) does, as far as two releases differ in it.
/// Another implementation may have exactly the table of a Kafka release: then it cannot be told apart, and is not.
package enum ReleaseGuess: Sendable, Equatable {
    /// Exactly the versions of these releases of Apache Kafka, the oldest first.
    case kafka([String])
    /// All that the newest release known has, and more.
    case newerThan(String)
    /// Nearest to that release, with so many APIs that differ.
    case near(String, differences: Int)
    /// librdkafka's mock cluster.
    case mockCluster
    /// Redpanda, told by its cluster id.
    case redpanda
    /// A KRaft controller, not a broker (KIP-919).
    case controller

    /// A guess from the highest version of each API.
    package init(highest: [Int16: Int16], clusterId: String?) {
        // BrokerRegistration and BrokerHeartbeat are the controller's; Produce and Metadata only brokers have.
        if highest[62] != nil, highest[63] != nil, highest[0] == nil, highest[3] == nil {
            self = .controller
            return
        }
        if clusterId?.hasPrefix("redpanda.") == true {
            self = .redpanda
            return
        }
        // Kafka has no Heartbeat 5.
        if highest[12] == 5, (highest[18] ?? 0) <= 4 {
            self = .mockCluster
            return
        }
        let ranked = Self.releases.map { release in (release.name, Self.differences(highest, release.highest)) }
        let least = ranked.map(\.1).min() ?? 0
        if least == 0 {
            self = .kafka(ranked.filter { $0.1 == 0 }.map(\.0))
        } else if let newest = Self.releases.last, Self.isBeyond(highest, newest.highest) {
            self = .newerThan(newest.name)
        } else {
            self = .near(ranked.last { $0.1 == least }?.0 ?? "", differences: least)
        }
    }

    /// The release's name, where there is one to compare with others.
    package var release: String? {
        switch self {
        case .kafka(let names): names.count == 1 ? names[0] : "\(names[0]) to \(names[names.count - 1])"
        case .newerThan(let name): "newer than \(name)"
        case .near, .mockCluster, .redpanda, .controller: nil
        }
    }

    /// What a release speaks, the oldest first.
    private static let releases: [(name: String, highest: [Int16: Int16])] = {
        let own = API.all.map { ($0.key.rawValue, $0.latestStable) }
        return ReleaseHistory.releases + [(ReleaseHistory.own, Dictionary(uniqueKeysWithValues: own))]
    }()

    /// How many APIs differ. One that the broker leaves out is no difference where it is not for every client: brokers
    /// leave out what is switched off.
    private static func differences(_ broker: [Int16: Int16], _ release: [Int16: Int16]) -> Int {
        var count = 0
        for (api, version) in release where broker[api] != version {
            if broker[api] != nil || essential.contains(api) { count += 1 }
        }
        // What stands between brokers is in no table here.
        for api in broker.keys where release[api] == nil && known.contains(api) { count += 1 }
        return count
    }

    private static let essential: Set<Int16> = [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20]
    private static let known = Set(API.all.map(\.key.rawValue))

    private static func isBeyond(_ broker: [Int16: Int16], _ newest: [Int16: Int16]) -> Bool {
        broker.allSatisfy { api, version in version >= newest[api] ?? 0 }
            && essential.allSatisfy { broker[$0] != nil }
    }
}

/// What clients need of a broker, held against its table of versions. A value.
package enum ReleaseJudgement {
    /// A use of a cluster, and the APIs that it takes.
    private struct Need {
        var use: String
        var apis: [APIKey]
        var isEssential: Bool
        var consequence: String
    }

    private static let needs = [
        Need(use: "finding topics and leaders", apis: [.metadata], isEssential: true, consequence: ""),
        Need(use: "producing", apis: [.produce], isEssential: true, consequence: ""),
        Need(use: "consuming", apis: [.fetch, .listOffsets], isEssential: true, consequence: ""),
        Need(
            use: "consumer groups",
            apis: [.findCoordinator, .joinGroup, .syncGroup, .heartbeat, .offsetCommit, .offsetFetch],
            isEssential: true, consequence: ""),
        Need(
            use: "idempotent producers", apis: [.initProducerId], isEssential: false,
            consequence: "Producers have to set enable.idempotence=false, and retries may then write records twice."),
        Need(
            use: "transactions", apis: [.addPartitionsToTxn, .endTxn, .txnOffsetCommit], isEssential: false,
            consequence: "Producers with a transactional.id fail."),
        Need(
            use: "looking at groups", apis: [.listGroups, .describeGroups], isEssential: false,
            consequence: "Lag and members cannot be shown."),
    ]

    /// What a broker lacks; empty where it has everything.
    package static func findings(
        _ ranges: [APIKey: ClosedRange<Int16>], guess: ReleaseGuess, at place: DiagnosisFinding.Place
    ) -> [DiagnosisFinding] {
        if guess == .controller { return [] }
        var findings: [DiagnosisFinding] = []
        for need in needs {
            let missing = need.apis.compactMap { lack($0, ranges[$0]) }
            guard !missing.isEmpty else { continue }
            let what = "\(place) cannot serve \(need.use) to this client: \(missing.joined(separator: ", "))."
            if need.isEssential {
                findings.append(
                    DiagnosisFinding(
                        .problem, .brokerTooOld, place, what,
                        advice:
                            "Use brokers of Apache Kafka \(ReleaseHistory.oldest) or later, or what is compatible with them."
                    ))
            } else {
                findings.append(
                    DiagnosisFinding(.warning, .missingFeatures, place, "\(what) \(need.consequence)"))
            }
        }
        return findings
    }

    private static func lack(_ key: APIKey, _ theirs: ClosedRange<Int16>?) -> String? {
        guard let ours = API.of(key)?.stableVersions else { return nil }
        guard let theirs else { return "\(key) is not there at all" }
        guard !ours.overlaps(theirs) else { return nil }
        return "\(key) is spoken in versions \(theirs.lowerBound) to \(theirs.upperBound) there and \(ours.lowerBound) "
            + "to \(ours.upperBound) here"
    }

    /// What the tables of all brokers that answered say together.
    package static func findings(_ guesses: [BrokerID: ReleaseGuess]) -> [DiagnosisFinding] {
        guard let first = guesses.min(by: { $0.key < $1.key })?.value else { return [] }
        let different = Set(guesses.values.map(words))
        if different.count > 1 {
            let list = guesses.sorted { $0.key < $1.key }.map { "broker \($0.key) \(words($0.value))" }
            return [
                DiagnosisFinding(
                    .warning, .mixedReleases, .cluster,
                    "The brokers are not of one release: \(list.joined(separator: ", ")). That is as it should be only "
                        + "while the cluster is being upgraded; until then clients get the least of them.",
                    advice: "Finish the upgrade, and raise the features then (kafka-features.sh upgrade, KIP-584).")
            ]
        }
        switch first {
        case .kafka:
            return [
                DiagnosisFinding(
                    .ok, .release, .cluster, "The versions are those of Apache Kafka \(first.release ?? "").")
            ]
        case .newerThan(let name):
            return [
                DiagnosisFinding(
                    .ok, .release, .cluster,
                    "The versions are newer than those of Apache Kafka \(name), the newest that this client knows; both "
                        + "settle on what they have in common (KIP-35).")
            ]
        case .near(let name, let differences):
            return [
                DiagnosisFinding(
                    .warning, .foreignBroker, .cluster,
                    "The versions are those of no release of Apache Kafka; \(name) is nearest, and \(differences) "
                        + "\(differences == 1 ? "API differs" : "APIs differ"). It may be another implementation, or a "
                        + "build of its own, and may behave differently where Kafka's tests do not look.")
            ]
        case .mockCluster:
            return [
                DiagnosisFinding(
                    .warning, .foreignBroker, .cluster,
                    "This is librdkafka's mock cluster (it announces a Heartbeat 5, which Kafka has not): a stand-in for "
                        + "tests that keeps little and checks less.",
                    advice: "Use a real broker for anything but tests.")
            ]
        case .redpanda:
            return [
                DiagnosisFinding(
                    .ok, .foreignBroker, .cluster,
                    "The cluster's id is one of Redpanda's. It speaks Kafka's protocol; what is said here of settings may "
                        + "have other names there.")
            ]
        case .controller: return []
        }
    }

    private static func words(_ guess: ReleaseGuess) -> String {
        switch guess {
        case .kafka, .newerThan: "speaks as \(guess.release ?? "")"
        case .near(let name, _): "speaks nearly as \(name)"
        case .mockCluster: "is librdkafka's mock"
        case .redpanda: "is Redpanda"
        case .controller: "is a controller"
        }
    }
}
