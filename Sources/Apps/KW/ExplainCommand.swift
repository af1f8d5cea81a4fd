import AppSupport
import ArgumentParser
import Conformance
import KafkaWire

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

            kw explain 0000001f00120004000000070003666f6f000a6b61666b617769726506302e312e3000
            kw explain --api Metadata --version 1 --response --file answer.bin
            kw explain --records --file 00000000000000000000.log
            """)

    @Argument(help: "The bytes in hexadecimal; spaces and colons do not matter.")
    var hex: [String] = []

    @Option(name: [.short, .long], help: "A file with the bytes, in hexadecimal or raw; - is standard input.")
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

    @Flag(help: "One JSON object with all rows, for programs.")
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

    func run() throws {
        let console = Console()
        let bytes: Bytes
        do { bytes = Bytes(try input()) } catch let error as FileError {
            console.note("kw explain: \(error)")
            throw ExitCode(1)
        }
        let explanation = try explain(bytes)
        if json {
            console.line(ExplanationText.json(explanation, count: bytes.count))
        } else {
            let text = ExplanationText(explanation, width: Terminal.outputWidth) { console.paint($0, $1) }
            text.lines.forEach(console.line)
        }
        console.flush()
        if let failure = explanation.failure {
            console.note("kw explain: \(failure)")
            throw ExitCode(1)
        }
    }

    private func explain(_ bytes: Bytes) throws -> Explanation {
        if form == .records { return Explanation(records: bytes) }
        guard let name = api else {
            guard direction == .request, form != .body else {
                throw ValidationError("a \(direction == .response ? "response" : "body") needs --api and --version")
            }
            return Explanation(requestFrame: bytes, showsSecrets: showSecrets)
        }
        guard let api = Int16(name).flatMap({ API.of(APIKey(rawValue: $0)) }) ?? API.named(name) else {
            throw ValidationError(
                "this build does not know the API \(name); it knows " + API.all.map(\.name).joined(separator: ", "))
        }
        let type: any WireMessage.Type = direction == .request ? api.request : api.response
        let isFrame = form == .frame || form == nil && startsWithItsSize(bytes)
        if isFrame && direction == .request { return Explanation(requestFrame: bytes, showsSecrets: showSecrets) }
        let known = type.versions
        guard let version else {
            throw ValidationError("give --version, \(known.lowerBound) to \(known.upperBound) of \(api.name)")
        }
        guard known.contains(version) else {
            throw ValidationError(
                "\(type.wireName) has no version \(version); known are \(known.lowerBound) to \(known.upperBound)")
        }
        return isFrame
            ? Explanation(responseFrame: bytes, of: type, version: version, showsSecrets: showSecrets)
            : Explanation(body: bytes, of: type, version: version, showsSecrets: showSecrets)
    }

    private func startsWithItsSize(_ bytes: Bytes) -> Bool {
        var reader = ByteReader(bytes)
        guard let size = try? reader.integer(Int32.self) else { return false }
        return Int(size) == bytes.count - 4
    }

    private func input() throws -> [UInt8] {
        if !hex.isEmpty {
            guard file == nil else { throw ValidationError("give the bytes as arguments or in a file, not both") }
            let bare = hex.map { $0.hasPrefix("0x") ? $0.dropFirst(2) : $0[...] }
            return try digits(bare.joined(separator: " "), of: "the arguments")
        }
        if file == nil && Terminal.inputIsTerminal {
            throw ValidationError("give the bytes in hexadecimal, with --file, or on standard input")
        }
        let content = try FileContent.bytes(file ?? "-")
        // Text is taken for hexadecimal; whatever holds bytes that no text has is raw.
        let isText = content.allSatisfy { (0x20..<0x7F).contains($0) || (0x09...0x0D).contains($0) }
        return raw || !isText ? content : try digits(String(decoding: content, as: UTF8.self), of: file ?? "the input")
    }

    private func digits(_ text: String, of source: String) throws -> [UInt8] {
        if let bytes = Hex.decode(text) { return bytes }
        let stranger = text.first { !$0.isHexDigit && !$0.isWhitespace && $0 != ":" }
        let reason = stranger.map { "holds \"\($0)\", which is no hexadecimal digit" } ?? "ends with half a byte"
        throw ValidationError("\(source) \(reason)" + (file == nil ? "" : "; for raw bytes use --raw"))
    }
}
