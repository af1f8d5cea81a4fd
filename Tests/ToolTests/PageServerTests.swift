import Foundation
import JSONLines
import KafkaBroker
import KafkaWire
import Logging
import PageServing
import TestSupport
import Testing

@testable import BrokerUI

/// The page's own HTTP: what it takes, and that nothing takes more than it may.
@Suite(.turn) struct PageServerTests {
    // MARK: - Requests

    private static func read(_ text: String, piece: Int = .max) -> PageRequestHead.Outcome {
        var head = PageRequestHead()
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let outcome = rest.prefix(piece).withUnsafeBytes { head.take($0) }
            if outcome != .incomplete { return outcome }
            rest = rest.dropFirst(piece)
        }
        return .incomplete
    }

    @Test(arguments: [1, 7, 1000]) func headsAreRead(piece: Int) throws {
        let text = """
            GET /api/topics/a%20b/messages?cursor=0%3A1&x=a+b&y HTTP/1.1\r
            Host: 127.0.0.1:80\r
            ORIGIN:  http://x \r
            Sec-Fetch-Site: Cross-Site\r
            sec-fetch-mode: no-cors\r
            \r
            GET /next
            """
        guard case .whole(let request) = Self.read(text, piece: piece) else {
            Issue.record("\(Self.read(text, piece: piece))")
            return
        }
        #expect(request.method == "GET" && request.path == ["api", "topics", "a b", "messages"])
        #expect(request.query == ["cursor": "0:1", "x": "a b", "y": ""])
        #expect(request.host == "127.0.0.1:80" && request.origin == "http://x")
        #expect(request.site == "cross-site" && request.mode == "no-cors")
    }

    @Test(arguments: [
        ("GET /\r\n\r\n", 400), ("GET  / HTTP/1.1\r\n\r\n", 400), ("\r\n", 400), ("hello\r\n\r\n", 400),
        ("GET x HTTP/1.1\r\n\r\n", 400), ("GET /%zz HTTP/1.1\r\n\r\n", 400), ("GET /%ff HTTP/1.1\r\n\r\n", 400),
        ("GET /%4 HTTP/1.1\r\n\r\n", 400), ("PRI * HTTP/2.0\r\n\r\n", 505), ("GET / HTTP/1.1\r\nnothing\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\n: x\r\n\r\n", 400), ("GET / HTTP/1.1\r\na b: x\r\n\r\n", 400),
        ("GET /" + String(repeating: "a", count: 65_536), 414),
        ("GET / HTTP/1.1\r\nX: " + String(repeating: "a", count: 65_536), 431),
        ("GET / HTTP/1.1\r\n" + String(repeating: "X: y\r\n", count: 101), 431),
    ]) func whatIsNoRequestOfThePageIsRefused(text: String, status: Int) {
        guard case .refused(let answer) = Self.read(text) else {
            Issue.record("\(Self.read(text))")
            return
        }
        #expect(answer.status == status, "\(answer.body)")
        #expect(String(decoding: answer.bytes, as: UTF8.self).hasPrefix("HTTP/1.1 \(status) "))
    }

    @Test(
        arguments: [
            (nil, nil, nil, true), ("http://localhost:1", nil, nil, true), ("http://localhost", nil, nil, false),
            ("null", nil, nil, false), ("http://evil.example", nil, nil, false),
            (nil, "same-origin", nil, true), (nil, "none", "navigate", true), (nil, "cross-site", "no-cors", false),
            (nil, "same-site", "cors", false), (nil, "cross-site", "navigate", false),
        ] as [(String?, String?, String?, Bool)])
    func anotherSitesPageLearnsNothingAndCostsNothing(origin: String?, site: String?, mode: String?, isOwn: Bool) {
        var request = PageRequest(host: "localhost:1", path: ["api", "topics"])
        (request.origin, request.site, request.mode) = (origin, site, mode)
        #expect((BrokerPages.route(request) == .api(["topics"], [:])) == isOwn)
        // A link may lead to the page itself.
        request.path = []
        guard case .answer(let answer) = BrokerPages.route(request) else { return }
        #expect(answer.status == (isOwn || mode == "navigate" ? 200 : 403))
    }

    @Test(
        arguments: [
            ("Basic YWxpY2U6c2VjcmV0", "alice", "secret"), ("basic  YWxpY2U6YTpi", "alice", "a:b"),
            ("Basic YWxpY2U6", "alice", ""), ("Basic w6RlOsO2", "äe", "ö"), ("Basic YWxpY2U=", nil, nil),
            ("Basic", nil, nil),
            ("Basic YWxp!", nil, nil), ("Basic /zph", nil, nil), ("Bearer YWxpY2U6c2VjcmV0", nil, nil), ("", nil, nil),
        ] as [(String, String?, String?)])
    func whoAsksIsRead(header: String, user: String?, password: String?) {
        guard case .whole(let request) = Self.read("GET / HTTP/1.1\r\nAuthorization: \(header)\r\n\r\n") else {
            Issue.record("\(header)")
            return
        }
        #expect(request.login == user.map { PageLogin(user: $0, password: Secret(password ?? "")) })
        #expect(!"\(request)".contains("secret"))
    }

    /// Behind a door it is the names of TLS that are held against the address.
    @Test func thePageOfOtherMachinesIsOfItsOwnOrigin() {
        var request = PageRequest(host: "box:8443", path: ["api", "topics"])
        #expect(BrokerPages.route(request, hasDoor: true) == .api(["topics"], [:]))
        request.origin = "https://box:8443"
        #expect(BrokerPages.route(request, hasDoor: true) == .api(["topics"], [:]))
        for origin in ["http://box:8443", "https://evil.example", "null"] {
            request.origin = origin
            #expect(BrokerPages.route(request, hasDoor: true) != .api(["topics"], [:]), "\(origin)")
        }
        request.origin = nil
        #expect(BrokerPages.route(request) != .api(["topics"], [:]))
    }

    // MARK: - Connections

    private struct Page {
        let broker: KafkaBroker
        let server: PageServer

        init(_ limits: PageServer.Limits = .init()) async throws {
            broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
            let logger = Logger(label: "page", factory: { _ in SwiftLogNoOpLogHandler() })
            server = try PageServer(
                BrokerPageSource(pages: BrokerPages(api: BrokerAPI(broker: broker))), at: .loopback(port: 0),
                limits: limits, logger: logger)
            await server.start()
        }

        /// What an innocent browser gets.
        func status(_ path: String = "/api/topics") async throws -> String {
            let peer = try RawPeer.connect(to: server.port)
            defer { peer.close() }
            try await peer.send(Array("GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8))
            let answer = try await peer.receive(1 << 20)
            #expect(answer.hasEnded)
            return String(decoding: answer.bytes.prefix(12), as: UTF8.self)
        }

        func stop() async {
            await server.stop()
            await broker.stop()
        }
    }

    /// As much as the page takes of each, on several connections at once, and an innocent request beside them.
    @Test(arguments: [
        ("GET /", "a"), ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: ", "a"),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n", "X: y\r\n"),
        ("POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 999999999999\r\n\r\n", "b"),
        ("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n", "fffffffffffff\r\nzz"),
        ("", "GET /api/topics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"), ("", "\0"),
    ]) func whatHasNoEndIsEnded(head: String, piece: String) async throws {
        let page = try await Page()
        let flood = Array(String(repeating: piece, count: 65_536 / piece.utf8.count).utf8)
        var peers: [RawPeer] = []
        for _ in 0..<4 {
            let peer = try RawPeer.connect(to: page.server.port)
            peers.append(peer)
            try? await peer.send(Array(head.utf8))
            for _ in 0..<16 {
                guard (try? flood.withUnsafeBytes({ try peer.socket.write($0) })) != nil else { break }
                try await Task.sleep(for: .milliseconds(1))
            }
        }
        #expect(try await page.status() == "HTTP/1.1 200")
        try await eventually { await page.server.connectionsOpen == 0 }
        peers.forEach { $0.close() }
        await page.stop()
    }

    @Test func whoAsksIsNeverBehindThoseWhoOnlyConnect() async throws {
        var limits = PageServer.Limits()
        limits.connections = 8
        let page = try await Page(limits)
        var peers: [RawPeer] = []
        for count in 0..<100 {
            let peer = try RawPeer.connect(to: page.server.port)
            if count.isMultiple(of: 2) { try? await peer.send(Array("GET /".utf8)) }
            peers.append(peer)
        }
        #expect(try await page.status() == "HTTP/1.1 200")
        #expect(await page.server.connectionsOpen <= 8)
        peers.forEach { $0.close() }
        await page.stop()
    }

    @Test func slowRequestsAndThoseWhoDoNotReadAreEnded() async throws {
        var limits = PageServer.Limits()
        (limits.timeToAsk, limits.timeToTake) = (.milliseconds(300), .milliseconds(300))
        let page = try await Page(limits)
        let (idle, slow) = (try RawPeer.connect(to: page.server.port), try RawPeer.connect(to: page.server.port))
        try await slow.send(Array("GET / HTTP/1.1\r\nX: ".utf8))
        let writing = Task {
            while (try? await slow.send([0x61])) != nil { try? await Task.sleep(for: .milliseconds(20)) }
        }
        // Who does not wait for anything is told nothing.
        #expect(try await idle.ends())
        let answer = try await slow.receive(1 << 20)
        #expect(String(decoding: answer.bytes.prefix(12), as: UTF8.self) == "HTTP/1.1 408")
        writing.cancel()
        #expect(try await page.status() == "HTTP/1.1 200")
        try await eventually { await page.server.connectionsOpen == 0 }
        for peer in [idle, slow] { peer.close() }
        await page.stop()
    }

    /// Values that unpack, texts without end, headers without number: an answer has a size all the same.
    @Test func anAnswerIsBounded() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1, "many": 1500]))
        var configuration = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
        configuration.compression = .gzip
        let producer = try KafkaProducer(configuration)
        let columns = (0..<2000).map { "\"c\($0)\":\"\(String(repeating: "v", count: 400))\"" }.joined(separator: ",")
        for _ in 0..<30 {
            var record = ProducerRecord(
                topic: "t", key: "k", value: #"{"op":"c","source":{"table":"t"},"before":null,"after":{\#(columns)}}"#)
            record.headers = (0..<1000).map { RecordHeader("h\($0)", Bytes(utf8: "x")) }
            try await producer.enqueue(record)
        }
        try await producer.close()
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        let answer = await pages.answer(
            PageRequest(host: "localhost", path: ["api", "topics", "t", "messages"], query: ["count": "200"]))
        #expect(answer.status == 200 && answer.body.utf8.count < 12 << 20)
        let json = try #require(JSON(answer.body))
        let shown = json["messages"].elements
        #expect(!shown.isEmpty && Int64(shown.count) + (json["skipped"].number ?? 0) == 30)
        #expect(shown.last?["headers"].elements.count == 100)
        #expect(shown.last?["change"]["columns"].elements.count == 500)
        // The newest are shown, and the next ones are those behind.
        #expect(shown.last?["offset"].number == 29 && json["next"]["0"].number == 30)
        // A page of a thousand partitions would be read for each.
        func status(_ query: [String: String]) async -> Int {
            await pages.answer(
                PageRequest(host: "localhost", path: ["api", "topics", "many", "messages"], query: query)
            )
            .status
        }
        #expect(await status([:]) == 400)
        #expect(await status(["partition": "3"]) == 200)
        await broker.stop()
    }

    @Test func groupsAndTransactionsAreToldInPart() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        let client = try RawPeer.connect(to: broker.port)
        for number in 0..<230 {
            let commit = OffsetCommitRequest.with {
                $0.groupId = "g\(1000 + number)"
                $0.topics = [.with { ($0.name, $0.partitions) = ("t", [.with { $0.committedOffset = 0 }]) }]
            }
            try await client.send(try Frame.request(commit, version: 8, correlationId: Int32(number), clientId: "c"))
            _ = try await client.frame()
        }
        client.close()
        await admin.close()
        let pages = BrokerPages(api: BrokerAPI(broker: broker))
        let answer = await pages.answer(PageRequest(host: "localhost", path: ["api", "groups"]))
        let json = try #require(JSON(answer.body))
        #expect(json["count"].number == 230 && json["groups"].elements.count == 200)
        #expect(json["groups"].elements.first?["id"].text == "g1000")
        #expect(json["groups"].elements.last?["id"].text == "g1199")
        await broker.stop()
    }

    // MARK: - The program

    /// Ctrl-C and SIGTERM are heard whatever the page is asked.
    @Test func theBrokerEndsWhateverThePageDoes() async throws {
        let run = try Program.start(["broker", "--listen", "127.0.0.1:0", "--topic", "t:1000", "--ui", "0"])
        let page = try await Self.page(run)
        var peers: [RawPeer] = []
        for _ in 0..<60 {
            let peer = try RawPeer.connect(to: page)
            try await peer.send(Array("GET /api/topics/t/messages?count=200 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8))
            peers.append(peer)
        }
        let began = ContinuousClock.now
        kill(run.id, SIGTERM)
        let outcome = try run.wait()
        #expect(outcome.status == 0 && outcome.output.contains("kw broker stopped"))
        // Two seconds on a quiet machine.
        #expect(ContinuousClock.now - began < .seconds(8))
        peers.forEach { $0.close() }
    }

    #if os(Linux)
        /// By Kafka's port or by the page's own: afterwards the page is there again, and the trouble was told, once.
        @Test(arguments: [false, true]) func thePageIsBackWhenDescriptorsAre(byThePage: Bool) async throws {
            let run = try Program.start(["broker", "--listen", "127.0.0.1:0", "--topic", "t", "--ui", "0"])
            let page = try await Self.page(run)
            let kafka = try #require(
                try run.output.text().split(separator: ":").dropFirst().first.flatMap {
                    UInt16($0.prefix { $0.isNumber })
                })
            var limit = rlimit(rlim_cur: 40, rlim_max: 40)
            // The C library has it; its header shows it to C with extensions only.
            typealias Call =
                @convention(c) (pid_t, Int32, UnsafePointer<rlimit>?, UnsafeMutablePointer<rlimit>?) -> Int32
            let limitOf = unsafeBitCast(try #require(dlsym(nil, "prlimit")), to: Call.self)
            try #require(limitOf(run.id, Int32(RLIMIT_NOFILE.rawValue), &limit, nil) == 0)
            var peers: [RawPeer] = []
            for _ in 0..<60 { peers.append(try RawPeer.connect(to: byThePage ? page : kafka)) }
            try await Task.sleep(for: .milliseconds(500))
            for _ in 0..<3 { peers.append(try RawPeer.connect(to: page)) }
            if !byThePage { try await eventually { try run.error.text().contains("The page takes no connections") } }
            try await Task.sleep(for: .milliseconds(500))
            peers.forEach { $0.close() }
            try await eventually {
                let peer = try RawPeer.connect(to: page)
                defer { peer.close() }
                try await peer.send(Array("GET /api/topics HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".utf8))
                return try await peer.receive(12).bytes == Array("HTTP/1.1 200".utf8)
            }
            kill(run.id, SIGTERM)
            let outcome = try run.wait()
            #expect(outcome.status == 0)
            let told = outcome.error.split(separator: "\n").filter { $0.contains("The page takes no connections") }
            #expect(told.count == (byThePage ? 0 : 1), "\(outcome.error)")
        }
    #endif

    private static func page(_ run: Program.Run) async throws -> UInt16 {
        try await eventually { try run.output.text().hasSuffix("\n") }
        let text = try run.output.text()
        let place = try #require(text.range(of: "page at http://127.0.0.1:"))
        return try #require(UInt16(text[place.upperBound...].prefix { $0.isNumber }))
    }
}
