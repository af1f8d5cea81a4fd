import FoundationEssentials
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Clients of others as judges, each suite with a `kw broker` of its own, whose memory it can look at: a script of
/// `Tests/Foreign` each (`judging.py` says how to run one by hand).
@Suite(.serialized, .alone) struct ForeignJudgeTests {
    @Test(
        .enabled(if: Foreigners.python != nil),
        arguments: [
            "test_records", "test_groups", "test_limits", "test_admin", "test_bad_input", "test_doors", "test_sessions",
            "test_permissions", "test_scan",
        ])
    func judges(script: String) async throws {
        let python = try #require(Foreigners.python)
        let program = try #require(Self.program, "kw is not built; swift build --product kw")
        // The script stops what it has started, also when it is stopped itself.
        let status = try await runShell(
            "KW='\(program)' JARS='\(Foreigners.jars ?? "")' timeout --kill-after=10 240 "
                + "'\(python)' '\(Foreigners.programs)/\(script).py'")
        #expect(status == 0, "\(script).py; what it says is above")
    }

    /// `kw` in the folder of the build's products, in which the test bundle lies.
    private static let program: String? = {
        var path = [UInt8](repeating: 0, count: 4096)
        #if os(Linux)
            let count = readlink("/proc/self/exe", &path, path.count)
            guard count > 0 else { return nil }
            let text = String(decoding: path[..<count], as: UTF8.self)
        #else
            let text = CommandLine.arguments[0]
        #endif
        var parts = text.split(separator: "/", omittingEmptySubsequences: false)
        while parts.popLast() != nil {
            let candidate = parts.joined(separator: "/") + "/kw"
            if parts.count > 1, access(candidate, X_OK) == 0 { return candidate }
        }
        return nil
    }()
}
