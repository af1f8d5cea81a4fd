import AppSupport
import ArgumentParser
import ClientSetup
import JSONLines
import KafkaWire
import LogDump
import ToolKit

/// `kw dump-log`: the files of a broker's log in the lines of `kafka-dump-log`.
struct DumpLogCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "dump-log",
        abstract: "Print a broker's segments and indexes, record by record (kafka-dump-log).",
        discussion: """
            Files end in .log, .checkpoint, .index, .timeindex or .txnindex; snapshots of producers are not read. The decoders \
            show what Kafka keeps in its own topics; of __cluster_metadata they know the records that kw broker writes, of \
            __consumer_offsets all but those of share and streams groups. Every byte is shown by kw explain --records, which \
            has --json too.

            kw dump-log --files data/orders-0/00000000000000000000.log --print-data-log
            kw dump-log --offsets-decoder --files data/__consumer_offsets-0/0.log
            """)

    @Option(
        parsing: .unconditional, help: ArgumentHelp("The files, with commas between them.", valueName: "file,file"),
        completion: .file())
    var files: String

    @Flag(help: "Print keys and values too; every decoder does.") var printDataLog = false
    @Flag(help: "Print a line for each record, not for each batch only.") var deepIteration = false
    @Flag(help: "Leave out what is said of records beside keys and values.") var skipRecordMetadata = false
    @Flag(help: "Of an index print nothing but what does not fit the log.") var verifyIndexOnly = false
    @Flag(help: "Of an index say only whether its form is sound.") var indexSanityCheck = false

    @Flag(help: "The records are those of __consumer_offsets.") var offsetsDecoder = false
    @Flag(help: "The records are those of __transaction_state.") var transactionLogDecoder = false
    @Flag(help: "The records are those of __cluster_metadata.") var clusterMetadataDecoder = false
    @Flag(help: .hidden) var remoteLogMetadataDecoder = false
    @Flag(help: .hidden) var shareGroupStateDecoder = false

    @Option(help: ArgumentHelp("StringDecoder, IntegerDecoder or LongDecoder.", valueName: "class"))
    var keyDecoderClass: String?
    @Option(help: ArgumentHelp("StringDecoder, IntegerDecoder or LongDecoder.", valueName: "class"))
    var valueDecoderClass: String?

    @Option(help: ArgumentHelp("No more than so many bytes of a log are read.", valueName: "bytes"))
    var maxBytes: Int64 = .max
    @Option(help: .hidden) var maxMessageSize: Int64?

    func validate() throws {
        for (name, isGiven) in [
            ("--remote-log-metadata-decoder", remoteLogMetadataDecoder),
            ("--share-group-state-decoder", shareGroupStateDecoder),
        ] where isGiven {
            throw ValidationError("\(name) is missing here; kw explain --records shows the bytes of such records")
        }
        guard maxBytes > 0 else { throw ValidationError("--max-bytes is above 0") }
        _ = try text
    }

    private var text: DumpText {
        get throws {
            var text = DumpText()
            let chosen: [(isGiven: Bool, decoder: DumpText.Decoder)] = [
                (offsetsDecoder, .offsets), (transactionLogDecoder, .transactions), (clusterMetadataDecoder, .metadata),
            ]
            if let first = chosen.first(where: \.isGiven) {
                text.valueDecoder = first.decoder
            } else {
                text.keyDecoder = try Self.decoder(keyDecoderClass)
                text.valueDecoder = try Self.decoder(valueDecoderClass)
            }
            let hasDecoder = keyDecoderClass != nil || valueDecoderClass != nil || chosen.contains(where: \.isGiven)
            text.printsContents = printDataLog || hasDecoder
            text.skipsMetadata = skipRecordMetadata
            return text
        }
    }

    private static func decoder(_ name: String?) throws -> DumpText.Decoder {
        guard let name else { return .text }
        guard let decoder = DumpText.Decoder(class: name) else {
            throw ValidationError(
                "there is no decoder \(SafeText.line(name)) here; choose StringDecoder, IntegerDecoder or LongDecoder")
        }
        return decoder
    }

    func perform(_ tool: Tool) async throws {
        var run = DumpRun(tool, try text, self)
        var failures = Failed()
        for path in files.split(separator: ",").map({ NamedSettings.trimmed(String($0)) }) where !path.isEmpty {
            do throws(FileError) { try run.dump(path) } catch { failures.sentences.append("\(error)") }
        }
        run.finish()
        if !failures.sentences.isEmpty { throw ToolFailure(failures.sentences) }
    }

    private struct Failed { var sentences: [String] = [] }
}

/// One run of `kw dump-log`: file after file, and in the end what does not fit together.
private struct DumpRun {
    private let tool: Tool
    private let text: DumpText
    private let showsRecords: Bool
    private let maxBytes: Int64
    private let verifies: Bool
    private let checksForm: Bool
    /// Offsets that do not follow one another, by file.
    private var gaps: [(file: String, pairs: [(Offset, Offset)])] = []
    /// Entries of indexes that lead to other batches, by file.
    private var mismatches: [(file: String, pairs: [(Int64, Int64)])] = []

    init(_ tool: Tool, _ text: DumpText, _ command: DumpLogCommand) {
        self.tool = tool
        self.text = text
        showsRecords = command.deepIteration || text.printsContents
        maxBytes = command.maxBytes
        verifies = command.verifyIndexOnly
        checksForm = command.indexSanityCheck
    }

    mutating func dump(_ path: String) throws(FileError) {
        tool.console.line("Dumping \(path)")
        let name = path.split(separator: "/").last.map(String.init) ?? path
        let parts = name.split(separator: ".", maxSplits: 1)
        let kind = parts.count == 2 ? String(parts[1]) : ""
        switch kind {
        case "log", "checkpoint":
            guard let start = Self.head(String(parts[0]), kind) else {
                throw FileError(
                    "\(path): the name of a log says with which offset it begins, as in 00000000000000000000.log")
            }
            let file = try LogFile(path)
            defer { file.close() }
            tool.console.line(start)
            try dump(file, path, name)
        case "index", "timeindex", "txnindex":
            guard let base = Int64(parts[0]), let index = IndexKind(rawValue: kind) else {
                throw FileError("\(path): the name of an index says with which offset it begins")
            }
            let file = try LogFile(path)
            defer { file.close() }
            try dump(file, path, index, base)
        default: tool.console.note("Ignoring unknown file \(path)")
        }
    }

    /// What the name of a log says.
    private static func head(_ name: String, _ kind: String) -> String? {
        if kind == "log" { return Int64(name).map { "Log starting offset: \($0)" } }
        let parts = name.split(separator: "-").compactMap { Int64($0) }
        return parts.count == 2 ? "Snapshot end offset: \(parts[0]), epoch: \(parts[1])" : "KRaft bootstrap snapshot"
    }

    private mutating func dump(_ file: LogFile, _ path: String, _ name: String) throws(FileError) {
        let end = min(file.size, maxBytes)
        var position: Int64 = 0
        var last: Offset = -1
        var pairs: [(Offset, Offset)] = []
        while position < end, let batch = try file.batch(at: position), position + Int64(batch.bytes.count) <= end {
            tool.console.line(DumpText.line(batch, at: position))
            if showsRecords {
                do throws(WireError) {
                    for (offset, line) in try text.lines(of: batch) {
                        if offset != last + 1 { pairs.append((last, offset)) }
                        last = offset
                        tool.console.line(line)
                    }
                } catch { throw FileError("\(path) at byte \(position): \(error)") }
            }
            position += Int64(batch.bytes.count)
        }
        if position < file.size, maxBytes == .max {
            tool.console.line("Found \(file.size - position) invalid bytes at the end of \(name)")
        }
        if !pairs.isEmpty { gaps.append((path, pairs)) }
    }

    private mutating func dump(_ file: LogFile, _ path: String, _ kind: IndexKind, _ base: Int64) throws(FileError) {
        let size = Int64(kind.entrySize)
        if file.size == 0 { return tool.console.line("\(path) is empty.") }
        if checksForm {
            guard file.size % size == 0 else {
                throw FileError("\(path) has \(file.size) bytes, which are no whole entries of \(size)")
            }
            return tool.console.line("\(path) passed sanity check.")
        }
        let log = kind == .offsets ? try LogFile(path.dropLast("index".count) + "log") : nil
        defer { log?.close() }
        var pairs: [(Int64, Int64)] = []
        var position: Int64 = 0
        while let bytes = try file.entry(at: position, of: kind) {
            // A file that was not cut to its length ends in zeros.
            if position > 0, bytes.allSatisfy({ $0 == 0 }) { break }
            if let log, let pair = try Self.mismatch(bytes, base, log) { pairs.append(pair) }
            if !verifies, let line = DumpText.entry(bytes, of: kind, base: base) { tool.console.line(line) }
            position += size
        }
        if !pairs.isEmpty { mismatches.append((path, pairs)) }
    }

    /// The offset of an entry, and the last of the batch that it leads to, where these differ.
    private static func mismatch(_ entry: [UInt8], _ base: Int64, _ log: LogFile) throws(FileError) -> (Int64, Int64)? {
        func number(_ at: Int) -> Int64 { entry[at..<at + 4].reduce(Int64(0)) { $0 << 8 | Int64($1) } }
        let offset = base.addingSaturated(number(0))
        let found = try log.batch(at: number(4))?.lastOffset.rawValue ?? -1
        return found == offset ? nil : (offset, found)
    }

    func finish() {
        tool.console.flush()
        for (file, pairs) in mismatches {
            tool.console.note("Mismatches in :\(file)")
            for (index, log) in pairs.reversed() { tool.console.note("  Index offset: \(index), log offset: \(log)") }
        }
        for (file, pairs) in gaps {
            tool.console.note("Non-consecutive offsets in \(file)")
            for (first, second) in pairs { tool.console.note("  \(first) is followed by \(second)") }
        }
    }
}
