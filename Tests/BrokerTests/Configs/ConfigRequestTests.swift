import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Settings through real sockets.
@Suite(.serialized, .turn) struct ConfigRequestTests {
    private typealias Entry = DescribeConfigsResponse.DescribeConfigsResult.DescribeConfigsResourceResult

    private func describe(
        _ client: TestClient, _ type: Int8, _ name: String, keys: [String]? = nil, version: Int16 = 4,
        documentation: Bool = false
    ) throws -> DescribeConfigsResponse.DescribeConfigsResult {
        let request = DescribeConfigsRequest.with {
            $0.resources = [
                .with {
                    $0.resourceType = type
                    $0.resourceName = name
                    $0.configurationKeys = keys
                }
            ]
            $0.includeSynonyms = true
            $0.includeDocumentation = documentation
        }
        return try #require(client.call(request, version: version).results.first)
    }

    /// Sends one resource's changes as `NAME OPERATION VALUE`; gives the error and its message.
    private func alter(
        _ client: TestClient, _ type: Int8, _ name: String, _ changes: [(String, Int8, String?)],
        validateOnly: Bool = false, version: Int16 = 1
    ) throws -> (code: ErrorCode, message: String?) {
        let request = IncrementalAlterConfigsRequest.with {
            $0.validateOnly = validateOnly
            $0.resources = [
                .with {
                    $0.resourceType = type
                    $0.resourceName = name
                    $0.configs = changes.map { change in
                        .with {
                            $0.name = change.0
                            $0.configOperation = change.1
                            $0.value = change.2
                        }
                    }
                }
            ]
        }
        let answer = try #require(client.call(request, version: version).responses.first)
        #expect(answer.resourceType == type && answer.resourceName == name)
        return (answer.errorCode, answer.errorMessage)
    }

    @Test func everyVersionDescribesATopic() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        #expect(try alter(client, 2, "t", [("retention.ms", 0, "77")], version: 0).code == .none)
        for version in Int16(1)...4 {
            let all = try describe(client, 2, "t", version: version, documentation: version >= 3)
            #expect(all.errorCode == .none && all.errorMessage == nil)
            #expect(all.configs.count == TopicConfigs.table.definitions.count - 1, "v\(version)")
            let retention = try #require(all.configs.first { $0.name == "retention.ms" })
            #expect(retention.value == "77" && retention.configSource == 1 && !retention.readOnly)
            #expect(retention.synonyms.map(\.name) == ["retention.ms", "log.retention.hours"])
            #expect(retention.synonyms.map(\.source) == [1, 5])
            #expect(retention.configType == (version >= 3 ? 5 : 0))
            #expect((retention.documentation?.isEmpty == false) == (version >= 3))
            let policy = try describe(client, 2, "t", keys: ["cleanup.policy", "no.such"], version: version)
            #expect(policy.configs.map(\.value) == ["delete"] && policy.configs.first?.configSource == 5)
        }
        #expect(try describe(client, 2, "t", keys: []).configs.isEmpty)
        await broker.stop()
    }

    @Test func whatIsDescribedExists() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.maximumMessageBytes = 5000
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let table: [(Int8, String, ErrorCode)] = [
            (2, "t", .none), (2, "u", .unknownTopicOrPartition), (2, "no spaces", .invalidTopicException),
            (2, "", .invalidTopicException), (4, "1", .none), (4, "", .none), (4, "2", .invalidRequest),
            (4, "x", .invalidRequest), (8, "1", .none), (8, "", .invalidRequest), (8, "2", .invalidRequest),
            (16, "m", .none), (16, "", .invalidRequest), (32, "g", .none), (32, "", .invalidRequest),
            (0, "t", .invalidRequest), (1, "t", .invalidRequest), (99, "t", .invalidRequest),
        ]
        for (type, name, error) in table {
            let answer = try describe(client, type, name)
            #expect(answer.errorCode == error, "\(type) \(name)")
            #expect(answer.configs.isEmpty == (error != .none || (type == 4 && name.isEmpty)), "\(type) \(name)")
        }
        func entry(_ name: String) throws -> Entry {
            try #require(describe(client, 4, "1", keys: [name]).configs.first)
        }
        #expect(try entry("message.max.bytes").value == "5000" && entry("message.max.bytes").configSource == 4)
        #expect(try entry("message.max.bytes").synonyms.map(\.value) == ["5000", "1048588"])
        #expect(try entry("node.id").value == "1" && entry("node.id").readOnly)
        #expect(try entry("advertised.listeners").value == "PLAINTEXT://\(broker.bootstrapServers)")
        #expect(try entry("advertised.listeners").readOnly)
        #expect(try entry("auto.create.topics.enable").value == "true")
        let secret = try entry("ssl.keystore.password")
        #expect(secret.isSensitive && secret.value == nil && secret.configType == 9)
        let size = try #require(describe(client, 2, "t", keys: ["max.message.bytes"]).configs.first)
        #expect(size.value == "5000" && size.configSource == 4)
        await broker.stop()
    }

    @Test func settingsAreChangedOrSaidWhyNot() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        func value(_ name: String, type: Int8 = 2, of resource: String = "t") throws -> String? {
            try describe(client, type, resource, keys: [name]).configs.first?.value ?? nil
        }
        let table: [(Int8, String, [(String, Int8, String?)], ErrorCode)] = [
            (2, "t", [("retention.ms", 0, "1000"), ("segment.bytes", 0, "1048576")], .none),
            (2, "t", [("cleanup.policy", 2, "compact")], .none),
            (2, "t", [("retention.ms", 1, nil)], .none),
            (2, "t", [("retention.ms", 0, "x")], .invalidConfig),
            (2, "t", [("retention.bytes", 0, "7"), ("retention.ms", 0, "-2")], .invalidConfig),
            (2, "t", [("no.such", 0, "1")], .invalidConfig),
            (2, "t", [("retention.ms", 2, "1")], .invalidConfig),
            (2, "t", [("retention.ms", 0, nil)], .invalidRequest),
            (2, "t", [("retention.ms", 9, "1")], .invalidRequest),
            (2, "t", [("retention.ms", 0, "1"), ("retention.ms", 1, nil)], .invalidRequest),
            (2, "u", [("retention.ms", 0, "1")], .unknownTopicOrPartition),
            (2, "", [("retention.ms", 0, "1")], .invalidRequest),
            (4, "1", [("num.io.threads", 0, "4")], .none), (4, "", [("num.io.threads", 0, "5")], .none),
            (4, "1", [("num.io.threads", 0, "0")], .invalidRequest),
            (4, "1", [("num.partitions", 0, "4")], .invalidRequest),
            (4, "2", [("num.io.threads", 0, "4")], .invalidRequest),
            (4, "1", [("a.plugin.setting", 0, "4")], .none),
            (8, "1", [("root", 0, "DEBUG")], .invalidRequest),
            (16, "m", [("interval.ms", 0, "1000")], .none), (16, "m", [("interval.ms", 0, "1")], .invalidConfig),
            (16, "m", [("no.such", 0, "1")], .invalidRequest), (16, "", [("interval.ms", 0, "1000")], .invalidRequest),
            (32, "g", [("consumer.session.timeout.ms", 0, "50000")], .none),
            (32, "g", [("no.such", 0, "1")], .invalidConfig), (32, "", [], .invalidRequest),
            (5, "x", [], .invalidRequest),
        ]
        for (type, name, changes, error) in table {
            let dry = try alter(client, type, name, changes, validateOnly: true)
            #expect(dry.code == error, "\(type) \(name) \(changes)")
        }
        #expect(try value("segment.bytes") == "1073741824")
        for (type, name, changes, error) in table {
            let answer = try alter(client, type, name, changes)
            #expect(answer.code == error && (answer.message == nil) == (error == .none), "\(type) \(name) \(changes)")
        }
        #expect(try value("segment.bytes") == "1048576")
        #expect(try value("retention.ms") == "604800000")
        #expect(try value("retention.bytes") == "-1")
        #expect(try value("cleanup.policy") == "delete,compact")
        #expect(try alter(client, 2, "t", [("cleanup.policy", 3, "delete")]).code == .none)
        #expect(try value("cleanup.policy") == "compact")
        #expect(try value("num.io.threads", type: 4, of: "1") == "4")
        #expect(try describe(client, 4, "").configs.map(\.name) == ["num.io.threads"])
        #expect(try value("interval.ms", type: 16, of: "m") == "1000")
        #expect(try describe(client, 32, "g", keys: ["consumer.session.timeout.ms"]).configs.first?.configSource == 8)
        let plugin = try #require(describe(client, 4, "1", keys: ["a.plugin.setting"]).configs.first)
        #expect(plugin.isSensitive && plugin.value == nil && plugin.configType == 0)
        let twice = IncrementalAlterConfigsRequest.with {
            $0.resources = [
                .with {
                    $0.resourceType = 2; $0.resourceName = "t"
                },
                .with {
                    $0.resourceType = 2; $0.resourceName = "t"
                },
            ]
        }
        #expect(try client.call(twice).responses.map(\.errorCode) == [.invalidRequest, .invalidRequest])
        let listed = try client.call(ListConfigResourcesRequest(), version: 1).configResources
        #expect(listed.map(\.resourceName) == ["t", "1", "1", "m", "g"])
        #expect(listed.map(\.resourceType) == [2, 4, 8, 16, 32])
        #expect(try client.call(ListConfigResourcesRequest(), version: 0).configResources.map(\.resourceName) == ["m"])
        let some = try client.call(ListConfigResourcesRequest.with { $0.resourceTypes = [32, 2] }).configResources
        #expect(some.map(\.resourceName) == ["t", "g"])
        #expect(
            try client.call(ListConfigResourcesRequest.with { $0.resourceTypes = [3] }).errorCode == .unsupportedVersion
        )
        await broker.stop()
    }

    @Test(arguments: Int16(0)...2) func theOldWayReplacesEverything(version: Int16) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        #expect(try alter(client, 2, "t", [("retention.ms", 0, "1000")]).code == .none)
        func replace(_ configs: [(String, String?)], validateOnly: Bool = false) throws -> ErrorCode? {
            let request = AlterConfigsRequest.with {
                $0.validateOnly = validateOnly
                $0.resources = [
                    .with {
                        $0.resourceType = 2
                        $0.resourceName = "t"
                        $0.configs = configs.map { name, value in
                            .with {
                                $0.name = name
                                $0.value = value
                            }
                        }
                    }
                ]
            }
            return try client.call(request, version: version).responses.first?.errorCode
        }
        func own() throws -> [String] {
            try describe(client, 2, "t").configs.filter { $0.configSource == 1 }.map { "\($0.name)=\($0.value ?? "")" }
        }
        #expect(try replace([("flush.ms", "5")], validateOnly: true) == ErrorCode.none)
        #expect(try replace([("flush.ms", "-5")]) == .invalidConfig)
        #expect(try replace([("flush.ms", nil)]) == .invalidRequest)
        #expect(try replace([("flush.ms", "5"), ("flush.ms", "6")]) == .invalidRequest)
        #expect(try own() == ["retention.ms=1000"])
        #expect(try replace([("flush.ms", "5")]) == ErrorCode.none)
        #expect(try own() == ["flush.ms=5"])
        #expect(try replace([]) == ErrorCode.none)
        #expect(try own().isEmpty)
        await broker.stop()
    }

    @Test func settingsTakeEffect() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1, "u": 1])
        configuration.timestamp = { 123_456 }
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let large = try batch([String(repeating: "x", count: 2000)])
        #expect(try client.produce("t", large).errorCode == .none)
        #expect(try alter(client, 4, "", [("message.max.bytes", 0, "1500")]).code == .none)
        #expect(try client.produce("t", large).errorCode == .messageTooLarge)
        #expect(try alter(client, 2, "t", [("max.message.bytes", 0, "3000")]).code == .none)
        #expect(try client.produce("t", large).errorCode == .none)
        #expect(try client.produce("u", large).errorCode == .messageTooLarge)
        #expect(try alter(client, 4, "", [("message.max.bytes", 1, nil)]).code == .none)
        #expect(try client.produce("u", large).errorCode == .none)

        #expect(try alter(client, 2, "t", [("message.timestamp.type", 0, "LogAppendTime")]).code == .none)
        let stamped = try client.produce("t", batch(["a", "b"]) { $0.compression = .gzip })
        #expect(stamped.errorCode == .none && stamped.logAppendTimeMs == 123_456)
        let found = try #require(try client.fetch("t", offset: stamped.baseOffset).records?.batches().first)
        try found.verifyChecksum()
        #expect(found.attributes.isLogAppendTime && found.attributes.compression == .gzip)
        #expect(try found.records().map(\.timestamp) == [123_456, 123_456])
        #expect(try found.records().map { $0.value?.text } == ["a", "b"])
        #expect(try client.produce("u", batch(["a"])).logAppendTimeMs == -1)

        #expect(try alter(client, 2, "u", [("retention.bytes", 0, "100000")]).code == .none)
        for _ in 0..<300 { _ = try client.produce("u", large) }
        let bytes = await broker.topics.last?.partitions.first?.bytes ?? 0
        #expect(bytes >= 100_000 && bytes < 200_000)
        await broker.stop()
    }

    @Test func whatIsKeptAndToldIsBounded() async throws {
        let broker = try await KafkaBroker.start()
        let client = try TestClient(port: broker.port)
        // The longest value that a request can bring; names of four bytes.
        let long = String(repeating: "x", count: ConfigDefinition.longestValue)
        let most = ConfigStore.limit / (long.utf8.count + "match".utf8.count + 4)
        for number in 1000..<1000 + most {
            #expect(try alter(client, 16, "\(number)", [("match", 0, long)]).code == .none)
        }
        #expect(try alter(client, 16, "more", [("match", 0, long)]).code == .policyViolation)
        #expect(try alter(client, 16, "1000", [("match", 1, nil)]).code == .none)
        #expect(try alter(client, 16, "more", [("match", 0, long)]).code == .none)
        let many = DescribeConfigsRequest.with {
            $0.resources = (0...DescribeConfigsHandler.limit).map { number in
                .with {
                    $0.resourceType = 32
                    $0.resourceName = "g\(number)"
                    $0.configurationKeys = nil
                }
            }
        }
        let results = try client.call(many).results
        #expect(results.count == DescribeConfigsHandler.limit + 1)
        #expect(results.filter { $0.errorCode != .none }.map(\.resourceName) == ["g\(DescribeConfigsHandler.limit)"])
        #expect(results.last?.errorCode == .policyViolation)
        await broker.stop()
    }
}
