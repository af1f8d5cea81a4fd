import Conformance
import JSONLines
import Testing

/// The files in `Fixtures/`: bytes that others wrote.
enum Fixture {
    static let folder: String = {
        var parts = #filePath.split(separator: "/")
        parts.removeLast(4)
        return "/" + parts.joined(separator: "/") + "/Fixtures/"
    }()

    static func lines(_ path: String) throws -> [String] {
        FileContent.lines(try FileContent.bytes(folder + path)).map(\.text)
    }

    static func json(_ path: String) throws -> [JSON] {
        try lines(path).map { try #require(JSON($0)) }
    }
}
