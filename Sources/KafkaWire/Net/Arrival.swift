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

    /// Gives it, unless somebody was faster: then it is false, and what was to be given stays with who has it. From any
    /// thread.
    @discardableResult
    package func give(_ value: Value) -> Bool {
        let (waiter, isFirst) = state.withLock { state -> (CheckedContinuation<Value, Never>?, Bool) in
            switch state {
            case .open:
                state = .here(value)
                return (nil, true)
            case .awaited(let waiter):
                state = .over
                return (waiter, true)
            case .here, .over: return (nil, false)
            }
        }
        waiter?.resume(returning: value)
        return isFirst
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
