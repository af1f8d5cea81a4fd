import JSONLines
import KafkaWire

/// A file of golden vectors, in one of the forms of `Fixtures/golden/README.md`. The form is told from the lines.
package struct VectorFile: Sendable {
    /// What the vectors are about.
    package enum Kind: Equatable, Sendable {
        /// Messages of that name.
        case messages(String)
        case recordBatches
        case assignors
        case murmur2
    }

    /// Where the file stands.
    package let path: String
    package let kind: Kind
    private let lines: [(number: Int, text: String)]

    /// Reads the file at `path`. Throws a sentence that says what is wrong where it cannot be read or holds no vectors.
    package init(path: String) throws(FileError) {
        try self.init(path: path, content: FileContent.bytes(path))
    }

    /// Takes the content of a file.
    package init(path: String, content: [UInt8]) throws(FileError) {
        self.path = path
        lines = FileContent.lines(content)
        guard let first = lines.first?.text else {
            throw FileError("\(path) is empty; give a file of golden vectors")
        }
        if Murmur2Table(head: first) != nil {
            kind = .murmur2
        } else if let vector = JSON(first), let found = Self.kind(vector) {
            kind = found
        } else {
            throw FileError(
                "\(path) holds no golden vectors: its first line is neither a vector in JSON nor the head of a murmur2"
                    + " table")
        }
    }

    private static func kind(_ vector: JSON) -> Kind? {
        if vector["assignor"].text != nil { return .assignors }
        if vector["hex"].text == nil { return nil }
        if vector["batches"] != .null { return .recordBatches }
        guard let api = vector["api"].text else { return nil }
        return .messages(vector["kind"].text == "data" ? "embedded structures" : api)
    }

    /// What came out.
    package struct Report: Sendable {
        /// How many vectors passed.
        package var passed = 0
        /// The vectors that failed: their lines, and why.
        package var failures: [(line: Int, reason: String)] = []
    }

    /// Runs every vector of the file.
    package func run() -> Report {
        var report = Report()
        var lines = lines[...]
        var table: Murmur2Table?
        if kind == .murmur2 { table = lines.popFirst().flatMap { Murmur2Table(head: $0.text) } }
        for line in lines {
            if let reason = table.map({ $0.failure(line.text) }) ?? Self.failure(line.text) {
                report.failures.append((line: line.number, reason: reason))
            } else {
                report.passed += 1
            }
        }
        return report
    }

    private static func failure(_ line: String) -> String? {
        guard let vector = JSON(line) else { return "the line is not JSON" }
        switch kind(vector) {
        case .messages: return MessageVector.failure(vector)
        case .recordBatches: return RecordBatchVector.failure(vector)
        case .assignors: return AssignorVector.failure(vector)
        case .murmur2, nil: return "the line is no vector of a known form"
        }
    }
}
