import DequeModule
import KafkaWire

/// A broker without sockets and without a clock of its own, for the fuzzer and for tests: frames and the time go in,
/// frames come out. The way of a request is that of ``BrokerServer``: a connection's requests one after another, answers
/// in the order of the requests, late answers to those who still wait.
package final class OfflineServer {
    /// What became of a request, or of the connection that it came over.
    package enum Event {
        /// The connection was answered with that frame, its size in front.
        case answer(connection: Int, api: APIKey, version: Int16, correlationId: Int32, frame: [UInt8])
        /// A request has no answer, by its own wish.
        case silence(connection: Int, api: APIKey)
        /// The connection was closed, for that reason.
        case hangUp(connection: Int, reason: String)
        /// The node answered a request that nobody waits for, though its connection is there.
        case stray(connection: Int)
    }

    private struct Connection {
        var id: UInt64
        var requests: Deque<Bytes> = []
        var pending: PendingRequest?
    }

    let node: BrokerNode
    let clock: Locked<Instant>
    private var connections: [Connection]
    private var lastConnection: UInt64
    private var lastRequest: UInt64 = 0
    private var events: [Event] = []

    /// A node of `configuration`, with `connections` clients connected, which begins at `start`.
    package init(
        _ configuration: BrokerConfiguration, connections: Int,
        at start: Instant = Instant(nanoseconds: 1_000_000_000)
    ) throws(BrokerStartError) {
        let clock = Locked(start)
        var configuration = configuration
        configuration.now = { clock.withLock { $0 } }
        configuration.timestamp = { clock.withLock { 1_700_000_000_000 + $0.nanoseconds / 1_000_000 } }
        self.clock = clock
        self.connections = (0..<connections).map { Connection(id: UInt64($0)) }
        lastConnection = UInt64(connections)
        node = try BrokerNode(configuration, port: 9092)
    }

    /// What has happened since the last call.
    package func takeEvents() -> [Event] {
        defer { events = [] }
        return events
    }

    /// How many requests have come, and are not answered yet.
    package var waiting: Int { connections.reduce(0) { $0 + $1.requests.count + ($1.pending == nil ? 0 : 1) } }

    /// A connection brings a frame, without its size.
    package func receive(_ frame: Bytes, on connection: Int) {
        connections[connection].requests.append(frame)
        work()
    }

    /// A client goes away, and a new one comes in its place.
    package func disconnect(_ connection: Int) {
        if let pending = connections[connection].pending { node.forget(pending.ticket) }
        node.forget(connection: connections[connection].id)
        lastConnection += 1
        connections[connection] = Connection(id: lastConnection)
    }

    /// The time moves on, and what is due on the way is done at its own time, as far as `stops` suffice.
    package func advance(_ duration: Duration, stops: Int = 64) {
        let end = clock.withLock { $0 } + duration
        for _ in 0..<stops {
            guard let next = node.nextDeadline, next < end else { break }
            tick(max(next, clock.withLock { $0 }))
        }
        tick(end)
    }

    /// In how many steps long work was done so far.
    package var workSteps: Int { node.workSteps }

    /// What does not hold of the node's state though it always should, as sentences.
    package var objections: [String] { node.objections(pending: connections.compactMap { $0.pending?.ticket }) }

    private func tick(_ now: Instant) {
        clock.withLock { $0 = now }
        node.tick(now: now)
        work()
    }

    // MARK: - The way of a request

    private func work() {
        var goesOn = true
        while goesOn {
            goesOn = false
            for index in connections.indices {
                // One request each, so that a connection has its turn after the others.
                guard connections[index].pending == nil, let request = connections[index].requests.popFirst() else {
                    continue
                }
                handle(request, index)
                goesOn = true
            }
            if node.works.count > 0 {
                node.work(now: clock.withLock { $0 })
                goesOn = true
            }
            for late in node.takeAnswers() {
                goesOn = true
                guard let index = connections.firstIndex(where: { $0.id == late.ticket.connection }) else { continue }
                guard let pending = connections[index].pending, pending.ticket == late.ticket else {
                    events.append(.stray(connection: index))
                    continue
                }
                connections[index].pending = nil
                perform(late.outcome, of: pending, index)
            }
        }
        node.saveBounds()
    }

    private func handle(_ frame: Bytes, _ index: Int) {
        lastRequest += 1
        let ticket = RequestTicket(connection: connections[index].id, number: lastRequest)
        let request: IncomingRequest
        do throws(IncomingRequest.Refusal) {
            request = try IncomingRequest(frame, ticket, speaking: node.release)
        } catch {
            return hangUp(index, "\(error)")
        }
        if request.isUnknownVersion {
            return answer(ApiVersionsHandler.unsupportedVersion(node), to: request.pending, index)
        }
        let context = request.context(node.time, clientHost: "/127.0.0.1", node: node.configuration.nodeId)
        do throws(WireError) {
            perform(try node.handle(request.api, request.body, context), of: request.pending, index)
        } catch {
            hangUp(index, "\(error)")
        }
    }

    private func perform(_ outcome: Outcome, of pending: PendingRequest, _ index: Int) {
        switch outcome {
        case .answer(let response): answer(response, to: pending, index)
        case .later, .work: connections[index].pending = pending
        case .silent: events.append(.silence(connection: index, api: pending.api.key))
        case .hangUp(let reason): hangUp(index, reason)
        }
    }

    private func answer(_ response: any WireMessage, to pending: PendingRequest, _ index: Int) {
        do throws(WireError) {
            let frame = try Self.frame(of: response, to: pending)
            events.append(
                .answer(
                    connection: index, api: pending.api.key, version: pending.version,
                    correlationId: pending.correlationId, frame: frame))
        } catch {
            hangUp(index, "an answer could not be written: \(error)")
        }
    }

    /// An answer in its frame, with its size in front.
    static func frame(of response: any WireMessage, to pending: PendingRequest) throws(WireError) -> [UInt8] {
        var output = OutputQueue()
        try output.append(
            response, of: pending.api.response, version: pending.version, correlationId: pending.correlationId)
        var frame: [UInt8] = []
        // In pieces, as a system takes them that has little room.
        _ = output.flush { parts, _ in
            let taken = parts[0].prefix(64 << 10)
            frame.append(contentsOf: taken)
            return taken.count
        }
        return frame
    }

    private func hangUp(_ index: Int, _ reason: String) {
        events.append(.hangUp(connection: index, reason: reason))
        disconnect(index)
    }
}
