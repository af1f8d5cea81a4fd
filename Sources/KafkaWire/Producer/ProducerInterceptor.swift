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

/// An interceptor that keeps something of each record until its end, as ``TracingInterceptor`` does its span.
protocol AttendingInterceptor: ProducerInterceptor {
    /// What goes in the record's place, and who is told of its end; called where others get `onSend`.
    func attend(_ record: ProducerRecord, clientId: String) -> (ProducerRecord, any RecordAttendant)
}

/// Who is told, once, what became of one record.
protocol RecordAttendant: Sendable {
    /// The record was stored, or never will be.
    func ended(_ record: InterceptedRecord, _ outcome: Result<RecordMetadata, KafkaError>)
    /// `tryEnqueue` did not take the record over.
    func wasNotTaken()
}

/// The interceptors of a producer.
struct ProducerInterceptors: Sendable {
    /// A record behind all of them.
    struct Changed: Sendable {
        var record: ProducerRecord
        var attendants: [any RecordAttendant] = []
    }

    private struct Member: Sendable {
        let interceptor: any ProducerInterceptor
        let attending: (any AttendingInterceptor)?
    }

    private let all: [Member]
    private let clientId: String
    /// Is told of what an interceptor throws.
    let warn: @Sendable (String) -> Void
    private let isClosed = Locked(false)

    init(_ all: [any ProducerInterceptor], clientId: String, warn: @escaping @Sendable (String) -> Void) {
        self.all = all.map { Member(interceptor: $0, attending: $0 as? any AttendingInterceptor) }
        self.clientId = clientId
        self.warn = warn
    }

    func changed(_ record: ProducerRecord) -> Changed {
        var changed = Changed(record: record)
        for member in all {
            if let attending = member.attending {
                let (record, attendant) = attending.attend(changed.record, clientId: clientId)
                changed.record = record
                changed.attendants.append(attendant)
                continue
            }
            do { changed.record = try member.interceptor.onSend(changed.record) } catch {
                warn(
                    "interceptor \(type(of: member.interceptor)) threw in onSend, the record goes on as it was: "
                        + "\(error)")
            }
        }
        return changed
    }

    private func tell(
        _ attendants: [any RecordAttendant], of record: InterceptedRecord,
        _ outcome: Result<RecordMetadata, KafkaError>
    ) {
        for attendant in attendants { attendant.ended(record, outcome) }
        for member in all {
            do { try member.interceptor.onAcknowledgement(of: record, outcome) } catch {
                warn("interceptor \(type(of: member.interceptor)) threw in onAcknowledgement: \(error)")
            }
        }
    }

    /// Tells of the record once it has landed, or has failed.
    func watch(_ delivery: Delivery, of changed: Changed) {
        let intercepted = InterceptedRecord(
            topic: changed.record.topic, partition: delivery.partition, headers: changed.record.headers)
        let attendants = changed.attendants
        delivery.batch.whenSettled(Int(delivery.index)) { landing in
            self.tell(attendants, of: intercepted, landing.map { delivery.metadata($0) })
        }
    }

    /// Tells of a record that was refused.
    func refused(_ changed: Changed, _ error: KafkaError) {
        let record = changed.record
        tell(
            changed.attendants,
            of: InterceptedRecord(topic: record.topic, partition: record.partition, headers: record.headers),
            .failure(error))
    }

    /// Tells those who attend to a record that it was not taken over; a record that is tried again is a new one to them.
    func notTaken(_ changed: Changed) {
        for attendant in changed.attendants { attendant.wasNotTaken() }
    }

    /// Tells all of the end, once.
    func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        if isFirst { for member in all { member.interceptor.onClose() } }
    }
}
