import ChangeEvents
import Detectors
import KafkaWire

/// A record's place in the topic.
struct RecordPosition: Hashable, Comparable, CustomStringConvertible {
    var partition: PartitionID
    var offset: Offset

    static func < (a: RecordPosition, b: RecordPosition) -> Bool { (a.partition, a.offset) < (b.partition, b.offset) }
    var description: String { "partition \(partition), offset \(offset)" }
}

/// What an uninterrupted run over the topic finds: every event judged once, in the order of its partition.
struct Expectation {
    private(set) var events = 0
    private(set) var anomalies: Set<RecordPosition> = []
    private(set) var velocities: Set<RecordPosition> = []
    private(set) var probes: Set<RecordPosition> = []

    /// Reads the whole topic.
    static func read(
        _ topic: String, ends: [TopicPartition: Offset], _ client: ClientConfiguration
    ) async throws(KafkaError) -> Expectation {
        var expectation = Expectation()
        var left = ends.filter { $0.value > 0 }
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        var probe = ProbeDetector()
        var rows = RowMemory()
        var decoder = ChangeEventDecoder()
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, partitions: left.mapValues { _ in .offset(0) })
        configuration.client = client
        let consumer = try KafkaConsumer(configuration)
        if !left.isEmpty {
            for try await batch in consumer.batches {
                for record in batch {
                    expectation.events += 1
                    guard let value = record.value else { continue }
                    let isOld = record.hasHeader(ChangeEventDecoder.oldKeyHeader)
                    let event = value.withUnsafeBytes { decoder.decode($0, hasOldKey: isOld) }
                    let partition = batch.source.partition
                    guard case .transaction(let row) = event,
                        !rows.isRepeated(row, partition: partition.rawValue)
                    else { continue }
                    let place = RecordPosition(partition: partition, offset: record.offset)
                    if anomaly.observe(row, partition: partition.rawValue).isAnomaly {
                        expectation.anomalies.insert(place)
                    }
                    if velocity.observe(row, partition: partition.rawValue).isAlert {
                        expectation.velocities.insert(place)
                    }
                    let arrival = EventTime(microseconds: consumer.loop.wallMicroseconds)
                    if probe.observe(row, partition: partition.rawValue, arrival: arrival).isAlert {
                        expectation.probes.insert(place)
                    }
                }
                if batch.nextOffset >= left[batch.source] ?? .max { left[batch.source] = nil }
                if left.isEmpty { break }
            }
        }
        await consumer.close()
        return expectation
    }
}
