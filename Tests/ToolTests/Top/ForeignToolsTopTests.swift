import Foundation
import TestSupport
import Testing

/// `kw top` and `demo watch` in a terminal that is not ours, and beside what another client tells; from the Python environment that
/// `KAFKAWIRE_VENV` names.
@Suite(.alone) struct ForeignToolsTopTests {
    private static let python = ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }
    private static let programs = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Foreign"

    @Test(.enabled(if: Self.python != nil)) func aPersonLooksAtACluster() async throws {
        let python = try #require(Self.python)
        let kw = try #require(Program.folder, "kw is not built; swift build --product kw") + "/kw"
        let command = "KW='\(kw)' timeout 250 '\(python)' '\(Self.programs)/test_top.py'"
        #expect(try await runShell(command) == 0)
    }

    @Test(.enabled(if: Self.python != nil)) func aPersonWatchesThePipeline() async throws {
        let python = try #require(Self.python)
        let folder = try #require(Program.folder, "kw is not built; swift build --product kw")
        let command = "KW='\(folder)/kw' DEMO='\(folder)/demo' timeout 150 '\(python)' '\(Self.programs)/test_watch.py'"
        #expect(try await runShell(command) == 0)
    }
}
