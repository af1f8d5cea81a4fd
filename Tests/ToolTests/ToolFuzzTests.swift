import FuzzChecks
import KafkaWire
import TestSupport
import Testing

/// The fuzzers' claims about the tool's readers, the proxy, and the programs that read a broker's answers, without a
/// fuzzer: see `FuzzTests` of WireTests.
@Suite(.turn) struct ToolFuzzTests {
    private static let fixtures = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Fixtures"

    @Test(arguments: [FuzzTarget.page, .proxy, .readers, .login, .tls, .answers, .doctor])
    func whatWasFoundStaysMended(target: FuzzTarget) throws {
        for finding in try FuzzFixture.of(target) { Self.hold(target, finding.bytes, finding.path) }
    }

    @Test(arguments: [FuzzTarget.page, .proxy, .readers, .login, .tls]) func whatIsReadHoldsTogether(target: FuzzTarget)
        throws
    {
        let seeds = try target.seeds(fixtures: Self.fixtures).filter { $0.count <= target.longestInput }
        #expect(seeds.count > 60)
        var damage = Mutation(seed: 0x746F_6F6C_7300)
        for seed in seeds { for input in [seed, damage(seed), damage(seed)] { Self.hold(target, input, "\(input)") } }
    }

    /// Every eighth: each takes as long as a client takes to give up.
    @Test(arguments: [FuzzTarget.answers, .doctor]) func changedAnswersEndWithAnErrorOrWithout(target: FuzzTarget)
        throws
    {
        let seeds = try target.seeds(fixtures: Self.fixtures).enumerated().filter { $0.offset % 8 == 3 }.map(\.element)
        #expect(seeds.count > 60)
        for seed in seeds { Self.hold(target, seed, "\(seed)") }
    }

    private static func hold(_ target: FuzzTarget, _ input: Bytes, _ name: String) {
        do throws(Finding) { try target.check(input) } catch { Issue.record("\(target) \(name): \(error)") }
    }
}
