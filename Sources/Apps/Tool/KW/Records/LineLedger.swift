import KafkaWire

/// Which lines are in which batch, until the batch has arrived, so that those of a failed one can be named.
struct LineLedger {
    /// A batch and its lines, as runs of neighbours.
    private struct Entry {
        var delivery: Delivery
        var runs: [(first: Int, count: Int)]
    }

    /// The batch that each partition fills at present.
    private var filling: [Entry?] = []
    private var sent: [Task<Void, Never>] = []
    private let outcome = Locked(Outcome())
    /// Whether lines are in transactions: of one that is aborted all come to nothing, which is told once and not for each.
    private let isTransactional: Bool

    /// Hears of each failure as soon as it is known, up to ``told``.
    private let tell: @Sendable (String) -> Void

    init(isTransactional: Bool = false, tell: @escaping @Sendable (String) -> Void = { _ in }) {
        self.isTransactional = isTransactional
        self.tell = tell
    }

    private struct Outcome {
        var failedLines = 0
        var sentences = 0
        /// Failures beyond those that are told one by one.
        var untold = 0

        /// The sentence that is to be told; nil where there were enough.
        mutating func note(_ lines: [(first: Int, count: Int)], _ error: KafkaError) -> String? {
            failedLines += lines.reduce(0) { $0 + $1.count }
            guard sentences < LineLedger.told else {
                untold += 1
                return nil
            }
            sentences += 1
            return "\(LineLedger.name(lines)): \(error.message)"
        }
    }

    /// So many sentences are told; a broken cluster fails thousands of batches, all for one reason.
    static let told = 20

    /// How many batches may be waited for.
    private static let most = 64

    /// The line is in the delivery's batch.
    @inline(__always)
    mutating func note(_ delivery: Delivery, line: Int) {
        let place = Int(delivery.partition.rawValue)
        if place < filling.count, let last = filling[place]?.delivery, last.isTogether(with: delivery) {
            let end = (filling[place]?.runs.count ?? 1) - 1
            if let run = filling[place]?.runs[end], run.first + run.count == line {
                filling[place]?.runs[end].count += 1
            } else {
                filling[place]?.runs.append((line, 1))
            }
            return
        }
        begin(delivery, place, line)
    }

    @inline(never)
    private mutating func begin(_ delivery: Delivery, _ place: Int, _ line: Int) {
        while filling.count <= place { filling.append(nil) }
        if let full = filling[place] { sent.append(watch(full)) }
        filling[place] = Entry(delivery: delivery, runs: [(line, 1)])
    }

    private func watch(_ entry: Entry) -> Task<Void, Never> {
        let (outcome, isTransactional, tell) = (outcome, isTransactional, tell)
        return Task {
            // A batch that was too large for its topic has gone in parts, of which some may have arrived.
            var runs = entry.runs[...]
            for part in await entry.delivery.batchParts() {
                let lines = Self.take(part.count, from: &runs)
                guard let error = part.error else { continue }
                if isTransactional, error.code == .broker(.transactionAbortable) { continue }
                if let sentence = outcome.withLock({ $0.note(lines, error) }) { tell(sentence) }
            }
        }
    }

    /// Takes the first lines out of `runs`.
    static func take(
        _ count: Int, from runs: inout ArraySlice<(first: Int, count: Int)>
    ) -> [(first: Int, count: Int)] {
        var taken: [(first: Int, count: Int)] = []
        var left = count
        while left > 0, let run = runs.popFirst() {
            let part = min(left, run.count)
            taken.append((run.first, part))
            if part < run.count { runs.insert((run.first + part, run.count - part), at: runs.startIndex) }
            left -= part
        }
        return taken
    }

    /// Nothing comes at present: what was noted is watched, so that it is told without waiting for more.
    mutating func rest() {
        for place in filling.indices {
            guard let entry = filling[place].take() else { continue }
            sent.append(watch(entry))
        }
    }

    /// Waits for the oldest batches, where there are many.
    mutating func limit() async {
        guard sent.count > Self.most else { return }
        for task in sent[..<(sent.count - Self.most)] { await task.value }
        sent.removeFirst(sent.count - Self.most)
    }

    /// Waits until all that was noted has arrived, or has not.
    mutating func settle() async {
        rest()
        for task in sent { await task.value }
        sent = []
    }

    /// Whether a line did not arrive.
    var hasFailures: Bool { failedLines > 0 }

    /// How many lines did not arrive.
    var failedLines: Int { outcome.withLock { $0.failedLines } }

    /// How many failures were not told one by one, in words; nil where there are none.
    var untold: String? {
        outcome.withLock { $0.untold > 0 ? "\($0.untold) more batch\($0.untold == 1 ? "" : "es") did not arrive" : nil }
    }

    /// Lines in words: `line 7`, `lines 1-3, 5`; of many runs, the first ones.
    static func name(_ runs: [(first: Int, count: Int)]) -> String {
        let shown = runs.prefix(5).map { $0.count == 1 ? "\($0.first)" : "\($0.first)-\($0.first + $0.count - 1)" }
        let rest = runs.dropFirst(5).reduce(0) { $0 + $1.count }
        let isOne = runs.count == 1 && runs[0].count == 1
        return (isOne ? "line " : "lines ") + shown.joined(separator: ", ") + (rest > 0 ? " and \(rest) more" : "")
    }
}
