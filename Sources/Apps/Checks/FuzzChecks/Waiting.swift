import Dispatch
import KafkaWire

/// Waits for a task, for a fuzzer's inputs are checked one after another and on one thread.
enum Waiting {
    /// How long anything may take that has time-outs of milliseconds.
    private static let limit = 45

    static func result<R: Sendable>(_ what: String, _ body: @escaping @Sendable () async -> R) throws(Finding) -> R {
        let slot = Locked<R?>(nil)
        let isDone = DispatchSemaphore(value: 0)
        let task = Task {
            let result = await body()
            slot.withLock { $0 = result }
            isDone.signal()
        }
        guard isDone.wait(timeout: .now() + .seconds(limit)) == .success, let result = slot.withLock({ $0 }) else {
            task.cancel()
            throw Finding("\(what) does not end")
        }
        return result
    }
}
