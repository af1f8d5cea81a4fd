import KafkaBroker
import KafkaWire

/// The client against a broker whose answers are changed: the first byte says what the client does, the rest are an
/// ``AnswerScript``.
///
/// Whatever is answered, what the client does ends, in bounded memory, with what it was asked for or with an error that
/// says something.
enum AnswersCheck {
    /// Something that a client does; gives the errors that it was told of.
    typealias Deed = @Sendable (ClientConfiguration) async -> [KafkaError]

    /// What a client can do; each is one kind of program.
    static let deeds: [(name: String, run: Deed)] =
        own
        + AdminDeeds.all.map { name, call in
            let deed: Deed = { client in await admin(client, call) }
            return (name, deed)
        }

    private static let own: [(name: String, run: Deed)] = [
        ("consume in a group", { client in await consume(.init(client, group: "k", topics: ["t", "u"])) }),
        (
            "consume partitions",
            { client in
                let partitions: [TopicPartition: KafkaConsumer.StartingOffset] = [
                    TopicPartition("t", 0): .earliest, TopicPartition("t", 1): .last(2),
                    TopicPartition("u", 0): .time(1),
                ]
                return await consume(.init(client, partitions: partitions))
            }
        ),
        (
            "follow topics",
            { client in await consume(.init(client, topics: ["t", "compact", "nowhere"], from: .earliest)) }
        ),
        ("produce", { client in await produce(client, isIdempotent: true) }),
        ("produce without numbers", { client in await produce(client, isIdempotent: false) }),
    ]

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard input.count >= 2 else { return }
        let deed = deeds[Int(input[0]) % deeds.count]
        let script = input[1..<input.count]
        let errors = try memory.bound(deed.name, script.count, perByte: 64 << 10, base: 128 << 20) {
            Result { () throws(Finding) in
                try Waiting.result(deed.name) {
                    await withBroker(script) { await deed.run($0) }
                }
            }
        }
        for error in try errors.get() {
            try claim(!error.message.isEmpty, "\(deed.name): an error without a word, \(error.code)")
        }
    }

    /// Runs `body` with a client of the scripted broker.
    static func withBroker<R: Sendable>(
        _ script: Bytes, _ body: @Sendable (ClientConfiguration) async -> [R]
    ) async -> [R] {
        guard case .success(let broker) = ScriptedBroker.shared else { return [] }
        do throws(KafkaBroker.StartError) { try await broker.begin(script) } catch { return [] }
        let result = await body(configuration(broker.port))
        await broker.end()
        return result
    }

    private static func configuration(_ port: UInt16) -> ClientConfiguration {
        var configuration = ClientConfiguration(bootstrapServers: ["127.0.0.1:\(port)"])
        configuration.connectTimeout = .milliseconds(500)
        configuration.requestTimeout = .milliseconds(500)
        configuration.apiTimeout = .milliseconds(40)
        configuration.reachTimeout = .milliseconds(20)
        configuration.retryBackoff = .milliseconds(1)
        configuration.maximumRetryBackoff = .milliseconds(3)
        return configuration
    }

    // MARK: - Deeds

    private static func consume(_ configuration: KafkaConsumer.Configuration) async -> [KafkaError] {
        var configuration = configuration
        configuration.tellsEnds = true
        configuration.offsetReset = .earliest
        configuration.isolationLevel = .readCommitted
        configuration.fetchMaximumWait = .milliseconds(5)
        configuration.autoCommit = .milliseconds(5)
        var errors: [KafkaError] = []
        do throws(KafkaError) {
            let consumer = try KafkaConsumer(configuration)
            let stop = Task {
                try? await consumer.loop.sleep(for: .milliseconds(60))
                await consumer.stop()
            }
            do throws(KafkaError) {
                var events = 0
                for try await event in consumer.events {
                    events += 1
                    switch event {
                    case .batch(let batch): for record in batch { _ = (record.key, record.value, record.headers) }
                    case .trouble(let error): errors.append(error)
                    default: break
                    }
                    if events == 24 { break }
                }
            } catch { errors.append(error) }
            stop.cancel()
            await consumer.close()
        } catch { errors.append(error) }
        return errors
    }

    private static func produce(_ client: ClientConfiguration, isIdempotent: Bool) async -> [KafkaError] {
        var configuration = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
        configuration.client = client
        configuration.isIdempotent = isIdempotent
        configuration.deliveryTimeout = .milliseconds(60)
        configuration.linger = .zero
        var errors: [KafkaError] = []
        do throws(KafkaError) {
            let producer = try KafkaProducer(configuration)
            do throws(KafkaError) {
                var deliveries: [Delivery] = []
                for index in 0..<6 {
                    let topic = ["t", "u", "new"][index % 3]
                    deliveries.append(
                        try await producer.enqueue(ProducerRecord(topic: topic, key: "k\(index)", value: "v")))
                }
                for delivery in deliveries { _ = try await delivery.acknowledgement() }
            } catch { errors.append(error) }
            try await producer.close(timeout: .milliseconds(80))
        } catch { errors.append(error) }
        return errors
    }

    private static func admin(
        _ client: ClientConfiguration, _ call: AdminDeeds.Call
    ) async -> [KafkaError] {
        do throws(KafkaError) {
            let admin = try KafkaAdmin(client)
            let errors = await call(admin)
            await admin.close()
            return errors
        } catch { return [error] }
    }
}

extension KafkaConsumer.Configuration {
    fileprivate init(_ client: ClientConfiguration, group: String, topics: [String]) {
        self.init(bootstrapServers: client.bootstrapServers, group: group, topics: topics)
        self.client = client
    }

    fileprivate init(_ client: ClientConfiguration, partitions: [TopicPartition: KafkaConsumer.StartingOffset]) {
        self.init(bootstrapServers: client.bootstrapServers, partitions: partitions)
        self.client = client
    }

    fileprivate init(
        _ client: ClientConfiguration, topics: KafkaConsumer.Topics, from start: KafkaConsumer.StartingOffset
    ) {
        self.init(bootstrapServers: client.bootstrapServers, topics: topics, from: start)
        self.client = client
    }
}
