import ChangeEvents
import ClusterView
import Detectors
import KafkaWire

/// Reads change events as the agents do: new transactions come of them, all else is passed over.
package struct PaymentReader: TailReader {
    private var decoder = ChangeEventDecoder()

    package init() {}

    package mutating func read(_ record: Record, of partition: TopicPartition) -> SeenPayment? {
        guard let value = record.value else { return nil }
        let hasOldKey = record.hasHeader(ChangeEventDecoder.oldKeyHeader)
        let event = value.withUnsafeBytes { bytes in
            decoder.decode(bytes, hasOldKey: hasOldKey) {
                let header = record.headers.last { $0.key == ChangeEventDecoder.operationHeader }
                return header?.value.flatMap { $0.count == 1 ? $0[0] : nil }
            }
        }
        guard case .transaction(let transaction) = event else { return nil }
        return SeenPayment(
            place: RecordPlace(partition: partition.partition.rawValue, offset: record.offset.rawValue),
            recordedAt: record.timestamp, transaction: transaction)
    }
}

/// Reads records as they are.
package struct MessageReader: TailReader {
    package init() {}

    package func read(_ record: Record, of partition: TopicPartition) -> TailMessage? {
        TailMessage(record, of: partition)
    }
}
