import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// The one table of settings, held against what is read and what the configurations are.
@Suite(.turn) struct SettingNameTests {
    /// A setting that is read and has no row, or has a row and is not read.
    @Test func everySettingThatIsReadHasARowAndTheOtherWayRound() {
        func rows(_ side: SettingName.Side) -> Set<String> {
            Set(SettingName.all.filter { $0.side == side }.map(\.name))
        }
        #expect(rows(.client) == Set(ClientConfiguration.table.names).union(SecuritySettings.names))
        #expect(rows(.producer) == Set(KafkaProducer.Configuration.table.names))
        #expect(rows(.consumer) == Set(KafkaConsumer.Configuration.table.names))
        // What is not the same to producers and consumers has a row for each.
        #expect(Set(SettingName.all.map { "\($0.side) \($0.name)" }).count == SettingName.all.count)
        let twice = SettingName.all.filter { row in SettingName.all.contains { $0.name == row.name && $0 != row } }
        #expect(twice.map(\.name) == ["allow.auto.create.topics", "allow.auto.create.topics"])
        #expect(Set(twice.map(\.initial)) == ["true", "false"])
        #expect(SettingName.suggestions(for: "allow.auto.create.topic") == ["allow.auto.create.topics"])
        #expect(ClientConfiguration.settingNames == Set(SettingName.all.map(\.name)).sorted())
    }

    /// Of settings that are of two sides, the properties of these are the same, or a part of one.
    private static let shared = [
        "compression.lz4.level", "compression.zstd.level", "enable.auto.commit", "metadata.recovery.strategy",
        "metadata.recovery.rebootstrap.trigger.ms", "api.version.request",
    ]

    @Test func propertiesAndDefaultsAreTheConfigurations() throws {
        let mirrors: [SettingName.Side: Mirror] = [
            .client: Mirror(reflecting: ClientConfiguration(bootstrapServers: [])),
            .producer: Mirror(reflecting: KafkaProducer.Configuration(bootstrapServers: [])),
            .consumer: Mirror(
                reflecting: KafkaConsumer.Configuration(bootstrapServers: [], group: "g", topics: ["t"])),
        ]
        for row in SettingName.all {
            var value: Any = ()
            var mirror = try #require(mirrors[row.side])
            for part in row.property.split(separator: ".") {
                value = try #require(
                    mirror.children.first { $0.label.map { $0 == part } ?? false }, "\(row.name): \(row.property)"
                ).value
                mirror = Mirror(reflecting: value)
            }
            // Several settings of TLS and SASL say together what one property is.
            guard !Self.shared.contains(row.name), row.name != "group.id", row.name != "bootstrap.servers",
                !SecuritySettings.names.contains(row.name)
            else { continue }
            #expect(Self.text(value, row.kind) == row.initial, "\(row.name)")
        }
    }

    private static func text(_ value: Any, _ kind: SettingName.Kind) -> String {
        let mirror = Mirror(reflecting: value)
        if mirror.displayStyle == .optional {
            return mirror.children.first.map { text($0.value, kind) } ?? ""
        }
        switch (value, kind) {
        case (let time as Duration, _): return "\(time / .milliseconds(1))".replacing(".0", with: "")
        case (let number as Int, .kibibytes): return "\(number >> 10)"
        case (let level as IsolationLevel, _): return level == .readCommitted ? "read_committed" : "read_uncommitted"
        case (let lookup as ConnectionOptions.NameLookup, _):
            return lookup == .allAddresses ? "use_all_dns_ips" : "resolve_canonical_bootstrap_servers_only"
        case (let assignors as [Assignor], _): return assignors.map(\.name).joined(separator: ",")
        default: return "\(value)"
        }
    }

    /// A value beyond each bound is refused, and one at the bound is not.
    @Test func boundsAreThoseThatAreHeldTo() {
        func isTaken(_ row: SettingName, _ value: String) -> Bool {
            var client = ClientConfiguration(bootstrapServers: ["a:1"])
            var producer = KafkaProducer.Configuration(bootstrapServers: ["a:1"])
            var consumer = KafkaConsumer.Configuration(bootstrapServers: ["a:1"], group: "g", topics: ["t"])
            // What else would forbid it.
            let setting: [(name: String, value: String)] = [("enable.idempotence", "false"), (row.name, value)]
            do {
                switch row.side {
                case .client: _ = try client.apply([setting[1]])
                case .producer: _ = try producer.apply(setting)
                case .consumer: _ = try consumer.apply([setting[1]])
                }
                return true
            } catch {
                return false
            }
        }
        for row in SettingName.all {
            switch row.kind {
            case .text, .list: continue
            case .flag: #expect(isTaken(row, "true") && isTaken(row, "FALSE") && !isTaken(row, "1"), "\(row.name)")
            case .milliseconds(let least):
                #expect(isTaken(row, "\(least)") && !isTaken(row, "\(least - 1)"), "\(row.name)")
            case .number(let range), .bytes(let range), .kibibytes(let range):
                #expect(isTaken(row, "\(range.lowerBound)") && isTaken(row, "\(range.upperBound)"), "\(row.name)")
                #expect(!isTaken(row, "\(range.lowerBound - 1)"), "\(row.name)")
                if range.upperBound < .max { #expect(!isTaken(row, "\(range.upperBound + 1)"), "\(row.name)") }
            case .choice(let words):
                for word in words { #expect(isTaken(row, word), "\(row.name)=\(word)") }
                #expect(!isTaken(row, "something else"), "\(row.name)")
            }
        }
    }

    @Test func everyPartitionerHasItsWord() {
        #expect(
            SettingName.named("partitioner")?.kind == .choice(LibrdkafkaPartitioner.allCases.map(\.rawValue)))
    }

    @Test func namesOfLibrdkafkaThatMeanTheSameAreTaken() throws {
        var producer = KafkaProducer.Configuration(bootstrapServers: ["a:1"])
        #expect(
            try producer.apply([
                ("queue.buffering.max.ms", "9"), ("message.timeout.ms", "10"), ("fetch.wait.max.ms", "1"),
                ("queue.buffering.max.kbytes", "1"),
            ]) == ["queue.buffering.max.kbytes"], "in another unit")
        #expect(producer.linger == .milliseconds(9) && producer.deliveryTimeout == .milliseconds(10))
        let error = #expect(throws: KafkaError.self) { try producer.apply([("queue.buffering.max.ms", "x")]) }
        #expect(error?.setting == "queue.buffering.max.ms", "it is told under the name that was given")
        for row in SettingName.all {
            guard case .alias(let name) = row.librdkafka else { continue }
            #expect(SettingName.named(name) == row && SettingName.named(row.name) == row)
        }
    }

    @Test(arguments: [
        ("linger.msec", ["linger.ms"]), ("maximumBuffered", ["queued.max.messages.kbytes"]),
        ("queue.buffering.max.kbytes", ["buffer.memory"]), ("bootstrap.server", ["bootstrap.servers"]),
        ("xyz", []),
    ])
    func unknownNamesAreToldWithWhatTheyMayMean(_ name: String, _ meant: [String]) {
        #expect(SettingName.suggestions(for: name).prefix(1) == meant[...])
    }

    /// `KAFKAWIRE_WRITE=1` writes it.
    @Test func thePageOfSettingsIsTheTable() throws {
        let path = #filePath.split(separator: "/").dropLast(3).map { "/\($0)" }.joined() + "/docs/settings.md"
        if ProcessInfo.processInfo.environment["KAFKAWIRE_WRITE"] != nil {
            try SettingName.markdown.write(toFile: path, atomically: true, encoding: .utf8)
        }
        #expect(try String(contentsOfFile: path, encoding: .utf8) == SettingName.markdown)
    }
}
