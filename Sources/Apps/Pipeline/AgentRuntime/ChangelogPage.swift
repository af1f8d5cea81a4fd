import Detectors
import KafkaWire

/// Records of a changelog that are written together, in the order in which they were added: their keys and values are one behind the
/// other in the same bytes, so that a record costs no memory of its own. See ``ChangelogRecord`` for their form. A value.
struct ChangelogPage: Sendable {
    /// Where a record's key begins and ends, and where its value ends; -1 is no value.
    private struct Place: Sendable {
        var start: Int
        var middle: Int
        var end: Int
    }

    private var bytes: [UInt8] = []
    private var places: [Place] = []

    var count: Int { places.count }

    mutating func reserve(_ count: Int) { places.reserveCapacity(count) }

    /// Adds a record. `state` appends what is known; where it says that this is nothing, the record has no value.
    @inline(__always)
    mutating func append(_ subject: ChangelogRecord.Subject, epoch: Int64, state: (inout [UInt8]) -> Bool) {
        let start = bytes.count
        subject.appendKey(to: &bytes)
        let middle = bytes.count
        StateBytes.append(ChangelogRecord.form, to: &bytes)
        StateBytes.append(epoch, to: &bytes)
        let isKnown = state(&bytes)
        if !isKnown { bytes.removeSubrange(middle...) }
        places.append(Place(start: start, middle: middle, end: isKnown ? bytes.count : -1))
    }

    /// Adds the record of a position.
    mutating func append(position: Offset, epoch: Int64) {
        append(.position, epoch: epoch) {
            StateBytes.append(position.rawValue, to: &$0)
            return true
        }
    }

    /// The key and the value of a record; `index` is below ``count``.
    func record(_ index: Int) -> (key: Bytes, value: Bytes?) {
        let (all, place) = (Bytes(bytes), places[index])
        return (all[place.start..<place.middle], place.end < 0 ? nil : all[place.middle..<place.end])
    }

    /// Hands out the records from `first` on, where they lie, until `body` takes one not. Gives the index of that one; ``count`` where
    /// it has taken all.
    func handOut(
        from first: Int, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) throws(KafkaError) -> Bool
    ) throws(KafkaError) -> Int {
        let outcome: Result<Int, KafkaError> = bytes.withUnsafeBytes { bytes in
            do throws(KafkaError) {
                for index in first..<places.count {
                    let place = places[index]
                    let key = UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.middle])
                    let value = place.end < 0 ? nil : UnsafeRawBufferPointer(rebasing: bytes[place.middle..<place.end])
                    guard try body(key, value) else { return .success(index) }
                }
                return .success(places.count)
            } catch {
                return .failure(error)
            }
        }
        return try outcome.get()
    }
}
