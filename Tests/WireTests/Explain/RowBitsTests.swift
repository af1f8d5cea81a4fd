import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Varints and sets of bits, shown bit by bit.
@Suite(.turn) struct RowBitsTests {
    /// The numbers are those of Protocol Buffers' documentation ("Encoding": 150 and 300 as base-128 varints, -2 to
    /// 2147483647 in zig-zag) and of Kafka's `ByteUtilsTest`.
    @Test(
        arguments: [
            ([0x00], .unsigned, 0, 0, "00 → 0|0000000 → 0000000 = 0"),
            ([0x01], .unsigned, 1, 1, "01 → 0|0000001 → 0000001 = 1"),
            ([0x96, 0x01], .unsigned, 150, 150, "96 01 → 1|0010110 0|0000001 → 0000001 0010110 = 150"),
            ([0xAC, 0x02], .unsigned, 300, 300, "ac 02 → 1|0101100 0|0000010 → 0000010 0101100 = 300"),
            ([0xAC, 0x02], .zigzag, 300, 150, "ac 02 → 1|0101100 0|0000010 → 0000010 0101100 = 300 → zigzag 150"),
            ([0x01], .zigzag, 1, -1, "01 → 0|0000001 → 0000001 = 1 → zigzag -1"),
            ([0x02], .zigzag, 2, 1, "02 → 0|0000010 → 0000010 = 2 → zigzag 1"),
            ([0x03], .zigzag, 3, -2, "03 → 0|0000011 → 0000011 = 3 → zigzag -2"),
            ([0x00], .compactLength, 0, nil, "00 → 0|0000000 → 0000000 = 0 → null"),
            ([0x01], .compactLength, 1, 0, "01 → 0|0000001 → 0000001 = 1 → length 0"),
            (
                [0x80, 0x01], .compactLength, 128, 127,
                "80 01 → 1|0000000 0|0000001 → 0000001 0000000 = 128 → length 127"
            ),
        ] as [([UInt8], Explanation.Varint.Form, UInt64, Int64?, String)])
    func varints(bytes: [UInt8], form: Explanation.Varint.Form, raw: UInt64, value: Int64?, text: String) {
        let varint = Explanation.Varint(bytes: Bytes(bytes), form: form)
        #expect(varint.raw == raw)
        #expect(varint.value == value)
        #expect(varint.text == text)
    }

    @Test(
        arguments: [
            ([0xFE, 0xFF, 0xFF, 0xFF, 0x0F], 2_147_483_647), ([0xFF, 0xFF, 0xFF, 0xFF, 0x0F], -2_147_483_648),
            ([0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], .max),
            ([0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01], .min),
        ] as [([UInt8], Int64)])
    func theEndsOfTheRanges(bytes: [UInt8], value: Int64) {
        let varint = Explanation.Varint(bytes: Bytes(bytes), form: .zigzag)
        #expect(varint.value == value)
        #expect(varint.split.count == bytes.count)
        #expect(varint.groups.count == bytes.count)
    }

    /// Each row with a varint has one whose value agrees with what the row says.
    @Test(arguments: GoldenMessageTests.files) func rowsAndBitsAgree(file: String) throws {
        for vector in try Fixture.json("golden/\(file)").suffix(20) {
            let (type, version, bytes) = try GoldenMessageTests.parts(vector)
            for row in Explanation(body: bytes, of: type, version: version).rows {
                guard case .varint(let varint)? = row.bits.first else {
                    #expect(!row.type.hasPrefix("compact ") && !row.type.hasPrefix("uvarint"), "\(row.path)")
                    continue
                }
                switch varint.form {
                case .compactLength where varint.value == nil: #expect(row.value == "null")
                case .compactLength: #expect(row.note.hasSuffix("length \(varint.value ?? -2) + 1"), "\(row.path)")
                case .unsigned where row.type == "uvarint":
                    #expect(row.value == (varint.raw == 0 ? "none" : "\(varint.raw)"))
                case .unsigned:
                    #expect(row.value == "tag \(varint.raw)")
                    guard case .varint(let size)? = row.bits.last else { continue }
                    #expect(row.note == "size \(size.raw)")
                case .zigzag:
                    // Only records have such numbers.
                    #expect(row.path.contains("ecords["), "\(row.path)")
                    if row.type != "varint bytes" { #expect(row.value == "\(varint.value ?? 0)") }
                }
            }
        }
    }

    @Test func theAttributesOfABatch() throws {
        let vectors = try Fixture.json("golden/record-batches.jsonl")
        for (name, meanings) in [
            ("commit-marker", ["not compressed", "transactional", "control records"]), ("v2-gzip", ["gzip", "data"]),
        ] {
            guard let vector = vectors.first(where: { $0["name"].text == name }) else { continue }
            let rows = Explanation(records: try #require(vector["hex"].hex)).rows
            let attributes = try #require(rows.first { $0.name == "attributes" && $0.type == "int16" })
            guard case .flags(let flags)? = attributes.bits.first else {
                Issue.record("no flags")
                continue
            }
            for meaning in meanings { #expect(flags.contains { $0.meaning == meaning }, "\(name): \(meaning)") }
            // The parts are all bits, each once.
            #expect(flags.flatMap { Array($0.bits) } == Array(0..<16))
        }
    }

    @Test func theOperationsThatAreAllowed() throws {
        // Read and describe: bits 3 and 8.
        let response = MetadataResponse.with { $0.clusterAuthorizedOperations = 0x108 }
        let rows = Explanation(
            body: Bytes(try response.encode(version: 8)), of: MetadataResponse.self, version: 8
        ).rows
        let row = try #require(rows.first { $0.name == "clusterAuthorizedOperations" })
        #expect(row.note == "READ, DESCRIBE")
        guard case .flags(let flags)? = row.bits.first else {
            Issue.record("no flags")
            return
        }
        #expect(
            flags.filter { $0.value == 1 }.map(\.text) == [
                "bit 3      1  READ: allowed", "bit 8      1  DESCRIBE: allowed",
            ])
        #expect(flags.flatMap { Array($0.bits) } == Array(0..<32))
    }
}
