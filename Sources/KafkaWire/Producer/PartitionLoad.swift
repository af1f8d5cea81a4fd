/// How likely each partition is to be the next for records without a key: the fewer batches wait for it, the likelier
/// (KIP-794, `BuiltInPartitioner.updatePartitionLoadStats`). A value, made of the queues' lengths.
struct PartitionLoad: Equatable, Sendable {
    /// For each partition the sum of the weights up to it.
    private(set) var sums: [Int]
    private let partitions: [Int]

    /// The load of the partitions that may be chosen, `count` being that of all the topic has; nil where all are as good, so
    /// that nothing has to be weighed.
    init?(_ queues: [(partition: Int, batches: Int)], of count: Int) {
        guard let first = queues.first, count > 1 else { return nil }
        let most = queues.reduce(0) { max($0, $1.batches) }
        if queues.count == count, queues.allSatisfy({ $0.batches == first.batches }) { return nil }
        var sum = 0
        var sums: [Int] = []
        for queue in queues {
            sum += most - queue.batches + 1
            sums.append(sum)
        }
        self.sums = sums
        partitions = queues.map(\.partition)
    }

    /// The partition for a number drawn below the sum of all weights.
    func partition(at number: Int) -> Int? { sums.firstIndex { $0 > number }.map { partitions[$0] } }

    /// A partition by chance.
    func next(using random: inout some RandomNumberGenerator) -> Int? {
        guard let total = sums.last, total > 0 else { return nil }
        return partition(at: Int.random(in: 0..<total, using: &random))
    }
}

/// Which brokers take nothing though there is something for them (`partitioner.availability.timeout.ms`, KIP-794). A value:
/// per broker when there was something last, and when it could be sent last.
struct BrokerReadiness: Equatable, Sendable {
    private struct Times: Equatable, Sendable {
        var ready: Instant
        var drained: Instant
    }

    private var times: [BrokerID: Times] = [:]

    /// There is something for the broker; `isFree` says that it takes it.
    mutating func offered(to broker: BrokerID, isFree: Bool, now: Instant) {
        guard var known = times[broker] else {
            times[broker] = Times(ready: now, drained: now)
            return
        }
        known.ready = now
        if isFree { known.drained = now }
        times[broker] = known
    }

    /// Whether it has taken nothing for longer than `timeout`, up to when there was something last.
    func isSlow(_ broker: BrokerID, longerThan timeout: Duration) -> Bool {
        times[broker].map { $0.drained + timeout < $0.ready } ?? false
    }
}
