import Foundation
import Testing

/// The one rule of the house: data flows from left to right, values await nothing, only `Net` and `Security` touch the
/// platform, and libpq stays with the producers and the batch consumers.
@Suite struct LayerTests {
    /// The folders of `Sources/KafkaWire`, left to right. `Explain` stands beside them: it uses values only, and nothing
    /// uses it.
    static let layers = [
        "Bytes", "Codec", "Messages", "Records", "Frames", "Explain", "Net", "Security", "Connection", "Cluster",
        "Producer", "Consumer", "Admin", "Diagnosis",
    ]
    static let values: Set = ["Bytes", "Codec", "Messages", "Records", "Frames", "Explain"]
    static let platform: Set = ["Net", "Security"]

    struct Source {
        var path: String
        var layer: String
        /// Without comments and string literals.
        var code: String
    }

    static let sources: [Source] = files(in: "Sources/KafkaWire").map { path in
        let layer = path.split(separator: "/").dropFirst(2).first.map(String.init) ?? ""
        return Source(path: path, layer: layer, code: stripped(text(path)))
    }

    @Test func everyFileIsInALayer() {
        #expect(Self.sources.count > 50)
        for source in Self.sources { #expect(Self.layers.contains(source.layer), "\(source.path)") }
    }

    @Test func aFolderUsesOnlyFoldersToItsLeft() throws {
        let declaration =
            #/(?m)^(?:public |package |private |fileprivate |final |indirect )*(?:struct|class|enum|actor|protocol|typealias) ([A-Z][A-Za-z0-9]*)/#
        var homes: [Substring: Set<String>] = [:]
        for source in Self.sources {
            for match in source.code.matches(of: declaration) where !match.output.0.contains("private ") {
                homes[match.output.1, default: []].insert(source.layer)
            }
        }
        let place = Dictionary(uniqueKeysWithValues: Self.layers.enumerated().map { ($1, $0) })
        for source in Self.sources {
            let own = place[source.layer] ?? 0
            for word in Set(source.code.matches(of: #/\b[A-Z][A-Za-z0-9]*\b/#).map(\.output)) {
                guard let layers = homes[word], !source.code.contains("struct \(word)") else { continue }
                let leftmost = layers.compactMap { place[$0] }.min() ?? 0
                #expect(leftmost <= own, "\(source.path) uses \(word) of \(Self.layers[leftmost])")
                #expect(source.layer == "Explain" || layers != ["Explain"], "\(source.path) uses \(word) of Explain")
            }
        }
    }

    @Test func valuesAwaitNothing() {
        for source in Self.sources where Self.values.contains(source.layer) {
            for word in ["await", "async", "Task", "actor", "clock_gettime"] {
                #expect(
                    !source.code.split { !$0.isLetter && $0 != "_" }.contains(Substring(word)),
                    "\(source.path): \(word)")
            }
        }
    }

    @Test func onlyNetAndSecurityTouchThePlatform() {
        for source in Self.sources where !Self.platform.contains(source.layer) {
            for module in ["Glibc", "Musl", "Darwin"] {
                #expect(!source.code.contains("import \(module)"), "\(source.path) imports \(module)")
            }
        }
    }

    /// Text goes to the terminal through `Console` alone, which shows what would steer it; what passes as bytes is records
    /// that were asked for, the agents' own lines, and the frames of `kw top`.
    @Test func oneWayLeadsToTheTerminal() {
        let own = ["Sources/Apps/AppSupport/Console.swift", "Sources/Apps/KW/Top/TopTerminal.swift"]
        let raw = [
            "Sources/Apps/AgentRuntime/Agent.swift", "Sources/Apps/KW/Records/ConsumeRun.swift",
            "Sources/Apps/KW/Top/TopSession.swift",
        ]
        let words: Set<Substring> = [
            "debugPrint", "FileHandle", "fputs", "fwrite", "fprintf", "vprintf", "printf", "dprintf", "putchar", "puts",
            "perror", "stdout", "stderr", "standardOutput", "standardError", "STDERR_FILENO",
        ]
        for path in Self.files(in: "Sources") where !own.contains(path) {
            let code = Self.stripped(Self.text(path))
            let used = words.intersection(code.split { !$0.isLetter && $0 != "_" })
            #expect(used.isEmpty, "\(path) prints beside Console: \(used)")
            // Others than Swift's are methods: behind a dot, or of the file itself.
            let prints = code.matches(of: #/(func |\.)?\bprint\(/#).contains { $0.output.1 == nil }
            #expect(!prints || code.contains("func print("), "\(path) prints beside Console")
            #expect(
                raw.contains(path) || !code.contains("console.write(bytes") && !code.contains("console.write(buffer"),
                "\(path) writes bytes to the console")
        }
    }

    @Test func theLibrariesDoWithoutFoundation() {
        for path in Self.files(in: "Sources/KafkaWire") + Self.files(in: "Sources/KafkaBroker") {
            #expect(!Self.stripped(Self.text(path)).contains("import Foundation"), "\(path)")
        }
    }

    @Test func uncheckedSendableStandsOnce() {
        let found = (Self.files(in: "Sources/KafkaWire") + Self.files(in: "Sources/KafkaBroker")).filter {
            Self.stripped(Self.text($0)).contains("@unchecked Sendable")
        }
        #expect(found == ["Sources/KafkaWire/Net/Locked.swift"])
    }

    @Test func onlyThePostgreSQLLibraryLinksLibpq() {
        let importers = Self.files(in: "Sources").filter { Self.text($0).contains("import CLibpq") }
        #expect(!importers.isEmpty)
        for path in importers { #expect(path.hasPrefix("Sources/Apps/PostgreSQL/"), "\(path)") }
        let users = Self.files(in: "Sources").filter { Self.text($0).contains("import PostgreSQL") }
        for path in users {
            let app = path.split(separator: "/")[2]
            #expect(
                ["TemperatureProducer", "TemperatureConsumer", "FraudProducer", "FraudBatch"].contains(app), "\(path)")
        }
    }

    // MARK: - Files

    private static let root = Fixture.folder.dropLast("Fixtures/".count)

    static func files(in folder: String) -> [String] {
        let found = FileManager.default.enumerator(atPath: root + folder)?.compactMap { $0 as? String } ?? []
        return found.filter { $0.hasSuffix(".swift") }.map { "\(folder)/\($0)" }.sorted()
    }

    static func text(_ path: String) -> String { (try? String(contentsOfFile: root + path, encoding: .utf8)) ?? "" }

    static func stripped(_ text: String) -> String {
        text.replacing(#/"""(?s:.*?)"""/#, with: "").replacing(#/"(\\.|[^"\\\n])*"/#, with: "")
            .replacing(#//\/[^\n]*/#, with: "")
    }
}
