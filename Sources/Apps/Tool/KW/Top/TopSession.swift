import AppSupport
import ClusterView
import KafkaWire
import Screens
import ToolKit

/// The running view: brings together what the terminal, the cluster and a topic's tail tell, one after the other, and shows
/// what comes of it.
struct TopSession {
    private enum Event: Sendable {
        case terminal(TerminalEvent)
        case look(Result<ClusterSnapshot, KafkaError>)
        /// Of the tail with that number: what an older one still says is nothing.
        case tail(Int, TopicTail.News)
    }

    private let tool: Tool
    private var screen: LiveScreen
    private let sampler: ClusterSampler
    private let client: ClientConfiguration
    private let loop: any EventLoop
    private var state: TopState
    private var nextLook: Instant
    private var tail: (number: Int, task: Task<Void, Never>)?
    private var tails = 0

    init(
        _ tool: Tool, _ screen: LiveScreen, _ sampler: ClusterSampler, _ client: ClientConfiguration,
        interval: Duration
    ) throws(KafkaError) {
        self.tool = tool
        self.screen = screen
        self.sampler = sampler
        self.client = client
        loop = try client.loopToUse()
        nextLook = loop.now
        state = TopState(size: screen.size, interval: interval)
    }

    /// Runs until somebody wants it to end.
    mutating func run() async {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let keys = screen.events(shutdown: tool.shutdown.descriptor)
        let forwarder = Task { for await event in keys { continuation.yield(.terminal(event)) } }
        screen.enter()
        defer {
            screen.leave()
            forwarder.cancel()
            tail?.task.cancel()
        }
        look(continuation)
        show()
        loop: for await event in events {
            var effects: [TopState.Effect] = []
            switch event {
            case .terminal(.ended): break loop
            case .terminal(let event):
                for key in screen.keys(of: event) {
                    effects += state.press(key)
                    if key == .control("l") { screen.redraw() }
                }
                if case .resized = event { resize() }
                if case .tick = event, !state.isPaused, !state.isLooking, loop.now >= nextLook { look(continuation) }
            case .look(let result):
                state.take(result)
                nextLook = max(nextLook + state.interval, loop.now + .milliseconds(100))
            case .tail(let number, let news): if number == tail?.number { state.take(news) }
            }
            for effect in effects {
                if effect == .quit { break loop }
                perform(effect, continuation)
            }
            show()
        }
    }

    private mutating func resize() { state.resize(columns: screen.size.columns, rows: screen.size.rows) }

    private mutating func perform(_ effect: TopState.Effect, _ continuation: AsyncStream<Event>.Continuation) {
        switch effect {
        case .quit: break
        case .look: look(continuation)
        case .suspend:
            screen.suspend()
            resize()
        case .closeTail:
            tail?.task.cancel()
            tail = nil
        case .openTail(let name):
            tail?.task.cancel()
            guard let topic = state.snapshot?.topic(name) else { return }
            tails += 1
            let number = tails
            let reader = TopicTail(client, topic)
            let task = Task { await reader.run { continuation.yield(.tail(number, $0)) } }
            tail = (number, task)
        }
    }

    /// Looks at the cluster, unless a look is on its way.
    private mutating func look(_ continuation: AsyncStream<Event>.Continuation) {
        guard !state.isLooking else { return }
        state.beginLook()
        nextLook = loop.now
        let sampler = sampler
        Task {
            do throws(KafkaError) { continuation.yield(.look(.success(try await sampler.look()))) } catch {
                continuation.yield(.look(.failure(error)))
            }
        }
    }

    private mutating func show() {
        let clock = Timestamp(microseconds: loop.wallMicroseconds).description.dropFirst(11).prefix(8)
        screen.show(TopScreen.lines(state, clock: String(clock)))
    }
}
