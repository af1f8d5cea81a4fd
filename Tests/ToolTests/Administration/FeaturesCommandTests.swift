import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing
import ToolKit

@testable import KW

/// `kw features` and `kw api-versions`: values, and the programs.
@Suite(.turn) struct FeaturesCommandTests {
    @Test(
        arguments: [
            ("3.0-IV1", 1), ("3.3-IV3", 7), ("3.9", 21), ("4.0", 25), ("4.0-IV0", 22), ("4.2", 29), ("4.3", 30),
            ("5.0", nil),
            ("3", nil), ("", nil), ("4.3-IV9", nil),
        ] as [(String, Int16?)])
    func releasesHaveLevels(release: String, level: Int16?) {
        #expect(FeatureLevels.level(of: release) == level)
        if let level { #expect(FeatureLevels.text(level, of: "metadata.version").hasPrefix(release)) }
    }

    @Test func whatKafkaHasNoNameForIsANumber() {
        #expect(FeatureLevels.text(99, of: "metadata.version") == "UNKNOWN 99")
        #expect(FeatureLevels.text(0, of: "metadata.version") == "UNKNOWN 0")
        #expect(FeatureLevels.text(.min, of: "metadata.version") == "UNKNOWN -32768")
        #expect(FeatureLevels.text(1, of: "group.version") == "1")
    }

    @Test func aReleaseIsTheLevelsOfAllFeatures() throws {
        let latest = FeatureLevels.all(at: 30).map { "\($0.name)=\($0.level)" }
        #expect(
            latest == [
                "metadata.version=30", "kraft.version=1", "transaction.version=2", "group.version=1",
                "eligible.leader.replicas.version=1", "share.version=1", "streams.version=1",
            ])
        let old = try FeatureChanges(release: "3.9", metadata: nil, features: [], keepsNone: true)
        #expect(old.levels.map { "\($0.name)=\($0.level)" } == ["metadata.version=21", "kraft.version=1"])
        #expect(try FeatureChanges(release: "3.9", metadata: nil, features: [], keepsNone: false).levels.count == 7)
    }

    @Test(
        arguments: [
            (nil, nil, [], "say which features"), ("4.3", "4.3", [], "leave out --metadata"),
            ("9.9", nil, [], "no release 9.9"),
            (nil, nil, ["group.version"], "write NAME=LEVEL"), (nil, nil, ["a=x"], "write NAME=LEVEL"),
            (nil, nil, ["a=1", "a=2"], "named twice"), (nil, "4.3", ["metadata.version=1"], "named twice"),
        ] as [(String?, String?, [String], String)])
    func wrongChangesAreASentence(release: String?, metadata: String?, features: [String], part: String) {
        let failure = #expect(throws: ToolFailure.self) {
            try FeatureChanges(release: release, metadata: metadata, features: features, keepsNone: true)
        }
        #expect(failure?.description.contains(part) == true, "\(failure?.description ?? "")")
    }

    @Test func featuresAreLines() {
        #expect(
            DescribeFeaturesCommand.line("group.version", 0...1, finalized: 0, epoch: nil)
                == "Feature: group.version\tSupportedMinVersion: 0\tSupportedMaxVersion: 1\tFinalizedVersionLevel: 0\tEpoch: -"
        )
        #expect(
            DescribeFeaturesCommand.line("metadata.version", 7...30, finalized: 30, epoch: 5)
                == "Feature: metadata.version\tSupportedMinVersion: 3.3-IV3\tSupportedMaxVersion: 4.3-IV0\t"
                + "FinalizedVersionLevel: 4.3-IV0\tEpoch: 5")
    }

    @Test func featuresAreShownAndChanged() async throws {
        let broker = try await KafkaBroker.start()
        let described = try await Running.kw("kafka-features.sh", "describe", at: broker)
        #expect(described.status == 0 && described.output.contains("Feature: group.version\tSupportedMinVersion: 0"))
        let before = try await Running.kw(["features", "--bootstrap-server", broker.bootstrapServers, "describe"])
        #expect(before.output == described.output)
        let same = try await Running.kw(
            "features", "upgrade", "--feature", "transaction.version=2", "--dry-run", at: broker)
        #expect(same.output == "transaction.version can be upgraded to 2.\n", "\(same.error)")
        // This broker keeps the levels that it was started with.
        let off = try await Running.kw("features", "disable", "--feature", "transaction.version", at: broker)
        #expect(off.status == 1 && off.error.contains("transaction.version") && off.error.contains("keeps it"))
        let stranger = try await Running.kw("features", "upgrade", "--feature", "no.such=1", at: broker)
        #expect(stranger.status == 1 && stranger.error.contains("1 out of 1 operation(s) failed."))
        let levels = try await Running.json("features", "describe", at: broker)
        #expect(levels["features"].elements.contains { $0["name"].text == "group.version" })
        let mapping = try await Running.kw(["features", "version-mapping", "--release-version", "4.0"])
        #expect(mapping.output.hasPrefix("metadata.version=25 (4.0)\nkraft.version=1\n"))
        await broker.stop()
    }

    // MARK: - APIs

    private static func answer(_ versions: [(Int16, Int16, Int16)]) -> ApiVersionsResponse {
        .with {
            $0.apiKeys = versions.map { key, least, most in
                .with {
                    $0.apiKey = key
                    $0.minVersion = least
                    $0.maxVersion = most
                }
            }
        }
    }

    @Test func versionsAreLines() throws {
        let lines = APIVersionsText(Self.answer([(0, 3, 99), (18, 4, 4), (2, 900, 901), (9999, 0, 2), (3, -9, -8)]))
            .lines
        let own = try #require(API.named("Produce")).stableVersions.upperBound
        #expect(lines[0] == "\tProduce(0): 3 to 99 [usable: \(own)],")
        #expect(lines[1] == "\tFetch(1): UNSUPPORTED,")
        #expect(lines[2] == "\tListOffsets(2): 900 to 901 [unusable: node too new],")
        #expect(lines[3] == "\tMetadata(3): -9 to -8 [unusable: node too old],")
        #expect(lines.contains("\tApiVersions(18): 4 [usable: 4],"))
        #expect(lines.suffix(2) == ["\tUNKNOWN(9999): 0 to 2", ")"])
    }

    @Test func everyBrokerIsAsked() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 2))
        let outcome = try await Running.kw("kafka-broker-api-versions.sh", at: broker)
        #expect(outcome.status == 0 && outcome.error.isEmpty)
        let heads = outcome.output.split(separator: "\n").filter { $0.hasSuffix("-> (") }
        #expect(heads.count == 2 && heads[0].contains("(id: 1 rack: null isFenced: false) -> ("))
        #expect(outcome.output.split(separator: "\n").filter { $0 == ")" }.count == 2)
        let json = try await Running.json("api-versions", at: broker)
        #expect(json.elements.map { $0["id"].number } == [1, 2])
        #expect(json.elements[0]["apis"].elements.contains { $0["name"].text == "Fetch" && $0["usable"].number != nil })
        await broker.stop()
    }
}
