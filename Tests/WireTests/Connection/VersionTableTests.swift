import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct VersionTableTests {
    private static func table(_ range: ClosedRange<Int16>?) -> VersionTable {
        VersionTable(range.map { [.metadata: $0] } ?? [:])
    }

    @Test(arguments: [
        (0...13 as ClosedRange<Int16>, Int16.max, 13 as Int16), (0...4, .max, 4), (0...99, .max, 13), (0...99, 7, 7),
        (5...5, .max, 5),
    ])
    func theHighestCommonVersionIsTaken(_ theirs: ClosedRange<Int16>, _ limit: Int16, _ expected: Int16) throws {
        let stable = API.of(.metadata)?.latestStable ?? 0
        let version = try Self.table(theirs).negotiate(MetadataRequest.self, atMost: limit, broker: "b:1")
        #expect(version == min(expected, stable))
    }

    @Test func aBrokerOfAnotherAgeIsNamed() {
        let error = #expect(throws: KafkaError.self) {
            try Self.table(90...99).negotiate(MetadataRequest.self, broker: "b:1")
        }
        #expect(error?.code == .unsupportedVersion)
        #expect(error?.broker == "b:1")
        #expect(error?.message.contains("90 to 99") == true)
        #expect(error?.isRetriable == false)
    }

    @Test func anUnknownAPIIsNamed() {
        let error = #expect(throws: KafkaError.self) {
            try Self.table(nil).negotiate(MetadataRequest.self, broker: "b:1")
        }
        #expect(error?.code == .unsupportedVersion)
        #expect(error?.api == .metadata)
    }

    /// Apache Kafka 4.0's port 9093 of KRaft: no Metadata, but brokers register there (KIP-919).
    @Test func aControllersPortIsNamed() {
        let controller = VersionTable([.describeQuorum: 0...2, APIKey(rawValue: 62): 0...4, .createTopics: 2...7])
        let error = #expect(throws: KafkaError.self) {
            try controller.negotiate(MetadataRequest.self, broker: "b:1")
        }
        #expect(error?.code == .unsupportedVersion && error?.setting == "bootstrap.servers")
        #expect(error?.message.contains("the port of a KRaft controller") == true, "\(String(describing: error))")
        #expect(error?.message.contains("older than") == false)
    }

    @Test func theGroupRequestsOfLibrdkafkasMockClusterStayInflexible() {
        func table(heartbeat: Int16) -> VersionTable {
            VersionTable(
                ApiVersionsResponse.with {
                    $0.apiKeys = ([(11, 6), (12, heartbeat), (13, 4), (14, 4)] as [(Int16, Int16)]).map { key, last in
                        .with {
                            $0.apiKey = key
                            $0.maxVersion = last
                        }
                    }
                })
        }
        let apis: [APIKey] = [.joinGroup, .heartbeat, .leaveGroup, .syncGroup]
        #expect(apis.map { table(heartbeat: 5)[$0]?.upperBound } == [5, 3, 3, 3])
        #expect(apis.map { table(heartbeat: 4)[$0]?.upperBound } == [6, 4, 4, 4])
    }

    @Test func rangesThatAreUpsideDownAreLeftOut() {
        let response = ApiVersionsResponse.with {
            $0.apiKeys = [
                .with {
                    $0.apiKey = 3
                    $0.minVersion = 5
                    $0.maxVersion = 2
                }
            ]
        }
        #expect(VersionTable(response)[.metadata] == nil)
    }

    @Test(
        arguments: [
            (0...13 as ClosedRange<Int16>, 5 as Int16, 5 as Int16), (0...4, 5, 4), (6...13, 5, nil), (5...5, 5, 5),
            (99...99, 5, nil),
        ] as [(ClosedRange<Int16>, Int16, Int16?)])
    func aPinHoldsItsVersions(_ theirs: ClosedRange<Int16>, _ limit: Int16, _ expected: Int16?) throws {
        let response = ApiVersionsResponse.with {
            $0.apiKeys = [
                .with {
                    $0.apiKey = 3
                    ($0.minVersion, $0.maxVersion) = (theirs.lowerBound, theirs.upperBound)
                }
            ]
        }
        let table = VersionTable(response, pin: try VersionPin(.highest([.metadata: limit])))
        let outcome = Result { () throws(KafkaError) in try table.negotiate(MetadataRequest.self, broker: "b:1") }
        switch outcome {
        case .success(let version): #expect(version == expected)
        case .failure(let error):
            #expect(expected == nil && error.code == .unsupportedVersion)
            // Where this client could not speak with the broker anyway, it is not the pin's doing.
            #expect(error.message.contains("held to") == (theirs.lowerBound < 99))
        }
    }

    @Test func aPinBelowTransactions2KeepsToTheOlderOnes() throws {
        let response = ApiVersionsResponse.with {
            $0.finalizedFeaturesEpoch = 1
            $0.finalizedFeatures = [
                .with { ($0.name, $0.maxVersionLevel, $0.minVersionLevel) = ("transaction.version", 2, 2) }
            ]
        }
        func level(_ limits: VersionLimits) throws -> Int16? {
            VersionTable(response, pin: try VersionPin(limits)).features["transaction.version"]
        }
        #expect(try level(.release("3.9")) == 1 && level(.release("4.0")) == 2 && level(.release("4.3")) == 2)
        #expect(try level(.highest([.produce: 11])) == 1 && level(.highest([.fetch: 11])) == 2)
        #expect(ReleaseHistory.named("0.11") == "0.11.0" && ReleaseHistory.named("v4.3.1") == ReleaseHistory.own)
    }

    /// Brokers are gone through in any order, so it must not be seen, whatever they say.
    @Test(
        arguments: [
            ([], 0), ([(-1, 9)], 0), ([(0, 2)], 2), ([(3, 1), (7, 2), (-1, 9)], 2), ([(7, 2), (3, 9)], 2),
            ([(5, 1), (5, 2)], 2),
            ([(.max, -1), (.min, 4)], -1), ([(8, nil), (7, 2)], 0),
        ] as [([(Int64, Int16?)], Int16)])
    func aFeatureIsAtWhatTheNewestTells(_ told: [(Int64, Int16?)], _ expected: Int16) {
        let tables = told.map { epoch, level in
            VersionTable(
                ApiVersionsResponse.with {
                    $0.finalizedFeaturesEpoch = epoch
                    if let level { $0.finalizedFeatures = [.with { ($0.name, $0.maxVersionLevel) = ("f", level) }] }
                })
        }
        #expect(VersionTable.level(of: "f", among: tables) == expected)
        #expect(VersionTable.level(of: "f", among: tables.reversed()) == expected)
    }

    @Test(
        arguments: [
            (.produce, nil), (.joinGroup, nil), (.createPartitions, "1.0"), (.describeConfigs, "1.1"),
            (.deleteGroups, "1.1"),
            (.describeLogDirs, "2.0"), (.electLeaders, "2.2"), (.incrementalAlterConfigs, "2.3"),
            (.offsetDelete, "2.4"),
            (.describeClientQuotas, "2.6"), (.updateFeatures, "2.7"), (.writeTxnMarkers, "2.8"),
            (.listTransactions, "3.0"),
            (.describeQuorum, "3.3 (with KRaft)"), (.listConfigResources, "3.7"), (.describeTopicPartitions, "3.8"),
        ] as [(APIKey, String?)])
    func everyAPIHasItsFirstRelease(_ api: APIKey, _ release: String?) {
        #expect(API.of(api)?.firstRelease == release)
        #expect(ReleaseHistory.oldest == "0.11.0")
    }
}
