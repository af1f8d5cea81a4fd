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
}
