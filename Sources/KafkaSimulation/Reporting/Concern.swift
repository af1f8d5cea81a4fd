/// What objections are about, or other sentences: the records, places, partitions and parties that their words name, as far as the history knows
/// them.
struct Concern {
    private(set) var records: Set<History.Record> = []
    private(set) var parties: Set<String> = []
    private(set) var partitions: Set<History.Partition> = []
    /// Which offsets of them; a partition without any is meant as a whole.
    private(set) var places: [History.Partition: Set<Int64>] = [:]
    /// The calls of those parties that have outlived their time.
    private(set) var lateCalls: Set<Int> = []

    init(_ sentences: [String], in history: History) {
        let names = Set(history.events.map(\.who))
        var known: Set<History.Partition> = []
        for event in history.events { known.formUnion(event.what.partitions) }
        for partition in history.partitions { known.insert(partition) }
        for sentence in sentences {
            for word in sentence.split(whereSeparator: { " ,;:()".contains($0) }).map(String.init) {
                if names.contains(word) { parties.insert(word) }
                if let record = History.Record(word) { records.insert(record) }
                let parts = word.split(separator: "@", maxSplits: 1)
                guard let partition = parts.first.flatMap({ History.Partition(String($0)) }),
                    known.contains(partition)
                else { continue }
                partitions.insert(partition)
                if parts.count == 2, let offset = Int64(parts[1]) { places[partition, default: []].insert(offset) }
            }
        }
        findRecords(in: history)
        findLateCalls(in: history)
    }

    /// Where the records are, or were said to be.
    private mutating func findRecords(in history: History) {
        func add(_ partition: History.Partition, _ offset: Int64?) {
            partitions.insert(partition)
            if let offset { places[partition, default: []].insert(offset) }
        }
        for event in history.events {
            switch event.what {
            case .acknowledged(let record, let partition, let offset) where records.contains(record):
                add(partition, offset)
            default: break
            }
        }
        for partition in history.partitions {
            for logged in history.logs[partition] ?? [] {
                if let record = logged.record, records.contains(record) { add(partition, logged.offset) }
            }
        }
    }

    private mutating func findLateCalls(in history: History) {
        var open: [Int: Duration] = [:]
        for event in history.events where parties.contains(event.who) {
            switch event.what {
            case .called(let number, _, let limit): open[number] = event.time + limit
            case .returned(let number):
                if let deadline = open.removeValue(forKey: number), event.time > deadline { lateCalls.insert(number) }
            default: break
            }
        }
        let end = history.events.last?.time ?? .zero
        lateCalls.formUnion(open.filter { end > $0.value }.keys)
    }

    /// Whether the place is one of those, or beside one.
    func isNear(_ partition: History.Partition, _ offset: Int64) -> Bool {
        guard partitions.contains(partition) else { return false }
        guard let offsets = places[partition] else { return true }
        return (-1...1).contains { offsets.contains(offset &+ $0) }
    }

    /// The part of an event that they are about; nil where there is none.
    func part(of event: History.Event) -> History.What? {
        let isOurs = parties.contains(event.who)
        switch event.what {
        case .fault, .forgotMembers: return event.what
        case .sent(let record, _), .acknowledged(let record, _, _), .refused(let record, _):
            return records.contains(record) ? event.what : nil
        case .received(let partition, let offset, let record):
            let isIt = record.map(records.contains) ?? false
            return isIt || isNear(partition, offset) ? event.what : nil
        case .assigned(let group, let positions, let generation):
            let those = positions.filter { partitions.contains($0.key) }
            return those.isEmpty ? nil : .assigned(group: group, those, generation: generation)
        case .joined: return isOurs ? event.what : nil
        case .released(let group, let all, let lost):
            let those = all.filter(partitions.contains)
            return those.isEmpty ? nil : .released(group: group, those, lost: lost)
        case .committed(let group, let positions):
            let those = positions.filter { isNear($0.key, $0.value) }
            return those.isEmpty ? nil : .committed(group: group, those)
        case .transacted(let what):
            // Of those a transaction is told whole.
            if case .copied(let partition, let offset, _) = what, isNear(partition, offset) { return event.what }
            return isOurs || what.record.map(records.contains) ?? false ? event.what : nil
        case .moved(let partition, _): return partitions.contains(partition) ? event.what : nil
        case .called(let number, _, _), .returned(let number): return lateCalls.contains(number) ? event.what : nil
        case .cutOff, .reachable, .told, .killed, .left, .closed: return isOurs ? event.what : nil
        }
    }
}

extension History {
    /// The partitions that have a log at the end, in their order.
    var partitions: [Partition] { logs.keys.sorted() }
}

extension History.Partition {
    /// Reads what ``description`` writes.
    init?(_ text: String) {
        guard let mark = text.lastIndex(of: "-"), let number = Int(text[text.index(after: mark)...]), number >= 0 else {
            return nil
        }
        self.init(String(text[..<mark]), number)
    }
}

extension History.What {
    /// The partitions that it is about.
    fileprivate var partitions: [History.Partition] {
        switch self {
        case .acknowledged(_, let partition, _), .received(let partition, _, _), .moved(let partition, _): [partition]
        case .released(_, let partitions, _): partitions
        case .assigned(_, let positions, _), .committed(_, let positions): positions.keys.sorted()
        default: []
        }
    }
}
