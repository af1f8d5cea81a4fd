import Captures
import Foundation
import JSONLines
import KafkaWire
import Proxying
import TestSupport
import Testing

/// What is read from passing bytes, chosen, counted, shown and recorded: values alone.
@Suite(.turn) struct ExchangeTests {
    private static func head(_ bytes: [UInt8]) -> FrameHead { bytes.withUnsafeBytes { FrameHead.request($0) } }

    @Test(arguments: [Int16(0), 2, 3, 8, 9, 13], [Int16(0), 1, -1])
    func acksAreFoundInEveryForm(_ version: Int16, _ acks: Int16) throws {
        guard ProduceRequest.versions.contains(version) else { return }
        let request = ProduceRequest.with {
            $0.acks = acks
            if version >= 3 { $0.transactionalId = String(repeating: "t", count: 300) }
        }
        let frame = try Frame.request(request, version: version, correlationId: 5, clientId: "me")
        let expected = RequestHead(
            api: .produce, version: version, correlationId: 5, clientId: "me", size: frame.count,
            wantsAnswer: acks != 0)
        #expect(Self.head(frame) == .request(expected))
        // Every beginning is either not enough or says the same.
        var hasEnough = false
        for count in 0..<frame.count {
            let head = Self.head(Array(frame[..<count]))
            if head == .request(expected) { hasEnough = true } else { #expect(head == .incomplete && !hasEnough) }
        }
        #expect(hasEnough)
    }

    @Test func headsOfOddFrames() {
        #expect(Self.head([0, 0, 0, 2, 9, 9]) == .opaque(size: 6))
        #expect(Self.head([0xFF, 0, 0, 0]) == .lost)
        #expect(Self.head([0, 0]) == .incomplete)
        // A client id that is longer than its frame.
        let odd: [UInt8] = [0, 0, 0, 10, 0, 12, 0, 0, 0, 0, 0, 1, 0x7F, 0xFF]
        #expect(Self.head(odd) == .request(RequestHead(api: .heartbeat, version: 0, correlationId: 1, size: 14)))
    }

    private static func exchange(
        _ api: APIKey = .produce, client: String? = "rdkafka", latency: Duration = .milliseconds(3),
        ending: Exchange.Ending = .answered(size: 60)
    ) -> Exchange {
        var exchange = Exchange(
            place: .init(connection: 4, client: "127.0.0.1:5000", broker: "b:9092"),
            head: RequestHead(api: api, version: 7, correlationId: 3, clientId: client, size: 130), time: 1_000_000,
            began: Instant(nanoseconds: 0))
        exchange.latency = latency
        exchange.ending = ending
        return exchange
    }

    @Test(arguments: [
        ("rdkafka", "rdkafka", true), ("rd*", "rdkafka", true), ("*ka?ka", "rdkafka", true), ("rd", "rdkafka", false),
        ("*", "", true), ("", "", true), ("?", "", false), ("a*b*c", "aXbYbZc", true), ("a*b*c", "aXbYbZ", false),
    ])
    func patterns(_ pattern: String, _ text: String, _ matches: Bool) {
        #expect(ExchangeFilter.matches(pattern, text) == matches)
    }

    @Test func filtersChoose() {
        var names = TopicNames()
        let nothing = ExchangeSummary(Self.exchange(), [], &names)
        func shows(_ exchange: Exchange, _ configure: (inout ExchangeFilter) -> Void) -> Bool {
            var filter = ExchangeFilter()
            configure(&filter)
            return filter.shows(exchange, nothing)
        }
        #expect(shows(Self.exchange()) { _ in })
        #expect(shows(Self.exchange()) { $0.apis = [.produce, .fetch] })
        #expect(!shows(Self.exchange()) { $0.apis = [.fetch] })
        #expect(shows(Self.exchange()) { $0.clients = ["x", "rd*"] })
        #expect(shows(Self.exchange(client: nil)) { $0.clients = ["127.0.0.1:*"] })
        #expect(!shows(Self.exchange()) { $0.clients = ["java"] })
        #expect(shows(Self.exchange()) { $0.slowerThan = .milliseconds(3) })
        #expect(!shows(Self.exchange()) { $0.slowerThan = .milliseconds(4) })
        #expect(!shows(Self.exchange()) { $0.onlyErrors = true })
        #expect(shows(Self.exchange(ending: .unanswered("cut"))) { $0.onlyErrors = true })
        #expect(!shows(Self.exchange(ending: .abandoned)) { $0.onlyErrors = true })
        #expect(!shows(Self.exchange()) { $0.topics = ["orders"] })
    }

    @Test func contentsAreSummarised() throws {
        // Of the recorded session of a Java client.
        let folder = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Fixtures/captures"
        let capture = try Capture(try FileContent.bytes(folder + "/transaction.jsonl"), name: "transaction.jsonl")
        var names = TopicNames()
        var batches: [BatchSummary] = []
        var topics: Set<String> = []
        var errors: [ErrorCode] = []
        for step in ReplayPlan(capture).steps {
            var exchange = Self.exchange()
            exchange.head = step.head
            exchange.request = step.request
            exchange.answer = step.answer
            let summary = ExchangeSummary(exchange, [.errors, .topics, .batches], &names)
            batches += summary.batches
            topics.formUnion(summary.topics)
            errors += summary.errors
        }
        #expect(batches.contains { $0.isTransactional && $0.producerId >= 0 && $0.records > 0 && $0.trouble == nil })
        #expect(!topics.isEmpty && batches.allSatisfy { topics.contains($0.topic) })
    }

    @Test func secretsAreNeverShown() throws {
        var exchange = Self.exchange(.saslAuthenticate)
        let frame = try Frame.request(
            SaslAuthenticateRequest.with { $0.authBytes = Bytes(utf8: "\0alice\0alices-secret") }, version: 2,
            correlationId: 1, clientId: "me")
        exchange.request = Bytes(frame)
        exchange.head = RequestHead(api: .saslAuthenticate, version: 2, correlationId: 1, size: frame.count)
        var names = TopicNames()
        let summary = ExchangeSummary(exchange, [.errors, .topics, .batches], &names)
        var lines = ExchangeLines()
        lines.depth = 9
        let shown = lines.text(exchange, summary).joined(separator: "\n") + lines.json(exchange, summary)
        #expect(shown.contains("authBytes") && !shown.contains("alice"))
        #expect(!shown.contains(Hex.encode(Array("alices-secret".utf8))))
    }

    @Test func linesFitAndNamesCannotSteer() {
        var exchange = Self.exchange(client: "evil\u{1B}[2J\n")
        exchange.faults = [.delay(.milliseconds(50)), .error(.notLeaderOrFollower)]
        var names = TopicNames()
        var lines = ExchangeLines()
        lines.width = 60
        let summary = ExchangeSummary(exchange, .errors, &names)
        let text = lines.text(exchange, summary)
        #expect(text.allSatisfy { $0.count <= 60 && !$0.contains("\u{1B}") })
        #expect(text.joined().contains("fault: delayed 50 ms, made up NOT_LEADER_OR_FOLLOWER"))
        let json = JSON(lines.json(exchange, summary))
        #expect(json?["faults"].elements.count == 2 && json?["milliseconds"] == .double(3.0))
    }

    @Test func countsAndPercentiles() {
        var counts = TrafficCounts()
        for number in 1...1000 { counts.add(Self.exchange(latency: .microseconds(number * 10)), []) }
        counts.add(Self.exchange(.fetch, ending: .unanswered("cut")), [])
        counts.add(Self.exchange(.fetch), [.offsetOutOfRange])
        let json = JSON(counts.json)
        let produce = json?["apis"].elements.first
        guard case .double(let median)? = produce?["p50Milliseconds"],
            case .double(let high)? = produce?["p99Milliseconds"]
        else {
            Issue.record("no percentiles in \(counts.json)")
            return
        }
        #expect((5.0...5.7).contains(median) && (9.9...10.0).contains(high))
        #expect(json?["requests"].number == 1002)
        #expect(counts.lines(width: nil).contains { $0.contains("1 OFFSET_OUT_OF_RANGE, 1 unanswered") })
        var latencies = LatencyCounts()
        latencies.add(.seconds(4_000_000_000))
        #expect(latencies.percentile(50) == .seconds(4_000_000_000))
    }

    @Test func addressesAreRead() {
        #expect(HostPort("broker:9092") == HostPort(host: "broker", port: 9092))
        #expect(HostPort("[::1]:9092") == HostPort(host: "::1", port: 9092))
        #expect(HostPort("broker", standardPort: 9092)?.port == 9092)
        #expect(HostPort("broker") == nil && HostPort("broker:70000") == nil)
    }

    @Test func recordingsAreCapturesAndEndAtAFullDisk() throws {
        let place = Exchange.Place(connection: 1, client: "c:1", broker: "b:2")
        func seen(_ bytes: [UInt8]) -> ExchangeFeed.SeenFrame {
            .init(place: place, from: .client, moment: Instant(nanoseconds: 5000), bytes: Bytes(bytes))
        }
        let file = try Program.Capture()
        file.remove()
        defer { file.remove() }
        let recorder = try CaptureRecorder(path: file.path, note: "a test")
        recorder.add(seen([0, 0, 0, 1, 7]))
        recorder.add(seen([0, 0, 0, 9, 7]))
        recorder.flush()
        let capture = try Capture(try FileContent.bytes(file.path), name: "file")
        #expect(capture.frames.map(\.isPartial) == [false, true])
        #expect(
            capture.frames[0].client == "c:1" && capture.frames[0].broker == "b:2" && capture.frames[1].client == nil)
        // A device that is always full.
        #expect(throws: FileError.self) {
            try CaptureRecorder(path: "/dev/full", descriptor: open("/dev/full", O_WRONLY), note: nil)
        }
        #expect(throws: FileError.self) { try CaptureRecorder(path: "/nowhere/file", note: nil) }
    }
}
