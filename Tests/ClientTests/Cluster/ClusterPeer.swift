import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// A client of others that works in the cluster beside ours: `JavaClusterPeer.java` or `cluster_peer.py`, which say what
/// they do.
final class ClusterPeer: ShareHolder {
    enum Client: CaseIterable, Sendable {
        case java, librdkafka

        /// What is missing to run it; nil where it is there.
        var missing: String? {
            switch self {
            case .java:
                Self.jars == nil
                    ? "KAFKAWIRE_JARS names no folder with the Java client's jars; see scripts/setup.sh" : nil
            case .librdkafka:
                Self.python == nil
                    ? "KAFKAWIRE_VENV names no environment with confluent-kafka; see scripts/setup.sh" : nil
            }
        }

        static let jars = ProcessInfo.processInfo.environment["KAFKAWIRE_JARS"].flatMap { $0.isEmpty ? nil : $0 }
        static let python = ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }
            .flatMap { FileManager.default.isExecutableFile(atPath: $0) ? $0 : nil }
        private static let programs =
            "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Foreign"

        fileprivate var command: [String] {
            switch self {
            case .java:
                // It does little, and there are several: as few threads and as little compiling as it goes.
                [
                    "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m", "-cp", "\(Self.jars ?? "")/*",
                    "\(Self.programs)/JavaClusterPeer.java",
                ]
            case .librdkafka: [Self.python ?? "", "\(Self.programs)/cluster_peer.py"]
            }
        }
    }

    private struct Heard {
        var partitions: [PartitionID] = []
        var values: [String] = []
        /// The partitions that records of a key went to.
        var sent: [String: PartitionID] = [:]
        /// What it was refused, and what its end was.
        var refusals: [String] = []
        var error: String?
        var isReady = false
        var isDone = false
    }

    private let heard = Locked(Heard())
    private let process: Process
    private let input = Foundation.Pipe()
    private let client: Client

    init(_ client: Client, _ words: [String]) throws {
        self.client = client
        // One that has ended hears nothing more, which its error tells.
        signal(SIGPIPE, SIG_IGN)
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = client.command + words
        let output = Foundation.Pipe()
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let reading = output.fileHandleForReading
        let heard = heard
        Thread.detachNewThread {
            var rest: [UInt8] = []
            while true {
                let data = reading.availableData
                if data.isEmpty { break }
                rest += data
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    rest.removeSubrange(...end)
                    heard.withLock { Self.take(line, &$0) }
                }
            }
            heard.withLock {
                if !$0.isDone, $0.error == nil { $0.error = "it ended without a word" }
                $0.partitions = []
            }
        }
    }

    private static func take(_ line: String, _ heard: inout Heard) {
        let words = line.split(separator: " ", maxSplits: 1)
        let rest = words.count > 1 ? String(words[1]) : ""
        switch words.first {
        case "ready": heard.isReady = true
        case "assigned":
            heard.partitions = rest.split(separator: " ").compactMap { Int($0) }.map(PartitionID.init(index:))
        case "value": heard.values.append(rest)
        case "sent":
            let parts = rest.split(separator: " ")
            if parts.count == 2, let number = Int(parts[1]) {
                heard.sent[String(parts[0])] = PartitionID(index: number)
            }
        case "refused", "trouble": heard.refusals.append(rest)
        case "error": heard.error = rest
        case "done": heard.isDone = true
        default: break
        }
    }

    var partitionNumbers: [PartitionID] { heard.withLock { $0.partitions } }
    var values: [String] { heard.withLock { $0.values } }
    var sent: [String: PartitionID] { heard.withLock { $0.sent } }
    /// Whether it was refused nothing.
    var isUndisturbed: Bool { heard.withLock { $0.refusals.isEmpty && $0.error == nil } }

    /// Waits until it runs; a Java machine on a busy computer takes its time.
    func ready() async throws {
        try await inTime {
            let (isReady, error) = heard.withLock { ($0.isReady, $0.error) }
            if let error { throw Failure(description: "\(client): \(error)") }
            return isReady
        }
    }

    func write(_ lines: [String]) async throws {
        let handle = input.fileHandleForWriting
        let bytes = Data(lines.map { $0 + "\n" }.joined().utf8)
        try await elsewhere { try handle.write(contentsOf: bytes) }
    }

    /// Ends its input, and waits for it to end.
    func finish() async throws {
        try input.fileHandleForWriting.close()
        try await inTime {
            let (isDone, error) = heard.withLock { ($0.isDone, $0.error) }
            if let error { throw Failure(description: "\(client): \(error)") }
            return isDone
        }
    }

    func kill() {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }

    struct Failure: Error, CustomStringConvertible { var description: String }
}
