import KafkaWire

/// Brings alerts and dead letters to their topics.
///
/// Each is handed to the producer once, which sends it again for as long as it takes: one whose partition has no leader
/// arrives when it has one again, once and in its order, and those of other partitions meanwhile.
actor AlertCourier {
    /// What is told of alerts.
    enum News: Sendable {
        case arrived([AlertLedger.Ticket])
        /// They cannot be handed over at present.
        case trouble(KafkaError)
        /// They never will arrive.
        case failed(KafkaError)
    }

    /// A record that the producer has.
    private struct Passage {
        var topic: String
        var delivery: Delivery
        var ticket: AlertLedger.Ticket
        var since: Instant
    }

    /// Those of one partition of a topic: they arrive one behind the other.
    private struct Lane {
        var passages: [Passage] = []
        var count = 0
        /// Since when the first one is on its way.
        var since: Instant
    }

    private let producer: KafkaProducer
    private var tell: (@Sendable (News) async -> Void)?
    /// What the producer has not taken over yet, in its order.
    private var queue: [(record: ProducerRecord, ticket: AlertLedger.Ticket)] = []
    private var handingOver: Task<Void, Never>?
    private var lanes: [TopicPartition: Lane] = [:]

    init(client: ClientConfiguration) throws(KafkaError) {
        var configuration = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
        configuration.client = client
        // What fails after a while would have to be sent again by hand, behind later ones of the same user.
        configuration.deliveryTimeout = .seconds(10 * 365 * 86_400)
        configuration.maximumBlock = .seconds(5)
        producer = try KafkaProducer(configuration)
    }

    /// From now on `tell` hears what becomes of them.
    func report(to tell: @escaping @Sendable (News) async -> Void) { self.tell = tell }

    /// Takes records over, behind all that were before.
    func send(_ records: [(record: ProducerRecord, ticket: AlertLedger.Ticket)]) {
        queue += records
        if handingOver == nil, !queue.isEmpty { handingOver = Task { await self.handOver() } }
    }

    /// The partitions of the topics whose records have been on their way for longer than that, with how many those are.
    func late(after limit: Duration) -> [TopicPartition: Int] {
        let now = producer.loop.now
        return lanes.filter { now - $0.value.since > limit }.mapValues(\.count)
    }

    /// Gives up what is still on its way.
    func close() async {
        tell = nil
        handingOver?.cancel()
        // What does not arrive is not committed, and told by who counts it.
        try? await producer.close(timeout: .zero)
    }

    // MARK: - To the producer

    private func handOver() async {
        while !queue.isEmpty {
            let list = queue
            queue = []
            for (record, ticket) in list {
                guard let delivery = await delivery(of: record) else { return }
                follow(Passage(topic: record.topic, delivery: delivery, ticket: ticket, since: producer.loop.now))
            }
        }
        handingOver = nil
    }

    /// The producer takes the record over when it knows the topic and has room; nil where it never will.
    private func delivery(of record: ProducerRecord) async -> Delivery? {
        while !Task.isCancelled {
            do throws(KafkaError) { return try await producer.enqueue(record) } catch {
                guard error.isRetriable else {
                    await tell?(.failed(error))
                    return nil
                }
                await tell?(.trouble(error))
                try? await producer.loop.sleep(for: .seconds(1))
            }
        }
        return nil
    }

    // MARK: - From the producer

    private func follow(_ passage: Passage) {
        let partition = TopicPartition(passage.topic, passage.delivery.partition)
        if lanes[partition] == nil {
            lanes[partition] = Lane(since: passage.since)
            Task { await self.watch(partition) }
        }
        lanes[partition]?.passages.append(passage)
        lanes[partition]?.count += 1
    }

    private func watch(_ partition: TopicPartition) async {
        while let list = lanes[partition]?.passages, !list.isEmpty {
            lanes[partition]?.passages = []
            var arrived: [AlertLedger.Ticket] = []
            for (index, passage) in list.enumerated() {
                lanes[partition]?.since = passage.since
                do throws(KafkaError) {
                    _ = try await passage.delivery.acknowledgement()
                    arrived.append(passage.ticket)
                } catch {
                    await tell?(.failed(error))
                }
                lanes[partition]?.count -= 1
                if index + 1 < list.count, list[index + 1].delivery.isTogether(with: passage.delivery) { continue }
                if !arrived.isEmpty { await tell?(.arrived(arrived)) }
                arrived = []
            }
        }
        lanes[partition] = nil
    }
}
