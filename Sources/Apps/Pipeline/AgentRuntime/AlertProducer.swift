import ChangeEvents
import Detectors
import KafkaWire

/// Produces alerts as JSON, keyed by user: alerts of one user stay in order.
struct AlertProducer {
    private let topic: String
    private let producer: KafkaProducer
    private let waiting = AlertQueue()

    /// Alerts that have not been handed to the producer yet, in their order.
    private final class AlertQueue {
        var alerts: [ProducerRecord] = []
    }

    init(_ topic: String, brokers: [String]) throws(KafkaError) {
        self.topic = topic
        producer = try KafkaProducer(.init(bootstrapServers: brokers))
    }

    /// Takes an alert over.
    func send(_ alert: Alert) {
        var json: [UInt8] = []
        alert.appendJSON(to: &json)
        let key = Bytes(utf8: "\(alert.transaction.userID)")
        waiting.alerts.append(ProducerRecord(topic: topic, key: key, value: Bytes(json)))
    }

    /// Waits until all alerts have arrived.
    func flush() async throws(KafkaError) {
        var deliveries: [Delivery] = []
        for record in waiting.alerts { deliveries.append(try await producer.enqueue(record)) }
        try await producer.flush()
        for delivery in deliveries { _ = try await delivery.acknowledgement() }
        waiting.alerts = []
    }

    func close() async -> KafkaError? {
        do throws(KafkaError) {
            try await producer.close()
            return nil
        } catch {
            return error
        }
    }
}
