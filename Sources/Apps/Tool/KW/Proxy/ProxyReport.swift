import AppSupport
import JSONLines
import KafkaWire
import Proxying
import ToolKit

/// What `kw proxy` prints and records of what passes.
final class ProxyReport: Sendable {
    private let tool: Tool
    /// Which exchanges are shown; nil shows none.
    private let filter: ExchangeFilter?
    private let lines: ExchangeLines
    private let isJSON: Bool
    private let state: Locked<State>
    private let loop: any EventLoop
    private let began: Instant
    /// Results wait so long to be told together: a line a wake-up would cost the proxy what it saves.
    private static let pause = Duration.milliseconds(20)

    private struct State {
        var counts = TrafficCounts()
        var names = TopicNames()
        var recorder: CaptureRecorder?
        var hasToldFailure = false
    }

    init(
        on loop: any EventLoop, tool: Tool, filter: ExchangeFilter?, depth: Int, isJSON: Bool,
        recorder: sending CaptureRecorder?
    ) {
        self.loop = loop
        began = loop.now
        self.tool = tool
        self.filter = filter
        self.isJSON = isJSON
        var lines = ExchangeLines()
        lines.depth = depth
        lines.width = tool.width
        let console = tool.console
        lines.paint = { console.paint($0, $1) }
        self.lines = lines
        state = Locked(State(recorder: recorder))
    }

    // MARK: - The beginning and the end

    func ready(_ address: HostPort, _ servers: [HostPort], faults: FaultPlan) {
        let text = servers.map(\.description).joined(separator: ",")
        if isJSON {
            tool.console.line(
                JSONText.object([
                    ("event", JSONText.string("ready")), ("listen", JSONText.string("\(address)")),
                    ("bootstrap", JSONText.string(text)), ("seed", faults.isEmpty ? "null" : "\(faults.seed)"),
                ]))
        } else {
            var line = "kw proxy is ready on \(address) for \(text)"
            if !faults.isEmpty { line += "; faults have the seed \(faults.seed)" }
            tool.console.line(line)
        }
        tool.console.flush()
    }

    func announce(_ listener: HostPort, _ broker: HostPort) {
        if isJSON {
            tool.console.line(
                JSONText.object([
                    ("event", JSONText.string("listener")), ("listen", JSONText.string("\(listener)")),
                    ("broker", JSONText.string("\(broker)")),
                ]))
            tool.console.flush()
        } else {
            tool.complain("\(listener) leads to the broker \(SafeText.line("\(broker)"))")
        }
    }

    /// The count for each API.
    func totals() {
        state.withLock { state in
            state.recorder?.flush()
            if isJSON { return tool.console.line(state.counts.json) }
            let uptime = Figures.duration(loop.now - began)
            tool.console.note("\(tool.name): \(Figures.counted(state.counts.requests, "request")) in \(uptime)")
            state.counts.lines(width: tool.width).forEach(tool.console.note)
            if let recorder = state.recorder, recorder.failure == nil {
                tool.complain("\(recorder.path) has \(Figures.counted(recorder.count, "frame"))")
            }
        }
        tool.console.flush()
    }

    // MARK: - Meanwhile

    /// Shows, counts and records, until the feed ends.
    func watch(_ feed: ExchangeFeed) async {
        while let (items, lost) = await feed.next() {
            for item in items { handle(item) }
            state.withLock { state in
                state.counts.lost += lost
                state.recorder?.flush()
                if let failure = state.recorder?.failure, !state.hasToldFailure {
                    state.hasToldFailure = true
                    tool.complain("\(failure); the traffic goes on")
                }
            }
            tool.console.flush()
            if !tool.shutdown.isRequested { try? await loop.sleep(for: Self.pause) }
        }
    }

    private func handle(_ item: ExchangeFeed.Item) {
        switch item {
        case .note(let text):
            guard filter != nil else { return }
            tool.console.line(
                isJSON
                    ? JSONText.object([("event", JSONText.string("note")), ("text", JSONText.string(text))])
                    : SafeText.line(text))
        case .frame(let frame): state.withLock { $0.recorder?.add(frame) }
        case .exchange(let exchange):
            var wish: ExchangeSummary.Wish = .errors
            let mayShow = filter?.mayShow(exchange) ?? false
            if mayShow, lines.depth > 0 { wish.insert([.batches, .topics]) }
            if filter?.topics.isEmpty == false, mayShow || exchange.head.api == .metadata { wish.insert(.topics) }
            if exchange.head.api == .metadata, lines.depth > 0 { wish.insert(.topics) }
            let summary = state.withLock { state in
                let summary = ExchangeSummary(exchange, wish, &state.names)
                state.counts.add(exchange, summary.errors)
                return summary
            }
            guard let filter, filter.shows(exchange, summary) else { return }
            if isJSON {
                tool.console.line(lines.json(exchange, summary))
            } else {
                lines.text(exchange, summary).forEach(tool.console.line)
            }
        }
    }
}
