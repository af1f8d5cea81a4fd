import ClusterView
import KafkaWire

/// Makes something of the records of a topic, one by one.
package protocol TailReader: Sendable {
    /// What it makes of them.
    associatedtype Item: Sendable

    /// What the record is; nil where it is nothing that is wanted.
    mutating func read(_ record: Record, of partition: TopicPartition) -> Item?
}

/// What a tail has read since it was asked last.
package struct TailDelivery<Item: Sendable>: Sendable {
    package var items: [Item] = []
    /// How many records were read.
    package var records = 0
    /// How many were passed over.
    package var skipped: Int64 = 0
    /// How far each partition is read.
    package var next: [PartitionID: Int64] = [:]

    package init() {}
}

/// Where a tail leaves what it has read. One that is full keeps the tail waiting, so that memory is bounded however slowly it
/// is emptied.
package actor TailMailbox<Item: Sendable> {
    private let limit: Int
    private var delivery = TailDelivery<Item>()
    /// What does not work at present; nil where all does.
    private(set) package var trouble: String?

    package init(limit: Int = 20_000) { self.limit = limit }

    package var isFull: Bool { delivery.items.count >= limit }

    package func tell(_ trouble: String?) { self.trouble = trouble }

    func add(_ items: [Item], records: Int, _ partition: PartitionID, next: Int64, skipped: Int64) {
        delivery.items += items
        delivery.records += records
        delivery.skipped = delivery.skipped.addingSaturated(skipped)
        delivery.next[partition] = next
    }

    /// What has come since this was called last.
    package func take() -> TailDelivery<Item> {
        defer { delivery = TailDelivery() }
        return delivery
    }
}

/// Reads a topic from near its end on: without a group, and nothing is committed or created. Where it is so far behind that it
/// would never come to the end, what lies between is passed over, and counted.
package struct PipelineTail<Reader: TailReader>: Sendable {
    private let client: ClientConfiguration
    private let isolation: IsolationLevel
    private let beginnings: [TopicPartition: KafkaConsumer.StartingOffset]
    private let reader: Reader
    /// So far behind a partition's end its records are passed over, up to so many in front of the end.
    private let limit: (behind: Int64, left: Int64)

    /// - Parameters:
    ///   - beginnings: Where each partition is read from.
    ///   - behind: So many records behind the end are too many.
    package init(
        _ client: ClientConfiguration, from beginnings: [TopicPartition: Int64], isolation: IsolationLevel,
        behind: Int64, _ reader: Reader
    ) {
        self.client = client
        self.isolation = isolation
        self.beginnings = beginnings.mapValues { .offset(Offset($0)) }
        self.reader = reader
        limit = (behind, behind / 10)
    }

    /// Where to begin so that about `count` records of the topic come first: of each partition that somebody leads, as
    /// many, of at most 256 partitions.
    package static func beginnings(_ topic: ClusterSnapshot.Topic, last count: Int64) -> [TopicPartition: Int64] {
        let led = topic.partitions.filter { $0.leader != nil && $0.end != nil }.prefix(TopicTail.mostPartitions)
        let each = max(1, count / Int64(max(1, led.count)))
        return Dictionary(
            led.map { partition in
                let end = max(0, partition.end ?? 0)
                return (
                    TopicPartition(topic.name, partition.number),
                    max(min(partition.start ?? 0, end), end.subtractingSaturated(each))
                )
            }, uniquingKeysWith: { one, _ in one })
    }

    /// Reads until the task is cancelled.
    package func run(into mailbox: TailMailbox<Reader.Item>) async {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, partitions: beginnings)
        configuration.client = client
        configuration.isolationLevel = isolation
        configuration.autoCommit = nil
        configuration.corruptBatches = .skip
        do {
            let consumer = try KafkaConsumer(configuration)
            do { try await read(consumer, mailbox) } catch {
                await consumer.close()
                throw error
            }
            await consumer.close()
        } catch let error as KafkaError {
            if error.code != .cancelled, !Task.isCancelled { await mailbox.tell(error.message) }
        } catch {}
    }

    private func read(_ consumer: KafkaConsumer, _ mailbox: TailMailbox<Reader.Item>) async throws {
        var reader = reader
        for try await event in consumer.events {
            if Task.isCancelled { return }
            switch event {
            case .batch(let batch):
                while await mailbox.isFull { try await consumer.loop.sleep(for: .milliseconds(20)) }
                var items: [Reader.Item] = []
                for record in batch {
                    if let item = reader.read(record, of: batch.source) { items.append(item) }
                }
                var next = batch.nextOffset
                let end = batch.highWatermark
                var skipped: Int64 = 0
                if end - next > limit.behind, let there = try? await skip(consumer, batch.source, to: end - limit.left)
                {
                    skipped = there - next
                    next = there
                }
                await mailbox.add(
                    items, records: batch.count, batch.source.partition, next: next.rawValue, skipped: skipped)
            case .trouble(let error): await mailbox.tell(error.message)
            case .recovered: await mailbox.tell(nil)
            case .assigned, .revoked, .lost, .reachedEnd, .reset: break
            }
        }
    }

    private func skip(
        _ consumer: KafkaConsumer, _ partition: TopicPartition, to offset: Offset
    ) async throws(KafkaError) -> Offset {
        try await consumer.seek(partition, to: offset)
        return offset
    }
}
