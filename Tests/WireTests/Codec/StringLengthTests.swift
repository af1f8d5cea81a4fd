import KafkaWire
import TestSupport
import Testing

/// A string has at most 32,767 bytes in every version, as in Kafka: whoever takes one over can hand it on in any other.
@Suite(.turn) struct StringLengthTests {
    @Test(arguments: [0, 1, 127, 128, 32_766, 32_767]) func isReadAndWrittenInEveryVersion(length: Int) throws {
        let group = String(repeating: "g", count: length)
        for version in OffsetCommitRequest.versions {
            let bytes = try OffsetCommitRequest.with { $0.groupId = group }.encode(version: version)
            #expect(try OffsetCommitRequest.decode(Bytes(bytes), version: version).groupId == group)
        }
    }

    @Test(arguments: [32_768, 40_000, 65_536]) func isNeitherReadNorWrittenWhereItIsLonger(length: Int) throws {
        let request = OffsetCommitRequest.with { $0.groupId = String(repeating: "g", count: length) }
        for version in OffsetCommitRequest.versions {
            #expect(throws: WireError.self) { try request.encode(version: version) }
        }
        // By hand, in the first flexible version: a length of varints, and as many bytes.
        var writer = ByteWriter()
        writer.unsignedVarint(UInt32(length) + 1)
        var bytes = writer.array() + [UInt8](repeating: 0x67, count: length)
        bytes += try OffsetCommitRequest().encode(version: 8).dropFirst()
        do {
            _ = try OffsetCommitRequest.decode(Bytes(bytes), version: 8)
            Issue.record("\(length) bytes are read")
        } catch {
            #expect(error.reason == .tooLong(length, limit: 32_767) && error.field == "groupId", "\(error)")
        }
    }

    /// Bytes that are no text have no such bound.
    @Test func bytesMayBeLonger() throws {
        let blob = Bytes([UInt8](repeating: 1, count: 70_000))
        let request = SyncGroupRequest.with { $0.assignments = [.with { $0.assignment = blob }] }
        for version in SyncGroupRequest.versions {
            let bytes = try request.encode(version: version)
            #expect(try SyncGroupRequest.decode(Bytes(bytes), version: version).assignments.first?.assignment == blob)
        }
    }

    /// An error's message quotes names: its end is left out where it does not fit, between two characters.
    @Test func anErrorsMessageIsCut() throws {
        for (text, end) in [
            (String(repeating: "a", count: 40_000), "aaa…"), (String(repeating: "é", count: 20_000), "ééé…"),
            (String(repeating: "🦀", count: 9_000), "🦀🦀…"),
        ] {
            for version in CreateTopicsResponse.versions where version >= 1 {
                let answer = CreateTopicsResponse.with { $0.topics = [.with { $0.errorMessage = text }] }
                let bytes = try answer.encode(version: version)
                let read = try CreateTopicsResponse.decode(Bytes(bytes), version: version).topics.first?.errorMessage
                #expect(read?.hasSuffix(end) == true && read?.utf8.count ?? .max <= 32_767)
            }
        }
        #expect("abcdef".clipped(toBytes: 6) == "abcdef" && "abcdefg".clipped(toBytes: 6) == "abc…")
        #expect("éééé".clipped(toBytes: 6) == "é…" && "abcd".clipped(toBytes: 0) == "…")
    }
}
