import Foundation

/// The clients of others that tests run, where they are installed, and the way to run them.
enum Foreigners {
    /// The Python of the environment that `KAFKAWIRE_VENV` names; nil where there is none, and its tests are skipped.
    static let python = ProcessInfo.processInfo.environment["KAFKAWIRE_VENV"].map { $0 + "/bin/python" }
    /// The folder with the Java client's jars that `KAFKAWIRE_JARS` names; nil as above.
    static let jars = ProcessInfo.processInfo.environment["KAFKAWIRE_JARS"]
    /// The folder of the programs that the clients run.
    static let programs = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Foreign"
}
