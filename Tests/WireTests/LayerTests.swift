import Foundation
import TestSupport
import Testing

/// The one rule of the house: data flows from left to right, values await nothing and ask for no time, only few folders
/// touch the platform, and libpq stays with the producers and the batch consumers. `DESIGN.md` shows the same order.
@Suite(.turn) struct LayerTests {
    struct Library: Sendable, CustomTestStringConvertible {
        let folder: String
        /// Its folders, left to right.
        let layers: [String]
        /// Those that await, and ask for the time. The others are values, and what lives on their loop.
        let active: Set<String>
        /// Those that may call the system's functions.
        let platform: Set<String>
        /// Those that have to do with sockets.
        let sockets: Set<String>
        /// Those that stand beside the line: they use what is on their left, and nothing uses them.
        var aside: Set<String> = []

        var testDescription: String { folder }
    }

    static let libraries = [
        Library(
            folder: "Sources/KafkaWire",
            layers: [
                "Bytes", "Codec", "Messages", "Records", "Frames", "Explain", "Net", "Security", "Connection",
                "Observing", "Cluster", "Producer", "Consumer", "Admin", "Diagnosis",
            ],
            active: [
                "Net", "Security", "Connection", "Cluster", "Producer", "Consumer", "Admin", "Diagnosis",
            ],
            platform: ["Net", "Security"], sockets: ["Net", "Security", "Connection", "Diagnosis"],
            aside: ["Explain"]),
        Library(
            folder: "Sources/KafkaBroker",
            layers: [
                "Collections", "Clock", "Disk", "Requests", "Configs", "Refusals", "Access", "Quotas", "Log", "Topics",
                "Transactions",
                "Groups", "Fetching", "Cluster", "Storage", "Node", "Handlers", "Hooks", "Server", "API",
            ],
            active: ["Clock", "Server", "API"], platform: ["Disk"], sockets: ["Server"]),
        Library(
            folder: "Sources/KafkaSimulation",
            layers: [
                "Values", "History", "Checking", "Reporting", "Network", "Disk", "Loop", "Simulation",
                "Scenarios",
            ],
            active: ["Loop", "Simulation", "Scenarios"], platform: ["Network", "Disk", "Loop"], sockets: ["Loop"]),
    ]

    /// `kw`: groups of commands, which do without each other, and what knows them all.
    static let tool = Library(
        folder: "Sources/Apps/Tool/KW",
        layers: [
            "Explain", "Broker", "Administration", "Groups", "Records", "Connectors", "Doctor", "Proxy", "Top", "Bench",
            "Simulate", "Manual", "Main",
        ],
        active: [], platform: [], sockets: [])

    /// The rooms of `Sources/Apps`, in the order of `Package.swift`.
    static let rooms = ["Shared", "Pipeline", "Tool", "Checks"]

    struct Source {
        var path: String
        /// The folder in which it stands.
        var layer: String
        /// Without comments and string literals.
        var code: String

        init(_ path: String, _ text: String, in folder: String) {
            self.path = path
            let parts = path.dropFirst(folder.count).split(separator: "/")
            layer = parts.count > 1 ? String(parts[0]) : ""
            code = LayerTests.stripped(text)
        }

        var words: Set<Substring> { Set(code.split { !$0.isLetter && !$0.isNumber && $0 != "_" }) }
    }

    static func sources(of library: Library) -> [Source] {
        files(in: library.folder).map { Source($0, text($0), in: library.folder) }
    }

    /// What is used of folders to the right, or of those beside the line, as sentences: by the names of types that the
    /// library's files declare on their own.
    static func circles(in sources: [Source], of library: Library) -> [String] {
        let declaration =
            #/(?m)^(?:public |package |private |fileprivate |final |indirect )*(?:struct|class|enum|actor|protocol|typealias) ([A-Z][A-Za-z0-9]*)/#
        var homes: [Substring: Set<String>] = [:]
        for source in sources {
            for match in source.code.matches(of: declaration) where !match.output.0.contains("private ") {
                homes[match.output.1, default: []].insert(source.layer)
            }
        }
        let place = Dictionary(uniqueKeysWithValues: library.layers.enumerated().map { ($1, $0) })
        var found: [String] = []
        for source in sources {
            let own = place[source.layer] ?? 0
            // A type of the file's own may have the same name inside of another.
            let inner = Set(source.code.matches(of: #/\b(?:struct|class|enum) ([A-Z][A-Za-z0-9]*)/#).map(\.output.1))
            for word in source.words.subtracting(inner).sorted() {
                guard let layers = homes[word] else { continue }
                let leftmost = layers.compactMap { place[$0] }.min() ?? 0
                let isAside = layers.isSubset(of: library.aside) && !layers.contains(source.layer)
                guard leftmost > own || isAside else { continue }
                found.append("\(source.path) uses \(word) of \(library.layers[leftmost])")
            }
        }
        return found
    }

    @Test(arguments: libraries + [tool]) func everyFileIsInALayer(library: Library) {
        let sources = Self.sources(of: library)
        #expect(sources.count > 10)
        for source in sources { #expect(library.layers.contains(source.layer), "\(source.path)") }
    }

    /// `DESIGN.md` has a line for every folder, in this order.
    @Test(arguments: libraries) func theMapShowsTheFolders(library: Library) {
        let name = library.folder.dropFirst("Sources/".count)
        let map = Self.text("DESIGN.md").split(separator: "\n").drop { !$0.hasPrefix("  \(name)/ ") }.dropFirst()
        let folders = map.prefix { $0.hasPrefix("    ") }.compactMap {
            $0.firstMatch(of: #/^ {4}([A-Z][A-Za-z]*)\/ +\S/#)?.output.1
        }
        let known = Set(Self.sources(of: library).map(\.layer))
        #expect(folders.map(String.init) == library.layers.filter(known.contains))
    }

    @Test(arguments: libraries + [tool]) func aFolderUsesOnlyFoldersToItsLeft(library: Library) {
        for circle in Self.circles(in: Self.sources(of: library), of: library) { Issue.record("\(circle)") }
    }

    @Test(arguments: [
        ("Sources/KafkaWire", "Records", "struct Planted { var connection: BrokerConnection }"),
        ("Sources/KafkaWire", "Admin", "let planted: Explanation"),
        ("Sources/KafkaBroker", "Log", "extension Partition { var planted: Int { 0 } }"),
        ("Sources/KafkaBroker", "Configs", "func planted(_ node: BrokerNode) {}"),
        ("Sources/KafkaBroker", "Handlers", "extension KafkaBroker.Configuration {}"),
        ("Sources/Apps/Tool/KW", "Manual", "let planted = KW.self"),
        ("Sources/Apps/Tool/KW", "Groups", "let planted: ConsumePlan"),
    ])
    func aPlantedCircleIsFound(folder: String, layer: String, code: String) throws {
        let library = try #require((Self.libraries + [Self.tool]).first { $0.folder == folder })
        let planted = Source("\(folder)/\(layer)/Planted.swift", code, in: folder)
        let found = Self.circles(in: Self.sources(of: library) + [planted], of: library)
        #expect(found.count { $0.hasPrefix(planted.path) } == 1)
    }

    // MARK: - Programs

    /// The modules of `Sources/Apps` with their rooms, as `Package.swift` lists them.
    static var modules: [(room: String, name: String)] {
        text("Package.swift").matches(of: #/\b(?:library|program)\(\s*\.([a-z]+), "([A-Za-z]+)"/#).map {
            ($0.output.1.capitalized, String($0.output.2))
        }
    }

    /// What a file imports of modules that are not listed above its own, as sentences.
    static func imports(_ path: String, _ text: String) -> [String] {
        let names = modules.map(\.name)
        let parts = path.split(separator: "/").map(String.init)
        let own = parts[1] == "Apps" ? names.firstIndex(of: parts[3]) ?? -1 : -1
        return text.matches(of: #/(?m)^\s*(?:package |public )?import (?:struct |enum )?([A-Za-z]+)/#).compactMap {
            guard let place = names.firstIndex(of: String($0.output.1)), place >= own else { return nil }
            return "\(path) imports \($0.output.1)"
        }
    }

    @Test func everyModuleIsInARoom() {
        let modules = Self.modules
        #expect(modules.count > 20)
        #expect(modules.map(\.room) == Self.rooms.flatMap { room in modules.map(\.room).filter { $0 == room } })
        let folders = Set(Self.files(in: "Sources/Apps").map { $0.split(separator: "/")[2...3].joined(separator: "/") })
        #expect(folders == Set(modules.map { "\($0.room)/\($0.name)" }))
    }

    @Test func aModuleUsesOnlyThoseListedAboveIt() {
        for path in Self.files(in: "Sources") {
            for circle in Self.imports(path, Self.text(path)) { Issue.record("\(circle)") }
        }
    }

    @Test(arguments: [
        ("Sources/KafkaWire/Net/Planted.swift", "import AppSupport"),
        ("Sources/Apps/Shared/AppSupport/Planted.swift", "import Detectors"),
        ("Sources/Apps/Pipeline/AgentRuntime/Planted.swift", "import ToolKit"),
        ("Sources/Apps/Shared/ClusterView/Planted.swift", "import Proxying"),
        ("Sources/Apps/Tool/KW/Main/Planted.swift", "import struct FuzzChecks.Planted"),
    ])
    func aPlantedImportIsFound(path: String, code: String) {
        #expect(Self.imports(path, code).count == 1)
    }

    // MARK: - What folders may do

    @Test(arguments: libraries) func valuesAwaitNothingAndAskForNoTime(library: Library) {
        let waiting: Set<Substring> = ["await", "async", "Task", "actor", "clock_gettime", "wallMilliseconds"]
        for source in Self.sources(of: library) where !library.active.contains(source.layer) {
            #expect(source.words.isDisjoint(with: waiting), "\(source.path): \(source.words.intersection(waiting))")
        }
    }

    @Test(arguments: libraries) func fewFoldersTouchThePlatform(library: Library) {
        let sockets: Set<Substring> = ["LoopSocket", "TCPSocket", "Resolver"]
        for source in Self.sources(of: library) {
            for module in ["Glibc", "Musl", "Darwin"] where !library.platform.contains(source.layer) {
                #expect(!source.code.contains("import \(module)"), "\(source.path) imports \(module)")
            }
            guard !library.sockets.contains(source.layer) else { continue }
            #expect(source.words.isDisjoint(with: sockets), "\(source.path) has to do with sockets")
        }
    }

    /// Where the system is asked for time, chance and bytes all the same, and why.
    static let ownWorld = [
        "Sources/KafkaWire/Net/": "what the loop is made of",
        "Sources/Apps/Checks/FuzzChecks/Waiting.swift": "a watch over those who may hang, the loop among them",
        "Sources/Apps/Shared/AppSupport/": "the terminal; it knows nothing of Kafka, and so of no loop",
        "Sources/Apps/Shared/ShutdownSignal/": "signals, which no loop brings, for programs without one too",
        "Sources/Apps/Pipeline/PostgreSQL/": "libpq, which waits by itself",
        "Sources/Apps/Pipeline/FraudBatch/": "over libpq, without Kafka",
        "Sources/Apps/Pipeline/FraudProducer/": "over libpq, without Kafka",
        "Sources/Apps/Pipeline/TemperatureConsumer/": "over libpq, without Kafka",
        "Sources/Apps/Pipeline/TemperatureProducer/": "over libpq, without Kafka",
        "Sources/KafkaWire/Security/TLSContext.swift": "certificates' dates, which no simulated clock moves",
        "Sources/KafkaOIDC/": "URLSession, which has sockets and clocks of its own",
        "Sources/Apps/Tool/ConnectREST/": "URLSession, which has sockets and clocks of its own",
        "Sources/Apps/Tool/KW/Connectors/": "over URLSession",
        "Sources/Apps/Tool/Benching/ProcessUsage.swift": "what the processor has worked, which no loop knows",
    ]

    /// What asks the system for the time, waits by its clock, draws by its chance, or opens its sockets.
    static func asks(in code: String) -> [String] {
        // The words in front: most files have none of them, and expressions are slow where tests are built.
        let asking: [(words: [String], Regex<Substring>)] = [
            (["now", "wall"], #/\b(?:Instant|ContinuousClock|SuspendingClock|Timestamp)\.(?:now|wall[A-Za-z]+)\b/#),
            ([".now"], #/(?:^|[^A-Za-z0-9_)\]?!.])\.now\b/#),
            (["Clock()"], #/\b(?:Continuous|Suspending)Clock\(\)/#), (["Date()"], #/\bDate\(\)/#),
            (
                ["time", "random", "addrinfo", "socketpair", "SOCK_STREAM"],
                #/\b(?:clock_gettime|gettimeofday|getrandom|arc4random[a-z_]*|getaddrinfo|socketpair|SOCK_STREAM)\b/#
            ),
            (["sleep"], #/\bTask(?:<[A-Za-z, ]+>)?\.sleep\b/#),
            (["sleep("], #/(?:^|[^.\w])(?:u|nano)?sleep\((?!for\b)/#),
            (["SystemRandom"], #/\bSystemRandomNumberGenerator\b/#),
            (["shuffle", "randomElement"], #/\.(?:shuffled|randomElement|shuffle)\(\)/#), (["UUID()"], #/\bUUID\(\)/#),
            (
                ["TCPSocket.", "resolve", "Resolver"],
                #/\b(?:TCPSocket\.(?:connecting|listening|pair)|SocketAddress\.resolve|Resolver)\b/#
            ),
        ]
        let found = asking.flatMap { words, asked in
            words.contains(where: code.contains) ? code.matches(of: asked).map { String($0.output) } : []
        }
        guard code.contains(".random(") else { return found }
        let draws = code.matches(of: #/\.random\((?:[^()]|\([^()]*\))*\)/#).map { String($0.output) }
        return found + draws.filter { $0.contains("in:") && !$0.contains("using:") }
    }

    /// Time, chance and bytes come from the loop, which is handed in (`Net/EventLoop.swift`).
    @Test func nobodyAsksTheSystemBesideTheLoop() {
        var used: Set<String> = []
        for path in Self.files(in: "Sources") {
            let asks = Self.asks(in: Self.stripped(Self.text(path)))
            guard !asks.isEmpty else { continue }
            if let exception = Self.ownWorld.keys.first(where: { path.hasPrefix($0) }) {
                used.insert(exception)
            } else {
                Issue.record("\(path) asks the system and not the loop: \(asks)")
            }
        }
        #expect(used == Set(Self.ownWorld.keys), "an exception that nobody needs any more")
    }

    @Test(arguments: [
        "let start = Instant.now", "if .now - start > limit {}", "f(now: .now)", "let clock = ContinuousClock()",
        "try await Task.sleep(for: pause)", "_ = usleep(5)", "UInt64.random(in: .min ... .max)",
        "Int.random(in: 0..<(n + 1))",
        "brokers.shuffled()", "var random = SystemRandomNumberGenerator()", "try TCPSocket.listening(on: address)",
        "let found = try SocketAddress.resolve(host: host, port: 0)", "clock_gettime(CLOCK_REALTIME, &time)",
    ])
    func whoAsksTheSystemIsFound(code: String) { #expect(Self.asks(in: code).count == 1) }

    @Test(arguments: [
        "let start = loop.now", "try await loop.sleep(for: pause)", "Double.random(in: 0...1, using: &random)",
        "loop.random()",
        "brokers.shuffled(using: &random)", "try loop.listen(on: address)", "ProcessUsage.now()", "clocks.first?.now",
    ])
    func whoAsksTheLoopIsNot(code: String) { #expect(Self.asks(in: code).isEmpty) }

    /// Text goes to the terminal through `Console` alone, which shows what would steer it; what passes as bytes is records
    /// that were asked for, the agents' own lines, and the frames of live views.
    @Test func oneWayLeadsToTheTerminal() {
        let own = ["Sources/Apps/Shared/AppSupport/Console.swift", "Sources/Apps/Shared/Screens/ScreenTerminal.swift"]
        let raw = [
            "Sources/Apps/Pipeline/AgentRuntime/AgentRun.swift", "Sources/Apps/Tool/KW/Records/ConsumeRun.swift",
            "Sources/Apps/Shared/Screens/LiveScreen.swift",
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

    /// So that `swift test` is green on two cores, too: see `Tests/Support/Turn.swift`.
    @Test func everySuiteHasItsTurn() {
        let suites = #/@Suite(\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))?/#
        for path in Self.files(in: "Tests") {
            for match in Self.text(path).matches(of: suites) where path != "Tests/WireTests/LayerTests.swift" {
                #expect(match.output.0.contains(#/\.(turn|heavy|alone|outside)\b/#), "\(path): \(match.output.0)")
            }
        }
    }

    @Test func theLibrariesDoWithoutFoundation() {
        for path in Self.libraries.flatMap({ Self.files(in: $0.folder) }) {
            #expect(!Self.stripped(Self.text(path)).contains("import Foundation"), "\(path)")
        }
    }

    @Test func uncheckedSendableStandsOnce() {
        let found = Self.libraries.flatMap { Self.files(in: $0.folder) }.filter {
            Self.stripped(Self.text($0)).contains("@unchecked Sendable")
        }
        #expect(found == ["Sources/KafkaWire/Net/Locked.swift"])
    }

    @Test func onlyThePostgreSQLLibraryLinksLibpq() {
        let importers = Self.files(in: "Sources").filter { Self.text($0).contains("import CLibpq") }
        #expect(!importers.isEmpty)
        for path in importers { #expect(path.hasPrefix("Sources/Apps/Pipeline/PostgreSQL/"), "\(path)") }
        let users = Self.files(in: "Sources").filter { Self.text($0).contains("import PostgreSQL") }
        for path in users {
            let app = path.split(separator: "/")[3]
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
