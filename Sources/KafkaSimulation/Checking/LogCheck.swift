/// Holds what the logs have at the end against what was sent, acknowledged and refused.
struct LogCheck {
    private var sent: [History.Record: String] = [:]
    private var acknowledged: [(record: History.Record, partition: History.Partition, offset: Int64?, time: Duration)] =
        []
    private var refused: [History.Record: History.Refusal] = [:]
    private let logs: [(partition: History.Partition, records: [History.Logged])]
    /// Where each record is.
    private var places: [History.Record: [(partition: History.Partition, offset: Int64)]] = [:]

    init(_ history: History) {
        for event in history.events {
            switch event.what {
            case .sent(let record, let topic): sent[record] = topic
            case .acknowledged(let record, let partition, let offset):
                acknowledged.append((record, partition, offset, event.time))
            case .refused(let record, let refusal): refused[record] = refusal
            default: break
            }
        }
        logs = history.logs.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        for (partition, records) in logs {
            for logged in records {
                if let record = logged.record { places[record, default: []].append((partition, logged.offset)) }
            }
        }
    }

    func objections(_ promises: History.Promises) -> [Objection] {
        acknowledgedIsThere(promises) + onceAndInOrder(promises) + onlyWhatWasSent()
            + (promises.refusesForGood ? refusedIsNotThere() : [])
    }

    private func acknowledgedIsThere(_ promises: History.Promises) -> [Objection] {
        acknowledged.compactMap { record, partition, offset, time in
            guard promises.keeps(record, in: partition) else { return nil }
            guard let found = places[record] else {
                return Objection(
                    .acknowledgedIsThere, "\(record) was acknowledged in \(partition) and is in no log", at: time)
            }
            guard found.contains(where: { $0.partition == partition && $0.offset == offset ?? $0.offset }) else {
                let there = found.map { "\($0.partition)@\($0.offset)" }.joined(separator: ", ")
                return Objection(
                    .rightOffset,
                    "\(record) was acknowledged in \(partition)\(offset.map { " at \($0)" } ?? "") and is at \(there)",
                    at: time)
            }
            return nil
        }
    }

    private func onceAndInOrder(_ promises: History.Promises) -> [Objection] {
        var found: [Objection] = []
        for (record, places) in places.sorted(by: { $0.key < $1.key }) where places.count > 1 {
            guard places.allSatisfy({ promises.isExact(record, in: $0.partition) }) else { continue }
            let there = places.map { "\($0.partition)@\($0.offset)" }.joined(separator: ", ")
            found.append(Objection(.onceOnly, "\(record) is at \(there)"))
        }
        for (partition, records) in logs {
            var last: [String: History.Record] = [:]
            for case let record? in records.map(\.record) where promises.isExact(record, in: partition) {
                if let before = last[record.producer], before.number > record.number {
                    found.append(Objection(.inOrder, "\(record) is behind \(before) in \(partition)"))
                }
                last[record.producer] = record
            }
        }
        return found
    }

    private func onlyWhatWasSent() -> [Objection] {
        logs.flatMap { partition, records in
            records.compactMap { logged in
                guard let record = logged.record else {
                    return Objection(.onlyWhatWasSent, "\(partition)@\(logged.offset) is no record of anybody")
                }
                guard let topic = sent[record] else {
                    return Objection(.onlyWhatWasSent, "\(partition)@\(logged.offset) is \(record), which nobody sent")
                }
                guard topic != partition.topic else { return nil }
                return Objection(.onlyWhatWasSent, "\(record) was sent to \(topic) and is in \(partition)")
            }
        }
    }

    private func refusedIsNotThere() -> [Objection] {
        refused.sorted { $0.key < $1.key }.compactMap { record, refusal in
            guard refusal == .final, let place = places[record]?.first else { return nil }
            return Objection(
                .refusedIsNotThere, "\(record) was refused for good and is at \(place.partition)@\(place.offset)")
        }
    }
}
