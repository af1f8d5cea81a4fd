import ChangeEvents
import Detectors
import KafkaWire

/// A record of an agent's changelog topic, which is compacted: what is remembered of one user, of sixty-four neighbouring rows, of
/// the partition with the same number as a whole, or how far its events are taken into account.
///
/// Keys are words (`user:42`, `rows:7`, `partition`, `position`). A value is the number 2 (its form), the epoch, and the state, in whole numbers
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

    // MARK: - As bytes

    /// The form of values that this version writes, and reads.
    static let form: Int64 = 2

    /// Nil where key or value are of no form that is known.
    init?(key: Bytes?, value: Bytes?) {
        guard let subject = key?.withUnsafeBytes(Self.subject) else { return nil }
        guard let value else {
            self.init(subject, epoch: .max, state: nil)
            return
        }
        var rest = value.slice
        guard StateBytes.take(&rest) == Self.form, let epoch = StateBytes.take(&rest), epoch >= 0 else { return nil }
        self.init(subject, epoch: epoch, state: rest)
    }

    private static func subject(_ key: UnsafeRawBufferPointer) -> Subject? {
        if let rest = key.dropPrefix(Subject.userPrefix) { return DecimalText.number(rest).map { .user($0) } }
        if let rest = key.dropPrefix(Subject.rowsPrefix) { return DecimalText.number(rest).map { .rows($0) } }
        if key.elementsEqual(Subject.positionKey) { return .position }
        return key.elementsEqual(Subject.partitionKey) ? .partition : nil
    }
}

extension ChangelogRecord.Subject {
    fileprivate static let userPrefix = Array("user:".utf8)
    fileprivate static let rowsPrefix = Array("rows:".utf8)
    fileprivate static let partitionKey = Array("partition".utf8)
    fileprivate static let positionKey = Array("position".utf8)

    /// Appends the key of its records.
    func appendKey(to bytes: inout [UInt8]) {
        switch self {
        case .user(let id):
            bytes.append(contentsOf: Self.userPrefix)
            DecimalText.append(id, to: &bytes)
        case .rows(let group):
            bytes.append(contentsOf: Self.rowsPrefix)
            DecimalText.append(group, to: &bytes)
        case .partition: bytes.append(contentsOf: Self.partitionKey)
        case .position: bytes.append(contentsOf: Self.positionKey)
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func dropPrefix(_ prefix: [UInt8]) -> UnsafeRawBufferPointer? {
        guard starts(with: prefix) else { return nil }
        return UnsafeRawBufferPointer(rebasing: self[prefix.count...])
    }
}
