import AppSupport
import ArgumentParser
import Captures
import JSONLines
import KafkaWire
import Screens
import ToolKit

/// `kw explain`: a line for every field of a message.
struct ExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Explain every byte of a request, a response, or of record batches.",
        discussion: """
            Without --api, the bytes are a request's whole frame (size, header, body): the header says what it is. With \
            --api and --version they are a body, or, where the size in front fits, a whole frame; --body and --frame \
            decide where that is not clear. A response does not say what it answers, so it always needs --api and \
            --version. Bytes come from the arguments, from --file, or from standard input, in hexadecimal or raw.

            kw explain 0000000d 0012 0000 00000007 0003 666f6f
            kw explain --api Metadata --version 1 --response --file answer.bin
            kw explain --records --file 00000000000000000000.log
            kw explain --file exchange.jsonl --frames 3,5-7
            kw explain --schema Fetch --version 13
            kw explain --diff Fetch 11 13
            """)

    @Argument(help: "The bytes in hexadecimal; spaces and colons do not matter.")
    var hex: [String] = []

    @Option(
        name: [.short, .long],
        help: "A file with the bytes, in hexadecimal or raw, or a capture; - is standard input.")
    var file: String?

    @Flag(help: "Take the input as raw bytes, even if it looks like hexadecimal.")
    var raw = false

    @Option(help: "The API's name or number, such as Fetch or 1.")
    var api: String?

    @Option(help: "The API's version.")
    var version: Int16?

    @Flag(help: "Which side the bytes are from.")
    var direction = Direction.request

    @Flag(help: "What the bytes are, where it is not clear.")
    var form: Form?

    @Flag(help: "Show passwords, tokens and SASL exchanges, of which otherwise only the length is shown.")
    var showSecrets = false

    @Option(help: "Of several frames these, such as 3,5-7 or 10-.")
    var frames: FrameNumbers?

    @Flag(help: "Of several frames only a line each.")
    var list = false

    @Option(help: "Only rows at this path and below, such as topics[0].partitions; more than once for more of them.")
    var only: [String] = []

    @Option(help: "Only rows from the one with this byte on.")
    var fromOffset: Int = 0

    @Option(help: "Only so many levels of nesting.")
    var depth: Int?

    @Option(
        help: ArgumentHelp(
            "The fields of an API instead; with --version as that version writes them.", valueName: "api"))
    var schema: String?

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("What changes between two versions of an API: Fetch 11 13.", valueName: "api a b"))
    var diff: [String] = []

    @Flag(help: "The APIs that this build knows, with their versions.")
    var apis = false

    @Flag(help: "Show varints, and numbers that are sets of bits, bit by bit.")
    var bits = false

    @Flag(help: "JSON for programs: an object with all rows, for several frames one on each line.")
    var json = false

    enum Direction: EnumerableFlag {
        case request, response
    }

    enum Form: EnumerableFlag {
        case frame, body, records

        static func help(for value: Form) -> ArgumentHelp? {
            switch value {
            case .frame: "A whole frame: size, header, body."
            case .body: "A body alone."
            case .records: "Record batches back to back, as in a segment of a broker's log."
            }
        }
    }

    func validate() throws {
        if let depth, depth < 1 { throw ValidationError("--depth must be 1 or more") }
        let definitions = [apis, schema != nil, !diff.isEmpty].filter { $0 }.count
        if definitions > 1 { throw ValidationError("give one of --schema, --diff and --apis") }
        if definitions == 1, !hex.isEmpty || file != nil || api != nil {
            throw ValidationError("--schema, --diff and --apis show definitions and take no bytes")
        }
    }

    func run() throws {
        let console = Console()
        if apis || schema != nil || !diff.isEmpty { return try showDefinitions(on: console) }
        let subject: Subject
        do { subject = try self.subject(try input()) } catch let error as FileError {
            console.note("kw explain: \(error)")
            throw ExitCode(1)
        }
        switch subject {
        case .one(let explanation, let count):
            if !only.isEmpty && !isShown(explanation) {
                throw ValidationError("no row has the path \(only.joined(separator: " or "))")
            }
            show(explanation, count: count, on: console)
            console.flush()
            if let failure = explanation.failure {
                console.note("kw explain: \(failure)")
                throw ExitCode(1)
            }
        case .frames(let all):
            try show(all, on: console)
        }
    }

    private enum Subject {
        case one(Explanation, count: Int)
        case frames([NumberedFrame])
    }

    // MARK: - Showing

    private var selection: RowSelection {
        RowSelection(paths: only, offset: fromOffset, depth: depth ?? .max)
    }

    private func isShown(_ explanation: Explanation) -> Bool {
        selection.pieces(explanation.rows).contains { if case .row = $0 { true } else { false } }
    }

    private func show(_ explanation: Explanation, count: Int, frame: [(String, String)] = [], on console: Console) {
        if json {
            console.line(
                ExplanationJSON.text(
                    explanation, count: count, selection: selection, showsBits: bits, frame: frame))
        } else {
            let width = Terminal.outputWidth
            let text = ExplanationText(explanation, width: width, selection: selection, showsBits: bits) {
                console.paint($0, $1)
            }
            text.lines.forEach(console.line)
        }
    }

    private func show(_ all: [NumberedFrame], on console: Console) throws {
        let shown = all.filter { frames?.contains($0.number) ?? true }
        guard !shown.isEmpty || frames == nil else {
            throw ValidationError("there are \(all.count) frames, and none of those that --frames wants")
        }
        var hasFailed = false
        for (index, frame) in shown.enumerated() {
            if list {
                let line = frame.line(last: all.count)
                let lines = TextWidth.hanging(line, Terminal.outputWidth, indent: 4)
                (json ? [JSONText.object(frame.json)] : lines).forEach(console.line)
                continue
            }
            let explanation = frame.explanation(showSecrets)
            if !json {
                if index > 0 { console.line("") }
                for line in TextWidth.hanging(frame.line(last: 0), Terminal.outputWidth, indent: 4) {
                    console.line(console.paint(line, .yellow))
                }
            }
            show(explanation, count: frame.bytes.count, frame: frame.json, on: console)
            if let failure = explanation.failure {
                console.note("kw explain: frame \(frame.number): \(failure)")
                hasFailed = true
            }
        }
        console.flush()
        if hasFailed { throw ExitCode(1) }
    }

    // MARK: - Definitions

    private func showDefinitions(on console: Console) throws {
        let lines: [String]
        if let schema {
            let api = try Self.api(schema)
            if let version { try Self.requireVersion(version, of: api.request) }
            let text = SchemaText(api: api, version: version, width: Terminal.outputWidth) { console.paint($0, $1) }
            lines = json ? [text.json] : text.lines
        } else if apis {
            lines = json ? SchemaText.listJSON : SchemaText.list { console.paint($0, $1) }
        } else {
            guard diff.count == 3, let first = Int16(diff[1]), let second = Int16(diff[2]) else {
                throw ValidationError("--diff wants an API and two versions, such as --diff Fetch 11 13")
            }
            let api = try Self.api(diff[0])
            for version in [first, second] { try Self.requireVersion(version, of: api.request) }
            let text = SchemaDifferenceText(api: api, first: first, second: second, width: Terminal.outputWidth) {
                console.paint($0, $1)
            }
            lines = json ? [text.json] : text.lines
        }
        lines.forEach(console.line)
        console.flush()
    }

    private static func api(_ name: String) throws -> API {
        guard let api = NearestNames.api(name) else { throw ValidationError(NearestNames.sentence(name)) }
        return api
    }

    private static func requireVersion(_ version: Int16, of type: any WireMessage.Type) throws {
        let known = type.versions
        guard !known.contains(version) else { return }
        throw ValidationError(
            "\(type.wireName) has no version \(version); known are \(known.lowerBound) to \(known.upperBound)")
    }

    // MARK: - Reading

    private func subject(_ content: Content) throws -> Subject {
        let bytes: Bytes
        switch content {
        case .capture(let capture):
            guard api == nil, form == nil else {
                throw ValidationError("a capture says itself what its frames are: leave out --api and --body")
            }
            return .frames(NumberedFrame.all(of: capture))
        case .bytes(let array): bytes = Bytes(array)
        }
        if form == .records { return .one(Explanation(records: bytes), count: bytes.count) }
        guard let name = api else {
            guard direction == .request, form != .body else {
                throw ValidationError("a \(direction == .response ? "response" : "body") needs --api and --version")
            }
            return requests(bytes)
        }
        let api = try Self.api(name)
        let type: any WireMessage.Type = direction == .request ? api.request : api.response
        let isFrame = form == .frame || form == nil && startsWithItsSize(bytes)
        if isFrame && direction == .request { return requests(bytes) }
        let known = type.versions
        guard let version else {
            throw ValidationError("give --version, \(known.lowerBound) to \(known.upperBound) of \(api.name)")
        }
        try Self.requireVersion(version, of: type)
        guard isFrame else {
            let explanation = Explanation(body: bytes, of: type, version: version, showsSecrets: showSecrets)
            return .one(explanation, count: bytes.count)
        }
        let parts = NumberedFrame.cut(bytes)
        if parts.count > 1 || picksFrames {
            return .frames(NumberedFrame.responses(parts, of: type, version: version))
        }
        let explanation = Explanation(responseFrame: bytes, of: type, version: version, showsSecrets: showSecrets)
        return .one(explanation, count: bytes.count)
    }

    private var picksFrames: Bool { list || frames != nil }

    private func requests(_ bytes: Bytes) -> Subject {
        let parts = NumberedFrame.cut(bytes)
        if parts.count > 1 || picksFrames { return .frames(NumberedFrame.requests(parts)) }
        return .one(Explanation(requestFrame: bytes, showsSecrets: showSecrets), count: bytes.count)
    }

    /// Whether the bytes are frames, each with its size in front, and nothing besides.
    private func startsWithItsSize(_ bytes: Bytes) -> Bool {
        NumberedFrame.cut(bytes).allSatisfy(Capture.Frame.isWhole)
    }

    private enum Content {
        case bytes([UInt8])
        case capture(Capture)
    }

    private func input() throws -> Content {
        if !hex.isEmpty {
            guard file == nil else { throw ValidationError("give the bytes as arguments or in a file, not both") }
            let bare = hex.map { $0.hasPrefix("0x") ? $0.dropFirst(2) : $0[...] }
            return .bytes(try digits(bare.joined(separator: " "), of: "the arguments"))
        }
        if file == nil && Terminal.inputIsTerminal {
            throw ValidationError("give the bytes in hexadecimal, with --file, or on standard input")
        }
        let content = try FileContent.bytes(file ?? "-")
        if !raw && Capture.isCapture(content) { return .capture(try Capture(content, name: file ?? "the input")) }
        // Text is taken for hexadecimal; whatever holds bytes that no text has is raw.
        let isText = content.allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
        if raw || !isText { return .bytes(content) }
        return .bytes(try digits(String(decoding: content, as: UTF8.self), of: file ?? "the input"))
    }

    private func digits(_ text: String, of source: String) throws -> [UInt8] {
        if let bytes = Hex.decode(text) { return bytes }
        let stranger = text.first { !$0.isHexDigit && !$0.isWhitespace && $0 != ":" }
        let reason = stranger.map { "holds \"\($0)\", which is no hexadecimal digit" } ?? "ends with half a byte"
        throw ValidationError("\(source) \(reason)" + (file == nil ? "" : "; for raw bytes use --raw"))
    }
}
