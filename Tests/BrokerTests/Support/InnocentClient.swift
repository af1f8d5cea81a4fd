import Foundation
import KafkaWire

/// A client that asks for nothing special all the time, on a thread of its own, and keeps how long the slowest answer
/// took: what it waits for is what somebody else's request costs all.
final class InnocentClient: Sendable {
    private let isDone = Locked(false)
    private let slowest = Locked(Duration.zero)
    private let answers = Locked(0)

    init(port: UInt16) {
        Thread.detachNewThread { [isDone, slowest, answers] in
            guard let client = try? TestClient(port: port) else { return }
            while !isDone.withLock({ $0 }) {
                let began = ContinuousClock.now
                guard (try? client.call(MetadataRequest.with { $0.topics = [] })) != nil else { return }
                let took = ContinuousClock.now - began
                slowest.withLock { $0 = max($0, took) }
                answers.withLock { $0 += 1 }
                usleep(2000)
            }
        }
    }

    /// The slowest answer so far; nil where there was none.
    func worst() -> Duration? {
        isDone.withLock { $0 = true }
        return answers.withLock { $0 } > 0 ? slowest.withLock { $0 } : nil
    }
}
