import Detectors
import KafkaWire

/// What a partition of the changelog says, as its records come in: a value that tells what to do with each.
struct RestoredState: Equatable, Sendable {
    /// What to do with a record.
    enum Step: Equatable, Sendable {
        case pass
        /// Takes over what is remembered; all of before is to be dropped first where it begins an epoch.
        case take(ChangelogRecord.Subject, ArraySlice<UInt8>, isFirst: Bool)
        case damaged
    }

    /// The epoch of the records so far.
    private(set) var epoch: Int64 = 0
    /// All events in front of it are taken into account; nil where no record says so.
    private(set) var position: Offset?
    /// How many subjects were taken over.
    private(set) var count = 0

    /// Takes the next record, in the order of the log.
    mutating func take(key: Bytes?, value: Bytes?) -> Step {
        guard let record = ChangelogRecord(key: key, value: value) else { return .damaged }
        // Nothing is known any more: as of somebody new.
        guard let state = record.state else {
            if record.subject == .position { return .pass }
            return .take(record.subject, [], isFirst: false)
        }
        guard record.epoch >= epoch else { return .pass }
        let isFirst = record.epoch > epoch
        if isFirst { (epoch, position, count) = (record.epoch, nil, 0) }
        guard record.subject == .position else {
            count += 1
            return .take(record.subject, state, isFirst: isFirst)
        }
        var rest = state
        guard let offset = StateBytes.take(&rest), offset >= 0, rest.isEmpty else { return .damaged }
        position = Offset(rawValue: offset)
        return isFirst ? .take(.position, [], isFirst: true) : .pass
    }

    /// What is left to do before the group's position is reached.
    enum Gap: Equatable, Sendable {
        /// Nothing.
        case none
        /// The events from there on are read back: they were judged without the changelog.
        case readBack(from: Offset)
        /// The group was set back: all is begun anew, in the next epoch.
        case anew
    }

    /// What lies between what was restored and where the group stands.
    func gap(to offset: Offset) -> Gap {
        guard let position else { return .readBack(from: 0) }
        if position == offset { return .none }
        return position < offset ? .readBack(from: position) : .anew
    }
}
