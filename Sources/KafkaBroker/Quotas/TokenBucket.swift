import KafkaWire

/// Tokens that come at a rate, and are kept up to what comes in a window: how changes by the controller are bounded (KIP-599).
/// What is taken may be more than there is, and is paid back before anything else is taken.
struct TokenBucket {
    private var tokens: Double?
    private var last: Int = 0

    /// How many tokens there are at `now`, in milliseconds, where `bound` come in a second; less than none where too many
    /// were taken. A bucket begins full.
    mutating func measure(_ bound: Double, at now: Int, _ window: QuotaWindow) -> Double {
        let burst = Double(window.samples) * Double(window.lengthMs) / 1000 * bound
        let left = tokens.map { min(burst, $0 + bound * Double(now - last) / 1000) } ?? burst
        (tokens, last) = (left, now)
        return left
    }

    /// Takes tokens.
    mutating func take(_ count: Double, _ bound: Double, at now: Int, _ window: QuotaWindow) {
        tokens = measure(bound, at: now, window) - count
    }

    /// In what time nothing is owed any more, in milliseconds.
    mutating func throttleTime(_ bound: Double, at now: Int, _ window: QuotaWindow) -> Int {
        let left = measure(bound, at: now, window)
        guard left < 0, bound > 0 else { return 0 }
        return Int(rounding: -left / bound * 1000)
    }
}
