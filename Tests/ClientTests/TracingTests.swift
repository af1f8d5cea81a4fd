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
