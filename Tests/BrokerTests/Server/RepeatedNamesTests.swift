import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What a request names many times is not answered many times: for every API, and each of the arrays that its request
/// has. An answer may grow with the bytes of the request, by a line of text for a few bytes, and no more.
@Suite(.turn) struct RepeatedNamesTests {
    /// Fills a request with what the broker has, everything once, and the arrays at one depth many times.
    private struct Filler: MessageWalk {
        let version: Int16
        var flexible: Bool
        /// At which depth, and how often.
        let depth: Int
        let count: Int
        /// Whether arrays below are null where they may be, which mostly means everything.
        let nulls: Bool
        private var name = ""
        private var mayBeNull = false
        private var level = 0
        /// Whether there is an array at the depth.
        private(set) var reached = false

        init(version: Int16, depth: Int, count: Int, nulls: Bool) {
            self.version = version
            flexible = true
            self.depth = depth
            self.count = count
            self.nulls = nulls
        }

        mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
            name = "\(field.name)"
            mayBeNull = field.nullable.contains(version)
            return field.versions.contains(version)
        }
        mutating func enterTagged<T: WireType>(_ tag: UInt32, _ field: Field, _ value: T, default: T) throws(WireError)
            -> Bool
        { false }
        mutating func visit(_ value: inout Bool) throws(WireError) {
            value = name.hasPrefix("include") || name == "verifyOnly" || name == "validateOnly"
        }
        mutating func visit(_ value: inout Int8) throws(WireError) { if name == "resourceType" { value = 2 } }
        mutating func visit(_ value: inout Int32) throws(WireError) {
            switch name {
            case "maxBytes", "partitionMaxBytes": value = 1 << 20
            case "maxWaitMs", "minBytes": value = 0
            case "sessionEpoch", "memberEpoch": value = -1
            case "rebalanceTimeoutMs", "sessionTimeoutMs": value = 1000
            default: break
            }
        }
        mutating func visit(_ value: inout String?) throws(WireError) {
            switch name {
            case "groupId", "groups", "groupIds": value = "g"
            case "transactionalId", "transactionalIds", "v3AndBelowTransactionalId": value = "x"
            case "transactionalIdPattern", "memberId", "groupInstanceId", "instanceId": value = ""
            case "stateFilters": value = "Ongoing"
            case "entityType": value = "user"
            default: value = "t"
            }
        }

        mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
            if nulls, mayBeNull, level > depth { return value = nil }
            if level == depth { reached = true }
            let times = level == depth ? count : 1
            level += 1
            var element = E.zero
            try element.accept(&self)
            level -= 1
            value = Array(repeating: element, count: times)
        }
        mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) { value = nil }
    }

    /// A broker with something of everything.
    private func broker() throws -> OfflineClient {
        let client = try OfflineClient(.init(topics: ["t": 8]))
        for number in 0..<20 {
            var records = try batch(["v"]) {
                $0.producerId = ProducerID(Int64(1000 + number))
                $0.producerEpoch = 0
                $0.baseSequence = 0
            }
            if number == 0 { records = try batch([String(repeating: "v", count: 5000)]) }
            _ = try client.call(TestClient.produceRequest("t", records), version: 12)
        }
        let producer = try client.call(
            InitProducerIdRequest.with {
                $0.transactionalId = "x"
                $0.transactionTimeoutMs = 60_000
            })
        _ = try client.call(
            AddPartitionsToTxnRequest.with {
                $0.v3AndBelowTransactionalId = "x"
                $0.v3AndBelowProducerId = producer.producerId
                $0.v3AndBelowProducerEpoch = producer.producerEpoch
                $0.v3AndBelowTopics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = (0..<8).map { PartitionID(index: $0) }
                    }
                ]
            }, version: 3)
        _ = try client.call(
            OffsetCommitRequest.with {
                $0.groupId = "g"
                $0.topics = [
                    .with {
                        $0.name = "t"
                        $0.partitions = (0..<8).map { index in
                            .with {
                                $0.partitionIndex = PartitionID(index: index)
                                $0.committedMetadata = String(repeating: "m", count: 500)
                            }
                        }
                    }
                ]
            }, version: 8)
        return client
    }

    private static let count = 300
    /// A line of text for the fewest bytes that can ask for it.
    private static let bytesPerByte = 24

    private func size<R: WireRequest>(_: R.Type, depth: Int, count: Int, nulls: Bool) throws -> (Int, Int)? {
        let version = API.of(R.api)?.latestStable ?? R.versions.upperBound
        var filler = Filler(version: version, depth: depth, count: count, nulls: nulls)
        var request = R()
        try filler.visit(&request)
        guard filler.reached else { return nil }
        let client = try broker()
        let asked = try client.send(request, version: version)
        var answered = 0
        for event in client.server.takeEvents() {
            if case .answer(_, R.api, _, _, let frame) = event { answered = frame.count }
        }
        return (asked, answered)
    }

    @Test(arguments: ServedAPI.all.map(\.key))
    func areAnsweredOnce(key: APIKey) throws {
        let type = try #require(API.of(key)).request
        func check<R: WireRequest>(_: R.Type) throws {
            for depth in 0..<4 {
                for nulls in [false, true] {
                    guard let once = try size(R.self, depth: depth, count: 1, nulls: nulls),
                        let often = try size(R.self, depth: depth, count: Self.count, nulls: nulls)
                    else { continue }
                    let most = once.1 + Self.bytesPerByte * often.0
                    #expect(
                        often.1 <= most,
                        "\(key), depth \(depth): \(once.0) bytes are answered with \(once.1), \(often.0) with \(often.1)"
                    )
                }
            }
        }
        try check(type)
    }

    /// Against a filler that reaches nothing.
    @Test func theTableReachesTheArraysOfRequests() throws {
        func reaches<R: WireRequest>(_: R.Type) throws -> Bool {
            try size(R.self, depth: 0, count: 1, nulls: false) != nil
        }
        var count = 0
        for served in ServedAPI.all {
            let type = try #require(API.of(served.key)).request
            if try reaches(type) { count += 1 }
        }
        #expect(count >= 30)
    }
}
