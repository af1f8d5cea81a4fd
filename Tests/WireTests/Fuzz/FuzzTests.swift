import Conformance
import FuzzChecks
import KafkaWire
import TestSupport
import Testing

/// The fuzzers' claims, without a fuzzer: over what earlier runs have found, and over damaged golden bytes.
@Suite(.turn) struct FuzzTests {
    static let targets: [FuzzTarget] = [.frames, .messages, .batches, .embedded]

    /// Every file in `Fixtures/fuzz` made a fuzzer stop once.
    @Test(arguments: targets) func whatWasFoundStaysMended(target: FuzzTarget) throws {
        for finding in try FuzzFixture.of(target) {
            do throws(Finding) { try target.check(finding.bytes) } catch { Issue.record("\(finding.path): \(error)") }
        }
    }

    /// The seeds as they are, and each one damaged, always in the same way.
    @Test(arguments: targets) func damagedGoldenBytesAreReadOrRefused(target: FuzzTarget) throws {
        let seeds = try target.seeds(fixtures: Fixture.folder).filter { $0.count <= target.longestInput }
        #expect(seeds.count > 60)
        var damage = Mutation(seed: 0x6B61_666B_6120_7769)
        for seed in seeds {
            for input in [seed, damage(seed)] {
                do throws(Finding) { try target.check(input) } catch { Issue.record("\(target) \(input): \(error)") }
            }
        }
    }

    /// A claim that does not hold is noticed: else none of the above says anything.
    @Test func whatIsTooMuchMemoryIsAFinding() {
        var calls = 0
        func grows() -> Int {
            calls += 1
            return calls * 100 << 20
        }
        let input = Bytes([0, 0, 0, 0, 0, 1, 0xFF])
        #expect(throws: Finding.self) { try FuzzTarget.frames.check(input, allocated: grows) }
    }
}
