import KafkaWire

/// What is known of a registry's schemas, by their ids. A value: schemas go in, as they are learnt.
package struct KnownSchemas: Sendable {
    private enum Known: Sendable {
        case readable(ReadableSchema)
        /// None that anything is read by; until then it is not asked for again.
        case useless(until: Instant)
    }

    private var known: [Int32: Known] = [:]
    /// The ids of ``known``, those that were learnt first in front.
    private var order: [Int32] = []

    /// No more schemas are kept by ``trim()``, whatever ids are in a topic.
    package static let mostKept = 1000
    /// So long a schema that could not be had counts as none: a registry that has just started may know it later.
    package static let patience: Duration = .seconds(60)

    /// Nothing is known.
    package init() {}

    /// How many schemas are kept.
    package var count: Int { known.count }

    /// The schema with that id; nil where none is known that anything is read by.
    package subscript(id: Int32) -> ReadableSchema? {
        if case .readable(let schema)? = known[id] { schema } else { nil }
    }

    /// Whether the registry is to be asked for a schema.
    package func isWanted(_ id: Int32, at now: Instant) -> Bool {
        switch known[id] {
        case .readable: false
        case .useless(let end): end <= now
        case nil: true
        }
    }

    /// A schema is known from now on; nil is one that cannot be had, or that nothing is read by.
    package mutating func learn(_ id: Int32, _ schema: ReadableSchema?, at now: Instant) {
        if known[id] == nil { order.append(id) }
        known[id] = schema.map { .readable($0) } ?? .useless(until: now + Self.patience)
    }

    /// Forgets the oldest where there are many.
    package mutating func trim() {
        guard order.count > Self.mostKept else { return }
        let excess = order.count - Self.mostKept
        for id in order.prefix(excess) { known[id] = nil }
        order.removeFirst(excess)
    }
}
