// What is still to be inserted, for all connections together.

import AppSupport
import PostgreSQL
import Synchronization

/// Hands batches out to connections, at a rate where there is one, and counts what is in.
final class BatchSupply: Sendable {
    private struct State {
        var source: TransactionSource
        var pace: Pace<ContinuousClock.Instant>?
        var taken = 0
        var inserted = 0
        var isOver = false
    }

    /// Rows in all; nil is without end.
    private let count: Int?
    /// Rows of a batch at most.
    let size: Int
    private let state: Mutex<State>

    init(_ source: TransactionSource, size: Int, count: Int?, rate: Double?) {
        self.size = min(size, max(1, Int(rate ?? Double(size))))
        self.count = count
        state = Mutex(State(source: source, pace: rate.map { Pace(rate: $0, start: .now) }))
    }

    /// Puts the next batch in place of those rows; gives how many it has, 0 where there is none any more.
    func next(_ rows: inout CopyRows) -> Int {
        rows.removeAll()
        return state.withLock { state in
            let next = state.isOver ? 0 : min(size, count.map { $0 - state.taken } ?? size)
            if next > 0 { state.source.append(next, to: &rows) }
            state.taken += next
            return next
        }
    }

    /// Rows were inserted; gives how many there are now, and how long to wait before the next ones.
    func inserted(_ rows: Int) -> (total: Int, early: Duration?) {
        state.withLock { state in
            state.inserted += rows
            let early = state.pace?.wait(after: rows, now: .now)
            return (state.inserted, state.taken == count ? nil : early)
        }
    }

    /// How many rows are in.
    var total: Int { state.withLock { $0.inserted } }

    /// No more are handed out.
    func end() { state.withLock { $0.isOver = true } }
}
