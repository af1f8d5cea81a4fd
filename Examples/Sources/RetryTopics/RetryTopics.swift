// What cannot be processed is tried again after a while, without holding up what is behind it, and ends as a dead letter.
//
//     kw broker --topic invoices:2                       in another terminal, or any Kafka
//     swift run --package-path Examples retry [HOST:PORT]
//     printf '12.50\n5000\nten\n' | kw produce --topic invoices
//     kw consume --topic invoices.dead-letter --from-beginning --property print.headers=true
//
// Each record is an amount. Small ones are paid at once. Of large ones the bank wants to hear twice: those go to
// `invoices.retry.1`, rest there for a second, and are paid at the second try. Negative ones it never pays: they are dead
// letters after all tries. What is no number is one at once. Eight records are worked on side by side. Ctrl-C ends it.
// More: docs/retry-topics.md.

import Foundation
import KafkaWire
import ShutdownSignal

/// Passes, perhaps.
struct BankSaysLater: Error, CustomStringConvertible { let description = "the bank says: later" }
/// Never passes.
struct NotAnAmount: Error, CustomStringConvertible { let description: String }

@main enum RetryTopics {
    static func main() async {
        let shutdown = ShutdownSignal.install()
        do { try await pay(CommandLine.arguments.dropFirst().first ?? "localhost:9092", until: shutdown) } catch {
            FileHandle.standardError.write(Data("retry: \(error)\n".utf8))
            exit(1)
        }
    }

    static func pay(_ server: String, until shutdown: ShutdownSignal) async throws {
        let policy = RetryPolicy(delays: [.seconds(1), .seconds(2)])
        let further = policy.topics(for: "invoices")
        try await create(["invoices"] + further, at: server)
        let producer = try KafkaProducer(.init(bootstrapServers: [server]))
        let forwarder = RetryForwarder(policy, producer)
        // All but the dead letters, which are for people.
        let consumer = try KafkaConsumer(
            .init(bootstrapServers: [server], group: "payers", topics: ["invoices"] + further.dropLast()))
        let working = Task {
            defer { shutdown.request() }
            try await consumer.processInParallel(maximum: 8) { record in
                try await forwarder.process(record, mayPass: { !($0 is NotAnAmount) }) { try pay($0) }
            }
        }
        await shutdown.wait()
        // What is in hand is finished, two seconds of rest included. With long delays cancel `working`: those records come again.
        await consumer.stop()
        let outcome = await working.result
        await consumer.close()
        try await producer.close()
        try outcome.get()
    }

    static func pay(_ record: ConsumerRecord) throws {
        let text = record.value?.text ?? "nothing"
        guard let amount = Double(text) else { throw NotAnAmount(description: "\"\(text)\" is no amount") }
        let failures = record.headers.last { $0.key == RetryPolicy.Header.attempts }?.value?.text ?? "0"
        if amount < 0 || amount > 1000 && failures == "0" { throw BankSaysLater() }
        print("paid \(text), failed before: \(failures)")
    }

    static func create(_ topics: [String], at server: String) async throws {
        let admin = try KafkaAdmin(.init(bootstrapServers: [server]))
        let results = await admin.createTopics(topics.map { .init($0) })
        await admin.close()
        for (_, result) in results {
            if case .failure(let error) = result, error.code != .broker(.topicAlreadyExists) { throw error }
        }
    }
}
