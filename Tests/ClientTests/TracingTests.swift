#if Tracing
    import InMemoryTracing
    import KafkaBroker
    import TestSupport
    import Testing
    import Tracing

    @testable import KafkaWire

    /// A trace that goes on behind the broker.
    @Suite(.turn) struct TracingTests {
        @Test func whatIsProcessedBelongsToTheTraceOfWhoSentIt() async throws {
            let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
            let tracer = InMemoryTracer()
            let producer = try KafkaProducer.quick(broker.bootstrapServers)
            let stored = try await producer.send(
                ProducerRecord(topic: "t", key: "k", value: "v"), tracedBy: tracer)
            try await producer.close()
            let sent = try #require(tracer.popFinishedSpans().first)
            #expect(sent.operationName == "send t" && sent.kind == .producer)
            #expect(sent.attributes.get("messaging.system") == "kafka".toSpanAttribute())
            #expect(sent.attributes.get("messaging.kafka.offset") == stored.offset?.rawValue.toSpanAttribute())
            #expect(sent.attributes.get("messaging.kafka.message.key") == "k".toSpanAttribute())

            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"])
            var batches = consumer.batches.makeAsyncIterator()
            let batch = try #require(try await batches.next())
            for record in batch {
                let inside = await batch.process(record, tracedBy: tracer) { span in
                    #expect(ServiceContext.current?.inMemorySpanContext == span.context.inMemorySpanContext)
                    return record.value?.text
                }
                #expect(inside == "v")
            }
            await consumer.close()
            let processed = try #require(tracer.popFinishedSpans().first)
            #expect(processed.operationName == "process t" && processed.kind == .consumer)
            #expect(processed.traceID == sent.traceID && processed.parentSpanID == sent.spanID)
            #expect(processed.attributes.get("messaging.consumer.group.name") == "g".toSpanAttribute())
            await broker.stop()
        }

        @Test func anErrorIsTheSpans() async throws {
            let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
            broker.on(.produce) { _ in .fail(.topicAuthorizationFailed) }
            let tracer = InMemoryTracer()
            let producer = try KafkaProducer.quick(broker.bootstrapServers)
            await #expect(throws: KafkaError.self) {
                try await producer.send(ProducerRecord(topic: "t", key: nil, value: "v"), tracedBy: tracer)
            }
            try? await producer.close()
            let span = try #require(tracer.popFinishedSpans().first)
            #expect(span.status?.code == .error && span.errors.count == 1)
            #expect(span.attributes.get("error.type") == "TOPIC_AUTHORIZATION_FAILED".toSpanAttribute())
            await broker.stop()
        }

        @Test func anInterceptorTracesWhatIsSentAndWhatIsReceived() async throws {
            let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
            let tracer = InMemoryTracer()
            let producer = try KafkaProducer.quick(broker.bootstrapServers) {
                $0.client.clientId = "p"
                $0.transactionalId = "x"
                $0.interceptors = [TracingInterceptor(tracer)]
            }
            let outer = tracer.startSpan("request", context: .topLevel)
            try await ServiceContext.withValue(outer.context) {
                try await producer.withTransaction { transaction in
                    try await transaction.enqueue(ProducerRecord(topic: "t", key: "a", value: "1"))
                    try await transaction.send(ProducerRecord(topic: "t", key: "b", value: nil))
                }
            }
            try await producer.beginTransaction()
            let delivery = try producer.tryEnqueue(ProducerRecord(topic: "t", key: "c", value: "3"))
            _ = try await delivery?.acknowledgement()
            try await producer.commitTransaction()
            try await producer.close()
            let sent = tracer.popFinishedSpans()
            #expect(sent.map(\.operationName) == ["send t", "send t", "send t"])
            #expect(sent.allSatisfy { $0.kind == .producer && $0.errors.isEmpty && $0.status == nil })
            #expect(sent.prefix(2).allSatisfy { $0.parentSpanID == outer.spanID && $0.traceID == outer.traceID })
            #expect(sent.last?.parentSpanID == nil)
            for (span, name) in zip(sent, ["a", "b", "c"]) {
                #expect(span.attributes.get("messaging.kafka.message.key") == name.toSpanAttribute())
                #expect(span.attributes.get("messaging.operation.type") == "send".toSpanAttribute())
                #expect(span.attributes.get("messaging.destination.partition.id") == "0".toSpanAttribute())
                #expect(span.attributes.get("messaging.client.id") == "p".toSpanAttribute())
            }
            #expect(sent[1].attributes.get("messaging.kafka.message.tombstone") == true.toSpanAttribute())

            var interceptor = TracingInterceptor(tracer)
            interceptor.maximumLinks = 2
            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t"]) {
                $0.client.clientId = "c"
                $0.interceptors = [interceptor]
            }
            var count = 0
            var batches = consumer.batches.makeAsyncIterator()
            while count < 3, let batch = try await batches.next() { count += batch.count }
            await consumer.close()
            let received = tracer.popFinishedSpans()
            #expect(received.allSatisfy { $0.operationName == "poll t" && $0.kind == .client })
            // Each transaction ends with a marker, so that its records may come on their own.
            let links = received.flatMap { span in span.links.compactMap { $0.context.inMemorySpanContext?.spanID } }
            #expect(links == (received.count == 1 ? sent.prefix(2) : sent[...]).map(\.spanID))
            let first = try #require(received.first)
            #expect(first.attributes.get("messaging.operation.name") == "poll".toSpanAttribute())
            #expect(first.attributes.get("messaging.operation.type") == "receive".toSpanAttribute())
            #expect(first.attributes.get("messaging.consumer.group.name") == "g".toSpanAttribute())
            #expect(first.attributes.get("messaging.client.id") == "c".toSpanAttribute())
            #expect(first.attributes.get("messaging.batch.message_count") != nil)
            await broker.stop()
        }

        @Test func everySpanThatAnInterceptorBeginsEnds() async throws {
            let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
            let tracer = InMemoryTracer()
            let producer = try KafkaProducer.quick(broker.bootstrapServers) {
                $0.interceptors = [TracingInterceptor(tracer)]
                $0.maximumRequestSize = 10_000
            }
            // The topic is not known yet.
            #expect(try producer.tryEnqueue(ProducerRecord(topic: "t", value: "a")) == nil)
            let large = ProducerRecord(topic: "t", key: nil, value: Bytes([UInt8](repeating: 1, count: 10_001)))
            await #expect(throws: KafkaError.self) { try await producer.enqueue(large) }
            broker.on(.produce) { _ in .fail(.topicAuthorizationFailed) }
            let delivery = try await producer.enqueue(ProducerRecord(topic: "t", value: "b"))
            await #expect(throws: KafkaError.self) { try await delivery.acknowledgement() }
            try await producer.close()
            try await eventually { tracer.activeSpans.isEmpty }
            let spans = tracer.popFinishedSpans()
            let types = spans.map { $0.attributes.get("error.type") }
            #expect(
                types
                    == ["not_taken", "\(KafkaError.Code.recordTooLarge)", "TOPIC_AUTHORIZATION_FAILED"]
                    .map { $0.toSpanAttribute() })
            #expect(spans.allSatisfy { $0.status?.code == .error })
            await broker.stop()
        }

        @Test func aRecordThatIsTriedAgainStaysInItsTrace() async throws {
            struct Broken: Error {}
            let policy = RetryPolicy(delays: [.milliseconds(20)])
            let broker = try await KafkaBroker.start(.init(topics: ["t": 1, "t.retry.1": 1, "t.dead-letter": 1]))
            let tracer = InMemoryTracer()
            let producer = try KafkaProducer.quick(broker.bootstrapServers)
            let forwarder = RetryForwarder(policy, producer)
            try await producer.send(ProducerRecord(topic: "t", key: "k", value: "v"), tracedBy: tracer)
            let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["t", "t.retry.1"])
            let seen = Seen()
            let task = Task {
                try await consumer.processInParallel { record in
                    try await forwarder.process(record, tracedBy: tracer) { record in
                        seen.add(record.source.topic)
                        if record.source.topic == "t" { throw Broken() }
                        // Where no span is current, the record's own trace is gone on with.
                        try await ServiceContext.withValue(nil) {
                            _ = try await forwarder.forward(record, because: Broken(), tracedBy: tracer)
                        }
                    }
                }
            }
            try await seen.wait(for: 2)
            await consumer.stop()
            try await task.value
            await consumer.close()
            try await producer.close()
            let spans = tracer.popFinishedSpans()
            let names = ["send t", "process t", "send t.retry.1", "process t.retry.1", "send t.dead-letter"]
            #expect(spans.map(\.operationName).sorted() == names.sorted() && Set(spans.map(\.traceID)).count == 1)
            let chain = try names.map { name in try #require(spans.first { $0.operationName == name }) }
            #expect(chain.dropFirst().prefix(3).map(\.parentSpanID) == chain.prefix(3).map(\.spanID))
            #expect(chain[4].parentSpanID == chain[2].spanID)
            #expect(chain[1].attributes.get("error.type") == "Broken".toSpanAttribute() && chain[3].errors.isEmpty)
            #expect(chain[1].attributes.get("messaging.consumer.group.name") == "g".toSpanAttribute())
            await broker.stop()
        }

        @Test func aRecordWithoutATraceStaysAsItIs() {
            let record = ProducerRecord(topic: "t", key: nil, value: "v")
            #expect(record.carrying(nil, by: InMemoryTracer()).headers == [])
            let carrier = RecordHeaderCarrier()
            var headers = [RecordHeader("traceparent", Bytes(utf8: "old")), RecordHeader("x", nil)]
            carrier.inject("new", forKey: "traceparent", into: &headers)
            #expect(headers.count == 2 && carrier.extract(key: "traceparent", from: headers) == "new")
            #expect(carrier.extract(key: "x", from: headers) == nil)
        }
    }
#endif
