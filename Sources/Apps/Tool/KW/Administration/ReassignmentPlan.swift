import JSONLines
import KafkaWire
import ToolKit

/// Which partitions are to be where: the file of `--reassignment-json-file`.
struct ReassignmentPlan: Equatable {
    /// The brokers of each partition, in the order of the file.
    private(set) var partitions: [(partition: TopicPartition, replicas: [BrokerID])] = []
    /// Replicas that are to be in a certain directory of their broker.
    private(set) var directories: [KafkaAdmin.Replica: String] = [:]

    static func == (a: ReassignmentPlan, b: ReassignmentPlan) -> Bool {
        a.directories == b.directories && a.partitions.elementsEqual(b.partitions) { $0 == $1 }
    }

    var replicas: [TopicPartition: [BrokerID]] { Dictionary(partitions.map { ($0.partition, $0.replicas) }) { $1 } }
    var topics: Set<String> { Set(partitions.map(\.partition.topic)) }
    var brokers: Set<BrokerID> { Set(partitions.flatMap(\.replicas)) }

    /// Reads `{"version": 1, "partitions": [{"topic": "t", "partition": 0, "replicas": [1, 2], "log_dirs": ["any", "/data"]}]}`.
    init(_ text: String, in file: String) throws(ToolFailure) {
        func wrong(_ what: String) -> ToolFailure { ToolFailure("\(file): \(what)") }
        guard let document = JSON(text) else { throw wrong("this is no JSON") }
        if document["version"] != .null, document["version"].number != 1 {
            throw wrong("the version must be 1")
        }
        guard case .array(let entries) = document["partitions"] else { throw wrong("there is no list \"partitions\"") }
        for (index, entry) in entries.enumerated() {
            guard let topic = entry["topic"].text, let number = entry["partition"].number.flatMap(Int32.init(exactly:)),
                case .array(let list) = entry["replicas"]
            else { throw wrong("entry \(index + 1) needs a topic, a partition and a list of replicas") }
            let partition = TopicPartition(topic, PartitionID(number))
            let brokers = list.compactMap { $0.number.flatMap(Int32.init(exactly:)).map { BrokerID($0) } }
            guard brokers.count == list.count else {
                throw wrong("the replicas of \(partition) are not all brokers' ids")
            }
            if brokers.isEmpty { throw wrong("partition \(partition) has no replicas") }
            if Set(brokers).count < brokers.count { throw wrong("partition \(partition) names a broker twice") }
            if partitions.contains(where: { $0.partition == partition }) {
                throw wrong("partition \(partition) is named twice")
            }
            partitions.append((partition, brokers))
            try takeDirectories(entry["log_dirs"], partition, brokers, wrong)
        }
        if partitions.isEmpty { throw wrong("the list of partitions is empty") }
    }

    private mutating func takeDirectories(
        _ list: JSON, _ partition: TopicPartition, _ brokers: [BrokerID], _ wrong: (String) -> ToolFailure
    ) throws(ToolFailure) {
        if list == .null { return }
        let paths = list.elements.compactMap(\.text)
        guard paths.count == list.elements.count, paths.count == brokers.count else {
            throw wrong(
                "partition \(partition) has \(brokers.count) replicas, and log_dirs is not a list of so many paths")
        }
        for (broker, path) in zip(brokers, paths) where path != "any" {
            directories[KafkaAdmin.Replica(partition, at: broker)] = path
        }
    }

    /// An assignment in the form of the file, by topic and partition.
    static func text(_ replicas: [TopicPartition: [BrokerID]]) -> String {
        let entries = replicas.sorted { $0.key < $1.key }.map { partition, brokers in
            JSONText.object([
                ("topic", JSONText.string(partition.topic)), ("partition", "\(partition.partition)"),
                ("replicas", JSONText.array(brokers.map { "\($0)" })),
                ("log_dirs", JSONText.array(brokers.map { _ in JSONText.string("any") })),
            ])
        }
        return JSONText.object([("version", "1"), ("partitions", JSONText.array(entries))])
    }

    /// The topics that the file of `--topics-to-move-json-file` names.
    static func topics(_ text: String, in file: String) throws(ToolFailure) -> [String] {
        func wrong(_ what: String) -> ToolFailure {
            ToolFailure("\(file): \(what); it looks like {\"topics\": [{\"topic\": \"orders\"}], \"version\": 1}")
        }
        guard let document = JSON(text) else { throw wrong("this is no JSON") }
        if document["version"] != .null, document["version"].number != 1 { throw wrong("the version must be 1") }
        guard case .array(let entries) = document["topics"] else { throw wrong("there is no list \"topics\"") }
        let names = entries.compactMap { $0["topic"].text }
        guard names.count == entries.count else { throw wrong("not every entry has a topic") }
        guard Set(names).count == names.count else { throw wrong("a topic is named twice") }
        return names
    }
}

/// How far the moves of a plan have got.
struct ReassignmentState: Equatable {
    var partition: TopicPartition
    /// The brokers that hold it now.
    var current: [BrokerID]
    var target: [BrokerID]
    var isMoving: Bool

    /// As Kafka's tool says it.
    var line: String {
        if isMoving { return "Reassignment of partition \(partition) is still in progress." }
        if current == target { return "Reassignment of partition \(partition) is completed." }
        return
            "There is no active reassignment of partition \(partition), but replica set is \(Self.list(current)) rather "
            + "than \(Self.list(target))."
    }

    var json: String {
        JSONText.object([
            ("topic", JSONText.string(partition.topic)), ("partition", "\(partition.partition)"),
            ("replicas", JSONText.array(current.map { "\($0)" })), ("target", JSONText.array(target.map { "\($0)" })),
            ("inProgress", "\(isMoving)"), ("completed", "\(!isMoving && current == target)"),
        ])
    }

    static func list(_ brokers: some Sequence<BrokerID>) -> String { brokers.map { "\($0)" }.joined(separator: ",") }
}

/// The settings that slow moves down, and the replicas for which they count.
enum ReassignmentThrottle {
    static let brokerSettings = [
        "leader.replication.throttled.rate", "follower.replication.throttled.rate",
        "replica.alter.log.dirs.io.max.bytes.per.second",
    ]
    static let topicSettings = ["leader.replication.throttled.replicas", "follower.replication.throttled.replicas"]

    /// A move: where the partition comes from, and where it goes.
    struct Move: Equatable {
        var sources: Set<BrokerID>
        var destinations: Set<BrokerID>
    }

    /// All moves that are under way or planned.
    static func moves(
        _ plan: [TopicPartition: [BrokerID]], current: [TopicPartition: [BrokerID]],
        active: [TopicPartition: KafkaAdmin.Reassignment]
    ) -> [TopicPartition: Move] {
        var moves = active.mapValues { move in
            Move(sources: Set(move.replicas).subtracting(move.adding), destinations: Set(move.adding))
        }
        for (partition, replicas) in plan {
            let sources = moves[partition]?.sources ?? Set(current[partition] ?? [])
            moves[partition] = Move(sources: sources, destinations: Set(replicas).subtracting(sources))
        }
        return moves
    }

    /// The settings of each topic: its replicas as `partition:broker`.
    static func topics(_ moves: [TopicPartition: Move]) -> [String: [String: KafkaAdmin.ConfigChange]] {
        func list(_ moves: [TopicPartition: Move], _ brokers: (Move) -> Set<BrokerID>) -> KafkaAdmin.ConfigChange {
            .set(
                moves.flatMap { key, move in brokers(move).map { "\(key.partition):\($0)" } }.sorted().joined(
                    separator: ","))
        }
        let byTopic = Dictionary(grouping: moves) { $0.key.topic }
        return byTopic.mapValues { entries in
            let moves = Dictionary(entries.map { ($0.key, $0.value) }) { $1 }
            return [topicSettings[0]: list(moves, \.sources), topicSettings[1]: list(moves, \.destinations)]
        }
    }
}
