/// Which records made a broker refuse their batch (KIP-467), and what that means for each record of it, as Java's
/// `Sender.failBatch` has it: where one record alone is at fault, the batch's code is meant for it; of several nobody says
/// which is at fault of what, and each is an invalid record. The others failed since they were beside them.
struct RecordFaults: Equatable, Sendable {
    private let culprits: [Int: KafkaError]
    /// The error of records that are not at fault.
    private let others: KafkaError
    /// The error of the first record that is at fault.
    let first: KafkaError

    /// A record that a broker blames.
    typealias Blame = ProduceResponse.TopicProduceResponse.PartitionProduceResponse.BatchIndexAndErrorMessage

    /// What the broker blames in a batch of `count` records that it refused with `error`; nil where that is none of them.
    /// `key` tells a record's key.
    init?(_ blamed: [Blame], count: Int, words: String?, _ error: KafkaError, key: (Int) -> Bytes?) {
        var culprits: [Int: KafkaError] = [:]
        for blame in blamed {
            let index = Int(blame.batchIndex)
            guard (0..<count).contains(index), culprits[index] == nil else { continue }
            culprits[index] = Self.fault(
                blame.batchIndexErrorMessage ?? words, index, key(index), isOnly: blamed.count == 1, error)
        }
        guard let lowest = culprits.keys.min(), let first = culprits[lowest] else { return nil }
        var others = error
        others.code = .refusedBatch
        others.isRetriable = true
        others.message =
            "the record was not stored since \(culprits.count == 1 ? "another one" : "\(culprits.count) others") of its batch "
            + "\(culprits.count == 1 ? "was" : "were") refused; send it again. \(first.message)"
        self.culprits = culprits
        self.others = others
        self.first = first
    }

    private static func fault(
        _ reason: String?, _ index: Int, _ key: Bytes?, isOnly: Bool, _ error: KafkaError
    ) -> KafkaError {
        var fault = error
        if !isOnly { fault.code = .broker(.invalidRecord) }
        fault.isRetriable = fault.code.broker?.isRetriable ?? false
        let place = "\(error.topic ?? "?")-\(error.partition ?? -1)"
        let name = key.map { "with key \(shown($0))" } ?? "without a key"
        fault.message =
            "could not send a record \(name) to \(place), record \(index) of its batch: broker \(error.broker ?? "?") answered "
            + "\(fault.code)\(reason.map { " (\($0))" } ?? "")"
        return fault
    }

    /// At most so much of a key stands in an error.
    private static let mostOfKey = 64

    private static func shown(_ key: Bytes) -> String {
        let start = key[0..<min(key.count, mostOfKey)].copy()
        let end = key.count > mostOfKey ? "…" : ""
        let text = String(validating: start, as: UTF8.self)
        let isPlain = text?.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F } ?? false
        return isPlain ? "\"\(text ?? "")\(end)\"" : "0x\(Hex.encode(start))\(end)"
    }

    /// Why the record at `index` of the batch failed.
    func error(of index: Int) -> KafkaError { culprits[index] ?? others }

    /// The errors of `count` records in their order, those alike together.
    func runs(of count: Int) -> [(count: Int, error: KafkaError)] {
        var runs: [(count: Int, error: KafkaError)] = []
        var next = 0
        for index in culprits.keys.sorted() where index < count {
            if index > next { runs.append((index - next, others)) }
            runs.append((1, error(of: index)))
            next = index + 1
        }
        if next < count { runs.append((count - next, others)) }
        return runs
    }
}
