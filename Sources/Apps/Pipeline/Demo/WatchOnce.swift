import AppSupport
import ArgumentParser
import FraudView
import KafkaWire
import ShutdownSignal

/// The view without a terminal: looks for a while, and gives what it has seen by then.
struct WatchOnce {
    /// How long it looks up the events of alerts that were there before.
    private static let patience = Duration.seconds(5)

    private let feed: WatchFeed
    private let plan: WatchPlan
    private let interval: Duration

    init(_ feed: WatchFeed, _ plan: WatchPlan, interval: Duration) {
        self.feed = feed
        self.plan = plan
        self.interval = interval
    }

    /// What was seen at the end. Throws where the cluster does not answer, and `ExitCode` where Ctrl-C was pressed.
    func state(until shutdown: ShutdownSignal, _ console: Console) async throws -> WatchState {
        let loop = feed.loop
        var state = WatchState(plan, size: (80, 24), interval: interval)
        state.take(.success(try await feed.look()))
        let end = loop.now + interval
        // A few looks on the way show how lags go.
        let pause = max(interval / 5, .milliseconds(200))
        var nextLook = loop.now + pause
        while loop.now < end {
            console.progress("looking at alerts and change events…")
            try await loop.sleep(for: min(.milliseconds(50), end - loop.now))
            guard !shutdown.isRequested else {
                console.endProgress()
                throw ExitCode(130)
            }
            state.take(await feed.take(), now: loop.wallMicroseconds / 1000)
            guard loop.now >= nextLook else { continue }
            state.take(.success(try await feed.look()))
            nextLook = loop.now + pause
        }
        state.take(.success(try await feed.look()))
        state.take(await feed.take(), now: loop.wallMicroseconds / 1000)
        let deadline = loop.now + Self.patience
        while loop.now < deadline, !shutdown.isRequested {
            let places = state.nextLookUp()
            guard !places.isEmpty else { break }
            console.progress("looking up the events of alerts…")
            state.take(lookedUp: try await feed.read(.places(places)))
        }
        console.endProgress()
        return state
    }
}
