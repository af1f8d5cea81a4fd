import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What the members of a group have and do, as they tell it: from several threads.
final class Crew: @unchecked Sendable {
    private struct Member {
        var partitions: Set<TopicPartition> = []
        /// Fetches that are under way.
        var asked = 0
        /// Since when there is none; nil while there is one, or was never any.
        var idleSince: Double?
        var longestPause = 0.0
    }

    private let lock: UnsafeMutablePointer<pthread_mutex_t> = .allocate(capacity: 1)
    private var members: [Int: Member] = [:]
    private var began = 0.0

    init() { pthread_mutex_init(lock, nil) }

    deinit {
        pthread_mutex_destroy(lock)
        lock.deallocate()
    }

    private func locked<R>(_ body: () -> R) -> R {
        pthread_mutex_lock(lock)
        defer { pthread_mutex_unlock(lock) }
        return body()
    }

    func took(_ number: Int, _ partitions: [TopicPartition]) {
        locked { members[number, default: Member()].partitions.formUnion(partitions) }
    }

    func gave(_ number: Int, _ partitions: [TopicPartition]) {
        locked { members[number, default: Member()].partitions.subtract(partitions) }
    }

    func forget(_ number: Int) { locked { members[number] = nil } }

    func asked(_ number: Int) {
        locked {
            members[number, default: Member()].asked += 1
            note(number)
            members[number]?.idleSince = nil
        }
    }

    func answered(_ number: Int) {
        locked {
            guard let asked = members[number]?.asked else { return }
            members[number]?.asked = max(0, asked - 1)
            if asked <= 1 { members[number]?.idleSince = Usage.wall }
        }
    }

    /// Another rebalance begins: pauses count from now on.
    func begin() {
        locked {
            began = Usage.wall
            for number in members.keys { members[number]?.longestPause = 0 }
        }
    }

    /// The longest time in seconds for which no fetch of a member was under way since ``begin()``; up to now where none is.
    func longestPause(of number: Int) -> Double {
        locked {
            note(number)
            return members[number]?.longestPause ?? 0
        }
    }

    private func note(_ number: Int) {
        guard let since = members[number]?.idleSince, let longest = members[number]?.longestPause else { return }
        members[number]?.longestPause = max(longest, Usage.wall - max(since, began))
    }

    /// Waits until so many members have all partitions, spread as evenly as may be.
    func settle(members count: Int, partitions: Int, within limit: Double) async throws {
        let deadline = Usage.wall + limit
        while !isSettled(count, partitions) {
            guard Usage.wall < deadline else {
                throw NotSettled(what: "\(count) members with \(partitions) partitions have not settled: \(shares)")
            }
            try await Task.sleep(for: .milliseconds(2))
        }
    }

    private func isSettled(_ count: Int, _ partitions: Int) -> Bool {
        locked {
            let shares = members.values.map(\.partitions.count)
            let least = partitions / max(1, count)
            return shares.count == count && shares.reduce(0, +) == partitions
                && shares.allSatisfy { $0 == least || $0 == least + 1 }
        }
    }

    private var shares: [Int] { locked { members.sorted { $0.key < $1.key }.map(\.value.partitions.count) } }

    struct NotSettled: Error, CustomStringConvertible {
        var what: String
        var description: String { what }
    }
}
