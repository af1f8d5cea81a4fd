import TestSupport
import Testing

@testable import KafkaWire

/// Tagged fields that no version knows are kept, whatever their number, and written back in order (KIP-482).
@Suite(.turn) struct UnknownTagTests {
    @Test(arguments: [1, 2, 127, 128, .max - 1, .max] as [UInt32]) func areWrittenBack(tag: UInt32) throws {
        let request = FetchRequest.with {
            $0.clusterId = "c"
            $0.unknownTaggedFields = [UnknownTaggedField(tag: tag, bytes: [1, 2, 3])]
        }
        let bytes = Bytes(try request.encode(version: 12))
        let again = try FetchRequest.decode(bytes, version: 12)
        #expect(again == request)
        #expect(try Bytes(again.encode(version: 12)) == bytes)
    }

    @Test func standInOrder() throws {
        let request = FetchRequest.with {
            $0.clusterId = "c"
            $0.unknownTaggedFields = [
                UnknownTaggedField(tag: .max, bytes: []), UnknownTaggedField(tag: 9, bytes: [7]),
            ]
        }
        let bytes = try request.encode(version: 12)
        #expect(bytes.suffix(14) == [3, 0, 2, 2, 0x63, 9, 1, 7, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 0][...])
    }
}
