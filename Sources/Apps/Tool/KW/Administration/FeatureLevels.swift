/// The releases of Apache Kafka as levels of the feature `metadata.version`, and what each of them means for the other features
/// (Kafka's `MetadataVersion` and `Feature`, as of 4.3).
enum FeatureLevels {
    static let metadata = "metadata.version"

    /// Level 1 is the first.
    private static let releases = [
        "3.0-IV1", "3.1-IV0", "3.2-IV0", "3.3-IV0", "3.3-IV1", "3.3-IV2", "3.3-IV3", "3.4-IV0", "3.5-IV0", "3.5-IV1",
        "3.5-IV2", "3.6-IV0", "3.6-IV1", "3.6-IV2", "3.7-IV0", "3.7-IV1", "3.7-IV2", "3.7-IV3", "3.7-IV4", "3.8-IV0",
        "3.9-IV0", "4.0-IV0", "4.0-IV1", "4.0-IV2", "4.0-IV3", "4.1-IV0", "4.1-IV1", "4.2-IV0", "4.2-IV1", "4.3-IV0",
    ]

    /// From which level of `metadata.version` on a feature has its levels 1, 2, ….
    private static let others: [(name: String, since: [Int16])] = [
        ("kraft.version", [21]), ("transaction.version", [22, 24]), ("group.version", [22]),
        ("eligible.leader.replicas.version", [26]), ("share.version", [28]), ("streams.version", [29]),
    ]

    /// The level of a release such as `3.9-IV0`, or the last one of `3.9`; nil where there is none.
    static func level(of release: String) -> Int16? {
        let exact = releases.firstIndex(of: release)
        return (exact ?? releases.lastIndex { $0.hasPrefix(release + "-") }).map { Int16($0) + 1 }
    }

    /// What a level is called: of `metadata.version` the release.
    static func text(_ level: Int16, of feature: String) -> String {
        guard feature == metadata else { return "\(level)" }
        let place = Int(level) - 1
        return releases.indices.contains(place) ? releases[place] : "UNKNOWN \(level)"
    }

    /// The levels of all features at a level of `metadata.version`, that one first.
    static func all(at level: Int16) -> [(name: String, level: Int16)] {
        [(metadata, level)] + others.map { name, since in (name, Int16(since.count { $0 <= level })) }
    }

    /// The release that this table ends with.
    static var latest: String { releases[releases.count - 1] }

    /// For sentences: what there is to choose from, from 3.3 on, which is the oldest that Kafka 4 knows.
    static var choices: String { "3.3-IV3 to \(latest)" }
}
