import Foundation
import Testing

@testable import KafkaWire

/// What others say of SASL: `Fixtures/sasl`.
enum SASLFixture {
    static let folder: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(4)
        return "/" + parts.joined(separator: "/") + "/Fixtures/sasl/"
    }()

    static func text(_ name: String) throws -> String { try String(contentsOfFile: folder + name, encoding: .utf8) }

    /// The lines of a file as their fields.
    static func rows(_ name: String, fields: Int) throws -> [[String]] {
        let lines = try text(name).unicodeScalars.split(separator: "\n").map(String.init)
        let rows = lines.filter { !$0.hasPrefix("#") }.map {
            $0.unicodeScalars.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
        }
        try #require(!rows.isEmpty && rows.allSatisfy { $0.count == fields })
        return rows
    }

    static func call(
        host: String = "broker.example", milliseconds: Int64 = 1_700_000_000_000, chance: UInt8 = 0
    ) -> SASLCall {
        SASLCall(
            host: host, port: 9092, wallMilliseconds: milliseconds, nonce: [chance] + [UInt8](repeating: 7, count: 23))
    }

    /// A folder that is gone afterwards.
    static func withFolder<R>(_ body: (String) async throws -> R) async throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("kafkawire-\(UUID())").path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try await body(folder)
    }
}

/// An exchange between both sides, to its end.
enum SASLTalk {
    struct Outcome {
        var identity: SASLIdentity?
        var reason: String?
        var clientIsComplete = false
        var error: (any Error)?
    }

    /// Lets both sides talk; `damage` may change each message, by its number.
    static func run(
        _ client: inout some SASLExchange, _ server: inout some SASLServerExchange,
        damage: (Int, [UInt8]) -> [UInt8] = { $1 }
    ) -> Outcome {
        var outcome = Outcome()
        do {
            var message = damage(0, try client.start())
            for turn in 0..<8 {
                let answer: [UInt8]
                switch server.take(message) {
                case .challenge(let bytes): answer = bytes
                case .done(let bytes, let identity):
                    outcome.identity = identity
                    answer = bytes
                case .refused(_, let reason):
                    outcome.reason = reason
                    return outcome
                }
                guard let next = try client.respond(to: damage(2 * turn + 1, answer)) else {
                    outcome.clientIsComplete = client.isComplete
                    return outcome
                }
                message = damage(2 * turn + 2, next)
            }
        } catch { outcome.error = error }
        return outcome
    }
}
