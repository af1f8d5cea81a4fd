import KafkaWire

/// What was spent, by whom. Who spends nothing for an hour is forgotten, as in Kafka; and where there are too many, who
/// has spent nothing for longest, since names cost their clients nothing.
struct QuotaSensors<Key: Hashable, Meter> {
    /// After what silence somebody is forgotten.
    static var idle: Duration { .seconds(3600) }

    private let limit: Int
    private var meters: [Key: Meter] = [:]
    private var used = RankedKeys<Key, Instant>()

    init(limit: Int = 10_000) { self.limit = limit }

    var count: Int { meters.count }

    /// Does something to the meter of `key`, which is `new` where there is none.
    mutating func change<R>(_ key: Key, now: Instant, new: Meter, _ body: (inout Meter) -> R) -> R {
        for idle in used.take(upTo: now + (.zero - Self.idle)) { meters[idle] = nil }
        if meters[key] == nil, meters.count >= limit, let oldest = used.first {
            used[oldest.key] = nil
            meters[oldest.key] = nil
        }
        used[key] = now
        return body(&meters[key, default: new])
    }

    /// Looks at the meter of `key`, where there is one.
    mutating func look<R>(_ key: Key, _ body: (inout Meter) -> R) -> R? {
        guard var meter = meters[key] else { return nil }
        defer { meters[key] = meter }
        return body(&meter)
    }
}
