import KafkaWire

/// A request that came by, and what became of it.
package struct Exchange: Sendable {
    /// Where it was seen: the connection's number from 1, the client's address, and the broker that is meant.
    package struct Place: Equatable, Sendable {
        package var connection: Int
        package var client: String
        package var broker: String

        package init(connection: Int, client: String, broker: String) {
            self.connection = connection
            self.client = client
            self.broker = broker
        }
    }

    /// What came of it.
    package enum Ending: Equatable, Sendable {
        /// The answer is under way.
        case pending
        /// Answered, with so many bytes.
        case answered(size: Int)
        /// It wants no answer.
        case silent
        /// It gets no answer, for that reason.
        case unanswered(String)
        /// The client closed the connection before the answer came.
        case abandoned
    }

    package var place: Place
    /// The client's number of the request, and what it asks for.
    package var head: RequestHead
    /// When its first byte came, in microseconds since 1970.
    package var time: Int64
    /// The same by the clock that never goes back.
    package var began: Instant
    /// From its first byte to the last one of its answer.
    package var latency = Duration.zero
    package var ending = Ending.pending
    /// What was done to it on purpose.
    package var faults: [Fault] = []
    /// The request's frame, size included, where somebody wants to see it.
    package var request: Bytes?
    /// The answer's frame as the broker sent it, likewise, or as it was made here.
    package var answer: Bytes?
    /// The answer's error codes, where they were looked for as it passed; then nobody needs its bytes for that.
    package var errors: [ErrorCode]?
    /// Whether the proxy itself asks, to say anew who it is: nobody is told.
    package var isOfProxy = false

    package init(place: Place, head: RequestHead, time: Int64, began: Instant) {
        self.place = place
        self.head = head
        self.time = time
        self.began = began
    }

    /// The API's name, or its number where it is not known.
    package var apiName: String { API.of(head.api)?.name ?? "API \(head.api.rawValue)" }
}

/// A connection's requests that were not answered yet, in their order. Answers that are made here wait for those of
/// the broker to the requests before them, for a client expects the order of its requests.
package struct InFlight: Sendable {
    /// More than any client keeps in flight: what is older was never going to be answered.
    private static let limit = 4096

    private var waiting: [Exchange] = []

    package init() {}

    /// A request goes to the broker, or is answered here (it then has an answer already).
    package mutating func append(_ exchange: Exchange) {
        if waiting.count == Self.limit { waiting.removeFirst(Self.limit / 2) }
        waiting.append(exchange)
    }

    /// The request that an answer of the broker belongs to, which then is in flight no more.
    package mutating func answered(_ correlationId: Int32) -> Exchange? {
        guard
            let index = waiting.firstIndex(where: {
                $0.head.correlationId == correlationId && $0.ending == .pending
            })
        else { return nil }
        return waiting.remove(at: index)
    }

    /// The next request whose turn it is and that was answered here.
    package mutating func takeAnsweredHere() -> Exchange? {
        guard let first = waiting.first, case .answered = first.ending else { return nil }
        return waiting.removeFirst()
    }

    /// All that are left, when the connection ends.
    package mutating func takeAll() -> [Exchange] {
        defer { waiting = [] }
        return waiting
    }

    package var isEmpty: Bool { waiting.isEmpty }
}
