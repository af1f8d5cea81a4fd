import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// A file of a simulated disk: what it has after what was done to it, and what a loss of power leaves of that.
@Suite(.turn) struct DiskFileTests {
    /// Something that is done to a file.
    enum Step: Sendable {
        case write(String, at: Int)
        case cut(Int)
        case flush
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var steps: [Step]
        /// What a process reads afterwards, as one does that was killed and started again.
        var kept: String
        /// What is there where all that was not flushed is lost.
        var safe: String
        /// What may be there where some of it is.
        var torn: Set<String>

        var testDescription: String { name }
    }

    /// A dot is a zero, as holes have it.
    static let rows: [Row] = [
        Row(name: "nothing", steps: [], kept: "", safe: "", torn: [""]),
        Row(
            name: "what was not flushed", steps: [.write("ab", at: 0)], kept: "ab", safe: "",
            torn: ["", "a", "ab"]),
        Row(name: "what was", steps: [.write("ab", at: 0), .flush], kept: "ab", safe: "ab", torn: ["ab"]),
        Row(
            name: "appended", steps: [.write("ab", at: 0), .flush, .write("cd", at: 2)], kept: "abcd", safe: "ab",
            torn: ["ab", "abc", "abcd"]),
        Row(
            name: "appended and flushed",
            steps: [.write("ab", at: 0), .flush, .write("cd", at: 2), .flush, .write("e", at: 4)], kept: "abcde",
            safe: "abcd", torn: ["abcd", "abcde"]),
        Row(
            name: "written over", steps: [.write("abcd", at: 0), .flush, .write("XY", at: 1)], kept: "aXYd",
            safe: "abcd", torn: ["abcd", "aXcd", "aXYd"]),
        Row(
            name: "written over twice",
            steps: [.write("abcd", at: 0), .flush, .write("XY", at: 1), .write("Z", at: 2)], kept: "aXZd",
            // A page goes to the disk as it is when it goes: so the first change may bring what the second one wrote.
            safe: "abcd", torn: ["abcd", "aXcd", "aXZd"]),
        Row(
            name: "written over and beyond the end", steps: [.write("abc", at: 0), .flush, .write("XYZ", at: 2)],
            kept: "abXYZ", safe: "abc", torn: ["abc", "abX", "abXY", "abXYZ"]),
        Row(
            name: "with a hole", steps: [.write("a", at: 0), .flush, .write("b", at: 3)], kept: "a..b", safe: "a",
            torn: ["a", "a..b"]),
        Row(
            name: "cut", steps: [.write("abcd", at: 0), .flush, .cut(1)], kept: "a", safe: "abcd",
            torn: ["abcd", "a"]),
        Row(
            name: "cut and flushed", steps: [.write("abcd", at: 0), .flush, .cut(1), .flush], kept: "a", safe: "a",
            torn: ["a"]),
        Row(
            name: "cut and appended", steps: [.write("abcd", at: 0), .flush, .cut(1), .write("XYZVW", at: 1)],
            kept: "aXYZVW", safe: "abcd",
            torn: ["abcd", "a", "aX", "aXY", "aXYZ", "aXYZV", "aXYZVW"]),
        Row(
            name: "written over, cut and appended",
            steps: [.write("abcd", at: 0), .flush, .write("X", at: 3), .cut(2), .write("YZ", at: 2)], kept: "abYZ",
            safe: "abcd", torn: ["abcd", "abcZ", "ab", "abY", "abYZ"]),
        Row(
            name: "cut twice", steps: [.write("abcd", at: 0), .flush, .cut(3), .cut(1)], kept: "a", safe: "abcd",
            torn: ["abcd", "abc", "a"]),
        Row(
            name: "cut behind its end", steps: [.write("ab", at: 0), .flush, .cut(2), .cut(9)], kept: "ab", safe: "ab",
            torn: ["ab"]),
        Row(
            name: "begun anew", steps: [.write("ab", at: 0), .cut(0), .write("c", at: 0), .flush], kept: "c",
            safe: "c", torn: ["c"]),
    ]

    private static func file(_ steps: [Step]) -> DiskFile {
        var file = DiskFile()
        for step in steps {
            switch step {
            case .write(let text, let place):
                let bytes = Array(text.utf8)
                // In two parts, as a head and its records are.
                let half = bytes.count / 2
                bytes.withUnsafeBytes { all in
                    file.write(
                        [
                            UnsafeRawBufferPointer(rebasing: all[..<half]),
                            UnsafeRawBufferPointer(rebasing: all[half...]),
                        ],
                        at: place..<place + all.count)
                }
            case .cut(let size): file.cut(to: size)
            case .flush: file.flush()
            }
        }
        return file
    }

    private static func text(_ bytes: [UInt8]) -> String {
        String(decoding: bytes.map { $0 == 0 ? UInt8(ascii: ".") : $0 }, as: UTF8.self)
    }

    @Test(arguments: rows) func whatIsLeft(row: Row) {
        let file = Self.file(row.steps)
        #expect(Self.text(file.bytes) == row.kept)
        #expect(Self.text(file.safe) == row.safe)
        var seen: Set<String> = []
        for seed in 0..<500 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            seen.insert(Self.text(file.torn(&random)))
        }
        #expect(seen == row.torn)
    }

    @Test func aFileThatIsMadeOfBytesIsSafe() {
        let file = DiskFile(Array("ab".utf8))
        #expect(Self.text(file.safe) == "ab" && file.changes.isEmpty)
    }

    /// What is safe is the same as if it were a copy, whatever is done.
    @Test func whatIsSafeIsWhatWasFlushed() {
        for seed in 0..<300 as Range<UInt64> {
            var random = RandomSource(seed: seed)
            var file = DiskFile()
            var safe: [UInt8] = []
            for _ in 0..<40 {
                switch random.next() % 5 {
                case 0:
                    file.flush()
                    safe = file.bytes
                case 1: file.cut(to: Int(random.next() % 30))
                default:
                    let start = Int(random.next() % UInt64(file.bytes.count + 3))
                    let bytes = (0..<Int(random.next() % 8)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                    bytes.withUnsafeBytes { file.write([$0], at: start..<start + $0.count) }
                }
                #expect(file.safe == safe, "seed \(seed)")
            }
        }
    }
}
