/// What the end of a transaction means for records that wait.
extension Accumulator {
    /// Takes out what was never sent: an aborted transaction needs it no more (KIP-654), nor what was given up for its senders.
    /// What else was sent may have arrived, and goes on until that is known.
    mutating func takeUnsent() -> [Entry] {
        var unsent: [Entry] = []
        for queues in queuesInOrder {
            for queue in queues.partitions {
                _ = seal(queue)
                for entry in queue.full where entry.stamp == nil || entry.isGivenUp {
                    release(entry, queue)
                    if entry.isGivenUp { queue.line.renumber() } else { unsent.append(entry) }
                }
                queue.full.removeAll { $0.stamp == nil || $0.isGivenUp }
            }
        }
        return unsent
    }

    /// Whether nothing waits, and nothing is on its way, also of what was given up for its senders.
    var isIdle: Bool { queuesInOrder.allSatisfy(\.isIdle) }

    /// Every partition is numbered anew: the producer has another epoch.
    func renumberAll() {
        for queues in queuesInOrder {
            for queue in queues.partitions { queue.line.renumber() }
        }
    }
}
