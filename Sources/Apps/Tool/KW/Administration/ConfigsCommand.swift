import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw configs`: shows and changes settings, quotas and passwords, as `kafka-configs` does.
struct ConfigsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "configs",
        abstract: "Show and change the settings of topics, brokers, groups, users and clients.",
        discussion: """
            --describe shows what was set for the resource itself, with --all also what it would have otherwise.

              kw configs --describe --topic orders
              kw configs --alter --topic t --add-config 'cleanup.policy=[compact,delete]'
              kw configs --alter --user alice --add-config 'SCRAM-SHA-256=[password=…]'
              kw configs --alter --user-defaults --add-config producer_byte_rate=1048576
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions
    @OptionGroup var entity: ConfigEntityOptions

    @Flag(help: "Show settings.") var describe = false
    @Flag(help: "Change settings.") var alter = false
    @Flag(help: "Also settings that were not set for the resource itself.") var all = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Settings with commas between them; brackets hold a value with commas together.",
            valueName: "name=value,name=[a,b]"))
    var addConfig: String?

    @Option(help: ArgumentHelp("A properties file with the settings to set.", valueName: "file"))
    var addConfigFile: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Settings to take away, so that the default holds again.", valueName: "name,name"))
    var deleteConfig: [String] = []

    @Flag(help: .hidden) var force = false

    func perform(_ tool: Tool) async throws {
        let action = try requireOne([("--describe", describe), ("--alter", alter)])
        let hasChanges = addConfig != nil || addConfigFile != nil || !deleteConfig.isEmpty
        if describe, hasChanges {
            throw ValidationError(
                "--add-config, --add-config-file and --delete-config go with --alter, not with \(action)")
        }
        if alter, all { throw ValidationError("--all goes with --describe, not with --alter") }
        if addConfig != nil, addConfigFile != nil {
            throw ValidationError("--add-config and --add-config-file exclude each other; use one")
        }
        if alter, !hasChanges {
            throw ValidationError("--alter needs --add-config, --add-config-file or --delete-config")
        }
        let entities = try ConfigEntities(entity, isAlter: alter)
        let changes = try ConfigChanges(add: addConfig, file: addConfigFile, delete: deleteConfig)
        let isQuota = entities.type.quotaType != nil
        // What can be refused without the broker is, before it is asked.
        let quotas = isQuota && alter ? try QuotaChanges(changes, of: entities, random: tool.loop.random) : nil
        let admin = try await tool.admin(cluster)
        if let quotas {
            try await quotas.perform(with: admin)
        } else if isQuota {
            return try await QuotaReport(entities: entities, admin: admin, tool: tool, isJSON: output.json).write()
        } else if describe {
            return try await ConfigReport(
                entities: entities, isAll: all, admin: admin, tool: tool, isJSON: output.json
            ).write()
        } else {
            try await change(entities, changes, with: admin)
        }
        writeDone(entities, changes, tool)
    }

    private func change(_ entities: ConfigEntities, _ changes: ConfigChanges, with admin: KafkaAdmin) async throws {
        guard let kind = entities.type.kind else { return }
        let resource = KafkaAdmin.ConfigResource(kind, entities.names[0])
        var operations: [String: KafkaAdmin.ConfigChange] = changes.added.mapValues { .set($0) }
        for name in changes.deleted { operations[name] = .delete }
        if entities.type == .brokerLoggers {
            let known = try await admin.describeConfigs([resource]).get()[resource]?.map(\.name) ?? []
            for name in operations.keys.sorted() where !known.contains(name) {
                throw ToolFailure(
                    "broker \(entities.names[0]) has no logger \(name)"
                        + ConfigAdvice.question(about: name, among: known))
            }
        }
        do { _ = try await admin.alterConfigs([resource: operations]).get() } catch {
            throw await advised(error, about: resource, operations.keys.sorted(), with: admin)
        }
    }

    /// A refusal, with names that the broker itself knows and that are near.
    private func advised(
        _ error: KafkaError, about resource: KafkaAdmin.ConfigResource, _ names: [String], with admin: KafkaAdmin
    ) async -> KafkaError {
        guard [.invalidConfig, .invalidRequest].contains(error.code.broker) else { return error }
        // Of all brokers together only what was set is told; one of them tells all names.
        var asked = resource
        if resource == .allBrokers, let one = try? await admin.describeCluster().nodes.first {
            asked = .broker(one.id)
        }
        guard let known = try? await admin.describeConfigs([asked]).get()[asked]?.map(\.name) else { return error }
        return ConfigAdvice.advised(error, given: names, known: known)
    }

    private func writeDone(_ entities: ConfigEntities, _ changes: ConfigChanges, _ tool: Tool) {
        let name = entities.names[0]
        if output.json {
            // The names alone: a value may be a password.
            tool.console.line(
                JSONText.object([
                    ("entityTypes", JSONText.array(entities.types.map { JSONText.string($0.rawValue) })),
                    ("entityNames", JSONText.array(entities.names.map { JSONText.string($0.isEmpty ? nil : $0) })),
                    ("set", JSONText.array(changes.added.keys.sorted().map { JSONText.string($0) })),
                    ("deleted", JSONText.array(changes.deleted.map { JSONText.string($0) })),
                ]))
        } else if name.isEmpty {
            tool.console.line("Completed updating default config for \(entities.type.rawValue) in the cluster.")
        } else {
            tool.console.line("Completed updating config for \(entities.type.singular) \(tool.shown(name)).")
        }
    }
}
