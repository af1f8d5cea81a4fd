import DequeModule
import KafkaWire

/// What a proxy has seen, on its way from the proxy's thread to whoever shows, counts and records it. It holds so much
/// and no more: beyond, exchanges lose their bytes and then are only counted, and a recording makes the proxy wait.
package final class ExchangeFeed: Sendable {
    /// What is told.
    package enum Item: Sendable {
        /// A request that was answered, or never will be.
        case exchange(Exchange)
        /// A frame as the client sent or got it, for a recording.
        case frame(SeenFrame)
        /// Something about a connection that is no exchange.
        case note(String)
    }

    /// A frame that passed.
    package struct SeenFrame: Sendable {
        package var place: Exchange.Place
        package var from: Conversation.Side
        package var moment: Instant
        package var bytes: Bytes
        package var isPartial: Bool

        package init(
            place: Exchange.Place, from: Conversation.Side, moment: Instant, bytes: Bytes, isPartial: Bool = false
        ) {
            self.place = place
            self.from = from
            self.moment = moment
            self.bytes = bytes
            self.isPartial = isPartial
        }
    }

    private struct State {
        var items: [Item] = []
        var bytes = 0
        var lost = 0
        var isClosed = false
        var reader: CheckedContinuation<Void, Never>?
    }

    private let state = Locked(State())
    private let byteLimit: Int
    private let itemLimit: Int

    package init(byteLimit: Int = 64 << 20, itemLimit: Int = 100_000) {
        self.byteLimit = byteLimit
        self.itemLimit = itemLimit
    }

    /// Whether a recording should wait until something was taken.
    package var isFull: Bool { state.withLock { $0.bytes >= byteLimit } }

    /// Tells something.
    package func push(_ item: Item) {
        let reader = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.isClosed else { return nil }
            switch item {
            case .exchange(var exchange):
                guard state.items.count < itemLimit else {
                    state.lost += 1
                    return nil
                }
                if state.bytes >= byteLimit { (exchange.request, exchange.answer) = (nil, nil) }
                state.bytes += (exchange.request?.count ?? 0) + (exchange.answer?.count ?? 0)
                state.items.append(.exchange(exchange))
            case .frame(let frame):
                state.bytes += frame.bytes.count
                state.items.append(item)
            case .note: if state.items.count < itemLimit { state.items.append(item) }
            }
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// Nothing more is told; what is there can still be taken.
    package func close() {
        let reader = state.withLock { state in
            state.isClosed = true
            defer { state.reader = nil }
            return state.reader
        }
        reader?.resume()
    }

    /// What was told since the last call, for who does not wait.
    package func take() -> [Item] {
        state.withLock { state in
            defer { (state.items, state.bytes, state.lost) = ([], 0, 0) }
            return state.items
        }
    }

    /// What was told since the last call, and how many exchanges found no room; waits where there is nothing. Nil at the
    /// end. For one reader.
    package func next() async -> (items: [Item], lost: Int)? {
        await withCheckedContinuation { continuation in
            let isReady = state.withLock { state in
                if state.items.isEmpty, !state.isClosed {
                    state.reader = continuation
                    return false
                }
                return true
            }
            if isReady { continuation.resume() }
        }
        return state.withLock { state in
            defer { (state.items, state.bytes, state.lost) = ([], 0, 0) }
            return state.items.isEmpty && state.isClosed ? nil : (state.items, state.lost)
        }
    }
}
