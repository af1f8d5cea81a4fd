import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Kafka's key hash against the Java client's table and the values that other clients test with.
@Suite(.turn) struct Murmur2Tests {
    @Test func hashesAndPartitionsAreThoseOfJava() throws {
        let lines = try Fixture.lines("golden/murmur2.tsv")
        let table = try #require(lines.first.flatMap { Murmur2Table(head: $0) })
        #expect(lines.count == 61)
        for line in lines.dropFirst() { #expect(table.failure(line) == nil) }
    }

    @Test(
        arguments: [
            ("21", -973_932_308), ("foobar", -790_332_482), ("a-little-bit-long-string", -985_981_536),
            ("a-little-bit-longer-string", -1_486_304_829),
            ("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58_897_971),
            ("abc", 479_470_107), ("", 275_646_681), ("100:48069", 1_009_543_857), ("TT0124", -1_442_328_778),
        ] as [(String, Int32)])
    func knownHashes(key: String, hash: Int32) { #expect(Murmur2.hash(Bytes(utf8: key)) == hash) }

    @Test func aNegativeHashLosesItsSign() {
        #expect(Murmur2.partition(of: Bytes(utf8: "TT0124"), among: 15) == 10)
        #expect(Murmur2.partition(of: Bytes(utf8: "100:48069"), among: 12) == 9)
        #expect(Murmur2.partition(of: Bytes(utf8: "anything"), among: 1) == 0)
    }

    @Test func aSliceHashesLikeItsCopy() {
        let all = Bytes((0..<64).map { UInt8($0) &* 37 })
        for start in 0..<8 {
            for end in start...40 {
                #expect(Murmur2.hash(all[start..<end]) == Murmur2.hash(Bytes(all[start..<end].copy())))
            }
        }
    }
}
