/// One thing that one task waits for, and of which several may try to be the first: an answer and its deadline, work and
/// a cancellation. What is given first counts; what comes later is nobody's.
package struct Arrival<Value: Sendable>: Sendable {
    private enum State {
        case open
        case awaited(CheckedContinuation<Value, Never>)
        case here(Value)
        case over
    }

    private let state = Locked(State.open)

    package init() {}

    /// Gives it, unless somebody was faster. From any thread.
    package func give(_ value: Value) {
        let waiter = state.withLock { state -> CheckedContinuation<Value, Never>? in
            switch state {
            case .open: state = .here(value)
            case .awaited(let waiter):
                state = .over
                return waiter
            case .here, .over: break
            }
            return nil
        }
        waiter?.resume(returning: value)
    }

    /// Waits for it; to be called once.
    package nonisolated(nonsending) func value() async -> Value {
        await withCheckedContinuation { continuation in
            let here = state.withLock { state -> Value? in
                guard case .here(let value) = state else {
                    state = .awaited(continuation)
                    return nil
                }
                state = .over
                return value
            }
            if let here { continuation.resume(returning: here) }
        }
    }
}
