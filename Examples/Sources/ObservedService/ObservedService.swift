// A service as it is run in earnest: swift-service-lifecycle starts and ends it, swift-log says what its clients do, metrics go
// to swift-metrics, and a trace goes from the record that came through the work to the record that is sent.
//
//     kw broker --topic questions:2 --topic answers:2    in another terminal, or any Kafka
//     swift run --package-path Examples service [HOST:PORT]
//     kw produce --topic questions
//
// SIGTERM and Ctrl-C end it in order: no more batches, the one in hand is finished, committed, and what it has sent is stored.
// It then prints what it would have exported. The names of metrics: docs/metrics.md. In the package's manifest this takes the
// traits `Metrics`, `Tracing` and `ServiceLifecycle`.

import Foundation
import InMemoryTracing
import KafkaWire
import Logging
import Metrics
import MetricsTestKit
import ServiceLifecycle
import Tracing

@main enum ObservedService {
    static func main() async {
        do { try await serve(CommandLine.arguments.dropFirst().first ?? "localhost:9092") } catch {
            FileHandle.standardError.write(Data("service: \(error)\n".utf8))
            exit(1)
        }
    }

    static func serve(_ server: String) async throws {
        // Both keep all in memory. Here stands what exports it: swift-prometheus, swift-otel.
        let metrics = TestMetrics()
        let tracer = InMemoryTracer()
        MetricsSystem.bootstrap(metrics)
        InstrumentationSystem.bootstrap(tracer)

        var client = ClientConfiguration(bootstrapServers: [server])
        client.clientId = "answerer"
        client.logger = Logger(label: "answerer")
        client.observers = [MetricsObserver(labels: [("client_id", "answerer")])]
        var sending = KafkaProducer.Configuration(bootstrapServers: [server])
        sending.client = client
        let producer = try KafkaProducer(sending)
        var reading = KafkaConsumer.Configuration(
            bootstrapServers: [server], group: "answerers", topics: ["questions"])
        reading.client = client
        let answering = ConsumerService(try KafkaConsumer(reading)) { batch in
            for record in batch {
                // A span, in the trace that the record's headers name; what is sent inside of it belongs to it.
                try await batch.process(record) { _ in
                    let answer = Bytes(utf8: "no idea: \(record.value?.text ?? "nothing was asked")")
                    try await producer.send(
                        ProducerRecord(topic: "answers", key: record.key, value: answer), tracedBy: tracer)
                }
            }
        }
        // They are ended from the last to the first: who reads before what it sends with.
        let group = ServiceGroup(
            services: [ProducerService(producer), answering], gracefulShutdownSignals: [.sigterm, .sigint],
            logger: client.logger)
        try await group.run()

        for name in ["kafka_consumer_records_total", "kafka_producer_records_total"] {
            print("\(name) \(metrics.counterTotal(label: name))")
        }
        let spans = tracer.finishedSpans
        for span in spans where span.kind == .consumer {
            let inside = spans.filter { $0.traceID == span.traceID && $0.parentSpanID == span.spanID }
            print("trace: \(span.operationName) > \(inside.map(\.operationName).joined(separator: ", "))")
        }
    }
}
