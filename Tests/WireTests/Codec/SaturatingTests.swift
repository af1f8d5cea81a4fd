import TestSupport
import Testing

@testable import KafkaWire

/// Arithmetic on what comes from outside.
@Suite(.turn) struct SaturatingTests {
    private static let ends: [Int64] = [.min, .min + 1, -(1 << 62), -2, -1, 0, 1, 2, 1 << 62, .max - 1, .max]

    /// Beside the arithmetic of 128 bits, cut at the ends of 64.
    @Test(arguments: ends) func sumsDifferencesAndProductsStopAtTheEnds(a: Int64) {
        for b in Self.ends {
            let (wideA, wideB) = (Int128(a), Int128(b))
            #expect(a.addingSaturated(b) == Int64(clamping: wideA + wideB), "\(a) + \(b)")
            #expect(a.subtractingSaturated(b) == Int64(clamping: wideA - wideB), "\(a) - \(b)")
            #expect(a.multipliedSaturated(by: b) == Int64(clamping: wideA * wideB), "\(a) × \(b)")
        }
    }

    @Test func sumsOfManyStopAtTheEnds() {
        #expect([Int64.max, .max, .max].saturatedSum() == .max)
        #expect([Int64.min, -1].saturatedSum() == .min)
        #expect([Int64]().saturatedSum() == 0)
        #expect([3, 4, -2].saturatedSum() == 5)
    }

    @Test func noSignMeansNoLeastEnd() {
        #expect(UInt8(200).addingSaturated(100) == 255)
        #expect(UInt8(100).subtractingSaturated(200) == 0)
    }
}
