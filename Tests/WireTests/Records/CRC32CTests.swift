import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct CRC32CTests {
    /// RFC 3720, appendix B.4, and the usual check value of the CRC catalogue.
    static let known: [(bytes: [UInt8], checksum: UInt32)] = [
        (Array("123456789".utf8), 0xE306_9283),
        ([UInt8](repeating: 0, count: 32), 0x8A91_36AA),
        ([UInt8](repeating: 0xFF, count: 32), 0x62A8_AB43),
        ((0..<32).map { UInt8($0) }, 0x46DD_794E),
        ([], 0),
    ]

    @Test func knownValues() {
        for (bytes, checksum) in Self.known {
            #expect(CRC32C.checksum(Bytes(bytes)) == checksum)
            #expect(~bytes.withUnsafeBytes { CRC32C.portable(~0, $0) } == checksum)
        }
    }

    @Test func hardwareAndTablesAgreeAtEveryLength() {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<20_000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        for length in Array(0...600) + [3 * 2048 - 1, 3 * 2048, 3 * 2048 + 1, 12_345, 20_000] {
            bytes.withUnsafeBytes { all in
                let part = UnsafeRawBufferPointer(rebasing: all[0..<length])
                #expect(CRC32C.checksum(part) == ~CRC32C.portable(~0, part))
            }
        }
    }
}
