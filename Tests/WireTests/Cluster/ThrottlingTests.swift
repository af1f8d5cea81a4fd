import TestSupport
import Testing

@testable import KafkaWire

/// How long brokers are left alone that say so (KIP-219).
@Suite(.turn) struct ThrottlingTests {
    private static let now = Instant(nanoseconds: 0)
    private static func place(_ port: UInt16, isGroup: Bool = false) -> Throttling.Place {
        .init(broker: BrokerAddress(host: "b", port: port), isGroup: isGroup)
    }

    @Test func aBrokerIsLeftAloneForAsLongAsItHasSaid() {
        var throttling = Throttling()
        #expect(throttling.isEmpty)
        throttling.told(Self.place(1), for: .seconds(3), now: Self.now)
        #expect(throttling.end(of: Self.place(1), now: Self.now) == Self.now + .seconds(3))
        #expect(throttling.end(of: Self.place(2), now: Self.now) == nil)
        // What is said of records is not said of groups.
        #expect(throttling.end(of: Self.place(1, isGroup: true), now: Self.now) == nil)
        #expect(throttling.end(of: Self.place(1), now: Self.now + .seconds(3)) == nil)
    }

    @Test func theLatestEndCounts() {
        var throttling = Throttling()
        throttling.told(Self.place(1), for: .seconds(3), now: Self.now)
        throttling.told(Self.place(1), for: .seconds(1), now: Self.now)
        #expect(throttling.end(of: Self.place(1), now: Self.now) == Self.now + .seconds(3))
        throttling.told(Self.place(1), for: .seconds(3), now: Self.now + .seconds(1))
        #expect(throttling.end(of: Self.place(1), now: Self.now) == Self.now + .seconds(4))
    }

    @Test func everyAnswerThatCarriesAThrottleTimeIsLookedAt() {
        for api in API.all {
            let response = api.response.init()
            let carries = api.response.fieldSchemas.contains { $0.path == "throttleTimeMs" }
            #expect((response is any ThrottledResponse) == carries, "\(api.name)")
        }
    }

    /// Versions of brokers before Kafka 2.0 come late by themselves.
    @Test(
        arguments: [
            (ProduceResponse.self, 5, 6), (FetchResponse.self, 7, 8), (MetadataResponse.self, 5, 6),
            (InitProducerIdResponse.self, 0, 1), (HeartbeatResponse.self, 1, 2), (OffsetDeleteResponse.self, -1, 0),
        ] as [(any ThrottledResponse.Type, Int16, Int16)])
    func onlyBrokersThatAnswerFirstAreLeftAlone(_ type: any ThrottledResponse.Type, _ old: Int16, _ new: Int16) {
        var response = type.init()
        #expect(response.throttleTime(new) == nil)
        response.throttleTimeMs = 250
        #expect(response.throttleTime(old) == nil)
        #expect(response.throttleTime(new) == .milliseconds(250))
        response.throttleTimeMs = -1
        #expect(response.throttleTime(new) == nil)
    }
}
