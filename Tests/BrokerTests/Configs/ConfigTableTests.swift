import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What settings may hold, and where a value comes from.
@Suite(.turn) struct ConfigTableTests {
    @Test(
        arguments: [
            (
                "cleanup.policy", ["delete", "compact", "compact,delete", " delete , compact ", ""],
                ["keep", "delete,delete"]
            ),
            ("compression.gzip.level", ["-1", "1", "9"], ["0", "10", "fast"]),
            ("compression.lz4.level", ["1", "17"], ["0", "18"]),
            ("compression.zstd.level", ["-131072", "22"], ["-131073", "23"]),
            ("compression.type", ["producer", "zstd", "uncompressed"], ["brotli", "ZSTD", ""]),
            ("max.message.bytes", ["0", "2147483647", " 17 "], ["-1", "2147483648", "1k", ""]),
            ("retention.ms", ["-1", "9223372036854775807"], ["-2", "9223372036854775808", "1.5"]),
            ("retention.bytes", ["-1", "0"], ["many"]),
            ("segment.bytes", ["1048576"], ["1048575", "2147483648"]),
            ("min.insync.replicas", ["1", "3"], ["0"]),
            ("min.cleanable.dirty.ratio", ["0", "0.5", "1"], ["1.01", "-0.1", "nan", "half"]),
            ("preallocate", ["true", "FALSE"], ["yes", "1", ""]),
            ("message.timestamp.type", ["CreateTime", "LogAppendTime"], ["createtime", "Log"]),
            ("leader.replication.throttled.replicas", ["", "*", "0:1,1:2"], ["0", "0:1:2", "a:b", "*,0:1", "-1:0"]),
            ("local.retention.ms", ["-2", "0"], ["-3"]),
        ] as [(String, [String], [String])])
    func aTopicsSettingsAreChecked(name: String, good: [String], bad: [String]) {
        for value in good { #expect(TopicConfigs.objection(to: [name: value]) == nil, "\(name)=\(value)") }
        for value in bad {
            #expect(
                TopicConfigs.objection(to: [name: value])?.hasPrefix("Invalid value \(value) for configuration \(name)")
                    == true, "\(name)=\(value)")
        }
    }

    @Test func settingsHaveToGoTogether() {
        // Kafka 4.3 has 33 settings for topics, and an internal one.
        #expect(TopicConfigs.table.definitions.count == 34)
        for name in ["no.such", "message.downconversion.enable"] {
            #expect(TopicConfigs.objection(to: [name: "1"]) == "Unknown topic config name: \(name)")
        }
        #expect(TopicConfigs.objection(to: ["min.compaction.lag.ms": "5", "max.compaction.lag.ms": "4"]) != nil)
        #expect(TopicConfigs.objection(to: ["min.compaction.lag.ms": "4", "max.compaction.lag.ms": "4"]) == nil)
        #expect(TopicConfigs.objection(to: ["remote.storage.enable": "true"]) != nil)
    }

    @Test(arguments: [ConfigResource.Kind.topic, .broker, .group, .clientMetrics])
    func defaultsAreInOrder(kind: ConfigResource.Kind) throws {
        let table = try #require(kind.table)
        #expect(Set(table.definitions.map(\.name)).count == table.definitions.count)
        for definition in table.definitions {
            #expect(definition.initial.flatMap(definition.objection) == nil, "\(definition.name)")
            #expect(!definition.documentation.isEmpty)
            for server in definition.serverNames {
                #expect(BrokerConfigs.table[server] != nil, "\(definition.name) falls back to \(server)")
            }
        }
    }

    @Test func aTopicFallsBackToTheBroker() throws {
        var store = ConfigStore(statics: ["log.retention.hours": "2", "message.max.bytes": "100"], nodeId: 7)
        let retention = try #require(TopicConfigs.table["retention.ms"])
        #expect(store.value(retention, ofTopic: [:]) == "7200000")
        #expect(store.synonyms(retention, ofTopic: [:]).map(\.source) == [.staticBroker, .initial])
        store[ConfigResource(kind: .broker, name: "")] = ["log.retention.ms": "5", "message.max.bytes": "200"]
        #expect(store.value(retention, ofTopic: [:]) == "5")
        #expect(store.settings(ofTopic: [:]).maximumMessageBytes == 200)
        store[ConfigResource(kind: .broker, name: "7")] = ["message.max.bytes": "300"]
        #expect(store.settings(ofTopic: [:]).maximumMessageBytes == 300)
        #expect(store.settings(ofTopic: ["max.message.bytes": "400"]).maximumMessageBytes == 400)
        let size = try #require(TopicConfigs.table["max.message.bytes"])
        #expect(
            store.synonyms(size, ofTopic: ["max.message.bytes": "400"]).map { "\($0.name)=\($0.value)" } == [
                "max.message.bytes=400", "message.max.bytes=300", "message.max.bytes=200", "message.max.bytes=100",
                "message.max.bytes=1048588",
            ])
        #expect(store.size == "log.retention.ms5message.max.bytes200".utf8.count + "7message.max.bytes300".utf8.count)
        store[ConfigResource(kind: .broker, name: "7")] = [:]
        #expect(store.names(.broker) == [""])
        store[ConfigResource(kind: .broker, name: "")] = [:]
        #expect(store.size == 0)
    }
}
