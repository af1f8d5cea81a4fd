/// What becomes of batches whose time is up (`delivery.timeout.ms`), or whose tries are.
///
/// Their senders are told in time. But one that was sent before may still arrive: a request whose answer never came may be on
/// its way for as long as the network likes. Were its number left out, those behind it could only go on under other numbers,
/// and an early try of theirs that comes in late, behind the one that was left out, would be taken once more. So it is
/// given up for its senders alone, and goes on under its number as long as a batch behind it with a number has somebody who
/// waits. Where nobody does any more, all numbers that are open are left, and the next batch begins in another epoch: what
/// is late is then in front of it in its order, or is refused (KIP-360). Java's sender waits likewise before it numbers
/// anew (`TransactionManager.maybeResolveSequences`), but numbers those anew that it retries.
///
/// That is bounded: a partition has at most as many batches with numbers as may be on their way, they count against
/// `buffer.memory`, and the last of them is given up when its own time is up.
extension Accumulator {
    /// Gives up batches that have waited longer than `timeout`, also behind others that are on their way, and says when the
    /// next will have; those on their way are left alone, since they may have arrived.
    mutating func takeExpired(now: Instant, timeout: Duration) -> (expired: [Entry], next: Instant?) {
        var expired: [Entry] = []
        var next: Instant?
        for queues in queuesInOrder {
            for queue in queues.partitions {
                if let open = queue.open, open.created + timeout <= now { _ = seal(queue) }
                var place = 0
                while place < queue.full.count {
                    let entry = queue.full[place]
                    guard entry.isGivenUp || entry.batch.created + timeout <= now else { break }
                    if !entry.isGivenUp { expired.append(entry) }
                    if isIdempotent, entry.stamp != nil {
                        giveUp(queue, place)
                        place += 1
                    } else {
                        queue.full.remove(at: place)
                        release(entry, queue)
                    }
                }
                leaveNumbers(queue)
                let oldest = queue.full.first { !$0.isGivenUp }?.batch ?? queue.open
                if let due = oldest.map({ $0.created + timeout }) { next = min(next ?? due, due) }
            }
        }
        return (expired, next)
    }

    /// The batch comes back from its last try without having been answered for; its senders were told.
    mutating func giveUp(_ entry: Entry, at: Instant, because error: KafkaError) {
        var entry = entry
        entry.isGivenUp = true
        settled(entry.batch)
        retry(entry, at: at, because: error)
    }

    private mutating func giveUp(_ queue: PartitionQueue, _ place: Int) {
        queue.full[place].isGivenUp = true
        settled(queue.full[place].batch)
    }

    /// Lets go of batches that were given up and have nobody behind them. While another is on its way it may be one that
    /// counts on them.
    private mutating func leaveNumbers(_ queue: PartitionQueue) {
        guard queue.line.inFlight == 0 else { return }
        let numbered = queue.full.prefix { $0.stamp != nil }
        let needed = (numbered.lastIndex { !$0.isGivenUp }).map {
            numbered.distance(from: numbered.startIndex, to: $0) + 1
        }
        let left = numbered.count - (needed ?? 0)
        guard left > 0 else { return }
        for _ in 0..<left { release(queue.full.remove(at: needed ?? 0), queue) }
        queue.line.renumber()
    }

    /// The partition's batches have no numbers any more: those that were given up had nothing else to go on for.
    mutating func takeStamps(_ queue: PartitionQueue) {
        for entry in queue.full where entry.isGivenUp { release(entry, queue) }
        queue.full.removeAll { $0.isGivenUp }
        for index in queue.full.indices { queue.full[index].stamp = nil }
    }
}
