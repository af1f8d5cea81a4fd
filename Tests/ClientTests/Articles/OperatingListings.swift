import KafkaWire
import Logging

// What the articles of Sources/KafkaWire/KafkaWire.docc show; ArticleTests holds them to this. Nothing here is run.

private func handle(_ record: Record) async throws {}

private func fail(_ producer: KafkaProducer, _ record: ProducerRecord) async {
    // listing: errors.catch
    do throws(KafkaError) {
        try await producer.send(record)
    } catch {
        switch error.code {
        case .broker(.topicAuthorizationFailed): print("ask for the permission on \(error.topic ?? "?")")
        case .recordTooLarge, .broker(.messageTooLarge): print("too large: \(error.setting ?? "the topic's limit")")
        case .timedOut: print("perhaps stored, perhaps not: \(error.message)")
        default: print(error.message)
        }
    }
    // end
}

private func settings() throws -> KafkaProducer.Configuration {
    // listing: settings.apply
    var configuration = KafkaProducer.Configuration(bootstrapServers: ["localhost:9092"])
    let unknown = try configuration.apply([
        (name: "acks", value: "all"), (name: "linger.ms", value: "20"), (name: "compression.type", value: "zstd"),
    ])
    for name in unknown {
        print("nobody knows \(name); meant: \(SettingName.suggestions(for: name).joined(separator: ", "))?")
    }
    // end
    return configuration
}

private func log(_ configuration: inout KafkaConsumer.Configuration) {
    // listing: watching.log
    configuration.client.logger = Logger(label: "billing")
    // end
}

private func metrics(_ consumer: KafkaConsumer) {
    // listing: watching.metrics
    let metrics = consumer.metrics()
    print("lag", metrics.consumed.lag.values.reduce(0, +), "commits", metrics.consumed.commits)
    for requests in metrics.requests {
        print(requests.api, requests.broker, requests.latency.mean ?? .zero)
    }
    // end
}

#if Metrics
    private func observe(_ configuration: inout KafkaConsumer.Configuration) {
        // listing: watching.swift-metrics
        configuration.client.observers.append(MetricsObserver(labels: [("client_id", "billing")]))
        // end
    }
#endif

// listing: watching.observer
struct Reconnects: ClientObserver {
    func disconnected(from broker: String, reason: KafkaError?) {
        print("lost \(broker): \(reason?.message ?? "closed")")
    }
}
// end

private func reconnects(_ configuration: inout KafkaConsumer.Configuration) {
    // listing: watching.observers
    configuration.client.observers.append(Reconnects())
    // end
}

private func stalls(_ configuration: inout KafkaConsumer.Configuration) {
    // listing: watching.stall
    configuration.client.progressLimit = .seconds(60)
    configuration.client.onEvent = { event in
        if case .stalled(let stall) = event { print(stall.message) }
    }
    // end
}

#if Tracing
    private func trace(_ batch: ConsumerBatch) async throws {
        // listing: watching.tracing
        for record in batch {
            try await batch.process(record) { _ in try await handle(record) }
        }
        // end
    }

    private func traceAll(
        _ producer: inout KafkaProducer.Configuration, _ consumer: inout KafkaConsumer.Configuration
    ) {
        // listing: watching.traces
        producer.interceptors.append(TracingInterceptor())
        consumer.interceptors.append(TracingInterceptor())
        // end
    }
#endif
