/// How a producer spreads records that name no partition, and how large the batches of each topic are.
struct Partitioning: Equatable, Sendable {
    /// Whether keys are no reason to choose a partition (`partitioner.ignore.keys`).
    var ignoresKeys = false
    /// Whether partitions that many batches wait for get less (`partitioner.adaptive.partitioning.enable`).
    var isAdaptive = true
    /// After how long a broker that takes nothing gets no more; 0 for never (`partitioner.availability.timeout.ms`).
    var availabilityTimeout = Duration.zero
    /// At how many bytes batches of single topics are full.
    var batchSizes: [String: Int] = [:]
}

extension TopicQueues {
    /// Records without a key stay with one partition until it has got a batch full of them, then move to another
    /// (KIP-794): few large batches instead of many small ones.
    @inline(__always)
    func stick(_ bytes: Int, isAdaptive: Bool, using random: inout RandomSource) {
        stickyBytes += bytes
        if stickyBytes >= batchLimit { move(isAdaptive: isAdaptive, using: &random) }
    }

    /// Partitions without a leader get none while others have one; of the others those get less that more batches wait for.
    private func move(isAdaptive: Bool, using random: inout RandomSource) {
        guard choice.count > 1 else { return }
        stickyBytes = 0
        if isAdaptive {
            let usable = choice.filter { !partitions[$0].isSlow || partitions[$0].waiting == 0 }
            let load = PartitionLoad(usable.map { ($0, partitions[$0].waiting) }, of: count)
            if let next = load?.next(using: &random) {
                sticky = next
                return
            }
        }
        let others = choice.filter { $0 != sticky }
        sticky = others.randomElement(using: &random) ?? sticky
    }

    /// Takes over which partitions have a leader; the one that records go to now stays if it can.
    func offer(_ led: [Int]?, using random: inout RandomSource) {
        let led = led?.filter { (0..<count).contains($0) } ?? []
        choice = led.isEmpty ? Array(0..<count) : led
        guard !choice.contains(sticky) || stickyBytes == 0 else { return }
        sticky = choice.randomElement(using: &random) ?? 0
        stickyBytes = 0
    }
}

extension PartitionQueue {
    /// How many batches wait to be sent, the one that takes records included.
    var waiting: Int { full.count + (open == nil ? 0 : 1) }
}
