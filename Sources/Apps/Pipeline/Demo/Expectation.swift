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

    /// Reads the whole topic; the loop says when that is.
    static func read(
        _ ends: [TopicPartition: Offset], _ client: ClientConfiguration, on loop: any EventLoop
    ) async throws(KafkaError) -> Expectation {
        var expectation = Expectation()
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        var probe = ProbeDetector()
        var rows = RowMemory()
        var decoder = ChangeEventDecoder()
        try await WholeTopic(ends: ends, client: client).read { record, partition in
            expectation.events += 1
            guard let value = record.value else { return }
            let isOld = record.hasHeader(ChangeEventDecoder.oldKeyHeader)
            let event = value.withUnsafeBytes { decoder.decode($0, hasOldKey: isOld) }
            guard case .transaction(let row) = event, !rows.isRepeated(row, partition: partition.rawValue) else {
                return
            }
            let place = RecordPosition(partition: partition, offset: record.offset)
            if anomaly.observe(row, partition: partition.rawValue).isAnomaly { expectation.anomalies.insert(place) }
            if velocity.observe(row, partition: partition.rawValue).isAlert { expectation.velocities.insert(place) }
            let arrival = EventTime(microseconds: loop.wallMicroseconds)
            if probe.observe(row, partition: partition.rawValue, arrival: arrival).isAlert {
                expectation.probes.insert(place)
            }
        }
        return expectation
    }
}
