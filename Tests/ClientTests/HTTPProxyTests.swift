import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Brokers that are reached through an HTTP proxy.
@Suite(.turn) struct HTTPProxyTests {
    private static func client(_ url: String, _ servers: String = "broker.invalid:1") throws -> ClientConfiguration {
        var client = ClientConfiguration.quick([servers])
        #expect(try client.apply([("proxy.url", url)]) == [])
        return client
    }

    /// Names are the proxy's to look up: here, nobody knows them.
    @Test func everythingGoesThroughTheProxy() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.advertisedHost = "advertised.invalid"
        configuration.advertisedPort = 4242
        let broker = try await KafkaBroker.start(configuration)
        // `me:p@ss`
        let proxy = try await ConnectProxy.start(broker: broker.port, credentials: "Basic bWU6cEBzcw==")
        let client = try Self.client("http://me:p%40ss@127.0.0.1:\(proxy.port)")
        #expect(try await client.produceAndRead() == ["v0", "v1", "v2"])
        let targets = await proxy.heads.map { $0.split(separator: "\r\n").first.map(String.init) ?? "" }
        #expect(
            Set(targets) == ["CONNECT broker.invalid:1 HTTP/1.1", "CONNECT advertised.invalid:4242 HTTP/1.1"])
        await broker.stop()
        await proxy.stop()
    }

    /// What a proxy may answer, in the words of which the error has these.
    @Test(arguments: [
        ("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", ["does not take the user and password", "407 Proxy"]),
        ("HTTP/1.0 502 Bad Gateway\n\n", ["could not reach broker.invalid:1", "502 Bad Gateway"]),
        ("HTTP/1.1 403 Forbidden\r\nX: y\r\n\r\n", ["does not allow CONNECT broker.invalid:1"]),
        ("HTTP/1.1 302 Found\r\n\r\n", ["answered CONNECT broker.invalid:1 with \"HTTP/1.1 302 Found\""]),
        (
            "HTTP/1.1 200 OK\r\n\r\nSSH-2.0-OpenSSH_9.6\r\n",
            ["connected to broker.invalid:1, where somebody spoke first"]
        ),
        ("SSH-2.0-OpenSSH_9.6\r\n", ["is no HTTP proxy", "SSH-2.0-OpenSSH_9.6", "look at proxy.url"]),
        ("", ["closed the connection in the middle"]),
        ("HTTP/1.1 ", ["closed the connection in the middle"]),
        ("HTTP/1.1 200 OK\r\nX: " + String(repeating: "x", count: 9000), ["more than 8192 bytes"]),
    ])
    func whatAProxyAnswersIsTold(_ answer: String, _ words: [String]) async throws {
        let proxy = try await ScriptedPeer.start { _ in .sayAndClose(Array(answer.utf8)) }
        var client = try Self.client("http://me:hunter2@127.0.0.1:\(proxy.port)")
        // A busy machine is no silent proxy.
        (client.connectTimeout, client.apiTimeout) = (.seconds(5), .seconds(8))
        let admin = try KafkaAdmin(client)
        let error = await #expect(throws: KafkaError.self) { try await within { try await admin.describeCluster() } }
        let message = error?.message ?? ""
        for word in words { #expect(message.contains(word), "\(message)") }
        #expect(message.contains("127.0.0.1:\(proxy.port)") && !message.contains("hunter2"), "\(message)")
        await admin.close()
        await proxy.stop()
    }

    /// However the bytes come: one by one, or all at once.
    @Test(arguments: [1, 2, 7, 8192])
    func anAnswerIsReadInAnyParts(_ size: Int) {
        for (text, isRefused) in [
            ("HTTP/1.1 200 OK\r\nX: y\r\n\r\n", false), ("HTTP/1.0 200\n\n", false), ("HTTP/1.1 200\r\n", true),
        ] {
            var answer = HTTPProxyAnswer()
            var rest = Array(text.utf8)[...]
            while !rest.isEmpty, !answer.isComplete {
                answer.take(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            #expect(answer.isComplete == !isRefused)
            answer.take([])
            #expect((answer.refusal(of: "b:1", by: HTTPProxyDialer(host: "p", port: 1)) != nil) == isRefused)
        }
    }

    @Test func aProxyThatIsSilentOrAwayIsNamed() async throws {
        let silent = try await ScriptedPeer.start()
        for port in [silent.port, try closedPort()] {
            var client = try Self.client("http://127.0.0.1:\(port)")
            client.connectTimeout = .milliseconds(300)
            let admin = try KafkaAdmin(client)
            let error = await #expect(throws: KafkaError.self) {
                try await within { try await admin.describeCluster() }
            }
            #expect(error?.message.contains("the HTTP proxy 127.0.0.1:\(port)") == true, "\(error?.message ?? "")")
            await admin.close()
        }
        await silent.stop()
    }

    @Test(
        arguments: [
            ("http://h:1", "h 1 nil"), ("HTTP://h:1/", "h 1 nil"), ("http://[::1]:3128", "::1 3128 nil"),
            // a:b, a:, a:b:c, ü:@
            ("http://a:b@h:1", "h 1 Basic YTpi"), ("http://a@h:1", "h 1 Basic YTo="),
            ("http://a:b:c@h:1", "h 1 Basic YTpiOmM="), ("http://%C3%BC:%40@h:1", "h 1 Basic w7w6QA=="),
            ("http://a:b@c@h:1", "h 1 Basic YTpiQGM="),
            ("h:1", nil), ("http://h", nil), ("http://h:0", nil), ("http://h:65536", nil), ("http://:1", nil),
            ("http://h/x:1", nil), ("http://a:%zz@h:1", nil), ("http://a:%4@h:1", nil), ("http://a:%FF@h:1", nil),
            ("http://::1:3128", nil), ("http://h\r\nx:1", nil), ("socks5://h:1", nil), ("https://h:1", nil),
        ] as [(String, String?)])
    func urlsAreRead(_ url: String, _ wanted: String?) {
        let dialer = HTTPProxyDialer(url: url)
        #expect(dialer.map { "\($0.host) \($0.port) \($0.authorization ?? "nil")" } == wanted)
    }

    @Test func whatIsAskedForCannotBeMoreThanThat() async throws {
        let dialer = HTTPProxyDialer(host: "p", port: 1, user: "u", password: "w")
        #expect(
            dialer.request(for: "[::1]:9092")
                == "CONNECT [::1]:9092 HTTP/1.1\r\nHost: [::1]:9092\r\nProxy-Authorization: Basic dTp3\r\n\r\n")
        let loop = try SocketLoop.common()
        let call = DialedCall(
            host: "a HTTP/1.1\r\nX: y", port: 1, connector: Connector(loop, family: .any, options: SocketOptions()),
            deadline: loop.now + .seconds(5))
        let error = await #expect(throws: HTTPProxyRefusal.self) { try await dialer.dial(call) }
        #expect(error?.sentence.contains("cannot be named") == true)
    }

    @Test func aPasswordIsNowhere() throws {
        let client = try Self.client("http://me:hunter2@h:1")
        var dumped = ""
        dump(client, to: &dumped)
        let secret = HTTPProxyDialer(url: "http://me:hunter2@h:1")?.authorization?.dropFirst(6) ?? "?"
        for text in [dumped, "\(client)", String(reflecting: client.connections)] {
            #expect(!text.contains("hunter2") && !text.contains(secret))
        }
        for url in ["socks5://me:hunter2@h:1", "http://me:hunter2@h", "hunter2"] {
            var client = ClientConfiguration.quick(["a:1"])
            let error = #expect(throws: KafkaError.self) { try client.apply([("proxy.url", url)]) }
            #expect(error?.setting == "proxy.url" && error?.message.contains("hunter2") == false)
        }
        var none = client
        try none.apply([("proxy.url", "")])
        #expect(none.connections.dialer == nil)
    }
}
