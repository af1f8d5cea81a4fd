import ChangeEvents
import Detectors

/// A transaction that a change event told of, and where.
package struct SeenPayment: Sendable, Equatable {
    package var place: RecordPlace
    /// When the event was written, in milliseconds since 1970.
    package var recordedAt: Int64
    package var transaction: Transaction

    package init(place: RecordPlace, recordedAt: Int64, transaction: Transaction) {
        self.place = place
        self.recordedAt = recordedAt
        self.transaction = transaction
    }

    /// The later one first, as the log has them.
    static func isLater(_ a: SeenPayment, _ b: SeenPayment) -> Bool {
        (a.place.partition, a.place.offset) > (b.place.partition, b.place.offset)
    }
}
