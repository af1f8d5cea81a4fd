import KafkaWire

/// Which exchanges are shown. All that pass are counted and recorded, shown or not.
package struct ExchangeFilter: Equatable, Sendable {
    /// Only these APIs; empty is all.
    package var apis: Set<APIKey> = []
    /// Only clients whose client id or address is that, or matches it where it has `*` or `?`; empty is all.
    package var clients: [String] = []
    /// Only what speaks of one of these topics; empty is all.
    package var topics: Set<String> = []
    /// Only answers with error codes, and what got no answer.
    package var onlyErrors = false
    /// Only what took so long, or longer.
    package var slowerThan: Duration?

    package init() {}

    /// Whether the head of a request alone rules it out.
    package func mayShow(_ exchange: Exchange) -> Bool {
        if !apis.isEmpty, !apis.contains(exchange.head.api) { return false }
        if let slowerThan, exchange.latency < slowerThan { return false }
        guard !clients.isEmpty else { return true }
        let names = [exchange.head.clientId ?? "", exchange.place.client]
        return clients.contains { pattern in names.contains { Self.matches(pattern, $0) } }
    }

    /// Whether an exchange is shown.
    package func shows(_ exchange: Exchange, _ summary: ExchangeSummary) -> Bool {
        guard mayShow(exchange) else { return false }
        if !topics.isEmpty, topics.isDisjoint(with: summary.topics) { return false }
        if onlyErrors {
            if case .unanswered = exchange.ending { return true }
            return !summary.errors.isEmpty
        }
        return true
    }

    /// Whether a text is what a pattern says: `*` stands for any characters, `?` for one.
    package static func matches(_ pattern: String, _ text: String) -> Bool {
        let (pattern, text) = (Array(pattern.unicodeScalars), Array(text.unicodeScalars))
        var (p, t) = (0, 0)
        var star: (p: Int, t: Int)?
        while t < text.count {
            if p < pattern.count, pattern[p] == "*" {
                star = (p, t)
                p += 1
            } else if p < pattern.count, pattern[p] == "?" || pattern[p] == text[t] {
                p += 1
                t += 1
            } else if let last = star {
                // The last star takes one character more.
                star = (last.p, last.t + 1)
                p = last.p + 1
                t = last.t + 1
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == "*" { p += 1 }
        return p == pattern.count
    }
}
