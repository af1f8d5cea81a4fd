import Logging

/// Who watches a client: the one place that its parts tell what happens. Where nobody does, telling is a look at one flag, and
/// the event is never made.
package struct Observation: Sendable {
    private let observers: [any ClientObserver]
    /// What ``ClientMetrics`` are taken from; nil where none are kept.
    package let counters: ClientCounters?
    /// Whether anybody does.
    package let isWatched: Bool

    /// The observers of a client, its log, and the counters of ``ClientMetrics`` where they are wanted.
    package init(_ observers: [any ClientObserver], logger: Logger, keepsMetrics: Bool) {
        var all: [any ClientObserver] = []
        if !(logger.handler is SwiftLogNoOpLogHandler) { all.append(LogObserver(logger)) }
        counters = keepsMetrics ? ClientCounters() : nil
        self.observers = all + observers
        isWatched = !self.observers.isEmpty || counters != nil
    }

    /// Tells everybody; on the client's loop.
    @inline(__always)
    package func tell(_ event: @autoclosure () -> ClientEvent) {
        if isWatched { pass(event()) }
    }

    @inline(never)
    private func pass(_ event: ClientEvent) {
        counters?.count(event)
        guard !PlantedMistake.tellsNothing.isMade else { return }
        for observer in observers { observer.observe(event) }
    }

    /// What is to be told of a connection; nil where nobody watches.
    package func watch(over broker: String) -> (any ConnectionWatch)? {
        isWatched ? WatchedConnection(broker: broker, observation: self) : nil
    }
}

/// What passes over a connection, told as events.
private struct WatchedConnection: ConnectionWatch {
    let broker: String
    let observation: Observation

    func sent(_ api: APIKey, version: Int16, bytes: Int) {
        observation.tell(.requestSent(SentRequest(api: api, version: version, broker: broker, bytes: bytes)))
    }

    func answered(_ api: APIKey, version: Int16, bytes: Int, after time: Duration, error: KafkaError?) {
        observation.tell(
            .requestAnswered(
                AnsweredRequest(api: api, version: version, broker: broker, bytes: bytes, latency: time, error: error)))
    }

    func ended(because reason: KafkaError?) { observation.tell(.disconnected(broker: broker, reason: reason)) }
}
