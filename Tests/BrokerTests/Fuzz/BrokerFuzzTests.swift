import FuzzChecks
import KafkaWire
import Testing

/// The claims of the fuzzer's target `broker`, without a fuzzer: over what earlier runs have found, over golden requests
/// and damaged ones, and over scripts of requests with chosen fields.
@Suite struct BrokerFuzzTests {
    private static let fixtures = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Fixtures"

    /// Every file in `Fixtures/fuzz/broker` made a fuzzer stop once.
    @Test func whatWasFoundStaysMended() throws {
        for finding in try FuzzFixture.of(.broker) {
            do throws(Finding) { try FuzzTarget.broker.check(finding.bytes) } catch {
                Issue.record("\(finding.path): \(error)")
            }
        }
    }

    /// Each seed as it is, and damaged, always in the same way; some of them, in four parts.
    @Test(arguments: 0..<4) func requestsAreAnsweredOrRefused(part: Int) throws {
        let seeds = try FuzzTarget.broker.seeds(fixtures: Self.fixtures).enumerated()
            .filter { $0.offset % 61 == part && $0.element.count <= FuzzTarget.broker.longestInput }.map(\.element)
        #expect(seeds.count > 100)
        var damage = Mutation(seed: 0x6272_6F6B_6572_0000 + UInt64(part))
        for seed in seeds {
            for input in [seed, damage(seed)] {
                do throws(Finding) { try FuzzTarget.broker.check(input) } catch {
                    Issue.record("\(input): \(error)")
                }
            }
        }
    }

    /// Several seeds in a row: what one leaves behind is what the next one finds.
    @Test func requestsInARowAreAnsweredOrRefused() throws {
        let seeds = try FuzzTarget.broker.seeds(fixtures: Self.fixtures)
        var damage = Mutation(seed: 0x726F_7700)
        for start in stride(from: 0, to: seeds.count, by: 173) {
            let rest = (0..<24).flatMap { damage(seeds[(start + 131 * $0) % seeds.count]).copy().dropFirst() }
            let row = [UInt8(truncatingIfNeeded: start)] + rest
            do throws(Finding) { try FuzzTarget.broker.check(Bytes(row)) } catch {
                Issue.record("\(Bytes(row)): \(error)")
            }
        }
    }
}
