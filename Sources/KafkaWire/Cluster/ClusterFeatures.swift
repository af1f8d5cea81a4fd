extension Cluster {
    /// The version that a feature of the cluster is at (KIP-584), as the broker says that knows the newest; 0 where none
    /// tells of it. As in Java only brokers that there is a connection to are looked at.
    func level(of feature: String) -> Int16 { VersionTable.level(of: feature, among: links.values.map(\.versions)) }
}

extension VersionTable {
    /// What the table says of a feature that knows the newest; 0 where none tells of it. Brokers that know as much say the
    /// same: did they not, it is the highest, whichever comes first.
    static func level(of feature: String, among tables: [VersionTable]) -> Int16 {
        let told = tables.filter { $0.featuresEpoch >= 0 }.map { ($0.featuresEpoch, $0.features[feature] ?? 0) }
        return told.max { $0 < $1 }?.1 ?? 0
    }
}
