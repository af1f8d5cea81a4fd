/// Sees records on their way into a producer and what becomes of them (KIP-42): to add headers, to count, to trace.
///
/// All methods have defaults. Several form a chain, in the order of ``KafkaProducer/Configuration/interceptors``. What one
/// throws stops nothing: it is logged as a warning, and the record goes on as it was before that interceptor, as in Java.
/// They are called from any thread, and several records at a time; they may not block, since what they are told of the
/// end of a record they are mostly told on the client's loop.
public protocol ProducerInterceptor: Sendable {
    /// A record is about to be taken over, and no partition is chosen for it yet. What is returned goes in its place.
    ///
    /// Called once for each record by `send` and `enqueue`; `tryEnqueue` calls it again with each try.
    func onSend(_ record: ProducerRecord) throws -> ProducerRecord

    /// The record was stored, or never will be; also where it was refused before it was sent.
    func onAcknowledgement(of record: InterceptedRecord, _ outcome: Result<RecordMetadata, KafkaError>) throws

    /// The producer is closed: nothing follows.
    func onClose()
}

extension ProducerInterceptor {
    /// The record as it is.
    public func onSend(_ record: ProducerRecord) throws -> ProducerRecord { record }
    /// Does nothing.
    public func onAcknowledgement(of record: InterceptedRecord, _ outcome: Result<RecordMetadata, KafkaError>) throws {}
    /// Does nothing.
    public func onClose() {}
}

/// What is still known of a record when it has an outcome.
public struct InterceptedRecord: Sendable, Equatable {
    /// The topic.
    public var topic: String
    /// The partition; nil where it failed before one was chosen.
    public var partition: PartitionID?
    /// The headers that it was sent with.
    public var headers: [RecordHeader]
}

/// The interceptors of a producer.
struct ProducerInterceptors: Sendable {
    let all: [any ProducerInterceptor]
    /// Is told of what an interceptor throws.
    let warn: @Sendable (String) -> Void
    private let isClosed = Locked(false)

    init(_ all: [any ProducerInterceptor], warn: @escaping @Sendable (String) -> Void) {
        self.all = all
        self.warn = warn
    }

    /// The record behind all of them.
    func changed(_ record: ProducerRecord) -> ProducerRecord {
        var record = record
        for interceptor in all {
            do { record = try interceptor.onSend(record) } catch {
                warn("interceptor \(type(of: interceptor)) threw in onSend, the record goes on as it was: \(error)")
            }
        }
        return record
    }

    func tell(of record: InterceptedRecord, _ outcome: Result<RecordMetadata, KafkaError>) {
        for interceptor in all {
            do { try interceptor.onAcknowledgement(of: record, outcome) } catch {
                warn("interceptor \(type(of: interceptor)) threw in onAcknowledgement: \(error)")
            }
        }
    }

    /// Tells of the record once it has landed, or has failed.
    func watch(_ delivery: Delivery, of record: ProducerRecord) {
        let intercepted = InterceptedRecord(
            topic: record.topic, partition: delivery.partition, headers: record.headers)
        delivery.batch.whenSettled(Int(delivery.index)) { landing in
            self.tell(of: intercepted, landing.map { delivery.metadata($0) })
        }
    }

    /// Tells of a record that was refused.
    func refused(_ record: ProducerRecord, _ error: KafkaError) {
        tell(
            of: InterceptedRecord(topic: record.topic, partition: record.partition, headers: record.headers),
            .failure(error))
    }

    /// Tells all of the end, once.
    func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        if isFirst { for interceptor in all { interceptor.onClose() } }
    }
}
