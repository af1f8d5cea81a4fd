import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// The assignors against what the Java client computes.
@Suite(.turn) struct AssignorTests {
    @Test func assignmentsAreThoseOfJava() throws {
        let vectors = try Fixture.json("golden/assignors.jsonl")
        #expect(vectors.count == 120)
        #expect(Set(vectors.compactMap { $0["assignor"].text }) == Set(Assignor.allCases.map(\.name)))
        for vector in vectors { #expect(AssignorVector.failure(vector) == nil) }
    }

    @Test func membersWithoutPartitionsAreThereToo() {
        for assignor in Assignor.allCases {
            #expect(assignor.assign(partitionCounts: [:], members: []).isEmpty)
            let members = [Assignor.Member(memberId: "a", topics: ["gone"]), .init(memberId: "b", topics: [])]
            #expect(assignor.assign(partitionCounts: ["t": 3], members: members) == ["a": [], "b": []])
        }
    }

    @Test func aStaticMemberKeepsItsPlaceUnderANewMemberId() {
        for assignor in Assignor.allCases {
            func shares(_ id: String) -> [ConsumerProtocolAssignment.TopicPartition]? {
                assignor.assign(
                    partitionCounts: ["t": 5],
                    members: [
                        .init(memberId: "m", topics: ["t"]), .init(memberId: id, groupInstanceId: "i", topics: ["t"]),
                    ])[id]
            }
            #expect(shares("a") == shares("z"))
        }
    }
}
