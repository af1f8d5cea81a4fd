import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct FrameAssemblerTests {
    static func framed(_ body: [UInt8]) -> [UInt8] {
        let size = UInt32(body.count)
        return [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> $0) } + body
    }

    /// Frames of sizes around the staging buffer's, received in pieces of many sizes.
    @Test(arguments: [1, 2, 3, 7, 64, 1000, 65_536, 1_000_000]) func pieces(step: Int) throws {
        let sizes = [0, 1, 3, 100, 65_531, 65_532, 65_533, 200_000, 5].filter { $0 < step * 50_000 }
        let bodies = sizes.map { size in (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) } }
        let stream = bodies.flatMap(Self.framed)
        var assembler = FrameAssembler()
        var frames: [Bytes] = []
        for start in stride(from: 0, to: stream.count, by: step) {
            let piece = Array(stream[start..<min(start + step, stream.count)])
            frames += try piece.withUnsafeBytes { try assembler.append($0) }
        }
        #expect(frames.map { $0.copy() } == bodies)
        #expect(assembler.buffered == 0)
    }

    @Test func anAbsurdSizeIsRefused() throws {
        for bytes: [UInt8] in [[0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF], [0, 0, 4, 1]] {
            var assembler = FrameAssembler(limit: 1024)
            let error = #expect(throws: WireError.self) { try bytes.withUnsafeBytes { try assembler.append($0) } }
            #expect(error?.field == "size")
        }
    }
}
