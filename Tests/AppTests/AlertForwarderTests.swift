import AppSupport
import ArgumentParser
import FlyingFox
import FlyingSocks
import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import AlertForwarder
@testable import KafkaWire

/// Alerts to a webhook: what is sent, and what comes of each answer.
@Suite(.turn) struct AlertForwarderTests {
    /// A receiver over HTTP, whose answers are told beforehand; further ones are 204.
    private actor Receiver {
        struct Message: Sendable {
            var headers: [String: String]
            var body: String
        }

        private(set) var messages: [Message] = []
        private var statuses: [Int]
        private var task: Task<Void, any Error>?

        init(_ statuses: [Int]) { self.statuses = statuses }

        func start() async throws -> String {
            let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))
            await server.appendRoute("*") { request in
                let body = try await request.bodyData
                let headers = Dictionary(
                    request.headers.map { ($0.key.rawValue.lowercased(), $0.value) }, uniquingKeysWith: { $1 })
                return await self.take(.init(headers: headers, body: String(decoding: body, as: UTF8.self)))
            }
            task = Task { try await server.run() }
            try await server.waitUntilListening()
            guard case .ip4(_, let port)? = await server.listeningAddress else { return "" }
            return "http://127.0.0.1:\(port)/hook"
        }

        func stop() { task?.cancel() }

        private func take(_ message: Message) -> HTTPResponse {
            messages.append(message)
            let status = statuses.isEmpty ? 204 : statuses.removeFirst()
            return HTTPResponse(
                statusCode: HTTPStatusCode(status, phrase: "as told"),
                headers: status == 302 ? [.location: "/else"] : [:])
        }
    }

    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    /// A forwarder of the topic `alerts`, until `isDone` holds; gives what it printed and its exit status.
    private static func forward(
        _ broker: KafkaBroker, to address: String, _ options: [String] = [],
        until isDone: @escaping () async throws -> Bool
    ) async throws -> (status: Int32, text: String) {
        let folder = FileManager.default.temporaryDirectory.appending(path: "forwarder-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (key, output) = (folder.appending(path: "key").path, folder.appending(path: "out").path)
        try Self.secret.write(toFile: key, atomically: true, encoding: .utf8)
        chmod(key, 0o600)
        let descriptor = open(output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        defer { close(descriptor) }
        let words = ["-b", broker.bootstrapServers, "-t", "alerts", "--url", address, "--secret-file", key]
        let command = try AlertForwarder.parse(words + options)
        let (ending, stop) = AsyncStream.makeStream(of: Void.self)
        let console = Console(output: descriptor, error: descriptor, whenClosed: {})
        let task = Task { await command.run(on: console) { for await _ in ending {} } }
        try await eventually(isDone)
        stop.finish()
        let status = try await within { await task.value }
        return (status, try String(contentsOfFile: output, encoding: .utf8))
    }

    private static func broker(_ alerts: [String]) async throws -> KafkaBroker {
        let broker = try await KafkaBroker.start(.init(topics: ["alerts": 1, "alerts.dead-letter": 1]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        for alert in alerts { try await producer.enqueue(ProducerRecord(topic: "alerts", key: "7", value: alert)) }
        try await producer.close()
        return broker
    }

    @Test func alertsAreSignedAndTriedUntilTheyAreTaken() async throws {
        let broker = try await Self.broker([#"{"rule":"anomaly","user_id":7}"#, #"{"rule":"velocity","user_id":7}"#])
        let receiver = Receiver([503, 429])
        let address = try await receiver.start()
        let run = try await Self.forward(broker, to: address) { await receiver.messages.count == 4 }
        #expect(run.status == 0 && run.text.contains("2 delivered, 0 dead letters, 2 retries"), "\(run.text)")
        let messages = await receiver.messages
        // Those of one key keep their order, each under one id.
        #expect(messages.map { $0.headers["webhook-id"] } == ["alerts-0-0", "alerts-0-0", "alerts-0-0", "alerts-0-1"])
        #expect(messages[3].body.hasSuffix(#","data":{"rule":"velocity","user_id":7}}"#), "\(messages[3].body)")
        #expect(messages[0].body.hasPrefix(#"{"type":"fraud.alert","timestamp":"20"#))
        let signature = try WebhookSignature(Secret(Self.secret))
        for message in messages {
            let time = try #require(message.headers["webhook-timestamp"].flatMap { Int64($0) })
            let expected = try signature.headers(
                id: try #require(message.headers["webhook-id"]), time: time, body: Array(message.body.utf8))
            #expect(message.headers["webhook-signature"] == expected[2].value)
            #expect(message.headers["content-type"] == "application/json")
        }
        #expect(await broker.group("alert-forwarder")?.committed.map(\.offset) == [2])
        await receiver.stop()
        await broker.stop()
    }

    @Test func whatIsNotTakenIsADeadLetterWithItsReason() async throws {
        let broker = try await Self.broker([#"{"n":1}"#, "no json", #"{"n":2}"#, #"{"n":3}"#, "[1]"])
        let receiver = Receiver([400, 302, 503, 503, 503, 503, 503, 503, 503, 503])
        let address = try await receiver.start()
        let run = try await Self.forward(broker, to: address, ["--give-up-after", "600ms"]) {
            try await broker.values(of: "alerts.dead-letter", 0).count == 5
        }
        #expect(run.status == 0 && run.text.contains("0 delivered, 5 dead letters"), "\(run.text)")
        #expect(
            try await broker.values(of: "alerts.dead-letter", 0) == [
                #"{"n":1}"#, "no json", #"{"n":2}"#, #"{"n":3}"#, "[1]",
            ])
        let reasons = try await broker.batches(topic: "alerts.dead-letter", partition: 0, from: 0, maxBytes: 1 << 22)
            .flatMap { try $0.records().map { $0.headers.first { $0.key == "retry.cause" }?.value?.text ?? "" } }
        #expect(reasons[0] == "the receiver answered 400" && reasons[2] == "the receiver answered 302", "\(reasons)")
        #expect(reasons[1] == "its value is no JSON object" && reasons[4] == reasons[1])
        #expect(reasons[3].hasPrefix("the receiver answered 503, after "), "\(reasons)")
        #expect(await receiver.messages.allSatisfy { $0.body.contains(#""data":{"n":"#) }, "nothing was sent on")
        await receiver.stop()
        await broker.stop()
    }

    @Test func aReceiverThatIsAwayIsToldOnceAndHoldsAlertsUp() async throws {
        let broker = try await Self.broker([#"{"n":1}"#])
        let began = ContinuousClock.now
        let run = try await Self.forward(broker, to: "http://127.0.0.1:1/") {
            ContinuousClock.now - began > .seconds(4)
        }
        #expect(run.status == 0 && run.text.contains("0 delivered, 0 dead letters"), "\(run.text)")
        #expect(run.text.matches(of: /takes no alerts/).count == 1, "\(run.text)")
        // Not lost: it comes again at the next start.
        #expect(await broker.group("alert-forwarder")?.committed.allSatisfy { $0.offset == 0 } ?? true)
        await broker.stop()
    }

    @Test(
        arguments: [
            (.answered(200, retryAfter: nil), 1, 0, .delivered), (.answered(299, retryAfter: nil), 9, 900, .delivered),
            (.answered(500, retryAfter: nil), 1, 0, .retry(after: .milliseconds(500))),
            (.answered(503, retryAfter: nil), 3, 1, .retry(after: .seconds(2))),
            (.answered(429, retryAfter: 7), 1, 1, .retry(after: .seconds(7))),
            (.answered(429, retryAfter: 3600), 1, 1, .retry(after: .seconds(30))),
            (.answered(429, retryAfter: -5), 1, 1, .retry(after: .milliseconds(500))),
            (.answered(503, retryAfter: .max), 70, 1, .retry(after: .seconds(30))),
            (.unreachable("no route"), .max, 60, .retry(after: .seconds(30))),
            (.unreachable("no route"), 4, 98, .giveUp("no route, after 4 tries in 98.0 s")),
            (.answered(400, retryAfter: nil), 1, 0, .giveUp("the receiver answered 400")),
            (.answered(301, retryAfter: nil), 1, 0, .giveUp("the receiver answered 301")),
            (.answered(410, retryAfter: 5), 1, 0, .giveUp("the receiver answered 410")),
            (.answered(0, retryAfter: nil), 1, 0, .giveUp("the receiver answered 0")),
        ] as [(DeliveryPolicy.Attempt, Int, Int, DeliveryPolicy.Verdict)])
    func eachAnswerHasItsVerdict(
        attempt: DeliveryPolicy.Attempt, count: Int, elapsed: Int, verdict: DeliveryPolicy.Verdict
    ) {
        let policy = DeliveryPolicy(patience: .seconds(100))
        #expect(policy.verdict(on: attempt, count: count, after: .seconds(elapsed), chance: 0) == verdict)
    }

    /// The example of the standard's own libraries.
    @Test func theSignatureIsThatOfStandardWebhooks() throws {
        let signature = try WebhookSignature(Secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        let headers = try signature.headers(
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek", time: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
        #expect(headers.map(\.name) == ["webhook-id", "webhook-timestamp", "webhook-signature"])
        #expect(headers[2].value == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        #expect(throws: WebhookSignature.Flaw.form) { try WebhookSignature(Secret("whsec_!")) }
        #expect(throws: WebhookSignature.Flaw.length(3)) { try WebhookSignature(Secret("AAAA")) }
    }

    @Test(arguments: [
        (["--url", "alerts.example"], "it looks like https://"), (["--url", "ftp://x/"], "it looks like https://"),
        (["--url", "https://me:secret@x/"], "use --secret-file"), ([], "--url"),
        (["--url", "http://x/", "--dead-letter-topic", "fraud-alerts"], "a topic of its own"),
        (["--url", "http://x/", "--in-flight", "0"], "1 to 256"), (["--url", "http://x/", "--timeout", "1ms"], "10ms"),
    ]) func wrongUsageIsOneSentence(words: [String], sentence: String) {
        do {
            _ = try AlertForwarder.parse(words)
            Issue.record("\(words) were taken")
        } catch {
            let message = AlertForwarder.message(for: error)
            #expect(message.contains(sentence), "\(message)")
            #expect(!message.contains("secret@"))
        }
    }
}
