// A member of a group, until Ctrl-C or SIGTERM: it finishes the batch in hand, commits, and leaves.
//
//     kw broker --topic orders:4                         in another terminal, or any Kafka
//     swift run --package-path Examples group [HOST:PORT]
//     kw produce --topic orders                          what is typed here is printed there
//
// Start it twice: the two share the partitions. End one: the other has them all at once. Ended and started again, the group goes
// on behind what it has committed.

import Foundation
import KafkaWire
import ShutdownSignal

@main enum Group {
    static func main() async {
        // First of all, so that no Ctrl-C is too early. A second one ends the program there and then.
        let shutdown = ShutdownSignal.install()
        do { try await read(CommandLine.arguments.dropFirst().first ?? "localhost:9092", until: shutdown) } catch {
            complain("\(error)")
            exit(1)
        }
    }

    static func read(_ server: String, until shutdown: ShutdownSignal) async throws {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: [server], group: "examples", topics: ["orders"])
        // Committed is what was processed, batch by batch; by default it is done every 5 seconds.
        configuration.autoCommit = nil
        let consumer = try KafkaConsumer(configuration)
        let reading = Task {
            // Where reading fails, the program ends too.
            defer { shutdown.request() }
            for try await event in consumer.events { await take(event) }
        }
        await shutdown.wait()
        // No more batches; the one in hand is finished and committed.
        await consumer.stop()
        let outcome = await reading.result
        let uncommitted = await consumer.close()
        try outcome.get()
        if let uncommitted { throw uncommitted }
        print("left the group")
    }

    static func take(_ event: ConsumerEvent) async {
        switch event {
        case .batch(let batch):
            for record in batch { print("\(batch.source) \(record.offset): \(record.value?.text ?? "null")") }
            do { try await batch.commit() } catch {
                // The group has moved on without this member: whoever has the partition now gets these records again.
                complain("\(error)")
            }
        case .assigned(let offsets): print("assigned \(names(Array(offsets.keys)))")
        case .revoked(let revoked): print("gave back \(names(revoked.partitions))")
        case .lost(let partitions): print("lost \(names(partitions))")
        // Told once; the consumer goes on trying.
        case .trouble(let error): complain("\(error)")
        default: break
        }
    }

    static func names(_ partitions: [TopicPartition]) -> String {
        partitions.isEmpty ? "nothing" : partitions.sorted().map { "\($0)" }.joined(separator: ", ")
    }

    static func complain(_ text: String) { FileHandle.standardError.write(Data("group: \(text)\n".utf8)) }
}
