import Foundation

/// Runs tasks on as many threads as are needed at a time: one that holds its thread keeps no other from running, as it
/// would in Swift's own pool, which has a thread for each core.
package final class ElasticExecutor: TaskExecutor, @unchecked Sendable {
    package static let shared = ElasticExecutor()

    /// Guards what follows.
    private let condition = NSCondition()
    private var jobs: [UnownedJob] = []
    private var idle = 0

    package func enqueue(_ job: consuming ExecutorJob) {
        condition.lock()
        defer { condition.unlock() }
        jobs.append(UnownedJob(job))
        if idle >= jobs.count { return condition.signal() }
        Thread.detachNewThread { self.work() }
    }

    /// Runs jobs until there has been none for a while.
    private func work() {
        while let job = next() { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }

    private func next() -> UnownedJob? {
        condition.lock()
        defer { condition.unlock() }
        idle += 1
        defer { idle -= 1 }
        let deadline = Date(timeIntervalSinceNow: 5)
        while jobs.isEmpty { guard condition.wait(until: deadline) else { break } }
        return jobs.isEmpty ? nil : jobs.removeFirst()
    }
}
