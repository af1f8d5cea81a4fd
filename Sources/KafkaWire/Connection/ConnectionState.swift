/// What a connection has sent and what it waits for. A value: events go in, actions come out; the actor that owns the
/// socket performs them.
package struct ConnectionState: Equatable, Sendable {
    /// A request's name on its connection.
    package typealias RequestID = UInt64

    /// What the owner has to do.
    package enum Action: Equatable, Sendable {
        /// Give the answer to who waits for it.
        case deliver(RequestID, Bytes)
        /// Tell who waits that no answer comes.
        case fail(RequestID, Reason)
        /// Close the socket: nothing on it can be trusted any more.
        case close(Reason)
    }

    /// Why there is no answer.
    package enum Reason: Equatable, Sendable {
        /// The request's deadline has passed. The connection is closed with it: its answer would come in the way of
        /// those that follow.
        case timedOut
        /// The other side answered something that was not asked.
        case unexpectedAnswer(correlationId: Int32, awaited: Int32?)
        /// The connection has broken.
        case net(NetError)
        /// The bytes received are not frames.
        case wire(WireError)
        /// This side closed the connection, since nothing went over it for long.
        case idle
        /// This side closed the connection.
        case closed
        /// The broker does not take the client for who it says it is, or this side does not take the broker for one.
        case unauthenticated(KafkaError)
    }

    private struct Waiting: Equatable {
        var id: RequestID
        var correlationId: Int32
        var deadline: Instant
    }

    private var waiting: [Waiting] = []
    private var first = 0
    private var nextCorrelationId: Int32 = 1
    private var closedBecause: Reason?
    /// After how long without use the connection is closed; nil never closes it.
    private let idleLimit: Duration?
    private var lastUse: Instant?

    package init(idleLimit: Duration? = nil) { self.idleLimit = idleLimit }

    /// How many requests wait for an answer.
    package var inFlight: Int { waiting.count - first }
    /// Why the connection is closed; nil while it is open.
    package var closeReason: Reason? { closedBecause }
    /// When ``tick(now:)`` has something to do; nil when it is closed, or nothing waits and nothing ever makes it idle.
    package var nextDeadline: Instant? { waiting[first...].map(\.deadline).min() ?? idleEnd }

    /// The latest deadline of what waits; nil where nothing does.
    package var lastDeadline: Instant? { waiting[first...].map(\.deadline).max() }

    /// Until when it may be without use; what waits for an answer uses it.
    private var idleEnd: Instant? {
        guard closedBecause == nil, let idleLimit, let lastUse else { return nil }
        return lastUse + idleLimit
    }

    /// It is used now: something is sent, or has come, or is about to be sent.
    package mutating func used(now: Instant) { lastUse = now }

    /// Takes a request, and gives the correlation id to write into its frame; nil where the connection is closed.
    package mutating func send(_ id: RequestID, deadline: Instant) -> Int32? {
        guard let correlationId = sendOneWay() else { return nil }
        waiting.append(Waiting(id: id, correlationId: correlationId, deadline: deadline))
        return correlationId
    }

    /// As ``send(_:deadline:)``, for a request that is not answered (Produce with acks=0).
    package mutating func sendOneWay() -> Int32? {
        guard closedBecause == nil else { return nil }
        defer { nextCorrelationId = nextCorrelationId == .max ? 1 : nextCorrelationId + 1 }
        return nextCorrelationId
    }

    /// A frame came in. Brokers answer in the order of the requests.
    package mutating func received(_ frame: Bytes) -> [Action] {
        var reader = ByteReader(frame)
        let correlationId: Int32
        do throws(WireError) { correlationId = try reader.integer() } catch { return close(.wire(error)) }
        guard first < waiting.count, waiting[first].correlationId == correlationId else {
            let awaited = first < waiting.count ? waiting[first].correlationId : nil
            return close(.unexpectedAnswer(correlationId: correlationId, awaited: awaited))
        }
        let id = waiting[first].id
        first += 1
        if first == waiting.count {
            waiting.removeAll(keepingCapacity: true)
            first = 0
        }
        return [.deliver(id, frame)]
    }

    /// The other side does nothing for so long, as it has said: what waits gets that much more time.
    package mutating func hold(for time: Duration) {
        for index in waiting.indices where index >= first { waiting[index].deadline = waiting[index].deadline + time }
    }

    /// Time has passed.
    package mutating func tick(now: Instant) -> [Action] {
        guard let deadline = nextDeadline, deadline <= now else { return [] }
        return close(inFlight > 0 ? .timedOut : .idle)
    }

    /// The connection ends: everything that waits fails.
    package mutating func close(_ reason: Reason) -> [Action] {
        guard closedBecause == nil else { return [] }
        closedBecause = reason
        let failed = waiting[first...].map { Action.fail($0.id, reason) }
        waiting = []
        first = 0
        return failed + [.close(reason)]
    }
}
