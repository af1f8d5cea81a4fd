import Foundation
import KafkaWire

@testable import KafkaBroker

/// A folder for one test, removed with it.
final class TemporaryFolder {
    let path: String

    init() {
        path = NSTemporaryDirectory() + "kafkawire-\(UUID().uuidString)"
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// The folder of a partition in it.
    var logFolder: LogFolder { logFolder(FilePool()) }

    func logFolder(_ pool: FilePool) -> LogFolder {
        LogFolder(Folder(path + "/orders-0"), topicId: TopicID(Uuid(high: 1, low: 2)), pool: pool)
    }

    /// The names in a folder below.
    func names(in folder: String = "") -> [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: path + "/" + folder)) ?? []).sorted()
    }

    func bytes(of name: String) -> [UInt8] {
        [UInt8](FileManager.default.contents(atPath: path + "/" + name) ?? Data())
    }

    /// The bytes of a file in it that is named by its whole path.
    func bytes(at path: String) -> [UInt8] { bytes(of: String(path.dropFirst(self.path.count + 1))) }

    func write(_ bytes: [UInt8], to name: String) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: path + "/" + name))
    }

    func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(atPath: path + "/" + name, withIntermediateDirectories: true)
    }

    /// Holds what another one holds at the moment, as a kill would leave it.
    func copy(from other: TemporaryFolder) throws {
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.copyItem(atPath: other.path, toPath: path)
    }
}
