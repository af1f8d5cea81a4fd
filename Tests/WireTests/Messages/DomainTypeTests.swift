import TestSupport
import Testing

@testable import KafkaWire

/// The small types that messages and the client's API use in place of bare numbers.
@Suite(.turn) struct DomainTypeTests {
    // MARK: - On the wire

    /// A message whose fields are domain types, and the same one with bare numbers.
    struct Typed: WireStruct {
        var broker: BrokerID = .none
        var partitions: [PartitionID] = []
        var replicas: [BrokerID]? = []
        var offset: Offset = .max
        var epoch: LeaderEpoch = 3
        var producer: ProducerID = 0
        var producerEpoch: ProducerEpoch = .none
        var topic: TopicID = .zero
        var wait: Milliseconds = 60000
        var lifetime: LongMilliseconds = -1
        var error: ErrorCode = .none
        var unknownTaggedFields: [UnknownTaggedField] = []

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("broker", &broker, default: -1)
            try visitor.field("partitions", &partitions)
            try visitor.field("replicas", &replicas, default: nil)
            try visitor.field("offset", &offset, default: .max)
            try visitor.field("epoch", &epoch, default: 4)
            try visitor.field("producer", &producer)
            try visitor.field("producerEpoch", &producerEpoch, default: .none)
            try visitor.field("topic", &topic)
            try visitor.field("wait", &wait, default: 60000)
            try visitor.field("lifetime", &lifetime, default: -1)
            try visitor.field("error", &error, default: .notController)
        }
    }

    struct Bare: WireStruct {
        var broker: Int32 = -1
        var partitions: [Int32] = []
        var replicas: [Int32]? = []
        var offset: Int64 = .max
        var epoch: Int32 = 3
        var producer: Int64 = 0
        var producerEpoch: Int16 = -1
        var topic: Uuid = .zero
        var wait: Int32 = 60000
        var lifetime: Int64 = -1
        var error: Int16 = 0
        var unknownTaggedFields: [UnknownTaggedField] = []

        mutating func fields<V: FieldVisitor & ~Copyable>(_ visitor: inout V) throws(WireError) {
            try visitor.field("broker", &broker, default: -1)
            try visitor.field("partitions", &partitions)
            try visitor.field("replicas", &replicas, default: nil)
            try visitor.field("offset", &offset, default: .max)
            try visitor.field("epoch", &epoch, default: 4)
            try visitor.field("producer", &producer)
            try visitor.field("producerEpoch", &producerEpoch, default: -1)
            try visitor.field("topic", &topic)
            try visitor.field("wait", &wait, default: 60000)
            try visitor.field("lifetime", &lifetime, default: -1)
            try visitor.field("error", &error, default: 41)
        }
    }

    @Test func visitorsSeeTheRawValue() throws {
        #expect(Typed.schema == Bare.schema)
        #expect(Typed.schema.first == "broker: int32  v0+  default -1")
        #expect(Typed.schema.last == "error: int16  v0+  default 41  initially 0")

        var typed = Typed.with {
            $0.partitions = [0, 7]
            $0.replicas = [1, -2]
            $0.producer = 1_099_511_627_776
            $0.topic = TopicID(Uuid(high: 1, low: 2))
            $0.error = ErrorCode(rawValue: 4711)
        }
        var bare = Bare.with {
            $0.partitions = [0, 7]
            $0.replicas = [1, -2]
            $0.producer = 1_099_511_627_776
            $0.topic = Uuid(high: 1, low: 2)
            $0.error = 4711
        }
        #expect(try typed.values(version: 0, flexible: Versions.all) == bare.values(version: 0, flexible: Versions.all))
        for flexible in [false, true] {
            var encoder = MessageEncoder(version: 0, flexible: flexible)
            try encoder.visit(&typed)
            let bytes = encoder.finish().array()
            var other = MessageEncoder(version: 0, flexible: flexible)
            try other.visit(&bare)
            let expected = other.finish().array()
            #expect(bytes == expected)

            var decoder = MessageDecoder(version: 0, flexible: flexible, Bytes(bytes))
            var decoded = Typed()
            try decoder.visit(&decoded)
            #expect(decoded == typed)
            #expect(decoder.reader.remaining == 0)
        }
    }

    // MARK: - Numbers

    @Test func numbersAreOrderedAndShownBare() {
        #expect("\(BrokerID.none) \(PartitionID(7)) \(Offset(42)) \(LeaderEpoch.none)" == "-1 7 42 -1")
        #expect("\(ProducerID(9)) \(ProducerEpoch(2)) \(Milliseconds(5)) \(LongMilliseconds(6))" == "9 2 5 6")
        #expect("\(TopicID(Uuid(high: 1, low: 2)))" == "AAAAAAAAAAEAAAAAAAAAAg")
        #expect([3, 1, 2].sorted() as [PartitionID] == [1, 2, 3])
        #expect(LeaderEpoch.none < 0 && BrokerID(rawValue: 1) == 1 && Offset.max > 0)
        #expect(Set([1, 2, 1] as [BrokerID]).count == 2)
    }

    @Test(arguments: [(0, 0), (4, 4), (Int(Int32.max), Int32.max), (Int(Int32.max) + 1, .max), (-1, -1), (.min, .min)])
    func partitionsArePlacesInLists(index: Int, number: Int32) {
        #expect(PartitionID(index: index).rawValue == number)
        #expect(PartitionID(number).index == Int(number))
    }

    // MARK: - Offsets

    @Test(
        arguments: [
            (0, 1, 1), (5, -3, 2), (.max, 0, .max), (.max, 1, .max), (.max, .max, .max), (.min, -1, .min),
            (.min, .min, .min), (.max, .min, -1), (.min, .max, -1), (-1, .min, .min),
        ] as [(Int64, Int64, Int64)])
    func offsetsStopAtTheEnds(offset: Int64, distance: Int64, sum: Int64) {
        #expect(Offset(offset) + distance == Offset(sum))
        var moved = Offset(offset)
        moved += distance
        #expect(moved.rawValue == sum)
    }

    @Test(
        arguments: [
            (1, 1, 0), (5, -3, 8), (.min, 0, .min), (.min, 1, .min), (.max, -1, .max), (.max, .min, .max),
            (0, .min, .max), (-1, .min, .max), (.min, .min, 0), (.max, .max, 0), (-2, .max, .min),
        ] as [(Int64, Int64, Int64)])
    func differencesStopAtTheEnds(offset: Int64, other: Int64, difference: Int64) {
        #expect(Offset(offset) - other == Offset(difference))
        #expect(Offset(offset) - Offset(other) == difference)
        var moved = Offset(offset)
        moved -= other
        #expect(moved.rawValue == difference)
    }

    @Test func offsetsCount() {
        let end: Offset = 10
        let last = end - 1
        #expect(last == 9 && last.next == end && Offset.max.next == .max)
        #expect(end - last == 1)
        let lags: [Int64] = [1, 2]
        let sum = lags.reduce(0, +)
        #expect(sum == 3)
    }

    // MARK: - Durations

    @Test(
        arguments: [
            (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1), 1), (.microseconds(1001), 2), (.seconds(30), 30000),
            (.milliseconds(-1), -1), (.microseconds(-1500), -1), (.nanoseconds(-1), 0),
            (.milliseconds(Int32.max), Int64(Int32.max)), (.milliseconds(Int64(Int32.max) + 1), Int64(Int32.max) + 1),
            (.seconds(-3_000_000), -3_000_000_000), (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
            (.milliseconds(Int64.max), .max), (.milliseconds(Int64.max) + .nanoseconds(1), .max),
            (.milliseconds(Int64.min), .min),
        ] as [(Duration, Int64)])
    func durationsAreRoundedUpAndClamped(duration: Duration, milliseconds: Int64) {
        #expect(LongMilliseconds(duration).rawValue == milliseconds)
        #expect(Milliseconds(duration).rawValue == Int32(clamping: milliseconds))
    }

    @Test func millisecondsAreDurations() {
        #expect(Milliseconds(1500).duration == .milliseconds(1500))
        #expect(Milliseconds(rawValue: .min).duration == .milliseconds(Int32.min))
        #expect(Milliseconds(Milliseconds.max.duration) == .max)
        #expect(LongMilliseconds(-1).duration == .milliseconds(-1))
        #expect(LongMilliseconds(LongMilliseconds.max.duration) == .max)
    }
}
