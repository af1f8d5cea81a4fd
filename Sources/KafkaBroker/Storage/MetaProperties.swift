import KafkaWire

/// What `meta.properties` says, as Kafka's file of that name does: which cluster and node a directory belongs to. A line
/// that is a comment to Kafka holds a checksum: one wrong letter of an id would be another cluster.
struct MetaProperties: Equatable {
    static let name = "meta.properties"
    private static let checksumMark = "#crc32c="

    var clusterId: String
    var nodeId: BrokerID
    var directoryId: String

    init(clusterId: String, nodeId: BrokerID, directoryId: String) {
        self.clusterId = clusterId
        self.nodeId = nodeId
        self.directoryId = directoryId
    }

    private var lines: String {
        "version=1\ncluster.id=\(clusterId)\nnode.id=\(nodeId)\ndirectory.id=\(directoryId)\n"
    }

    /// What is written to the file.
    var text: String { "\(lines)\(Self.checksumMark)\(Self.checksum(lines))\n" }

    private static func checksum(_ lines: String) -> String { "\(CRC32C.checksum(Bytes(utf8: lines)))" }

    /// Reads the file at `path`. One without a checksum is of an earlier release, or of Kafka.
    init(_ text: String, path: String) throws(StorageError) {
        func damage(_ reason: String) -> StorageError { StorageError("read \(path)", reason, StorageError.wayOn) }
        var values: [String: String] = [:]
        var checksum: String?
        for line in text.split(separator: "\n") {
            if line.hasPrefix(Self.checksumMark) { checksum = String(line.dropFirst(Self.checksumMark.count)) }
            if line.hasPrefix("#") { continue }
            let parts = line.split(separator: "=", maxSplits: 1).map { String($0).trimmed }
            guard parts.count == 2, values.updateValue(parts[1], forKey: parts[0]) == nil else {
                throw damage("the line \"\(line)\" does not belong there")
            }
        }
        guard let clusterId = values["cluster.id"], !clusterId.isEmpty else {
            throw damage("it names no cluster.id; is this a broker's data directory?")
        }
        guard values["version"] == "1" else {
            throw damage("its version is \(values["version"] ?? "missing"), and 1 is known")
        }
        guard let node = values["node.id"].flatMap(Int32.init) else { throw damage("it names no node.id") }
        self.init(clusterId: clusterId, nodeId: BrokerID(node), directoryId: values["directory.id"] ?? "")
        if let checksum, checksum != Self.checksum(lines) { throw damage("its checksum is wrong") }
    }
}
