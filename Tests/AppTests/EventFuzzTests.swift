import FuzzChecks
import KafkaWire
import TestSupport
import Testing

/// The fuzzer's claims about change events, without a fuzzer: see `FuzzTests` of WireTests.
@Suite(.turn) struct EventFuzzTests {
    static let folder: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(3)
        return "/" + parts.joined(separator: "/") + "/Fixtures"
    }()

    static let targets: [FuzzTarget] = [.events, .agents]

    @Test(arguments: targets) func whatWasFoundStaysMended(target: FuzzTarget) throws {
        for finding in try FuzzFixture.of(target) {
            do throws(Finding) { try target.check(finding.bytes) } catch {
                Issue.record("\(finding.path): \(error)")
            }
        }
    }

    @Test(arguments: targets) func damagedEventsAreReadOrRefused(target: FuzzTarget) throws {
        let seeds = try target.seeds(fixtures: Self.folder)
        #expect(seeds.count > 60)
        var damage = Mutation(seed: 0x6465_6265_7A69_756D)
        for seed in seeds {
            for input in [seed, damage(seed), damage(seed)] {
                do throws(Finding) { try target.check(input) } catch { Issue.record("\(error)") }
            }
        }
    }
}
