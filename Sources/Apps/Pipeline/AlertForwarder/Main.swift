// alert-forwarder: posts the agents' alerts to a webhook.

import AppSupport
import ArgumentParser
import ClientSetup
import KafkaWire
import ShutdownSignal

@main struct AlertForwarder: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "alert-forwarder",
        abstract: "Posts alerts from Kafka to a webhook, signed, until it takes them.",
        discussion: """
            Each alert of the topic is posted as JSON ({"type":"fraud.alert","timestamp":…,"data":the alert}) with the headers \
            of Standard Webhooks (webhook-id, webhook-timestamp, webhook-signature). An answer of 2xx takes it. After 408, \
            425, 429, 5xx or none it is tried again, with growing pauses, as long as --give-up-after says; then, and after any \
            other answer, it goes to the dead-letter topic with the reason. Alerts of a user keep their order. An alert may \
            come twice after a crash, under the same webhook-id.

              alert-forwarder --url https://alerts.example/hook --secret-file hook.secret
              alert-forwarder --url http://localhost:8080/ --topic alerts --give-up-after 1h

            Ctrl-C or SIGTERM ends it; what was not delivered comes again after the next start.

            Exit status: 0 done, 1 failed, 64 wrong usage; 130 or 143 when it did not come to its end within 1.5 s.
            """)

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp(
            "Brokers to ask first, separated by commas. (default: $KAFKA_BOOTSTRAP, else localhost:9094)",
            valueName: "host:port"))
    var bootstrapServer: String?

    @OptionGroup var settings: SettingOptions

    @Option(name: .shortAndLong, help: "The topic with the agents' alerts.") var topic = "fraud-alerts"
    @Option(name: .shortAndLong, help: "The consumer group.") var group = "alert-forwarder"
    @Option(help: ArgumentHelp("Where alerts are posted to.", valueName: "address")) var url: String
    @Option(
        help: ArgumentHelp(
            "A file with the secret that signs what is posted: 24 to 64 bytes in base 64, with or without whsec_. "
                + "(default: nothing is signed)", valueName: "file"),
        completion: .file())
    var secretFile: String?
    @Option(
        help: ArgumentHelp(
            "Where alerts go that are not taken. (default: the topic's name and \".dead-letter\")", valueName: "topic"))
    var deadLetterTopic: String?
    @Option(help: "For how long an alert is tried.") var giveUpAfter = TimeSpan(.seconds(300))
    @Option(help: "How long an answer may take.") var timeout = TimeSpan(.seconds(10))
    @Option(help: "How many alerts are on their way at once, 1 to 256; those of a user one after the other.")
    var inFlight = 16

    func validate() throws {
        if timeout.duration < .milliseconds(10) { throw ValidationError("--timeout must be at least 10ms.") }
        if !(1...256).contains(inFlight) { throw ValidationError("--in-flight must be 1 to 256.") }
        if deadLetterTopic == topic {
            throw ValidationError("--dead-letter-topic must be a topic of its own, not the one that is read.")
        }
        do throws(Webhook.Flaw) { _ = try Webhook(url, signature: nil, timeout: timeout.duration) } catch {
            throw ValidationError("--url \(error.words).")
        }
    }

    func run() async throws {
        let shutdown = ShutdownSignal.install(
            lastWords: "alert-forwarder: ended before it was done; left undone: alerts on their way, which come again")
        let console = Console(whenClosed: { shutdown.request() })
        throw ExitCode(await run(on: console) { await shutdown.wait() })
    }

    /// Forwards until `end` returns; gives the exit status.
    func run(on console: Console, until end: @escaping @Sendable () async -> Void) async -> Int32 {
        do {
            let webhook = try Webhook(url, signature: try signature(console), timeout: timeout.duration)
            if webhook.isOpen {
                console.note(
                    "alert-forwarder: alerts go to \(webhook.place) as plain text; use https: where others may listen")
            }
            try await forward(to: webhook, console, until: end)
            return 0
        } catch {
            console.note("alert-forwarder: \(SafeText.line((error as? KafkaError)?.message ?? "\(error)"))")
            return 1
        }
    }

    private func signature(_ console: Console) throws -> WebhookSignature? {
        guard let secretFile else { return nil }
        let file = try Secret.file(secretFile)
        if let remark = file.remark { console.note("alert-forwarder: \(remark)") }
        do throws(WebhookSignature.Flaw) { return try WebhookSignature(file.secret) } catch {
            throw SecretFlaw(path: secretFile, flaw: error)
        }
    }

    private func forward(
        to webhook: Webhook, _ console: Console, until end: @escaping @Sendable () async -> Void
    ) async throws {
        let (client, remarks) = try settings.client(
            at: bootstrapServer, standard: "localhost:9094", name: "alert-forwarder")
        for remark in remarks { console.note("alert-forwarder: \(remark)") }
        var reading = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, group: group, topics: [topic])
        reading.client = client
        reading.isolationLevel = .readCommitted
        var writing = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
        writing.client = client
        let consumer = try KafkaConsumer(reading)
        let producer = try KafkaProducer(writing)
        let forwarding = Forwarding(
            webhook, DeliveryPolicy(patience: giveUpAfter.duration),
            deadLetters: deadLetterTopic ?? "\(topic).dead-letter", by: producer
        ) { console.note("alert-forwarder: \(SafeText.line($0))") }
        console.note(
            "alert-forwarder: \(topic) at \(client.bootstrapServers.joined(separator: ",")) goes to \(webhook.place); Ctrl-C "
                + "ends it")
        let work = Task {
            try await consumer.processInParallel(maximum: inFlight, letGo: .seconds(1)) { record in
                try await forwarding.forward(record)
            }
        }
        let closer = Task {
            await end()
            // What is on its way may arrive; what rests is not waited for.
            await consumer.stop()
            await forwarding.end()
            try? await consumer.loop.sleep(for: .seconds(1))
            work.cancel()
        }
        let outcome = await work.result
        closer.cancel()
        let problem = await consumer.close()
        try? await producer.close()
        let tally = await forwarding.tally
        console.line(
            "alert-forwarder: \(Figures.grouped(tally.delivered)) delivered, \(Figures.grouped(tally.givenUp)) dead letters, "
                + "\(Figures.grouped(tally.retries)) retries")
        console.flush()
        if case .failure(let error) = outcome, !(error is CancellationError), !work.isCancelled { throw error }
        if let problem { throw problem }
    }
}

/// A secret that signs nothing.
struct SecretFlaw: Error, CustomStringConvertible {
    let path: String
    let flaw: WebhookSignature.Flaw

    var description: String {
        switch flaw {
        case .form: "\(path) holds no secret of a webhook: it is base 64, with or without whsec_ in front"
        case .length(let count): "the secret in \(path) has \(count) bytes; a webhook's has 24 to 64"
        }
    }
}
