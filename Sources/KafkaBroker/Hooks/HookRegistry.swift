import KafkaWire

/// The hooks of a broker, in the order in which they were set.
final class HookRegistry: Sendable {
    typealias Body = @Sendable (BrokerHookedRequest) -> BrokerVerdict

    private struct Entry {
        var id: UInt64
        var api: APIKey?
        var remaining: Int?
        var body: Body
    }

    private struct State {
        var entries: [Entry] = []
        var counts: [UInt64: (calls: Int, uses: Int)] = [:]
        var lastId: UInt64 = 0
    }

    private let state = Locked(State())

    func add(_ api: APIKey?, times: Int?, _ body: @escaping Body) -> UInt64 {
        state.withLock {
            $0.lastId += 1
            $0.counts[$0.lastId] = (0, 0)
            if times.map({ $0 > 0 }) ?? true {
                $0.entries.append(Entry(id: $0.lastId, api: api, remaining: times, body: body))
            }
            return $0.lastId
        }
    }

    func remove(_ id: UInt64) { state.withLock { $0.entries.removeAll { $0.id == id } } }
    func uses(of id: UInt64) -> Int { state.withLock { $0.counts[id]?.uses ?? 0 } }
    func calls(of id: UInt64) -> Int { state.withLock { $0.counts[id]?.calls ?? 0 } }

    /// Whether a hook wants to see requests of that API.
    func wants(_ api: APIKey) -> Bool {
        state.withLock { state in
            !state.entries.isEmpty && state.entries.contains { $0.api == nil || $0.api == api }
        }
    }

    /// What becomes of a request.
    func decide(_ request: BrokerHookedRequest) -> BrokerVerdict {
        // The closures run outside of the lock: they may set and take away hooks.
        let asked = state.withLock { state in
            state.entries.filter { $0.api == nil || $0.api == request.api }
        }
        for entry in asked {
            let isThere = state.withLock { state in
                guard state.entries.contains(where: { $0.id == entry.id }) else { return false }
                state.counts[entry.id]?.calls += 1
                return true
            }
            guard isThere else { continue }
            let verdict = entry.body(request)
            if case .pass = verdict { continue }
            used(entry.id)
            return verdict
        }
        return .pass
    }

    private func used(_ id: UInt64) {
        state.withLock { state in
            state.counts[id]?.uses += 1
            guard let index = state.entries.firstIndex(where: { $0.id == id }),
                let remaining = state.entries[index].remaining
            else { return }
            if remaining <= 1 {
                state.entries.remove(at: index)
            } else {
                state.entries[index].remaining = remaining - 1
            }
        }
    }
}
