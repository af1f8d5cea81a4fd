/// How `kw produce` cuts its input into transactions: what is in the open one, and what became of those before. A value; the
/// run begins, commits and aborts.
struct TransactionCuts: Equatable {
    /// A transaction that has begun, and its lines.
    struct Open: Equatable {
        var records = 0
        var first = 0
        var last = 0

        /// Its lines in words.
        var name: String { LineLedger.name([(first, last - first + 1)]) }
    }

    /// So many records are in one; nil: all of the input.
    let size: Int?
    private(set) var open: Open?
    /// Transactions with records that were committed.
    private(set) var committed = 0
    private(set) var committedRecords = 0
    /// Records of a transaction that was not committed, or of which nobody knows.
    private(set) var lostRecords = 0

    init(size: Int?) { self.size = size }

    mutating func begin() { open = Open() }

    /// The record of a line is in the open transaction.
    mutating func note(line: Int) {
        guard var now = open else { return }
        if now.records == 0 { now.first = line }
        now.last = line
        now.records += 1
        open = now
    }

    /// Whether the open transaction is to be committed before another record.
    var isFull: Bool {
        guard let size, let open else { return false }
        return open.records >= size
    }

    mutating func commit() {
        let records = open?.records ?? 0
        if records > 0 { committed += 1 }
        committedRecords += records
        open = nil
    }

    /// The open transaction has come to nothing; its lines, where it has any.
    mutating func lose() -> String? {
        guard let lost = open else { return nil }
        lostRecords += lost.records
        open = nil
        return lost.records > 0 ? lost.name : nil
    }
}
