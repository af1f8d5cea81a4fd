extension Cluster {
    /// The version that a feature of the cluster is at (KIP-584), as the broker says that knows the newest; 0 where none
    /// tells of it. As in Java only brokers that there is a connection to are looked at.
    func level(of feature: String) -> Int16 {
        var newest: VersionTable?
        for link in links.values where link.versions.featuresEpoch > newest?.featuresEpoch ?? -1 {
            newest = link.versions
        }
        return newest?.features[feature] ?? 0
    }
}
