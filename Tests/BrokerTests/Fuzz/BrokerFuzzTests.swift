import FuzzChecks
import KafkaWire
import TestSupport
import Testing

/// The claims of the fuzzer's target `broker`, without a fuzzer: over what earlier runs have found, over golden requests
/// and damaged ones, and over scripts of requests with chosen fields.
@Suite(.heavy) struct BrokerFuzzTests {
    private static let fixtures = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Fixtures"

    /// Every file in `Fixtures/fuzz/broker` made a fuzzer stop once.
    @Test func whatWasFoundStaysMended() throws {
        for finding in try FuzzFixture.of(.broker) {
            do throws(Finding) { try FuzzTarget.broker.check(finding.bytes) } catch {
                Issue.record("\(finding.path): \(error)")
            }
        }
    }

    /// Seeds from everywhere in the list, as they are and damaged, always in the same way. Each meets a broker of its own
    /// that has data, which takes a while in a debug build: the fuzzer takes them all.
    @Test func requestsAreAnsweredOrRefused() throws {
        let seeds = try FuzzTarget.broker.seeds(fixtures: Self.fixtures)
            .filter { $0.count <= FuzzTarget.broker.longestInput }
        #expect(seeds.count > 1000)
        var damage = Mutation(seed: 0x6272_6F6B_6572_0000)
        for start in stride(from: 7, to: seeds.count, by: seeds.count / Self.samples) {
            for input in [seeds[start], damage(seeds[start])] {
                do throws(Finding) { try FuzzTarget.broker.check(input) } catch {
                    Issue.record("\(input): \(error)")
                }
            }
        }
    }

    private static let samples = 30

    /// Several seeds in a row: what one leaves behind is what the next one finds.
    @Test func requestsInARowAreAnsweredOrRefused() throws {
        let seeds = try FuzzTarget.broker.seeds(fixtures: Self.fixtures)
        var damage = Mutation(seed: 0x726F_7700)
        for start in stride(from: 0, to: seeds.count, by: seeds.count / Self.samples) {
            let rest = (0..<24).flatMap { damage(seeds[(start + 131 * $0) % seeds.count]).copy().dropFirst() }
            let row = [UInt8(truncatingIfNeeded: 37 * start)] + rest
            do throws(Finding) { try FuzzTarget.broker.check(Bytes(row)) } catch {
                Issue.record("\(Bytes(row)): \(error)")
            }
        }
    }
}
