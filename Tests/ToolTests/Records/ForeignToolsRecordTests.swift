import KafkaBroker
import KafkaWire
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

private func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
private let venv = variable("KAFKAWIRE_VENV")
private let jars = variable("KAFKAWIRE_JARS")

/// What `kw produce` writes, read by others; and what others write, printed by `kw consume`. They run in processes of
/// their own, from the environment that `KAFKAWIRE_VENV` names, beside kcat.
@Suite(.serialized, .alone(minutes: 3)) struct ForeignToolsRecordTests {
    /// Every part of a record, in kcat's letters.
    private static let form = #"%p|%o|%T|%K|%k|%S|%s|%h\n"#
    private static let programs = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Foreign"
    private static let partitions = 5

    private static func run(_ command: String) throws -> [String] {
        let pipe = try #require(popen("timeout --kill-after=5 60 " + command, "r"))
        var output: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&buffer, 1, buffer.count, pipe), count > 0 { output += buffer[..<count] }
        try #require(pclose(pipe) == 0, "\(command) failed; what it says is above")
        // Bytes that are no UTF-8 become the same for all.
        return output.split(separator: 0x0A).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The topic's records as kcat, kafka-python and `kw consume` print them, sorted.
    private static func read(_ broker: KafkaBroker, _ topic: String) throws -> (
        kcat: [String], python: [String], kw: [String]
    ) {
        let servers = broker.bootstrapServers
        let kcat = try run("kcat -b \(servers) -t \(topic) -C -e -q -f '\(form)'")
        let python = try run(
            "'\(try #require(venv))/bin/python' '\(programs)/tool_records.py' read \(servers) \(topic)")
        let kw = try run(
            "'\(try #require(Program.path))' consume --bootstrap-server \(servers) --topic \(topic) --from-beginning -e "
                + "--format '\(form)' 2>/dev/null")
        return (kcat.sorted(), python.sorted(), kw.sorted())
    }

    /// Lines with headers, keys and values, some of which are null.
    private static let lines: [String] = (0..<200).map { number in
        let headers = ["h:x,g:", "N", "h:é", "h:N,h:2,i:3"][number % 4]
        let key = ["key \(number)", "N", "", "ключ \(number)", String(repeating: "k", count: number)][number % 5]
        let value = ["value \(number)", "N", "", "日本 \(number)", "a:b", String(repeating: "x", count: 700)][number % 6]
        return "\(headers)\t\(key)|\(value)\n"
    }

    @Test(.enabled(if: venv != nil), arguments: ["none", "gzip", "snappy", "lz4", "zstd"])
    func othersReadWhatWasProduced(codec: String) async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": Self.partitions]))
        let properties = ["parse.key=true", "parse.headers=true", "null.marker=N", "key.separator=|"]
        let sent = try RecordCommandTests.kw(
            broker,
            ["produce", "--topic", "t", "--compression-codec", codec] + properties.flatMap { ["--property", $0] },
            input: Self.lines.joined())
        #expect(sent.status == 0 && sent.error == "")
        let found = try Self.read(broker, "t")
        #expect(found.kcat.count == 200)
        #expect(found.kcat == found.python && found.kcat == found.kw)
        // What was in the lines, without the places that the producer chose.
        let expected = Self.lines.map { line in
            let parts = line.dropLast().split(separator: "\t", omittingEmptySubsequences: false)
            let record = parts[1].split(separator: "|", omittingEmptySubsequences: false)
            func part(_ text: Substring) -> String { text == "N" ? "-1|" : "\(text.utf8.count)|\(text)" }
            let headers = ["h:x,g:": "h=x,g=", "N": "", "h:é": "h=é"][String(parts[0])] ?? "h=NULL,h=2,i=3"
            return "\(part(record[0]))|\(part(record[1]))|\(headers)"
        }
        let kept = found.kcat.map { $0.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)[3] }
        #expect(kept.sorted() == expected.map { $0[...] }.sorted())
        if jars != nil, codec == "none" { try Self.checkPlaces(found.kcat) }
        await broker.stop()
    }

    /// Holds the partition of each record with a key against the one that the Java producer picks.
    private static func checkPlaces(_ records: [String]) throws {
        let keyed = records.map { $0.split(separator: "|", omittingEmptySubsequences: false) }.filter { $0[3] != "-1" }
        let file = try Program.file(Array(keyed.map { Hex.encode($0[4].utf8) + "\n" }.joined().utf8))
        defer { file.remove() }
        // Java reads an empty line as an empty key, which the split of the answer keeps apart.
        let places = try run(
            "java -cp '\(try #require(jars))/*' '\(programs)/JavaPartitions.java' \(partitions) <'\(file.path)'")
        #expect(places.count > 100 && places == keyed.map { String($0[0]) })
    }

    @Test(.enabled(if: venv != nil)) func whatOthersWroteIsPrintedAsTheyPrintIt() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 3]))
        _ = try Self.run(
            "'\(try #require(venv))/bin/python' '\(Self.programs)/tool_records.py' write \(broker.bootstrapServers) t")
        let found = try Self.read(broker, "t")
        #expect(found.kw.count == 600)
        #expect(found.kcat == found.kw && found.python == found.kw)
        // As JSON every record is there, too, whatever its bytes.
        let json = try RecordCommandTests.kw(broker, ["consume", "--topic", "t", "--from-beginning", "-e", "--json"])
        #expect(RecordCommandTests.lines(json).count == 600 && json.output.contains("\"valueBase64\":\"//4=\""))
        await broker.stop()
    }
}
