/// What the end of a transaction means for records that wait.
extension Accumulator {
    /// Takes out what was never sent: an aborted transaction needs it no more (KIP-654). What was sent may have arrived, and
    /// goes on until that is known.
    mutating func takeUnsent() -> [Entry] {
        var unsent: [Entry] = []
        for queues in queuesInOrder {
            for queue in queues.partitions {
                _ = seal(queue)
                for entry in queue.full where entry.stamp == nil {
                    release(entry, queue)
                    unsent.append(entry)
                }
                queue.full.removeAll { $0.stamp == nil }
            }
        }
        return unsent
    }

    /// Every partition is numbered anew: the producer has another epoch.
    func renumberAll() {
        for queues in queuesInOrder {
            for queue in queues.partitions { queue.line.renumber() }
        }
    }
}
