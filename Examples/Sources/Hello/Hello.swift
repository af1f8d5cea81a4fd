// Sends one record, and reads it again.
//
//     kw broker                                          in another terminal, or any Kafka
//     swift run --package-path Examples hello [HOST:PORT]
//
// It ends by itself. Without HOST:PORT it goes to localhost:9092. The topic `greetings` is created where the broker does that
// (`auto.create.topics.enable`).

import Foundation
import KafkaWire

@main enum Hello {
    static func main() async {
        do { try await greet(CommandLine.arguments.dropFirst().first ?? "localhost:9092") } catch {
            // An error says what failed, where, and what to do.
            FileHandle.standardError.write(Data("hello: \(error)\n".utf8))
            exit(1)
        }
    }

    static func greet(_ server: String) async throws {
        var sending = KafkaProducer.Configuration(bootstrapServers: [server])
        // How long `send` waits for a broker that is not there; by default 15 seconds.
        sending.maximumBlock = .seconds(5)
        let producer = try KafkaProducer(sending)
        // Returns when the record is stored, and throws when it is not.
        let stored = try await producer.send(ProducerRecord(topic: "greetings", key: "hello", value: "world"))
        print("sent to partition \(stored.partition) of \(stored.topic)")
        try await producer.close()

        // Outside of any group, from that very record on. `group` shows how programs share a topic.
        let place = TopicPartition(stored.topic, stored.partition)
        let consumer = try KafkaConsumer(
            .init(
                bootstrapServers: [server],
                partitions: [place: stored.offset.map { .offset($0) } ?? .last(1)]))
        reading: for try await batch in consumer.batches {
            for record in batch {
                print("read \(record.key?.text ?? "null"): \(record.value?.text ?? "null")")
                break reading
            }
        }
        await consumer.close()
    }
}
