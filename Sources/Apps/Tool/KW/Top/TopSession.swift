import AppSupport
import ClusterView
import KafkaWire
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
    private let terminal: TopTerminal
    private let sampler: ClusterSampler
    private let client: ClientConfiguration
    private let loop: any EventLoop
    private var state: TopState
    private var writer: FrameWriter
    private var decoder = KeyDecoder()
    /// Whether the keys that wait were there at the last tick already.
    private var hasWaited = false
    private var nextLook: Instant
    private var tail: (number: Int, task: Task<Void, Never>)?
    private var tails = 0

    init(
        _ tool: Tool, _ terminal: TopTerminal, _ sampler: ClusterSampler, _ client: ClientConfiguration,
        interval: Duration, hasColours: Bool
    ) throws(KafkaError) {
        self.tool = tool
        self.terminal = terminal
        self.sampler = sampler
        self.client = client
        loop = try client.loopToUse()
        nextLook = loop.now
        state = TopState(size: terminal.size, interval: interval)
        writer = FrameWriter(hasColours: hasColours)
    }

    /// Runs until somebody wants it to end.
    mutating func run() async {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let keys = terminal.events(shutdown: tool.shutdown.descriptor)
        let forwarder = Task { for await event in keys { continuation.yield(.terminal(event)) } }
        terminal.enter()
        defer {
            terminal.leave()
            forwarder.cancel()
            tail?.task.cancel()
        }
        look(continuation)
        show()
        loop: for await event in events {
            var effects: [TopState.Effect] = []
            switch event {
            case .terminal(.bytes(let bytes)):
                hasWaited = false
                for key in decoder.feed(bytes) { effects += state.press(key) + (key == .control("l") ? redraw() : []) }
            case .terminal(.resized):
                state.resize(columns: terminal.size.columns, rows: terminal.size.rows)
                writer.forget()
            case .terminal(.tick):
                effects = tick()
                if !state.isPaused, !state.isLooking, loop.now >= nextLook { look(continuation) }
            case .terminal(.ended): break loop
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

    /// An escape that nothing has followed for a whole beat is the key.
    private mutating func tick() -> [TopState.Effect] {
        defer { hasWaited = decoder.isWaiting }
        guard hasWaited else { return [] }
        return decoder.flush().flatMap { state.press($0) }
    }

    private mutating func redraw() -> [TopState.Effect] {
        writer.forget()
        return []
    }

    private mutating func perform(_ effect: TopState.Effect, _ continuation: AsyncStream<Event>.Continuation) {
        switch effect {
        case .quit: break
        case .look: look(continuation)
        case .suspend:
            terminal.suspend()
            state.resize(columns: terminal.size.columns, rows: terminal.size.rows)
            writer.forget()
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
        let output = writer.output(TopScreen.lines(state, clock: String(clock)))
        guard !output.isEmpty else { return }
        // The frame's own sequences; what it shows cannot steer (`ScreenLine`).
        tool.console.write(bytes: output.utf8)
        tool.console.flush()
    }
}
