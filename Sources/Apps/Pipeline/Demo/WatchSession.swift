import AppSupport
import ClusterView
import FraudView
import KafkaWire
import Screens
import ShutdownSignal

/// The running view: brings together what the terminal, the cluster and both topics tell, one after the other, and shows what
/// comes of it.
struct WatchSession {
    private enum Event: Sendable {
        case terminal(TerminalEvent)
        case look(Result<ClusterSnapshot, KafkaError>)
        case lookedUp([SeenPayment])
        case past(SeenAlert.ID, Result<[SeenPayment], KafkaError>)
    }

    /// How often news are taken, and shown.
    private static let beat = Duration.milliseconds(100)

    private let feed: WatchFeed
    private var screen: LiveScreen
    private let loop: any EventLoop
    private var state: WatchState
    private var nextLook: Instant
    private var nextNews: Instant
    private var isLookingUp = false

    init(_ feed: WatchFeed, _ plan: WatchPlan, _ screen: LiveScreen, interval: Duration) {
        self.feed = feed
        self.screen = screen
        loop = feed.loop
        nextLook = loop.now
        nextNews = loop.now
        state = WatchState(plan, size: screen.size, interval: interval)
    }

    /// Runs until somebody wants it to end.
    mutating func run(until shutdown: ShutdownSignal) async {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let keys = screen.events(shutdown: shutdown.descriptor)
        let forwarder = Task { for await event in keys { continuation.yield(.terminal(event)) } }
        screen.enter()
        defer {
            screen.leave()
            forwarder.cancel()
        }
        look(continuation)
        show()
        loop: for await event in events {
            var effects: [WatchState.Effect] = []
            // A tick that brings nothing changes nothing.
            var isNew = true
            switch event {
            case .terminal(.ended): break loop
            case .terminal(let event):
                for key in screen.keys(of: event) {
                    effects += state.press(key)
                    if key == .control("l") { screen.redraw() }
                }
                if case .resized = event { resize() }
                if case .tick = event { isNew = loop.now >= nextNews }
                await takeNews(continuation)
                if !state.isPaused, !state.isLooking, loop.now >= nextLook { look(continuation) }
            case .look(let result):
                state.take(result)
                nextLook = max(nextLook + state.interval, loop.now + Self.beat)
            case .lookedUp(let payments):
                isLookingUp = false
                state.take(lookedUp: payments)
            case .past(let alert, let result): state.take(result, of: alert)
            }
            for effect in effects {
                if effect == .quit { break loop }
                perform(effect, continuation)
            }
            if isNew || !effects.isEmpty { show() }
        }
    }

    private mutating func resize() { state.resize(columns: screen.size.columns, rows: screen.size.rows) }

    /// Takes in what the topics have brought, ten times a second at most.
    private mutating func takeNews(_ continuation: AsyncStream<Event>.Continuation) async {
        guard loop.now >= nextNews else { return }
        state.take(await feed.take(), now: loop.wallMicroseconds / 1000)
        nextNews = loop.now + Self.beat
        guard !isLookingUp else { return }
        let places = state.nextLookUp()
        guard !places.isEmpty else { return }
        isLookingUp = true
        let feed = feed
        Task { continuation.yield(.lookedUp((try? await feed.read(.places(places))) ?? [])) }
    }

    private mutating func perform(_ effect: WatchState.Effect, _ continuation: AsyncStream<Event>.Continuation) {
        switch effect {
        case .quit: break
        case .look: look(continuation)
        case .suspend:
            screen.suspend()
            resize()
        case .readBack(let alert, let request):
            let feed = feed
            Task {
                do throws(KafkaError) { continuation.yield(.past(alert, .success(try await feed.read(request)))) } catch
                {
                    continuation.yield(.past(alert, .failure(error)))
                }
            }
        }
    }

    /// Looks at the cluster, unless a look is on its way.
    private mutating func look(_ continuation: AsyncStream<Event>.Continuation) {
        guard !state.isLooking else { return }
        state.beginLook()
        nextLook = loop.now
        let feed = feed
        Task {
            do throws(KafkaError) { continuation.yield(.look(.success(try await feed.look()))) } catch {
                continuation.yield(.look(.failure(error)))
            }
        }
    }

    private mutating func show() {
        let clock = Timestamp(microseconds: loop.wallMicroseconds).description.dropFirst(11).prefix(8)
        screen.show(WatchScreen.lines(state, clock: String(clock)))
    }
}
