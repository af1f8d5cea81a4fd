/// Who the cluster takes a producer for, and when it is asked for another identity. A value. The next identity is the same
/// id in the next epoch, which needs no broker (KIP-360): what is still on its way under the one before is then refused
/// where anything newer has arrived. Under another id it would be taken, behind what was sent after it.
struct ProducerIdentity: Equatable, Sendable {
    /// What the cluster gave.
    struct Given: Equatable, Sendable {
        var id: ProducerID
        var epoch: ProducerEpoch
    }

    /// What to do where a batch needs another identity.
    enum Step: Equatable, Sendable {
        case ask
        /// There is another one now.
        case given
        /// It was asked for in vain; not before then.
        case wait(until: Instant)
        /// It is being asked for.
        case nothing
    }

    /// The newest.
    private(set) var current: Given?
    /// Why there is no newer one at present.
    private(set) var error: KafkaError?
    private var isAsking = false
    private var askAt = Instant(nanoseconds: 0)
    private var failures = 0

    /// A batch waits for another identity.
    mutating func wanted(now: Instant) -> Step {
        if isAsking { return .nothing }
        if let given = current, given.epoch < ProducerEpoch(rawValue: .max) {
            current?.epoch = ProducerEpoch(rawValue: given.epoch.rawValue + 1)
            return .given
        }
        guard now >= askAt else { return .wait(until: askAt) }
        isAsking = true
        return .ask
    }

    /// A broker has given one, or what is none.
    mutating func given(_ given: Given, by broker: String) throws(KafkaError) {
        // Batches that are numbered anew under the id they had would be taken for those that are lost.
        guard given.id >= 0, given != current else {
            throw KafkaError(
                .malformedResponse,
                "\(Self.what): broker \(broker) gave \(given.id), which "
                    + (given == current ? "this producer has already" : "is none"),
                broker: broker, api: .initProducerId, isRetriable: true)
        }
        current = given
        isAsking = false
        (error, failures) = (nil, 0)
    }

    /// A coordinator of transactions has given one: the next epoch, or after the last epoch another id.
    mutating func assign(_ given: Given) { current = given }

    static let what = "could not get a producer id"

    /// None was given; it is asked for again after a pause. Says whether that is news.
    mutating func failed(_ error: KafkaError, now: Instant, pause: (_ failures: Int) -> Duration) -> Bool {
        defer { self.error = error }
        isAsking = false
        failures += 1
        askAt = now + pause(failures)
        return self.error == nil
    }
}
