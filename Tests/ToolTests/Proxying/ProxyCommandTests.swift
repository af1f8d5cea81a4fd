import Captures
import Foundation
import JSONLines
import KafkaBroker
import KafkaWire
import Proxying
import TestSupport
import Testing

/// `kw proxy` and `kw replay` as programs.
@Suite(.serialized, .turn) struct ProxyCommandTests {
    /// Starts `kw proxy` on a free port; gives the run and where it listens.
    private func start(_ arguments: [String]) async throws -> (run: Program.Run, address: String) {
        let run = try Program.start(["proxy", "--listen", "127.0.0.1:0", "--json"] + arguments)
        var address: String?
        try await eventually {
            address = JSON(try run.output.text().split(separator: "\n").first ?? "")?["listen"].text
            return address != nil
        }
        return (run, try #require(address))
    }

    private func produce(_ address: String, _ count: Int) async throws {
        let producer = try KafkaProducer(.init(bootstrapServers: [address]))
        for number in 0..<count {
            try await producer.enqueue(ProducerRecord(topic: "orders", key: nil, value: "value \(number)"))
        }
        try await producer.close()
    }

    @Test func exchangesAreShownCountedAndRecorded() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let file = try Program.Capture()
        file.remove()
        defer { file.remove() }
        let (run, address) = try await start([
            "-b", broker.bootstrapServers, "--record", file.path, "--api", "produce", "--depth", "3",
        ])
        try await produce(address, 20)
        kill(run.id, SIGINT)
        let outcome = try run.wait()
        #expect(outcome.status == 0)
        let lines = outcome.output.split(separator: "\n").compactMap { JSON($0) }
        let exchanges = lines.filter { $0["event"].text == "exchange" }
        #expect(!exchanges.isEmpty && exchanges.allSatisfy { $0["api"].text == "Produce" })
        let records = exchanges.flatMap { $0["batches"].elements }.compactMap { $0["records"].number }
        #expect(records.reduce(0, +) == 20)
        #expect(exchanges[0]["request"]["acks"].text == "-1")
        let totals = try #require(lines.last)
        #expect(totals["event"].text == "totals")
        #expect(Set(totals["apis"].elements.compactMap { $0["api"].text }).isSuperset(of: ["Metadata", "Produce"]))
        let capture = try Capture(try FileContent.bytes(file.path), name: "file")
        #expect(capture.frames.allSatisfy { !$0.isPartial } && capture.frames.count > 4)

        // What was recorded can be sent again, and is listed.
        let listed = try Program.kw(["replay", file.path, "--list"])
        #expect(listed.status == 0 && listed.output.contains("Produce v"))
        let replayed = try Program.kw([
            "replay", file.path, "-b", broker.bootstrapServers, "--speed", "max", "--strict",
        ])
        #expect(replayed.output.contains("kw replay: "))
        await broker.stop()
        let alone = try Program.kw(["replay", file.path, "-b", broker.bootstrapServers])
        #expect(alone.status == 1 && alone.error.hasPrefix("kw replay: "))
    }

    @Test func aKillLosesLittleOfARecording() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 1]))
        let file = try Program.Capture()
        file.remove()
        defer { file.remove() }
        let (run, address) = try await start(["-b", broker.bootstrapServers, "--record", file.path, "--quiet"])
        try await produce(address, 20)
        try await eventually { try file.text().split(separator: "\n").count > 4 }
        kill(run.id, SIGKILL)
        _ = try run.wait()
        let plan = ReplayPlan(try Capture(try FileContent.bytes(file.path), name: "file"))
        #expect(plan.steps.contains { $0.head.api == .metadata })
        await broker.stop()
    }

    /// A file of before may be readable for others, and a link leads to a place that somebody else chose.
    @Test func aRecordingIsAlwaysANewPrivateFile() async throws {
        let broker = try await KafkaBroker.start()
        let file = try Program.file(Array("mine".utf8))
        let link = file.path + ".link"
        defer {
            file.remove()
            unlink(link)
        }
        func refused(_ path: String) throws {
            let outcome = try Program.kw([
                "proxy", "--listen", "127.0.0.1:0", "-b", broker.bootstrapServers, "--record", path,
            ])
            #expect(outcome.status == 1 && outcome.error.contains("always a new file"), "\(outcome.error)")
        }
        try refused(file.path)
        #expect(try file.text() == "mine")
        for target in [file.path, file.path + ".nothing"] {
            #expect(symlink(target, link) == 0)
            try refused(link)
            unlink(link)
        }
        #expect(try file.text() == "mine" && access(file.path + ".nothing", F_OK) != 0)
        file.remove()
        let mask = umask(0)
        defer { umask(mask) }
        let recorder = try CaptureRecorder(path: file.path, note: nil)
        recorder.flush()
        var status = stat()
        #expect(stat(file.path, &status) == 0 && status.st_mode & 0o777 == 0o600)
        await broker.stop()
    }

    @Test func aBrokerThatIsNotThereIsSaidAtOnce() async throws {
        let server = try RawServer()
        let port = server.port
        server.close()
        let (run, _) = try await start(["-b", "127.0.0.1:\(port)", "--drop", "5%", "--seed", "4"])
        try await eventually { try run.error.text().contains("127.0.0.1:\(port)") }
        kill(run.id, SIGTERM)
        let outcome = try run.wait()
        #expect(outcome.status == 0 && outcome.output.contains("\"seed\":4"))
    }

    @Test(arguments: [
        (["--api", "Produse"], "did you mean Produce"), (["--delay", "soon"], "is no delay"),
        (["--error", "Produce=NOT_LEADER"], "did you mean NOT_LEADER_OR_FOLLOWER"), (["--refuse", "2"], "is no share"),
        (["--quiet", "--errors"], "--quiet"), (["--listen", "here"], "is no host:port"),
    ])
    func wrongOptionsAreSaidToBe(_ arguments: [String], _ sentence: String) throws {
        let outcome = try Program.kw(["proxy"] + arguments)
        #expect(outcome.status == 64 && outcome.error.contains(sentence), "\(outcome.error)")
    }

    @Test func aTakenPortIsSaid() throws {
        let taken = try RawServer()
        let outcome = try Program.kw(["proxy", "--listen", "127.0.0.1:\(taken.port)", "-b", "127.0.0.1:1"])
        #expect(outcome.status == 1 && outcome.error.contains("ss -ltnp"))
        #expect(outcome.error.split(separator: "\n").count == 1)
        taken.close()
    }
}
