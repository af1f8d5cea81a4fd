import FuzzChecks
import Glibc
import KafkaWire

/// What a run begins with: the target's seeds, each a file, and its dictionary.
struct Corpus {
    private let seeds: [Bytes]
    private let dictionary: [String]

    init(_ target: FuzzTarget, fixtures: String) throws {
        seeds = try target.seeds(fixtures: fixtures).filter { $0.count <= 4 * target.longestInput }
        dictionary = target.dictionary
    }

    /// Writes the seeds into `folder`, and beside it, under its name and `.dict`, the dictionary.
    func write(to folder: String) throws {
        for (index, seed) in seeds.enumerated() { try Self.write(seed.copy(), to: "\(folder)/seed-\(index)") }
        let lines = dictionary.map { "\"" + $0.unicodeScalars.map(Self.escaped).joined() + "\"\n" }
        try Self.write(Array(lines.joined().utf8), to: "\(folder).dict")
    }

    /// A byte as libFuzzer's dictionaries write it: scalars up to U+00FF stand for bytes.
    private static func escaped(_ scalar: Unicode.Scalar) -> String {
        let isPlain = (0x20..<0x7F).contains(scalar.value) && scalar != "\"" && scalar != "\\"
        if isPlain { return String(scalar) }
        return "\\x" + (scalar.value < 16 ? "0" : "") + String(scalar.value, radix: 16, uppercase: true)
    }

    private static func write(_ bytes: [UInt8], to path: String) throws {
        guard let file = fopen(path, "w") else { throw CorpusError(path: path) }
        let written = fwrite(bytes, 1, bytes.count, file)
        guard fclose(file) == 0, written == bytes.count else { throw CorpusError(path: path) }
    }
}

struct CorpusError: Error, CustomStringConvertible {
    let path: String
    var description: String { "cannot write \(path): \(String(cString: strerror(errno)))" }
}
