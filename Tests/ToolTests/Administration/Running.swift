import Foundation
import JSONLines
import KafkaBroker
import TestSupport
import Testing

/// Runs `kw` and the programs of others without holding a thread that the brokers of tests need.
enum Running {
    /// The Python with the clients of others that `KAFKAWIRE_VENV` names; nil where there is none.
    static let python = ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }
    /// The folder of the programs that they run.
    static let programs =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Foreign"

    /// `kw` with these arguments.
    static func kw(_ arguments: [String], input: String = "/dev/null") async throws -> Program.Outcome {
        try await elsewhere { try Program.kw(arguments, input: input) }
    }

    /// `kw` with these arguments, the broker behind them.
    static func kw(_ arguments: String..., at broker: KafkaBroker) async throws -> Program.Outcome {
        try await kw(arguments + ["--bootstrap-server", broker.bootstrapServers])
    }

    /// What `kw … --json` writes, which has to work.
    static func json(_ arguments: String..., at broker: KafkaBroker) async throws -> JSON {
        let outcome = try await kw(arguments + ["--json", "--bootstrap-server", broker.bootstrapServers])
        #expect(outcome.status == 0 && outcome.error.isEmpty, "\(arguments): \(outcome.error)")
        return try #require(JSON(outcome.output), "\(arguments): \(outcome.output)")
    }

    /// What a shell's command writes, which has to work.
    static func shell(_ command: String) async throws -> String {
        try await elsewhere {
            let pipe = try #require(popen(command, "r"))
            var output: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 4096)
            while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
            try #require(pclose(pipe) == 0, "\(command) failed; what it says is above")
            return String(decoding: output, as: UTF8.self)
        }
    }
}
