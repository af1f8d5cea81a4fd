import Foundation
import Testing

/// A test has its turn: at most twice as many run at a time as there are cores, however many Swift Testing begins, so that
/// none runs out of time because of the others. A test that measures what others get, or keeps the cores busy itself, runs
/// alone. While it has its turn, a test may hold the thread that it is on: its tasks run on threads that there are more of
/// when they are needed, and those of client and broker are not kept waiting.
package struct Turn: SuiteTrait, TestTrait, TestScoping {
    /// How many of the places it takes.
    let width: Int
    let limit: Duration
    var turns = Turns.shared

    package var isRecursive: Bool { true }

    package func provideScope(
        for test: Test, testCase: Test.Case?, performing body: @Sendable () async throws -> Void
    ) async throws {
        await turns.take(width)
        do { try await withTaskExecutorPreference(ElasticExecutor.shared) { try await run(test, body) } } catch {
            await turns.give(width)
            throw error
        }
        await turns.give(width)
    }

    /// Cancels what takes longer than the limit. What does not end then either ends the run: nothing else would.
    private func run(_ test: Test, _ body: @Sendable () async throws -> Void) async throws {
        try await withoutActuallyEscaping(body) { body in
            try await withThrowingTaskGroup(of: Bool.self) { group in
                group.addTask {
                    try await body()
                    return true
                }
                group.addTask {
                    // A test that is cancelled, as one that is skipped, is not late.
                    do { try await Task.sleep(for: limit) } catch { return true }
                    return false
                }
                guard try await group.next() == false else {
                    group.cancelAll()
                    return try await group.waitForAll()
                }
                Issue.record("\(test.name) takes longer than \(limit)")
                group.cancelAll()
                let patience = Task.detached {
                    try await Task.sleep(for: .seconds(60))
                    fatalError("\(test.name) does not end, though it was cancelled a minute ago")
                }
                defer { patience.cancel() }
                try await group.waitForAll()
            }
        }
    }
}

extension Trait where Self == Turn {
    /// One of several at a time; for at most so many minutes, not counting what it waits for its turn.
    package static func turn(minutes: Int = 3) -> Self { Turn(width: 1, limit: .seconds(60 * minutes)) }
    package static var turn: Self { .turn() }

    /// With half as many beside it: for what computes for half a minute.
    package static var heavy: Self { Turn(width: Turns.width / 2, limit: .seconds(600)) }

    /// With no other test beside it.
    package static func alone(minutes: Int = 5) -> Self { Turn(width: Turns.width, limit: .seconds(60 * minutes)) }
    package static var alone: Self { .alone() }

    /// One of ten at a time, whatever else runs: for what waits for a cluster outside, and computes little.
    package static func outside(minutes: Int = 5) -> Self {
        Turn(width: 1, limit: .seconds(60 * minutes), turns: Turns.outside)
    }
    package static var outside: Self { .outside() }
}

/// Who may run: first come, first served, also those who need all places.
actor Turns {
    static let shared = Turns(width)
    /// For what waits for others.
    static let outside = Turns(10)
    static let width = 2 * max(2, ProcessInfo.processInfo.activeProcessorCount)

    private var free: Int
    private var waiting: [(width: Int, continuation: CheckedContinuation<Void, Never>)] = []

    init(_ free: Int) { self.free = free }

    func take(_ width: Int) async {
        if waiting.isEmpty, free >= width { return free -= width }
        await withCheckedContinuation { waiting.append((width, $0)) }
    }

    func give(_ width: Int) {
        free += width
        while let next = waiting.first, free >= next.width {
            free -= next.width
            waiting.removeFirst().continuation.resume()
        }
    }
}
