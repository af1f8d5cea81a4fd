import AppSupport
import JSONLines
import KafkaWire
import ToolKit

/// What the actions of `kw groups` share: the cluster, where they write, and the sentences about what did not work.
struct GroupsSession {
    let tool: Tool
    let admin: KafkaAdmin
    let isJSON: Bool
    /// A sentence for each item that failed; the others are done and shown.
    var failures: [String] = []

    init(_ tool: Tool, _ cluster: ClusterOptions, timeout: Duration, isJSON: Bool) async throws {
        self.tool = tool
        self.isJSON = isJSON
        var configuration = try tool.configuration(cluster)
        configuration.apiTimeout = timeout
        configuration.requestTimeout = min(timeout, configuration.requestTimeout)
        configuration.connectTimeout = min(timeout, configuration.connectTimeout)
        admin = try await tool.admin(configuration)
    }

    /// Ends the connections, and fails where an item has.
    func finish() async throws {
        await admin.close()
        if !failures.isEmpty { throw ToolFailure(failures.map { SafeText.line($0) }) }
    }

    /// All groups, of whatever type. What brokers could not tell becomes failures.
    mutating func listings(
        states: Set<KafkaAdmin.GroupState> = []
    ) async throws -> [KafkaAdmin.GroupListing] {
        let gathered = try await admin.listGroups(states: states)
        // Where no broker has answered there is nothing to show.
        if gathered.elements.isEmpty { _ = try gathered.get() }
        failures += gathered.failures.sorted { $0.key < $1.key }.map(\.value.message)
        return gathered.elements
    }

    /// The groups that `--group` and `--all-groups` name, each once, by name.
    mutating func chosen(_ groups: [String], all: Bool) async throws -> [String] {
        all ? try await listings().filter(\.isConsumerGroup).map(\.id) : Set(groups).sorted()
    }

    /// The groups' descriptions. What is none that this tool describes becomes a failure.
    mutating func descriptions(of ids: [String]) async throws -> [KafkaAdmin.GroupDescription] {
        let results = await admin.describeGroups(ids)
        var described: [KafkaAdmin.GroupDescription] = []
        var missing: [String] = []
        for id in ids {
            switch results[id] {
            case .success(let group)?:
                if group.type == .classic, !group.protocolType.isEmpty, group.protocolType != "consumer" {
                    failures.append(
                        "Group '\(id)' is not a consumer group: its members speak '\(group.protocolType)'.")
                } else {
                    described.append(group)
                }
            case .failure(let error)? where error.code == .broker(.groupIdNotFound): missing.append(id)
            case .failure(let error)?: failures.append(error.message)
            case nil: missing.append(id)
            }
        }
        failures += try await reasons(missing)
        return described
    }

    /// Why groups cannot be described: they do not exist, or are of a type that only lists show.
    private func reasons(_ missing: [String]) async throws -> [String] {
        guard !missing.isEmpty else { return [] }
        let types = try await otherTypes()
        return missing.map { id in
            types[id].map { "Group '\(id)' is a \($0) group, which only --list shows." }
                ?? "Consumer group '\(id)' does not exist."
        }
    }

    /// The groups that are neither classic nor consumer groups, with their types.
    func otherTypes() async throws -> [String: KafkaAdmin.GroupType] {
        var types: [String: KafkaAdmin.GroupType] = [:]
        for group in try await admin.listGroups().elements {
            if let type = group.type, type != .classic, type != .consumer { types[group.id] = type }
        }
        return types
    }

    /// Writes one JSON document.
    func document(_ json: String) { tool.console.line(json) }
}

extension KafkaAdmin.GroupListing {
    /// Whether Kafka's consumer group tool shows it: both protocols, and groups that have only offsets.
    var isConsumerGroup: Bool {
        (type == nil || type == .classic || type == .consumer) && (protocolType.isEmpty || protocolType == "consumer")
    }
}

extension KafkaAdmin.GroupType {
    /// As Kafka's tools write it: `Classic`, `Consumer`.
    var title: String { rawValue.prefix(1).uppercased() + rawValue.dropFirst() }
}

/// JSON of values that may be missing.
enum OptionalJSON {
    static func number(_ value: (some BinaryInteger)?) -> String { value.map { "\($0)" } ?? "null" }

    static func partition(_ partition: TopicPartition) -> [(String, String)] {
        [("topic", JSONText.string(partition.topic)), ("partition", "\(partition.partition.rawValue)")]
    }
}
