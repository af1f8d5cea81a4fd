import KafkaWire

/// One client's connection and the one to the broker that it is for: reads from each side, passes on to the other.
/// What the frames are and what is done with them is in `RelayFrames.swift`. Of the proxy's actor, on its thread.
final class Relay {
    let place: Exchange.Place
    let context: ProxyContext
    let client: any LoopSocket
    /// By which of this machine's addresses the client came.
    let local: String?
    private(set) var broker: (any LoopSocket)?
    let requests: Lane
    let answers: Lane
    var inFlight = InFlight()
    var faults: ConnectionFaults
    /// Whether a request was swallowed: then all that follow are.
    var isMute = false
    /// Whether SaslHandshake v0 was seen, after which frames without heads come.
    var mayHoldTokens = false
    /// Whether it was seen ever, after which answers without heads come too.
    var hasHeldTokens = false
    /// Nothing more is read; when the client has what is queued for it, the connection closes.
    var isClosing = false
    private(set) var isClosed = false
    /// What requests in flight are told to have ended with.
    var closeReason = "connection closed"
    /// How long the broker takes the proxy for who it said it was, where that is for ever or nobody asked: no end.
    private(set) var session = SASLSession()
    /// The broker that it said so to.
    private(set) var upstream: HostPort?
    /// Whether the session has to be renewed before the client's next request passes, and nobody is at it yet.
    private(set) var wantsSession = false
    /// Who waits for the broker's answer to what the proxy itself has asked.
    private var asking: (@Sendable (Bytes) -> Void)?
    private var bytesLeft: Int?
    private var lastClock = (moment: Instant(nanoseconds: 0), time: Int64(0))

    /// What one call reads at most, so that one connection does not keep the loop to itself.
    private static let turn = 1 << 20

    init(_ client: any LoopSocket, place: Exchange.Place, faults: ConnectionFaults, context: ProxyContext) {
        self.client = client
        self.place = place
        self.faults = faults
        self.context = context
        requests = Lane(from: .client, memory: context.memory)
        answers = Lane(from: .broker, memory: context.memory)
        local = client.local?.host
        let plan = context.configuration.faults
        bytesLeft = plan.cutAfter
        if let rate = plan.bytesPerSecond {
            let now = context.loop.now
            requests.throttle = Throttle(bytesPerSecond: rate, now: now)
            answers.throttle = Throttle(bytesPerSecond: rate, now: now)
        }
    }

    func connected(to broker: any LoopSocket, as session: SASLSession = SASLSession(), at upstream: HostPort? = nil) {
        self.broker = broker
        self.session = session
        self.upstream = upstream
    }

    // MARK: - The session

    /// An answer to the proxy is no larger.
    static let largestOwnAnswer = 1 << 20

    /// Whether the client's next request has to wait until the proxy has said anew who it is.
    func waitsForSession(now: Instant) -> Bool {
        guard session.isDue(now: now), !isMute else { return false }
        if !session.isRenewing { wantsSession = true }
        return true
    }

    /// Somebody is at it.
    func sessionBegins() {
        wantsSession = false
        session.isRenewing = true
    }

    /// The client goes on.
    func sessionEnds(_ renewed: SASLSession, now: Instant) {
        session = renewed
        let rest = requests.stash
        requests.stash = []
        rest.withUnsafeBytes { process($0, requests, now: now) }
    }

    /// Asks the broker something between two requests of the client; `body` is called once with the answer's frame, unless
    /// the connection closes before.
    func ask(_ frame: [UInt8], _ head: RequestHead, now: Instant, _ body: @escaping @Sendable (Bytes) -> Void) {
        var exchange = Exchange(place: place, head: head, time: time(at: now), began: now)
        exchange.isOfProxy = true
        inFlight.append(exchange)
        asking = body
        send([.made(frame)], of: UnsafeRawBufferPointer(start: nil, count: 0), requests, now: now)
    }

    /// The broker has answered.
    func answered(_ frame: Bytes) {
        let body = asking
        asking = nil
        body?(frame)
    }

    func socket(_ side: Conversation.Side) -> (any LoopSocket)? { side == .client ? client : broker }

    private func receiver(of lane: Lane) -> (any LoopSocket)? { lane === requests ? broker : client }

    func lane(from side: Conversation.Side) -> Lane { side == .client ? requests : answers }

    // MARK: - Reading

    /// Whether what that side sends is wanted now.
    func canRead(_ lane: Lane, now: Instant) -> Bool {
        guard !isClosed, !isClosing, !lane.sawEnd, broker != nil, lane.hasRoom else { return false }
        if lane === requests, wantsSession || session.isRenewing { return false }
        if let pause = lane.pausedUntil, now < pause { return false }
        return true
    }

    /// Reads what is there, and passes it on.
    func receive(_ lane: Lane, now: Instant) {
        guard let source = socket(lane.from) else { return }
        var budget = Self.turn
        while budget > 0, canRead(lane, now: now) {
            if context.configuration.tellsFrames, context.configuration.feed?.isFull == true {
                lane.pausedUntil = now + .milliseconds(10)
                return
            }
            let begun = lane.stash.count
            var room = context.scratch.count - begun
            if lane.throttle != nil {
                room = min(room, lane.throttle?.allowance(now: now) ?? 0)
                if room == 0 {
                    lane.pausedUntil = lane.throttle?.nextMoment
                    return
                }
            }
            if let bytesLeft { room = min(room, bytesLeft) }
            let isDirect = lane.mode == .hold && lane.remaining >= Lane.directRead
            if isDirect { room = min(room, lane.remaining) }
            let received: Int?
            do throws(NetError) {
                if isDirect {
                    received = try lane.hold(upTo: room) { (buffer) throws(NetError) in try source.read(into: buffer) }
                } else {
                    received = try source.read(
                        into: UnsafeMutableRawBufferPointer(rebasing: context.scratch[begun..<begun + room]))
                }
            } catch {
                return close(lane.from == .client ? "the client's connection broke" : "the broker's connection broke")
            }
            guard let count = received else { return }
            guard count > 0 else { return ended(lane, now: now) }
            budget -= count
            lane.throttle?.take(count)
            if isDirect {
                if lane.remaining == 0 { frameEnded(lane, now: now) }
            } else {
                if begun > 0 {
                    context.scratch.copyBytes(from: lane.stash)
                    lane.stash = []
                }
                process(UnsafeRawBufferPointer(rebasing: context.scratch[0..<begun + count]), lane, now: now)
            }
            if let left = bytesLeft {
                bytesLeft = left - count
                if left == count { return close("cut after \(context.configuration.faults.cutAfter ?? 0) bytes") }
            }
            // What the system had is taken: asking again would only be told so.
            if count < room { return }
        }
    }

    /// The sender has said its last: the receiver is told when it has got everything.
    private func ended(_ lane: Lane, now: Instant) {
        lane.sawEnd = true
        // A frame that broke off goes on as far as it came, where it should go on at all.
        let rest = lane.stash + (lane.mode == .hold ? lane.heldBytes.copy() : [])
        lane.stash = []
        lane.letGo(keepingMemory: false)
        if !rest.isEmpty, !isMute || lane === answers { lane.outlet.append(rest) }
        flush(lane, now: now)
    }

    // MARK: - Writing

    /// A run of bytes that is passed on, or a moment before which nothing may be.
    enum Part {
        case passing(Range<Int>)
        case made([UInt8])
        /// Bytes in memory that will be used again.
        case held(Bytes)
        case wait(Instant)
    }

    /// Passes on: at once as far as the receiver takes it, the rest when it does.
    func send(_ parts: [Part], of buffer: UnsafeRawBufferPointer, _ lane: Lane, now: Instant) {
        guard let receiver = receiver(of: lane), !isClosed else { return }
        for part in parts {
            switch part {
            case .wait(let moment): lane.outlet.wait(until: moment)
            case .made(let bytes): lane.outlet.append(bytes)
            case .passing(let range):
                let bytes = UnsafeRawBufferPointer(rebasing: buffer[range])
                let count = write(bytes, lane, to: receiver, now: now)
                if count < bytes.count { lane.outlet.append(Array(bytes[count...])) }
            case .held(let bytes):
                // Nothing is read into that memory before the outlet is empty again.
                let count = bytes.withUnsafeBytes { write($0, lane, to: receiver, now: now) }
                if count < bytes.count { lane.outlet.append(bytes[count..<bytes.count]) }
            }
        }
        flush(lane, now: now)
    }

    /// Writes as much as the receiver takes, where nothing waits before it; says how much that is.
    private func write(_ bytes: UnsafeRawBufferPointer, _ lane: Lane, to receiver: any LoopSocket, now: Instant) -> Int
    {
        if !lane.outlet.isEmpty { flush(lane, now: now) }
        guard !isClosed else { return bytes.count }
        guard lane.outlet.isEmpty else { return 0 }
        var from = 0
        do throws(NetError) {
            while from < bytes.count {
                let count = try receiver.write(UnsafeRawBufferPointer(rebasing: bytes[from...]))
                if count == 0 { break }
                from += count
            }
        } catch { writeFailed(lane) }
        return from
    }

    /// Writes what is queued, as far as it may leave and the receiver takes it.
    func flush(_ lane: Lane, now: Instant) {
        guard let receiver = receiver(of: lane), !isClosed else { return }
        do throws(NetError) {
            lane.stop = try lane.outlet.flush(now: now) { (bytes) throws(NetError) in try receiver.write(bytes) }
            // Encrypted bytes that the system did not take.
            if lane.stop == .empty, receiver.wantsToWrite {
                _ = try receiver.write(UnsafeRawBufferPointer(start: nil, count: 0))
                if receiver.wantsToWrite { lane.stop = .full }
            }
        } catch { return writeFailed(lane) }
        guard lane.outlet.isEmpty else { return }
        lane.giveBack()
        if isClosing, lane === answers { return close(closeReason) }
        guard lane.sawEnd, !lane.hasToldEnd else { return }
        lane.hasToldEnd = true
        receiver.shutdownWriting()
        // A broker that has closed answers no more; a client that has closed may still wait for answers.
        if lane === answers || answers.hasToldEnd {
            close(lane === answers ? "the broker closed the connection" : closeReason)
        }
    }

    private func writeFailed(_ lane: Lane) {
        close(lane === requests ? "the broker's connection broke" : "the client's connection broke")
    }

    /// When something is to be done again, by the clock alone.
    var nextMoment: Instant? {
        var moments: [Instant] = []
        for lane in [requests, answers] {
            if case .until(let moment) = lane.stop { moments.append(moment) }
            if let pause = lane.pausedUntil { moments.append(pause) }
        }
        return moments.min()
    }

    /// Does what is due by the clock.
    func tick(now: Instant) {
        for lane in [requests, answers] where !isClosed {
            if case .until(let moment) = lane.stop, moment <= now { flush(lane, now: now) }
            if let pause = lane.pausedUntil, pause <= now {
                lane.pausedUntil = nil
                receive(lane, now: now)
            }
        }
    }

    // MARK: - The end

    /// Ends it. The sockets are closed by the proxy, which watches them.
    func close(_ reason: String) {
        guard !isClosed else { return }
        isClosed = true
        closeReason = reason
        var left = inFlight.takeAll()
        for lane in [requests, answers] { if let exchange = lane.exchange { left.append(exchange) } }
        let now = context.loop.now
        for var exchange in left {
            if exchange.ending == .pending { exchange.ending = requests.sawEnd ? .abandoned : .unanswered(reason) }
            exchange.latency = now - exchange.began
            tell(exchange)
        }
    }

    /// Tells what became of a request.
    func tell(_ exchange: Exchange) {
        if !exchange.isOfProxy { context.configuration.feed?.push(.exchange(exchange)) }
    }

    /// Tells of a frame, where frames are recorded; `head` is that of its request, where it has one.
    func tell(
        frame bytes: Bytes, of head: RequestHead?, from: Conversation.Side, at moment: Instant, isPartial: Bool = false
    ) {
        guard context.configuration.tellsFrames else { return }
        context.configuration.feed?.push(
            .frame(
                .init(
                    place: place, from: from, moment: moment, bytes: masked(bytes, of: head, from: from),
                    isPartial: isPartial)))
    }

    private func masked(_ bytes: Bytes, of head: RequestHead?, from: Conversation.Side) -> Bytes {
        if context.configuration.showsSecrets { return bytes }
        guard let head else { return hasHeldTokens ? SecretMask.whole(bytes) : bytes }
        return from == .client
            ? SecretMask.request(bytes, head.api) : SecretMask.answer(bytes, to: head.api, version: head.version)
    }

    /// The time of day at a moment of the other clock, in microseconds.
    func time(at now: Instant) -> Int64 {
        if now.nanoseconds - lastClock.moment.nanoseconds > 1_000_000_000 || lastClock.time == 0 {
            lastClock = (now, context.loop.wallMicroseconds)
        }
        return lastClock.time + (now.nanoseconds - lastClock.moment.nanoseconds) / 1000
    }
}
