import AppSupport
import JSONLines
import KafkaWire
import Screens
import ToolKit

/// `kw configs --describe` of topics, brokers, loggers, groups and client metrics.
struct ConfigReport {
    let entities: ConfigEntities
    let isAll: Bool
    let admin: KafkaAdmin
    let tool: Tool
    let isJSON: Bool

    private var type: ConfigEntityType { entities.type }

    func write() async throws {
        guard let kind = type.kind else { return }
        if let name = entities.names.first, !name.isEmpty, !isAll, try await !isThere(name) {
            let known = try await names().filter { !$0.isEmpty }
            let question = ConfigAdvice.question(about: name, among: known.map { SafeText.line($0) })
            // As Kafka's tool, this is no failure.
            if isJSON {
                tool.console.line("[]")
            } else {
                tool.console.line(
                    "The \(type.singular) '\(tool.shown(name))' doesn't exist and doesn't have dynamic config.")
            }
            if !question.isEmpty { tool.complain("there is no \(type.singular) \(SafeText.line(name))\(question)") }
            return
        }
        let names = try await entities.names.isEmpty ? self.names() : entities.names
        let resources = names.map { KafkaAdmin.ConfigResource(kind, $0) }
        let results = await admin.describeConfigs(resources, synonyms: true)
        var failures = Failures()
        var documents: [String] = []
        for resource in resources {
            guard let entries = failures.take(results[resource]) else { continue }
            let source = type.source(of: resource.name)
            let shown = entries.filter { isAll || $0.source == source }
            if isJSON { documents.append(json(resource, shown)) } else { write(resource, shown) }
        }
        if isJSON { tool.console.line(JSONText.array(documents)) }
        try failures.finish()
    }

    private func isThere(_ name: String) async throws -> Bool {
        switch type {
        // Their brokers tell whether they are there; topics are told of only by those that may see them.
        case .topics, .brokers, .brokerLoggers, .clientMetrics: try await names().contains(name)
        case .groups: try await names().contains(name)
        default: true
        }
    }

    /// All of that type.
    private func names() async throws -> [String] {
        switch type {
        case .topics: return try await admin.listTopics().map(\.name)
        case .brokers, .brokerLoggers: return try await admin.describeCluster().nodes.map { "\($0.id)" } + [""]
        case .clientMetrics: return try await admin.listConfigResources([.clientMetrics]).map(\.name).sorted()
        default:
            let groups = try await admin.listGroups().get().map(\.id)
            var configured: [String] = []
            do throws(KafkaError) {
                configured = try await admin.listConfigResources([.group]).map(\.name)
            } catch {
                // Brokers before 4.1 cannot tell, and some may not.
                guard error.code == .unsupportedVersion || error.code.broker == .clusterAuthorizationFailed else {
                    throw error
                }
            }
            return groups + configured.filter { !groups.contains($0) }.sorted()
        }
    }

    private func write(_ resource: KafkaAdmin.ConfigResource, _ entries: [KafkaAdmin.ConfigEntry]) {
        if resource.name.isEmpty {
            tool.console.line("Default configs for \(type.rawValue) in the cluster are:")
        } else {
            tool.console.line(
                "\(isAll ? "All" : "Dynamic") configs for \(type.singular) \(tool.shown(resource.name)) are:")
        }
        if let width = tool.width, !entries.isEmpty { return writeTable(entries, width) }
        for entry in entries {
            let synonyms = entry.synonyms.map { "\($0.source):\($0.name)=\($0.value ?? "null")" }
                .joined(separator: ", ")
            tool.console.line(
                "  \(entry.name)=\(entry.value ?? "null") sensitive=\(entry.isSensitive) synonyms={\(synonyms)}")
        }
    }

    private func writeTable(_ entries: [KafkaAdmin.ConfigEntry], _ width: Int) {
        var table = TextTable([.text("  NAME"), .wide("VALUE"), .wide("FROM")])
        for entry in entries {
            let value = entry.isSensitive ? "(secret)" : entry.value ?? "(none)"
            table.add(["  \(entry.name)", value, entry.source.description.lowercased()])
        }
        for line in table.lines(width: width, title: { tool.console.paint($0, .dim) }) { tool.console.line(line) }
    }

    private func json(_ resource: KafkaAdmin.ConfigResource, _ entries: [KafkaAdmin.ConfigEntry]) -> String {
        JSONText.object([
            ("entityType", JSONText.string(type.rawValue)),
            ("entityName", JSONText.string(resource.name.isEmpty ? nil : resource.name)),
            (
                "configs",
                JSONText.array(
                    entries.map { entry in
                        JSONText.object([
                            ("name", JSONText.string(entry.name)), ("value", JSONText.string(entry.value)),
                            ("source", JSONText.string(entry.source.description)),
                            ("isReadOnly", "\(entry.isReadOnly)"), ("isSensitive", "\(entry.isSensitive)"),
                            (
                                "synonyms",
                                JSONText.array(
                                    entry.synonyms.map { synonym in
                                        JSONText.object([
                                            ("source", JSONText.string(synonym.source.description)),
                                            ("name", JSONText.string(synonym.name)),
                                            ("value", JSONText.string(synonym.value)),
                                        ])
                                    })
                            ),
                        ])
                    })
            ),
        ])
    }
}
