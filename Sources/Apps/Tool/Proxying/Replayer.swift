import KafkaWire

/// Sends the requests of a capture again, and tells how each answer compares with the recorded one.
package struct Replayer: Sendable {
    /// How fast.
    package enum Speed: Equatable, Sendable {
        /// With the recorded pauses divided by that.
        case times(Double)
        /// Without pauses: a request waits only for the answers that were there before it was recorded.
        case maximum
    }

    /// What came of a request.
    package enum Result: Sendable {
        case compared(AnswerComparison)
        /// Nothing was recorded to compare with.
        case answered(Bytes)
        /// It wants no answer.
        case silent
        case failed(String)
        case skipped(String)
    }

    package let plan: ReplayPlan
    package var speed = Speed.times(1)
    /// How long an answer may take, beyond what it took when it was recorded.
    package var timeout = Duration.seconds(30)
    /// What may differ.
    package var ignored = Set(AnswerComparison.Kind.allCases)
    package var ignoredFields: Set<String> = []

    package init(_ plan: ReplayPlan) { self.plan = plan }

    /// Replays, each connection to the broker that `target` names for it. `tell` is called for each step in the order of
    /// the capture. Throws where a connection cannot be opened.
    package func run(
        target: @Sendable (Int) -> HostPort, tell: @escaping @Sendable (ReplayPlan.Step, Result) -> Void
    ) async throws(NetError) {
        let loop = try SocketLoop(name: "replay")
        defer { loop.stop() }
        let order = Teller(plan.steps, tell)
        let board = AnswerBoard(plan.steps)
        var connections: [Int: ReplayConnection] = [:]
        for number in Set(plan.steps.map(\.connection)).sorted() {
            let connection = ReplayConnection(loop: loop)
            try await connection.open(target(number), timeout: .seconds(5))
            connections[number] = connection
        }
        let start = loop.now
        let first = plan.steps.first?.time ?? 0
        await withTaskGroup(of: Void.self) { group in
            for (number, connection) in connections {
                group.addTask {
                    await replay(number, on: connection, start: start, first: first, board: board, order: order)
                }
            }
        }
        for connection in connections.values { await connection.close() }
    }

    private func replay(
        _ number: Int, on connection: ReplayConnection, start: Instant, first: Int64,
        board: AnswerBoard, order: Teller
    ) async {
        await withTaskGroup(of: Void.self) { answers in
            for (index, step) in plan.steps.enumerated() where step.connection == number {
                if let obstacle = step.obstacle {
                    order.tell(index, .skipped(obstacle))
                    board.done(index)
                    continue
                }
                await board.wait(before: step.frame, connection: speed == .maximum ? nil : number)
                if case .times(let factor) = speed {
                    // A capture may name any time; nobody waits longer than a century for the next step.
                    let seconds = Double(step.time.subtractingSaturated(first)) / 1e6 / factor
                    try? await connection.loop.sleep(until: start + .seconds(min(max(seconds, 0), 3.2e9)))
                }
                await connection.send(step.request)
                guard step.head.wantsAnswer else {
                    order.tell(index, .silent)
                    continue
                }
                answers.addTask {
                    let outcome = await connection.answer(step.head.correlationId, timeout: timeout)
                    board.done(index)
                    switch outcome {
                    case .failed(let reason): order.tell(index, .failed(reason))
                    case .answer(let now):
                        guard let recorded = step.answer else { return order.tell(index, .answered(now)) }
                        order.tell(
                            index,
                            .compared(
                                AnswerComparison(
                                    recorded, now, head: step.head, ignored: ignored, ignoredFields: ignoredFields)))
                    }
                }
            }
        }
    }
}

/// Which recorded answers have come again: requests that were sent after one wait for it.
private final class AnswerBoard: Sendable {
    private struct State {
        /// The steps without an answer: their number to the connection and the frame of the recorded answer.
        var open: [Int: (connection: Int, frame: Int)] = [:]
        var waiters: [(before: Int, connection: Int?, continuation: CheckedContinuation<Void, Never>)] = []

        func isClear(before frame: Int, connection: Int?) -> Bool {
            !open.values.contains { $0.frame < frame && (connection == nil || $0.connection == connection) }
        }
    }

    private let state: Locked<State>

    init(_ steps: [ReplayPlan.Step]) {
        var state = State()
        for (index, step) in steps.enumerated() {
            if let frame = step.answeredAt { state.open[index] = (step.connection, frame) }
        }
        self.state = Locked(state)
    }

    func done(_ index: Int) {
        let free = state.withLock { state in
            state.open[index] = nil
            var free: [CheckedContinuation<Void, Never>] = []
            var left = state.waiters
            left.removeAll { waiter in
                guard state.isClear(before: waiter.before, connection: waiter.connection) else { return false }
                free.append(waiter.continuation)
                return true
            }
            state.waiters = left
            return free
        }
        for continuation in free { continuation.resume() }
    }

    /// Waits until every answer has come that was recorded before that frame.
    func wait(before frame: Int, connection: Int?) async {
        await withCheckedContinuation { continuation in
            let isClear = state.withLock { state in
                if state.isClear(before: frame, connection: connection) { return true }
                state.waiters.append((frame, connection, continuation))
                return false
            }
            if isClear { continuation.resume() }
        }
    }
}

/// Tells results in the order of their steps.
private final class Teller: Sendable {
    private let steps: [ReplayPlan.Step]
    private let body: @Sendable (ReplayPlan.Step, Replayer.Result) -> Void
    private let state = Locked<(next: Int, early: [Int: Replayer.Result])>((0, [:]))

    init(_ steps: [ReplayPlan.Step], _ body: @escaping @Sendable (ReplayPlan.Step, Replayer.Result) -> Void) {
        self.steps = steps
        self.body = body
    }

    func tell(_ index: Int, _ result: Replayer.Result) {
        state.withLock { state in
            state.early[index] = result
            while let result = state.early.removeValue(forKey: state.next) {
                body(steps[state.next], result)
                state.next += 1
            }
        }
    }
}
