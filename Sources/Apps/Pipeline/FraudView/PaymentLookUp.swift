import Detectors
import KafkaWire

/// Reads change events again that a tail has passed: those at given places, or a user's in front of one of them.
package struct PaymentLookUp: Sendable {
    /// What is wanted.
    package enum Request: Sendable, Equatable {
        /// The transactions at these places of one partition.
        case places([RecordPlace])
        /// The transactions of a user up to that place.
        case past(user: Int64, upTo: RecordPlace)
    }

    /// So many offsets in front of a place a user's transactions are looked for.
    package static let stretch: Int64 = 20_000
    /// How many of a user's transactions are kept.
    package static let kept = 50
    /// How long it may take.
    package static let patience = Duration.seconds(6)

    private let client: ClientConfiguration
    private let topic: String

    package init(_ client: ClientConfiguration, topic: String) {
        self.client = client
        self.topic = topic
    }

    /// What was found, in the log's order. What is not there any more is left out; so is what was not read in time.
    package func read(_ request: Request) async throws(KafkaError) -> [SeenPayment] {
        switch request {
        case .places(let places):
            let offsets = Set(places.map(\.offset))
            guard let partition = places.first?.partition, let first = offsets.min(), let last = offsets.max() else {
                return []
            }
            // Far from each other, all between would be read for nothing.
            return try await read(partition, from: first, upTo: last, seeking: offsets.sorted()) {
                offsets.contains($0.place.offset)
            }
        case .past(let user, let place):
            let from = max(0, place.offset.subtractingSaturated(Self.stretch))
            let found = try await read(place.partition, from: from, upTo: place.offset, seeking: []) {
                $0.transaction.userID == user
            }
            return found.suffix(Self.kept)
        }
    }

    private func read(
        _ number: Int32, from first: Int64, upTo last: Int64, seeking offsets: [Int64],
        where isWanted: (SeenPayment) -> Bool
    ) async throws(KafkaError) -> [SeenPayment] {
        let partition = TopicPartition(topic, PartitionID(number))
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, partitions: [partition: .offset(Offset(first))])
        configuration.client = client
        configuration.autoCommit = nil
        configuration.corruptBatches = .skip
        configuration.tellsEnds = true
        configuration.fetchMaximumWait = .milliseconds(100)
        if !offsets.isEmpty {
            configuration.partitionMaximumBytes = 64 << 10
            configuration.fetchMaximumBytes = 64 << 10
            configuration.maximumBuffered = 64 << 10
        }
        let consumer = try KafkaConsumer(configuration)
        let loop = consumer.loop
        let deadline = loop.now + Self.patience
        // A broker that says nothing at all is not waited for either.
        let watch = Task {
            try await loop.sleep(for: Self.patience)
            await consumer.stop()
        }
        defer { watch.cancel() }
        var reader = PaymentReader()
        var found: [SeenPayment] = []
        do throws(KafkaError) {
            reading: for try await event in consumer.events {
                switch event {
                case .batch(let batch):
                    for record in batch where record.offset.rawValue <= last {
                        guard let payment = reader.read(record, of: partition), isWanted(payment) else { continue }
                        found.append(payment)
                    }
                    let next = batch.nextOffset.rawValue
                    if next > last || loop.now > deadline { break reading }
                    if let wanted = offsets.first(where: { $0 >= next }), wanted > next {
                        try await consumer.seek(partition, to: Offset(wanted))
                    }
                case .reachedEnd: break reading
                case .reset(_, _, let to, _): if to.rawValue > last { break reading }
                case .trouble(let error): if loop.now > deadline { throw error }
                case .assigned, .revoked, .lost, .recovered: break
                }
            }
        } catch {
            await consumer.close()
            throw error
        }
        await consumer.close()
        return found
    }
}
