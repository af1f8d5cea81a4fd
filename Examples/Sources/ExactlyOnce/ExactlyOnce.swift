// From one topic to another, exactly once: what is made of records and the group's position behind them are committed in one
// transaction. Kill it at any moment, and start it again: nothing is missing, nothing is there twice.
//
//     kw broker --topic payments:4 --topic bookings:2    in another terminal, or any Kafka
//     swift run --package-path Examples exactly-once [HOST:PORT [NAME]]
//     kw produce --topic payments
//     kw consume --topic bookings --from-beginning --isolation-level read_committed
//
// NAME tells instances apart that run at the same time; one that is started again has to have the same. Ctrl-C ends it.
// Readers of `bookings` have to ask for `read_committed`: others see what was taken back as well. `Tests/StormTests` kills and
// stops this very `Bookkeeper` in a simulation.

import Foundation
import KafkaWire
import ShutdownSignal

struct Bookkeeper: Sendable {
    let consumer: KafkaConsumer
    let producer: KafkaProducer

    init(_ client: ClientConfiguration, name: String) throws {
        var reading = KafkaConsumer.Configuration(
            bootstrapServers: client.bootstrapServers, group: "bookkeepers", topics: ["payments"])
        reading.client = client
        // The transactions commit.
        reading.autoCommit = nil
        reading.isolationLevel = .readCommitted
        // Started again under its name within session.timeout.ms, it has its partitions at once.
        reading.groupInstanceId = name
        consumer = try KafkaConsumer(reading)
        var sending = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
        sending.client = client
        // Whoever has it last shuts out all before, also such as are thought dead and are not.
        sending.transactionalId = "bookkeeper-\(name)"
        // What one that is lost has left open holds up the readers of `bookings` for so long.
        sending.transactionTimeout = .seconds(10)
        producer = try KafkaProducer(sending)
    }

    /// Books until the consumer is stopped. What it throws is the end of this bookkeeper, not of the work: start another one.
    func run(telling: @Sendable (String) -> Void = { _ in }) async throws {
        // Takes back what a predecessor of this name has left open.
        try await producer.initTransactions()
        for try await batch in consumer.batches {
            // Does it again where that may help; nil where another member has the records by now.
            let count = try await producer.withTransaction(committing: batch) { transaction in
                for record in batch {
                    let booking = Bytes(utf8: "booked \(record.value?.text ?? "nothing")")
                    try await transaction.enqueue(ProducerRecord(topic: "bookings", key: record.key, value: booking))
                }
                return batch.count
            }
            telling("\(batch.source): \(count.map { "booked \($0)" } ?? "left to another member")")
        }
    }
}

@main enum ExactlyOnce {
    static func main() async {
        let shutdown = ShutdownSignal.install()
        let arguments = CommandLine.arguments.dropFirst()
        let client = ClientConfiguration(bootstrapServers: [arguments.first ?? "localhost:9092"])
        do {
            let bookkeeper = try Bookkeeper(client, name: arguments.dropFirst().first ?? "1")
            let working = Task {
                defer { shutdown.request() }
                try await bookkeeper.run { print($0) }
            }
            await shutdown.wait()
            await bookkeeper.consumer.stop()
            let outcome = await working.result
            await bookkeeper.consumer.close()
            try outcome.get()
            try await bookkeeper.producer.close()
        } catch {
            FileHandle.standardError.write(Data("exactly-once: \(error)\n".utf8))
            exit(1)
        }
    }
}
