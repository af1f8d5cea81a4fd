import KafkaWire

/// Brings parcels to their topics, each in a transaction of its own that commits the group's positions as well (KIP-447): all of a
/// parcel is there, or nothing of it.
struct ParcelSender: Sendable {
    /// What came of a parcel.
    enum Outcome: Sendable {
        case arrived
        /// Nothing of it is there: it may be sent again.
        case undone(KafkaError)
        /// Nothing of it is there, and this producer sends no more.
        case failed(KafkaError)
    }

    let changelog: String
    private let producer: KafkaProducer

    /// - Parameter id: The transactional id, which is this instance's own: another one with it is shut out.
    init(id: String, changelog: String, client: ClientConfiguration) throws(KafkaError) {
        self.changelog = changelog
        var configuration = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
        configuration.client = client
        configuration.transactionalId = id
        // Who gets the partitions of an instance that died waits for the end of its transaction.
        configuration.transactionTimeout = .seconds(15)
        configuration.maximumBlock = .seconds(10)
        configuration.deliveryTimeout = .seconds(10)
        configuration.linger = .zero
        producer = try KafkaProducer(configuration)
    }

    /// Ends what a former life of this instance has left open: until then nobody is told where the group stands in its partitions.
    /// What stands against it is told with the first parcel.
    func begin() async { try? await producer.initTransactions() }

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
                guard further.transaction == .outcomeUnknown else {
                    if further.transaction == .abortable { try? await producer.abortTransaction() }
                    error = further
                    break
                }
                do { try await producer.loop.sleep(for: .milliseconds(200)) } catch { return .failed(further) }
            }
        }
        return error.transaction == .fenced || error.transaction == .fatal ? .failed(error) : .undone(error)
    }

    /// Gives up what is on its way: it is aborted, here or by the coordinator.
    func close() async { try? await producer.close(timeout: .seconds(5)) }
}
