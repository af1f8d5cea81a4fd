import DequeModule
import KafkaWire

/// What waits to be written to a socket: bytes, and moments before which nothing behind them may leave.
package struct Outlet: Sendable {
    private enum Entry: Sendable {
        case bytes(Bytes)
        case wait(Instant)
    }

    /// What stopped a flush.
    package enum Stop: Equatable, Sendable {
        /// Everything has left.
        case empty
        /// The system takes no more for now.
        case full
        /// The next bytes must not leave before then.
        case until(Instant)
    }

    private var entries: Deque<Entry> = []
    /// How many bytes wait.
    package private(set) var count = 0

    package init() {}

    package var isEmpty: Bool { entries.isEmpty }

    /// Queues bytes.
    package mutating func append(_ bytes: [UInt8]) { append(Bytes(bytes)) }

    /// Queues bytes, which stay where they are.
    package mutating func append(_ bytes: Bytes) {
        guard !bytes.isEmpty else { return }
        entries.append(.bytes(bytes))
        count += bytes.count
    }

    /// What is queued from now on leaves not before `moment`.
    package mutating func wait(until moment: Instant) { entries.append(.wait(moment)) }

    /// Offers what may leave to `write`, which says how much of it was taken.
    package mutating func flush<E: Error>(
        now: Instant, _ write: (UnsafeRawBufferPointer) throws(E) -> Int
    ) throws(E) -> Stop {
        while let first = entries.first {
            switch first {
            case .wait(let moment):
                guard moment <= now else { return .until(moment) }
                entries.removeFirst()
            case .bytes(let bytes):
                let written = try bytes.withUnsafeBytes(write)
                count -= written
                if written == bytes.count {
                    entries.removeFirst()
                } else {
                    entries[0] = .bytes(bytes[written..<bytes.count])
                    if written == 0 { return .full }
                }
            }
        }
        return .empty
    }
}

/// How many bytes may pass now, where a rate is set: a bucket that fills evenly and holds a tenth of a second.
package struct Throttle: Sendable {
    private let bytesPerSecond: Double
    private let capacity: Double
    private var level: Double
    private var filled: Instant

    package init(bytesPerSecond: Int, now: Instant) {
        self.bytesPerSecond = Double(max(1, bytesPerSecond))
        capacity = max(1, self.bytesPerSecond / 10)
        level = capacity
        filled = now
    }

    /// How many bytes may pass at that moment.
    package mutating func allowance(now: Instant) -> Int {
        let seconds = Double(now.nanoseconds &- filled.nanoseconds) / 1e9
        level = min(capacity, level + max(0, seconds) * bytesPerSecond)
        filled = max(filled, now)
        return Int(level)
    }

    /// So many have passed.
    package mutating func take(_ count: Int) { level -= Double(count) }

    /// When it is worth to ask again: after a hundredth of a second's worth, or a byte.
    package var nextMoment: Instant {
        let wanted = max(1, capacity / 10)
        return filled + .nanoseconds(Int64(max(1_000_000, (wanted - level) / bytesPerSecond * 1e9)))
    }
}
