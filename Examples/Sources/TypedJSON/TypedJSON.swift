// Values of one's own as JSON, and what to do with records that are none.
//
//     kw broker                                          in another terminal, or any Kafka
//     swift run --package-path Examples json [HOST:PORT]
//
// Sends two orders, and between them two records that somebody else got wrong; reads all four, and goes on behind the bad
// ones. What reads a topic must bear whatever is in it: where one bad record ends the program, it ends it each time that it is
// started. To keep them, send them to a topic of dead letters, as `retry` does.

import Foundation
import KafkaWire

struct Order: Codable {
    var id: Int
    var item: String
    var cents: Int
}

extension ProducerRecord {
    /// A record with `value` as JSON.
    init(topic: String, key: String, json value: some Encodable) throws {
        self.init(topic: topic, key: Bytes(utf8: key), value: Bytes(Array(try JSONEncoder().encode(value))))
    }
}

extension Record {
    /// What the value says as JSON. Throws `DecodingError` where it is none, or a tombstone.
    func decoded<Value: Decodable>(as type: Value.Type) throws -> Value {
        try JSONDecoder().decode(type, from: value?.withUnsafeBytes { Data($0) } ?? Data())
    }
}

@main enum TypedJSON {
    static func main() async {
        do { try await run(CommandLine.arguments.dropFirst().first ?? "localhost:9092") } catch {
            complain("\(error)")
            exit(1)
        }
    }

    static func run(_ server: String) async throws {
        let producer = try KafkaProducer(.init(bootstrapServers: [server]))
        // Of one key, so that all are in one partition, in this order.
        let first = try await producer.send(
            ProducerRecord(topic: "orders.json", key: "anna", json: Order(id: 1, item: "tea", cents: 980)))
        try await producer.send(ProducerRecord(topic: "orders.json", key: "anna", value: "tea, please"))
        try await producer.send(ProducerRecord(topic: "orders.json", key: "anna", value: #"{"id": 2, "item": "milk"}"#))
        let last = try await producer.send(
            ProducerRecord(topic: "orders.json", key: "anna", json: Order(id: 3, item: "sugar", cents: 120)))
        try await producer.close()
        guard let start = first.offset, let end = last.offset else { return complain("the broker told no offsets") }

        let place = TopicPartition(first.topic, first.partition)
        let consumer = try KafkaConsumer(.init(bootstrapServers: [server], partitions: [place: .offset(start)]))
        reading: for try await batch in consumer.batches {
            for record in batch {
                do {
                    let order = try record.decoded(as: Order.self)
                    print("order \(order.id): \(order.item) for \(order.cents) cents")
                } catch {
                    complain("\(batch.source), offset \(record.offset) is no order, and passed over: \(reason(error))")
                }
                if record.offset >= end { break reading }
            }
        }
        await consumer.close()
    }

    /// What `JSONDecoder` has found, in a sentence.
    static func reason(_ error: any Error) -> String {
        switch error as? DecodingError {
        case .keyNotFound(let key, _): "it has no \"\(key.stringValue)\""
        case .typeMismatch(_, let at), .valueNotFound(_, let at), .dataCorrupted(let at):
            (at.codingPath.map(\.stringValue) + [at.debugDescription]).joined(separator: ": ")
        default: "\(error)"
        }
    }

    static func complain(_ text: String) { FileHandle.standardError.write(Data("json: \(text)\n".utf8)) }
}
