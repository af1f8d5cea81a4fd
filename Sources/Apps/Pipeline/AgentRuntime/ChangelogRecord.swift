import Detectors
import KafkaWire

/// A record of an agent's changelog topic, which is compacted: what is remembered of one user, of sixteen neighbouring rows, of
/// the partition with the same number as a whole, or how far its events are taken into account.
///
/// Keys are words (`user:42`, `rows:7`, `partition`, `position`). A value is the number 1 (its form), the epoch, and the state, in whole numbers
/// of ``StateBytes``; a record without value says that nothing is known any more. The epoch counts how often the partition was
/// begun anew: what has a lower one than a record before it is of before.
struct ChangelogRecord: Equatable, Sendable {
    /// What a record is about.
    enum Subject: Hashable, Sendable {
        case user(Int64)
        case rows(Int64)
        case partition
        case position
    }

    var subject: Subject
    var epoch: Int64
    /// Nil where nothing is known any more.
    var state: ArraySlice<UInt8>?

    init(_ subject: Subject, epoch: Int64, state: ArraySlice<UInt8>?) {
        self.subject = subject
        self.epoch = epoch
        self.state = state
    }

    /// The record of a position.
    init(position: Offset, epoch: Int64) {
        var state: [UInt8] = []
        StateBytes.append(position.rawValue, to: &state)
        self.init(.position, epoch: epoch, state: state[...])
    }

    // MARK: - As bytes

    private static let form: Int64 = 1
    private static let user = Array("user:".utf8)
    private static let rows = Array("rows:".utf8)
    private static let partition = Array("partition".utf8)
    private static let position = Array("position".utf8)

    /// As it is produced.
    func produced(to topic: String, _ partition: PartitionID) -> ProducerRecord {
        let value = state.map { state in
            var bytes: [UInt8] = []
            bytes.reserveCapacity(state.count + 4)
            StateBytes.append(Self.form, to: &bytes)
            StateBytes.append(epoch, to: &bytes)
            bytes.append(contentsOf: state)
            return Bytes(bytes)
        }
        return ProducerRecord(topic: topic, key: Bytes(key), value: value, partition: partition)
    }

    private var key: [UInt8] {
        switch subject {
        case .user(let id): Self.user + Array("\(id)".utf8)
        case .rows(let group): Self.rows + Array("\(group)".utf8)
        case .partition: Self.partition
        case .position: Self.position
        }
    }

    /// Nil where key or value are of no form that is known.
    init?(key: Bytes?, value: Bytes?) {
        guard let subject = key?.withUnsafeBytes(Self.subject) else { return nil }
        guard let value else {
            self.init(subject, epoch: .max, state: nil)
            return
        }
        var rest = value.copy()[...]
        guard StateBytes.take(&rest) == Self.form, let epoch = StateBytes.take(&rest), epoch >= 0 else { return nil }
        self.init(subject, epoch: epoch, state: rest)
    }

    private static func subject(_ key: UnsafeRawBufferPointer) -> Subject? {
        if key.elementsEqual(position) { return .position }
        if key.elementsEqual(partition) { return .partition }
        if key.starts(with: user) { return number(key.dropFirst(user.count)).map { .user($0) } }
        if key.starts(with: rows) { return number(key.dropFirst(rows.count)).map { .rows($0) } }
        return nil
    }

    private static func number(_ digits: some Collection<UInt8>) -> Int64? {
        Int64(String(decoding: digits, as: UTF8.self))
    }
}
