import AppSupport
import JSONLines
import KafkaWire
import Proxying

/// The proxy's relay between two sockets: bytes from both sides, in pieces. The first byte chooses faults and what is
/// watched; then come steps: a byte below 128 is that many bytes of the client's, from 128 on so many of the broker's
/// less 128; 127 and 255 make a whole frame of what follows: a byte for its size, and then its content.
///
/// What the client says reaches the broker byte for byte, and so does what the broker says, unless an answer in which
/// addresses stand was written anew, or a fault was asked for. What is shown of it cannot steer a terminal.
enum ProxyCheck {
    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard !input.isEmpty else { return }
        var source = ByteSource(input)
        let options = source.next()
        guard let relay = try? OfflineRelay(faults: rules(options), watches: options & 0x10 != 0) else { return }
        defer { relay.close() }
        var said: [Conversation.Side: [UInt8]] = [.client: [], .broker: []]
        var steps = 0
        while !source.isEmpty, steps < 64 {
            steps += 1
            let kind = source.next()
            let side: Conversation.Side = kind < 128 ? .client : .broker
            var bytes: [UInt8]
            if kind & 127 == 127 {
                let content = source.slice(Int(source.next())).copy()
                bytes = [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: content.count >> $0) } + content
            } else {
                bytes = source.slice(Int(kind & 127)).copy()
            }
            said[side]?.append(contentsOf: bytes)
            try memory.bound("passing on \(bytes.count) bytes", bytes.count, perByte: 1 << 10, base: 8 << 20) {
                relay.say(bytes, from: side)
            }
        }
        relay.end()
        let hasFaults = options & 0x0F != 0
        for (side, other) in [(Conversation.Side.client, Conversation.Side.broker), (.broker, .client)] {
            let heard = relay.heard(at: other)
            guard !hasFaults, side == .client || !relay.mayRewrite else { continue }
            let passed = said[side] ?? []
            try claim(
                passed.starts(with: heard), "the \(other) hears \(Bytes(heard)), and the \(side) said \(Bytes(passed))")
        }
        try show(relay.exchanges)
    }

    private static func rules(_ options: UInt8) -> [FaultRule] {
        var rules: [FaultRule] = []
        if options & 1 != 0 { rules.append(FaultRule(.error(.notLeaderOrFollower), perMillion: 500_000)) }
        if options & 2 != 0 { rules.append(FaultRule(.truncate, perMillion: 300_000)) }
        if options & 4 != 0 { rules.append(FaultRule(.drop, perMillion: 200_000)) }
        if options & 8 != 0 {
            rules.append(FaultRule(.delay(.zero ... .microseconds(1)), perMillion: 500_000))
        }
        return rules
    }

    /// Each exchange as a line with its fields, and as JSON.
    private static func show(_ exchanges: [Exchange]) throws(Finding) {
        var names = TopicNames()
        var lines = ExchangeLines()
        lines.depth = 9
        var counts = TrafficCounts()
        for exchange in exchanges {
            let summary = ExchangeSummary(exchange, [.errors, .topics, .batches], &names)
            for line in lines.text(exchange, summary) { try TerminalCheck.isHarmless(line) }
            let json = lines.json(exchange, summary)
            try claim(Document(Array(json.utf8)) != nil, "no JSON: \(json)")
            counts.add(exchange, summary.errors)
        }
        for line in counts.lines(width: 80) { try TerminalCheck.isHarmless(line) }
        try claim(Document(Array(counts.json.utf8)) != nil, "no JSON: \(counts.json)")
    }

    /// Requests and their answers, whole, in pieces, and with faults.
    static func seeds(_ exchanges: [(request: [UInt8], answer: [UInt8])]) -> [Bytes] {
        exchanges.enumerated().flatMap { (index, exchange) -> [Bytes] in
            let options: [UInt8] = [0x10, UInt8(0x10 | 1 << (index & 3))]
            guard exchange.request.count < 255, exchange.answer.count < 255 else { return [Bytes]() }
            let request: [UInt8] = [127, UInt8(exchange.request.count)] + exchange.request
            let answer: [UInt8] = [255, UInt8(exchange.answer.count)] + exchange.answer
            return options.map { Bytes([$0] + request + answer + request) }
        }
    }
}
