import Foundation
import Synchronization

/// What a test waited for has not come.
package struct TookTooLong: Error {
    package init() {}
}

/// Waits until something holds; throws ``TookTooLong`` behind the limit.
package func eventually(within limit: Duration = .seconds(30), _ holds: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !holds() {
        guard ContinuousClock.now < deadline else { throw TookTooLong() }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// Runs `body` for at most `limit`: what hangs, though it is cancelled, is a failure and not a hanging test run.
package func within<R: Sendable>(
    _ limit: Duration = .seconds(30), _ body: @escaping @Sendable () async throws -> R
) async throws -> R {
    let outcome = Outcome<R>()
    return try await withCheckedThrowingContinuation { continuation in
        outcome.waiter.withLock { $0 = continuation }
        let work = Task(executorPreference: ElasticExecutor.shared) {
            do {
                let result = try await body()
                outcome.take()?.resume(returning: result)
            } catch {
                outcome.take()?.resume(throwing: error)
            }
        }
        Task {
            try await Task.sleep(for: limit)
            guard let waiter = outcome.take() else { return }
            work.cancel()
            waiter.resume(throwing: TookTooLong())
        }
    }
}

/// Runs what holds its thread elsewhere, and waits for it.
package func elsewhere<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
    try await Task(executorPreference: ElasticExecutor.shared) { try work() }.value
}

/// Runs a command with the shell; gives what `system` gives, 0 where it went well.
package func runShell(_ command: String) async throws -> Int32 { try await elsewhere { system(command) } }

/// Who waits for an outcome, until it is there the first time.
private final class Outcome<R: Sendable>: Sendable {
    let waiter = Mutex<CheckedContinuation<R, any Error>?>(nil)

    func take() -> CheckedContinuation<R, any Error>? { waiter.withLock { $0.take() } }
}
