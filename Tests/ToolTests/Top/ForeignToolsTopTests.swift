import Foundation
import Testing

/// `kw top` in a terminal that is not ours, and beside what another client tells; from the Python environment that
/// `KAFKAWIRE_VENV` names.
@Suite struct ForeignToolsTopTests {
    private static let python = ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }
    private static let programs = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Foreign"

    @Test(.enabled(if: Self.python != nil)) func aPersonLooksAtACluster() async throws {
        let python = try #require(Self.python)
        let kw = try #require(Program.folder, "kw is not built; swift build --product kw") + "/kw"
        let command = "KW='\(kw)' timeout 250 '\(python)' '\(Self.programs)/test_top.py'"
        // The script waits for much: on a thread of its own, so that tests beside it go on.
        let status = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: system(command)) }
        }
        #expect(status == 0)
    }
}
