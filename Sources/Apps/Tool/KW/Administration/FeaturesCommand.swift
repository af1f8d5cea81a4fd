import ArgumentParser
import ClientSetup
import JSONLines
import KafkaWire
import ToolKit

/// `kw features`: what a cluster's brokers have agreed on, as `kafka-features` shows and changes it.
struct FeaturesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "features", abstract: "Show and change the levels of a cluster's features.",
        discussion: """
            An upgrade to a release is the last step of a rolling upgrade, and often cannot be taken back.

              kw features describe
              kw features upgrade --release-version 4.3 --dry-run
              kw features downgrade --feature group.version=0
            """,
        subcommands: [
            DescribeFeaturesCommand.self, UpgradeFeaturesCommand.self, DowngradeFeaturesCommand.self,
            DisableFeaturesCommand.self, VersionMappingCommand.self,
        ])

    // Kafka's tool takes these in front of the subcommand.
    @OptionGroup var options: TransactionOptions
}

struct DescribeFeaturesCommand: ToolCommand {
    static let configuration = CommandConfiguration(commandName: "describe", abstract: "Show the features.")
    static let toolName = "kw features describe"

    @OptionGroup var options: TransactionOptions

    func perform(_ tool: Tool) async throws {
        let features = try await tool.admin(options.cluster).describeFeatures()
        if options.output.json { return tool.console.line(Self.json(features)) }
        for (name, supported) in features.supported.sorted(by: { $0.key < $1.key }) {
            let finalized = features.finalized[name]?.upperBound ?? 0
            let line = Self.line(name, supported, finalized: finalized, epoch: features.finalizedEpoch)
            tool.console.line(tool.shown(line))
        }
    }

    /// As Kafka's tool writes a feature.
    static func line(_ name: String, _ supported: ClosedRange<Int16>, finalized: Int16, epoch: Int64?) -> String {
        [
            ("Feature", name), ("SupportedMinVersion", FeatureLevels.text(supported.lowerBound, of: name)),
            ("SupportedMaxVersion", FeatureLevels.text(supported.upperBound, of: name)),
            ("FinalizedVersionLevel", FeatureLevels.text(finalized, of: name)), ("Epoch", epoch.map { "\($0)" } ?? "-"),
        ].map { "\($0.0): \($0.1)" }.joined(separator: "\t")
    }

    static func json(_ features: KafkaAdmin.Features) -> String {
        JSONText.object([
            ("epoch", TopicJSON.number(features.finalizedEpoch)),
            (
                "features",
                JSONText.array(
                    features.supported.sorted { $0.key < $1.key }.map { name, range in
                        JSONText.object([
                            ("name", JSONText.string(name)), ("supportedMin", "\(range.lowerBound)"),
                            ("supportedMax", "\(range.upperBound)"),
                            ("finalized", "\(features.finalized[name]?.upperBound ?? 0)"),
                        ])
                    })
            ),
        ])
    }
}

/// Which features are to have which level.
struct FeatureChanges {
    private(set) var levels: [(name: String, level: Int16)] = []

    /// - Parameters:
    ///   - features: As in `group.version=1`.
    ///   - keepsNone: Whether levels of 0 that a release brings are left out, as with an upgrade.
    init(release: String?, metadata: String?, features: [String], keepsNone: Bool) throws(ToolFailure) {
        if let release {
            guard metadata == nil, features.isEmpty else {
                throw ToolFailure(
                    "--release-version says the levels of all features; leave out --metadata and --feature")
            }
            levels = FeatureLevels.all(at: try Self.level(release)).filter { $0.level > 0 || !keepsNone }
            return
        }
        if let metadata { levels.append((FeatureLevels.metadata, try Self.level(metadata))) }
        for text in features {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, let level = Int16(NamedSettings.trimmed(String(parts[1]))) else {
                throw ToolFailure("--feature \(text): write NAME=LEVEL, as in group.version=1")
            }
            try add(NamedSettings.trimmed(String(parts[0])), level)
        }
        if levels.isEmpty {
            throw ToolFailure("say which features: --release-version 4.3, or --feature group.version=1")
        }
    }

    /// Features that are to be off.
    init(disabled: [String]) throws(ToolFailure) {
        for name in disabled { try add(name, 0) }
        if levels.isEmpty { throw ToolFailure("say which features: --feature group.version") }
    }

    private mutating func add(_ name: String, _ level: Int16) throws(ToolFailure) {
        if levels.contains(where: { $0.name == name }) { throw ToolFailure("feature \(name) is named twice") }
        levels.append((name, level))
    }

    private static func level(_ release: String) throws(ToolFailure) -> Int16 {
        guard let level = FeatureLevels.level(of: release) else {
            throw ToolFailure("there is no release \(release) here; there are \(FeatureLevels.choices)")
        }
        return level
    }

    /// Asks the cluster for them, and says what has become of each, in the words of Kafka's tool.
    func perform(
        _ verb: String, _ direction: KafkaAdmin.FeatureUpdate.Direction, isDryRun: Bool, _ options: TransactionOptions,
        _ tool: Tool
    ) async throws {
        let admin = try await tool.admin(options.cluster)
        let updates = Dictionary(levels.map { ($0.name, KafkaAdmin.FeatureUpdate(level: $0.level, direction)) }) { $1 }
        let results = await admin.updateFeatures(updates, validateOnly: isDryRun)
        var failures = Failures()
        var done: [String] = []
        for (name, level) in levels.sorted(by: { $0.name < $1.name }) {
            guard failures.take(results[name]) != nil else { continue }
            done.append(JSONText.object([("feature", JSONText.string(name)), ("level", "\(level)")]))
            guard !options.output.json else { continue }
            let what = verb == "disable" ? "disabled." : "\(verb)d to \(level)."
            tool.console.line(tool.shown("\(name)\(isDryRun ? " can be " : " was ")\(what)"))
        }
        if options.output.json { tool.console.line(JSONText.array(done)) }
        if !failures.sentences.isEmpty {
            failures.add("\(failures.sentences.count) out of \(levels.count) operation(s) failed.")
        }
        try failures.finish()
    }
}

/// What an upgrade and a downgrade take.
struct FeatureOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The release that all features are to be as of, such as 4.3.", valueName: "release"))
    var releaseVersion: String?
    @Option(
        help: ArgumentHelp("The release of metadata.version alone; --release-version is newer.", valueName: "release"))
    var metadata: String?
    @Option(help: ArgumentHelp("A feature and its level; may be repeated.", valueName: "name=level"))
    var feature: [String] = []
    @Flag(help: "Only say whether it could be done.") var dryRun = false
}

struct UpgradeFeaturesCommand: ToolCommand {
    static let configuration = CommandConfiguration(commandName: "upgrade", abstract: "Raise levels.")
    static let toolName = "kw features upgrade"

    @OptionGroup var options: TransactionOptions
    @OptionGroup var features: FeatureOptions

    func perform(_ tool: Tool) async throws {
        let changes = try FeatureChanges(
            release: features.releaseVersion, metadata: features.metadata, features: features.feature, keepsNone: true)
        try await changes.perform("upgrade", .upgrade, isDryRun: features.dryRun, options, tool)
    }
}

struct DowngradeFeaturesCommand: ToolCommand {
    static let configuration = CommandConfiguration(commandName: "downgrade", abstract: "Lower levels.")
    static let toolName = "kw features downgrade"

    @OptionGroup var options: TransactionOptions
    @OptionGroup var features: FeatureOptions
    @Flag(help: "Also where something of the cluster's metadata may be lost.") var unsafe = false

    func perform(_ tool: Tool) async throws {
        let changes = try FeatureChanges(
            release: features.releaseVersion, metadata: features.metadata, features: features.feature, keepsNone: false)
        try await changes.perform(
            "downgrade", unsafe ? .unsafeDowngrade : .safeDowngrade, isDryRun: features.dryRun, options, tool)
    }
}

struct DisableFeaturesCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable", abstract: "Switch features off, which is a downgrade to 0.")
    static let toolName = "kw features disable"

    @OptionGroup var options: TransactionOptions
    @Option(help: ArgumentHelp("A feature; may be repeated.", valueName: "name")) var feature: [String] = []
    @Flag(help: "Also where something of the cluster's metadata may be lost.") var unsafe = false
    @Flag(help: "Only say whether it could be done.") var dryRun = false

    func perform(_ tool: Tool) async throws {
        try await FeatureChanges(disabled: feature).perform(
            "disable", unsafe ? .unsafeDowngrade : .safeDowngrade, isDryRun: dryRun, options, tool)
    }
}

struct VersionMappingCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "version-mapping", abstract: "Show the levels that a release means; no cluster is asked.")
    static let toolName = "kw features version-mapping"

    @Option(help: ArgumentHelp("The release (default: the latest that is known here).", valueName: "release"))
    var releaseVersion = FeatureLevels.latest
    @Flag(help: "Write one JSON document instead of text.") var json = false

    func perform(_ tool: Tool) async throws {
        guard let level = FeatureLevels.level(of: releaseVersion) else {
            throw ToolFailure("there is no release \(releaseVersion) here; there are \(FeatureLevels.choices)")
        }
        let all = FeatureLevels.all(at: level)
        if json { return tool.console.line(JSONText.object(all.map { ($0.name, "\($0.level)") })) }
        tool.console.line("\(FeatureLevels.metadata)=\(level) (\(releaseVersion))")
        for (name, level) in all.dropFirst() { tool.console.line("\(name)=\(level)") }
    }
}
