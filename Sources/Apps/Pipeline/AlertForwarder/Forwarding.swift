import AppSupport
import KafkaWire

/// Posts alerts: each until it is taken, or given up and stored as a dead letter; and counts.
actor Forwarding {
    /// Why an alert is a dead letter.
    struct GivenUp: Error, CustomStringConvertible {
        let description: String
    }

    /// What has become of alerts.
    struct Tally: Equatable, Sendable {
        var delivered = 0
        var givenUp = 0
        var retries = 0
    }

    private let webhook: Webhook
    private let policy: DeliveryPolicy
    private let deadLetterTopic: String
    private let producer: KafkaProducer
    private let loop: any EventLoop
    private let tell: @Sendable (String) -> Void
    private(set) var tally = Tally()
    /// How many tries in a row have failed, of any alert.
    private var failures = 0
    private var isTold = false
    private var isEnding = false

    /// - Parameter producer: Sends dead letters; it stays the caller's to close.
    /// - Parameter tell: What a person is to know, in a sentence.
    init(
        _ webhook: Webhook, _ policy: DeliveryPolicy, deadLetters topic: String, by producer: KafkaProducer,
        tell: @escaping @Sendable (String) -> Void
    ) {
        (self.webhook, self.policy, self.tell) = (webhook, policy, tell)
        (self.deadLetterTopic, self.producer, loop) = (topic, producer, producer.loop)
    }

    /// Returns when the record is delivered, or stored as a dead letter. Throws where neither could be.
    func forward(_ record: ConsumerRecord) async throws {
        do {
            try await deliver(record)
            tally.delivered += 1
        } catch let error as GivenUp {
            var letter = RetryPolicy(delays: []).forwarded(record, because: error, now: loop.wallMilliseconds)
            letter.topic = deadLetterTopic
            try await producer.send(letter)
            tally.givenUp += 1
            tell("\(Webhook.id(of: record)) is a dead letter: \(error)")
        }
    }

    private func deliver(_ record: ConsumerRecord) async throws {
        guard let body = Webhook.body(of: record) else { throw GivenUp(description: "its value is no JSON object") }
        let (id, began) = (Webhook.id(of: record), loop.now)
        var count = 0
        while true {
            count += 1
            let attempt = try await webhook.post(body, id: id, now: loop.wallMilliseconds / 1000)
            switch policy.verdict(on: attempt, count: count, after: loop.now - began, chance: loop.random()) {
            case .delivered: return works()
            case .giveUp(let reason): throw GivenUp(description: reason)
            case .retry(let pause):
                try await rest(pause, after: attempt)
            }
        }
    }

    private var resting: [Int: Task<Void, any Error>] = [:]
    private var rests = 0

    /// Waits for the next try; throws where there is to be none.
    private func rest(_ pause: Duration, after attempt: DeliveryPolicy.Attempt) async throws {
        guard !isEnding, !Task.isCancelled else { throw CancellationError() }
        tally.retries += 1
        fails(attempt)
        rests += 1
        let id = rests
        let rest = Task { [loop] in try await loop.sleep(for: pause) }
        resting[id] = rest
        defer { resting[id] = nil }
        try await rest.value
    }

    /// Nothing is tried again from now on.
    func end() {
        isEnding = true
        for rest in resting.values { rest.cancel() }
    }

    /// What lasts is told once, and once that it is over.
    private func fails(_ attempt: DeliveryPolicy.Attempt) {
        failures += 1
        guard !isTold, failures >= 3 else { return }
        isTold = true
        let reason =
            switch attempt {
            case .answered(let status, _): "it answers \(status)"
            case .unreachable(let words): words
            }
        tell("\(webhook.place) takes no alerts (\(reason)); they are tried again")
    }

    private func works() {
        failures = 0
        guard isTold else { return }
        isTold = false
        tell("\(webhook.place) takes alerts again")
    }
}
