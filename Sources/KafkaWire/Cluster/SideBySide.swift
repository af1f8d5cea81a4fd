extension EventLoop {
    /// Does something for each of these, side by side, and gives what came of those that were done in time. What takes longer
    /// goes on unheard, and ends by itself.
    nonisolated(nonsending) func sideBySide<Key: Hashable & Sendable, Outcome: Sendable>(
        _ keys: some Collection<Key>, within limit: Duration?,
        _ work: @escaping @Sendable (Key) async -> Outcome
    ) async -> [Key: Outcome] {
        guard !keys.isEmpty else { return [:] }
        let found = Locked<[Key: Outcome]>([:])
        let count = keys.count
        let end = Arrival<Void>()
        let timer = limit.map { schedule(at: now + $0) { end.give(()) } }
        for key in keys {
            Task {
                let outcome = await work(key)
                let isLast = found.withLock { found in
                    found[key] = outcome
                    return found.count == count
                }
                if isLast { end.give(()) }
            }
        }
        await end.value()
        if let timer { cancel(timer) }
        return found.withLock { $0 }
    }
}
