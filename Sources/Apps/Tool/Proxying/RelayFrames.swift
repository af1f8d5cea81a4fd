import AppSupport
import KafkaBroker
import KafkaWire

/// The frames in what passes: where each begins, what it is, and what is done with it.
extension Relay {
    func process(_ buffer: UnsafeRawBufferPointer, _ lane: Lane, now: Instant) {
        var parts: [Part] = []
        var at = 0
        if lane.isFresh {
            guard greet(buffer, lane) else { return }
        }
        while at < buffer.count, !isClosed, !isClosing {
            if lane.isLost {
                Self.pass(at..<buffer.count, &parts)
                break
            }
            if lane.remaining == 0 {
                let rest = UnsafeRawBufferPointer(rebasing: buffer[at...])
                if lane === requests, waitsForSession(now: now) {
                    lane.stash = Array(rest)
                    break
                }
                guard begin(rest, lane, &parts, now: now) else {
                    lane.stash = Array(rest)
                    break
                }
                if lane.isLost { continue }
            }
            let end = at + min(lane.remaining, buffer.count - at)
            switch lane.mode {
            case .pass:
                Self.pass(at..<end, &parts)
                if lane.copy != nil { lane.copy?.append(contentsOf: buffer[at..<end]) }
            case .hold: lane.hold(UnsafeRawBufferPointer(rebasing: buffer[at..<end]))
            case .swallow: if lane.copy != nil { lane.copy?.append(contentsOf: buffer[at..<end]) }
            }
            lane.remaining -= end - at
            at = end
            if lane.remaining == 0 {
                if lane === requests { requestEnded(&parts, now: now) } else { answerEnded(&parts, now: now) }
            }
        }
        send(parts, of: buffer, lane, now: now)
    }

    /// The last byte of a frame was read to where it is held.
    func frameEnded(_ lane: Lane, now: Instant) {
        var parts: [Part] = []
        if lane === requests { requestEnded(&parts, now: now) } else { answerEnded(&parts, now: now) }
        send(parts, of: UnsafeRawBufferPointer(start: nil, count: 0), lane, now: now)
    }

    private static func pass(_ range: Range<Int>, _ parts: inout [Part]) {
        if case .passing(let last) = parts.last, last.upperBound == range.lowerBound {
            parts[parts.count - 1] = .passing(last.lowerBound..<range.upperBound)
        } else {
            parts.append(.passing(range))
        }
    }

    /// Looks at the first bytes of a side. False where it is a client that does not speak Kafka: then it is over.
    private func greet(_ buffer: UnsafeRawBufferPointer, _ lane: Lane) -> Bool {
        guard buffer.count >= 4 else { return true }
        lane.isFresh = false
        guard let name = ForeignProtocol.name(Bytes(Array(buffer.prefix(8)))) else { return true }
        guard lane === requests else {
            context.complain("foreign \(place.broker)", "what listens at \(place.broker) sent \(name)")
            return true
        }
        context.complain(
            "foreign client", "the client \(place.client) sent \(name); this port takes Kafka's protocol without TLS")
        close("no Kafka client")
        return false
    }

    /// Reads the head of a frame and decides what becomes of it. False where the head is not whole.
    private func begin(
        _ bytes: UnsafeRawBufferPointer, _ lane: Lane, _ parts: inout [Part], now: Instant
    ) -> Bool {
        let head =
            lane === requests
            ? FrameHead.request(bytes, mayHoldTokens: mayHoldTokens) : FrameHead.answer(bytes)
        lane.mode = .pass
        lane.exchange = nil
        lane.copy = nil
        switch head {
        case .incomplete: return false
        case .lost:
            lane.isLost = true
            context.complain(
                "lost \(lane.from)",
                "connection \(place.connection) of \(place.client): the \(lane.from) sent no size of a frame where one"
                    + " must stand; from here on its bytes pass unread")
        case .opaque(let size):
            lane.remaining = size
            if lane === requests, isMute { lane.mode = .swallow }
            if context.configuration.tellsFrames { lane.copy = [] }
        case .request(let head):
            lane.remaining = head.size
            lane.frameSize = head.size
            requestBegins(head, now: now)
        case .answer(let correlationId, let size):
            lane.remaining = size
            lane.frameSize = size
            answerBegins(correlationId, size, &parts, now: now)
        }
        return true
    }

    // MARK: - Requests

    private func requestBegins(_ head: RequestHead, now: Instant) {
        let lane = requests
        let configuration = context.configuration
        mayHoldTokens = head.api == .saslHandshake && head.version == 0
        if mayHoldTokens { hasHeldTokens = true }
        var exchange = Exchange(place: place, head: head, time: time(at: now), began: now)
        if isMute {
            exchange.faults = [.behindDropped]
            lane.mode = .swallow
        } else {
            exchange.faults = faults.next(head.api)
            for fault in exchange.faults {
                switch fault {
                case .drop:
                    isMute = true
                    lane.mode = .swallow
                case .error: lane.mode = .hold
                default: break
                }
            }
        }
        let isWanted = configuration.keepsRequests && configuration.keptRequests?.contains(head.api) != false
        if isWanted || configuration.tellsFrames, lane.mode != .hold {
            lane.copy = []
            lane.copy?.reserveCapacity(min(head.size, 1 << 20))
        }
        lane.exchange = exchange
    }

    private func requestEnded(_ parts: inout [Part], now: Instant) {
        let lane = requests
        let frame = lane.mode == .hold ? lane.heldBytes : lane.copy.map { Bytes($0) }
        lane.letGo(keepingMemory: false)
        lane.copy = nil
        if let frame { tell(frame: frame, of: lane.exchange?.head, from: .client, at: now) }
        guard var exchange = lane.exchange else { return }
        lane.exchange = nil
        if context.configuration.keepsRequests { exchange.request = frame }
        if lane.mode == .hold, let frame {
            guard answerHere(&exchange, frame) else { return }
            if exchange.ending == .pending { parts.append(.made(frame.copy())) }
        }
        if lane.mode == .swallow {
            exchange.ending = .unanswered("no answer")
            return tell(exchange)
        }
        guard exchange.head.wantsAnswer else {
            // There is no answer that could be delayed or cut.
            exchange.faults = []
            exchange.ending = .silent
            return tell(exchange)
        }
        inFlight.append(exchange)
        guard exchange.ending != .pending, answers.remaining == 0 else { return }
        var made: [Part] = []
        sendAnswersMadeHere(&made, now: now)
        send(made, of: UnsafeRawBufferPointer(start: nil, count: 0), answers, now: now)
    }

    /// Makes the answer that an error fault wants. Leaves the exchange pending where none can be made; false where the
    /// request wants no answer, so that the connection closes instead.
    private func answerHere(_ exchange: inout Exchange, _ frame: Bytes) -> Bool {
        guard let code = exchange.faults.lazy.compactMap({ if case .error(let code) = $0 { code } else { nil } }).first
        else { return true }
        guard exchange.head.wantsAnswer else {
            // Nobody would read the error: a broker closes the connection to say that such a request failed.
            exchange.ending = .unanswered("closed, as it wants no answer")
            tell(exchange)
            close("a request without an answer failed")
            return false
        }
        let made = try? RefusedRequest.answer(to: frame[4..<frame.count], saying: code)
        guard let made else {
            exchange.faults.removeAll { if case .error = $0 { true } else { false } }
            context.complain(
                "error \(exchange.apiName)", every: .seconds(3600),
                "no error can be made up for \(exchange.apiName) v\(exchange.head.version): it passes")
            return true
        }
        exchange.answer = Bytes(made)
        exchange.ending = .answered(size: made.count)
        return true
    }

    // MARK: - Answers

    /// Answers with more bytes are not searched for error codes, where nothing else wants them whole.
    private static let errorsLimit = 256 << 10

    private func answerBegins(_ correlationId: Int32, _ size: Int, _ parts: inout [Part], now: Instant) {
        let lane = answers
        let configuration = context.configuration
        lane.exchange = inFlight.answered(correlationId)
        guard let exchange = lane.exchange else {
            if configuration.tellsFrames { lane.copy = [] }
            return
        }
        if exchange.isOfProxy {
            lane.mode = .hold
            if size > Self.largestOwnAnswer { close("the broker's answer to the proxy is larger than any") }
            return
        }
        let (api, version) = (exchange.head.api, exchange.head.version)
        if AnswerRewriter.concerns(api, version) {
            if AnswerRewriter.isBeyond(api, version) {
                context.complain(
                    "beyond \(api) \(version)", every: .seconds(86_400),
                    "\(exchange.apiName) v\(version) is newer than this build: its answers pass unchanged, and what"
                        + " addresses are in them lead past the proxy")
            } else {
                lane.mode = .hold
            }
        }
        for fault in exchange.faults {
            if case .delay(let duration) = fault { parts.append(.wait(now + duration)) }
            if fault == .truncate { lane.mode = .hold }
        }
        // A large answer is data: its codes are not worth that it waits here until a client has read it.
        let tellsErrors = configuration.tellsErrors && size <= Self.errorsLimit
        if lane.mode != .hold, configuration.keepsAnswers || tellsErrors || configuration.tellsFrames {
            lane.copy = []
            lane.copy?.reserveCapacity(min(size, 4 << 20))
        }
    }

    private func answerEnded(_ parts: inout [Part], now: Instant) {
        let lane = answers
        let isHeld = lane.mode == .hold
        let frame = isHeld ? lane.heldBytes : lane.copy.map { Bytes($0) }
        let isKept = context.configuration.keepsAnswers || context.configuration.tellsFrames
        // The memory is warm for the next frame, where nobody keeps this one.
        defer { lane.letGo(keepingMemory: isHeld && !isKept) }
        lane.copy = nil
        guard var exchange = lane.exchange else {
            if let frame { tell(frame: frame, of: nil, from: .broker, at: now) }
            return sendAnswersMadeHere(&parts, now: now)
        }
        lane.exchange = nil
        if exchange.isOfProxy {
            if let frame { answered(frame[4..<frame.count]) }
            return sendAnswersMadeHere(&parts, now: now)
        }
        let size = lane.frameSize
        var sent = frame
        if isHeld, let frame {
            let rewritten = rewritten(frame, &exchange)
            if let rewritten { sent = Bytes(rewritten) }
            if exchange.faults.contains(.truncate) {
                let half = sent.map { $0[0..<max(1, $0.count / 2)] } ?? Bytes()
                parts.append(.made(half.copy()))
                tell(frame: half, of: exchange.head, from: .broker, at: now, isPartial: true)
                finish(&exchange, frame, size: size, now: now)
                closeReason = "cut short"
                isClosing = true
                return
            }
            if let rewritten {
                parts.append(.made(rewritten))
            } else if isKept || frame.count < Lane.directRead {
                parts.append(.made(frame.copy()))
            } else {
                parts.append(.held(frame))
            }
        }
        if let sent { tell(frame: sent, of: exchange.head, from: .broker, at: now) }
        finish(&exchange, frame, size: size, now: now)
        sendAnswersMadeHere(&parts, now: now)
    }

    /// The answer with the addresses of the proxy; nil where nothing is to be changed.
    private func rewritten(_ frame: Bytes, _ exchange: inout Exchange) -> [UInt8]? {
        guard AnswerRewriter.concerns(exchange.head.api, exchange.head.version) else { return nil }
        let inspect: (any WireMessage, Int16) -> Void = { answer, version in
            guard self.context.configuration.tellsErrors else { return }
            exchange.errors = ErrorCodes.of(answer, version: version)
        }
        let (api, version) = (exchange.head.api, exchange.head.version)
        let outcome = AnswerRewriter.rewrite(frame, of: api, version, inspect: inspect) { broker in
            do throws(NetError) { return try context.gates.address(of: broker, for: local) } catch {
                context.complain("gate \(broker)", "no listener for the broker \(broker): \(error)")
                return nil
            }
        }
        switch outcome {
        case .unchanged: return nil
        case .changed(let bytes): return bytes
        case .unreadable(let error):
            context.complain(
                "unreadable \(exchange.apiName)",
                "an answer to \(exchange.apiName) v\(exchange.head.version) passes unchanged, as it cannot be read:"
                    + " \(error)")
            return nil
        }
    }

    private func finish(_ exchange: inout Exchange, _ frame: Bytes?, size: Int, now: Instant) {
        exchange.ending = .answered(size: size)
        exchange.latency = now - exchange.began + Self.delay(of: exchange)
        // Where the codes were not found as it passed, they are in the bytes.
        let isWanted =
            context.configuration.keepsAnswers
            || context.configuration.tellsErrors && exchange.errors == nil && lane(from: .broker).mode != .hold
        if isWanted { exchange.answer = frame }
        tell(exchange)
    }

    private static func delay(of exchange: Exchange) -> Duration {
        exchange.faults.reduce(.zero) { if case .delay(let duration) = $1 { max($0, duration) } else { $0 } }
    }

    /// The answers that were made here and whose turn it is.
    private func sendAnswersMadeHere(_ parts: inout [Part], now: Instant) {
        while var exchange = inFlight.takeAnsweredHere() {
            guard let bytes = exchange.answer else { continue }
            let delay = Self.delay(of: exchange)
            if delay > .zero { parts.append(.wait(now + delay)) }
            parts.append(.made(bytes.copy()))
            tell(frame: bytes, of: exchange.head, from: .broker, at: now)
            exchange.latency = now - exchange.began + delay
            tell(exchange)
        }
    }
}
