import KafkaWire

/// Brings parcels to their topics, each in a transaction of its own that commits the group's positions as well (KIP-447): all of a
/// parcel is there, or nothing of it.
final class ParcelSender: Sendable {
    /// What came of a parcel.
    enum Outcome: Sendable {
        case arrived
        /// Nothing of it is there: it may be sent again.
        case undone(KafkaError)
        /// The coordinator has ended the producer's transaction, or given its id to another producer: what became of the parcel is
        /// told by what is committed, once another producer has begun (``ParcelSender/renewed()``).
        case ousted(KafkaError)
        /// Nothing of it is there, and no producer may send it.
        case failed(KafkaError)
    }

    let changelog: String
    private let configuration: KafkaProducer.Configuration
    private let producer: KafkaProducer

    /// - Parameter id: The transactional id, which is this instance's own: another one with it is shut out.
    convenience init(id: String, changelog: String, client: ClientConfiguration) throws(KafkaError) {
        var configuration = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
        configuration.client = client
        configuration.transactionalId = id
        // Who gets the partitions of an instance that died waits for the end of its transaction.
        configuration.transactionTimeout = .seconds(15)
        configuration.maximumBlock = .seconds(10)
        configuration.deliveryTimeout = .seconds(10)
        configuration.linger = .zero
        try self.init(changelog, configuration)
    }

    private init(_ changelog: String, _ configuration: KafkaProducer.Configuration) throws(KafkaError) {
        self.changelog = changelog
        self.configuration = configuration
        producer = try KafkaProducer(configuration)
    }

    /// Another producer with the same id, in place of one that was ousted.
    func renewed() throws(KafkaError) -> ParcelSender { try ParcelSender(changelog, configuration) }

    /// Ends what a former life of this instance has left open: until then nobody is told where the group stands in its partitions.
    func begin() async throws(KafkaError) { try await producer.initTransactions() }

    func send(_ parcel: Parcel, as member: ConsumerGroupMetadata) async -> Outcome {
        do {
            try await producer.withTransaction { transaction in
                for (source, part) in parcel.inOrder {
                    for letter in part.letters { try await transaction.enqueue(letter) }
                    try await enqueue(part.changelog, to: source.partition)
                }
                try await transaction.sendOffsets(
                    parcel.offsets.mapValues { CommittedOffset(offset: $0) }, group: member)
            }
            return .arrived
        } catch let error as KafkaError {
            return await outcome(of: error)
        } catch {
            return .undone(KafkaError(.cancelled, "\(error)"))
        }
    }

    /// Has the producer take over what there is room for at once, and waits for room in between.
    private func enqueue(_ page: ChangelogPage, to partition: PartitionID) async throws(KafkaError) {
        let time = producer.loop.wallMilliseconds
        var next = 0
        while true {
            next = try page.handOut(from: next) { key, value throws(KafkaError) in
                try producer.tryEnqueue(
                    topic: changelog, partition: partition, key: key, value: value, timestamp: time) != nil
            }
            guard next < page.count else { return }
            let (key, value) = page.record(next)
            try await producer.enqueue(
                ProducerRecord(topic: changelog, key: key, value: value, partition: partition, timestamp: time))
            next += 1
        }
    }

    /// Nobody may have said yet what became of it: then it is asked for until somebody does.
    private func outcome(of error: KafkaError) async -> Outcome {
        var error = error
        while error.transaction == .outcomeUnknown {
            do throws(KafkaError) {
                try await producer.commitTransaction()
                return .arrived
            } catch let further {
                // What is not known is how the transaction before ends: this one has not begun.
                if further.code == .invalidTransactionState { return .undone(error) }
                guard further.transaction == .outcomeUnknown else {
                    if further.transaction == .abortable { try? await producer.abortTransaction() }
                    error = further
                    break
                }
                do { try await producer.loop.sleep(for: .milliseconds(200)) } catch { return .failed(further) }
            }
        }
        return Self.outcome(of: error)
    }

    /// What an error means that is no question any more.
    static func outcome(of error: KafkaError) -> Outcome {
        switch error.transaction {
        case .fenced: .ousted(error)
        case .fatal: error.code.broker.map(forgotten.contains) ?? false ? .ousted(error) : .failed(error)
        case .abortable, .outcomeUnknown, nil: .undone(error)
        }
    }

    /// What a coordinator says that knows another state of the transaction than this producer, or nothing of it any more.
    private static let forgotten: Set<ErrorCode> = [
        .invalidTxnState, .invalidProducerIdMapping, .unknownProducerId, .outOfOrderSequenceNumber, .unknownServerError,
    ]

    /// Gives up what is on its way: it is aborted, here or by the coordinator.
    func close() async { try? await producer.close(timeout: .seconds(5)) }
}
