import KafkaWire

/// Reads the latest messages of a topic, and those that come: without a group, and nothing is committed. Where more come
/// than can be looked at, the ones between are passed over.
package struct TopicTail: Sendable {
    /// What comes of it.
    package enum News: Sendable {
        case messages([TailMessage])
        /// It does not work, at present or at all.
        case trouble(String)
        /// It works again.
        case recovered
    }

    /// How many messages are kept of a topic.
    package static let kept = 200
    /// Of more partitions than these, those with most records are read.
    package static let mostPartitions = 256

    private let client: ClientConfiguration
    private let topic: ClusterSnapshot.Topic

    package init(_ client: ClientConfiguration, _ topic: ClusterSnapshot.Topic) {
        self.client = client
        self.topic = topic
    }

    /// Where to begin in each partition: so that about ``kept`` messages come first.
    package static func beginnings(_ topic: ClusterSnapshot.Topic) -> [TopicPartition: KafkaConsumer.StartingOffset] {
        let led = topic.partitions.filter { $0.leader != nil }
        let chosen =
            led.count <= mostPartitions
            ? led : Array(led.sorted { $0.records ?? 0 > $1.records ?? 0 }.prefix(mostPartitions))
        let each = Int64(max(1, kept / max(1, chosen.count)))
        return Dictionary(
            chosen.map { partition in
                let key = TopicPartition(topic.name, partition.number)
                guard let end = partition.end else { return (key, .latest) }
                return (key, .offset(Offset(max(partition.start ?? 0, end.subtractingSaturated(each)))))
            }, uniquingKeysWith: { one, _ in one })
    }

    /// Reads until the task is cancelled.
    package func run(_ tell: @escaping @Sendable (News) -> Void) async {
        let beginnings = Self.beginnings(topic)
        guard !beginnings.isEmpty else {
            tell(.trouble("no partition of \(topic.name) has a leader"))
            return
        }
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, partitions: beginnings)
        configuration.client = client
        configuration.fetchMaximumBytes = 1 << 20
        configuration.partitionMaximumBytes = 128 << 10
        configuration.maximumBuffered = 1 << 20
        configuration.autoCommit = nil
        configuration.corruptBatches = .skip
        do {
            let consumer = try KafkaConsumer(configuration)
            do { try await read(consumer, tell) } catch {
                await consumer.close()
                throw error
            }
            await consumer.close()
        } catch let error as KafkaError {
            if error.code != .cancelled, !Task.isCancelled { tell(.trouble(error.message)) }
        } catch {}
    }

    private func read(_ consumer: KafkaConsumer, _ tell: @escaping @Sendable (News) -> Void) async throws {
        let ends = Dictionary(
            topic.partitions.map { ($0.number, $0.end ?? 0) }, uniquingKeysWith: { one, _ in one })
        let gathered = Gathered()
        let loop = consumer.loop
        try await withThrowingTaskGroup(of: Void.self) { group in
            // Nobody reads more than ten times a second.
            group.addTask {
                while true {
                    try await loop.sleep(for: .milliseconds(100))
                    let messages = await gathered.take()
                    if !messages.isEmpty { tell(.messages(messages)) }
                }
            }
            defer { group.cancelAll() }
            for try await event in consumer.events {
                if Task.isCancelled { return }
                switch event {
                case .batch(let batch):
                    let end = ends[batch.source.partition] ?? 0
                    // Where more come than are shown, the broker need not send them.
                    while await gathered.isFull { try await loop.sleep(for: .milliseconds(20)) }
                    await gathered.add(
                        batch.suffix(Self.kept).map { record in
                            var message = TailMessage(record, of: batch.source)
                            message.isOld = message.offset < end
                            return message
                        })
                    if batch.highWatermark - batch.nextOffset > Int64(Self.kept) * 2 {
                        try? await consumer.seek(batch.source, to: batch.highWatermark - Int64(Self.kept))
                    }
                case .trouble(let error): tell(.trouble(error.message))
                case .recovered: tell(.recovered)
                case .assigned, .revoked, .lost, .reachedEnd, .reset: break
                }
            }
        }
    }

    /// What was read and not told yet.
    private actor Gathered {
        private var messages: [TailMessage] = []

        var isFull: Bool { messages.count >= 5 * TopicTail.kept }

        func add(_ new: [TailMessage]) { messages += new }

        func take() -> [TailMessage] {
            defer { messages = [] }
            return Array(
                messages.sorted {
                    ($0.timestamp, $0.partition.partition, $0.offset)
                        < ($1.timestamp, $1.partition.partition, $1.offset)
                }.suffix(TopicTail.kept))
        }
    }
}
