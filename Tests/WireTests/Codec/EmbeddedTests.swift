import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Structures that travel inside other fields or in front of bodies.
@Suite(.turn) struct EmbeddedTests {
    @Test func vectorsOfTheJavaClientPass() throws {
        let vectors = try Fixture.json("golden/embedded.jsonl")
        #expect(vectors.count == 64)
        for vector in vectors { #expect(MessageVector.failure(vector) == nil) }
    }

    @Test func fieldsAreThoseOfKafka() throws {
        let definitions = try SchemaTests.definitions()
        func check<S: WireStruct>(_ type: S.Type, _ versions: ClosedRange<Int16>, _ flexible: Versions) throws {
            let expected = try #require(definitions[type.wireName], "\(type.wireName) is not in messages.txt")
            #expect(Set(type.schema) == Set(expected.lines), "\(type.wireName)")
            #expect("\(flexible)" == expected.flexible, "\(type.wireName)")
            #expect("\(Versions(versions.lowerBound, versions.upperBound))" == expected.versions)
        }
        func check<E: EmbeddedMessage>(_ type: E.Type) throws { try check(type, type.versions, type.flexible) }
        func check<H: WireMessageHeader>(header type: H.Type) throws {
            try check(type, type.versions, type.flexible)
        }
        try check(ConsumerProtocolSubscription.self)
        try check(ConsumerProtocolAssignment.self)
        try check(EndTxnMarker.self)
        try check(ControlRecordTypeSchema.self)
        try check(LeaderChangeMessage.self)
        try check(header: RequestHeader.self)
        try check(header: ResponseHeader.self)
    }

    /// Version 0, two topics, no user data: bytes as every client sends them.
    static let subscription: [UInt8] = [
        0, 0, 0, 0, 0, 2, 0, 1, 0x61, 0, 1, 0x62, 0xFF, 0xFF, 0xFF, 0xFF,
    ]

    @Test func theVersionStandsInFront() throws {
        let value = ConsumerProtocolSubscription.with { $0.topics = ["b", "a"] }
        #expect(try value.encodeVersioned(version: 0) == Self.subscription)
        #expect(try ConsumerProtocolSubscription.decodeVersioned(Bytes(Self.subscription)).topics == ["a", "b"])
        let marker = EndTxnMarker.with { $0.coordinatorEpoch = 9 }
        #expect(try marker.encodeVersioned(version: 0) == [0, 0, 0, 0, 0, 9])
    }

    @Test func aNewerVersionIsReadWithTheNewestKnownLayout() throws {
        let value = ConsumerProtocolSubscription.with {
            $0.topics = ["t"]
            $0.generationId = 7
            $0.rackId = "r"
        }
        var bytes = try value.encodeVersioned(version: 3)
        bytes[1] = 9
        #expect(try ConsumerProtocolSubscription.decodeVersioned(Bytes(bytes + [1, 2, 3])) == value)
        bytes[0] = 0xFF
        let error = #expect(throws: WireError.self) { try ConsumerProtocolSubscription.decodeVersioned(Bytes(bytes)) }
        #expect(error?.reason == .unsupportedVersion(supported: 0...3))
    }

    @Test func everyPrefixThrowsAndNamesWhereItEnds() throws {
        for length in 0..<Self.subscription.count {
            let error = #expect(throws: WireError.self) {
                try ConsumerProtocolSubscription.decodeVersioned(Bytes(Array(Self.subscription[..<length])))
            }
            #expect(error?.message == "ConsumerProtocolSubscription")
            #expect((error?.offset ?? -1) <= length)
        }
    }
}
