import Foundation
import Testing

/// Other programs, run with a shell as a person does.
enum Shell {
    /// Whether a program is there.
    static func has(_ program: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(program)") }
    }

    /// Runs a script with bash, `kw` being the built one. Gives its status and what it wrote, errors included. Waits on a
    /// thread of its own, for one minute at most.
    static func run(_ script: String, _ environment: [String: String] = [:]) async throws -> (
        status: Int32, output: String
    ) {
        let capture = try Program.Capture()
        defer { capture.remove() }
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["timeout", "60", "bash", "-c", script]
        var all = ProcessInfo.processInfo.environment
        all["PATH"] = try #require(Program.folder) + ":" + (all["PATH"] ?? "/usr/bin:/bin")
        all["KAFKA_BOOTSTRAP"] = nil
        process.environment = all.merging(environment) { _, new in new }
        let output = try #require(FileHandle(forWritingAtPath: capture.path))
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = output
        process.standardError = output
        let status = try await withCheckedThrowingContinuation {
            (continuation: CheckedContinuation<Int32, any Error>) in
            process.terminationHandler = { continuation.resume(returning: $0.terminationStatus) }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
        return (status, try capture.text())
    }
}
