#if Tracing
    public import Tracing

    extension ConsumerBatch {
        /// Processes a record of this batch in a span of its own (`process TOPIC`, kind consumer), which belongs to the trace
        /// that the record's headers name. While `body` runs, it is the current one.
        ///
        /// ```swift
        /// for record in batch { try await batch.process(record) { _ in try await handle(record) } }
        /// ```
        public func process<R>(
            _ record: Record, tracedBy tracer: any Tracer = InstrumentationSystem.tracer,
            isolation: isolated (any Actor)? = #isolation, _ body: (any Span) async throws -> R
        ) async rethrows -> R {
            try await ConsumerRecord(record, of: self).process(tracedBy: tracer, isolation: isolation, body)
        }
    }

    extension ConsumerRecord {
        /// Processes the record in a span of its own (`process TOPIC`, kind consumer), which belongs to the trace that the
        /// record's headers name. While `body` runs, it is the current one.
        ///
        /// ```swift
        /// try await consumer.processInParallel { record in
        ///     try await record.process { _ in try await handle(record) }
        /// }
        /// ```
        public func process<R>(
            tracedBy tracer: any Tracer = InstrumentationSystem.tracer, isolation: isolated (any Actor)? = #isolation,
            _ body: (any Span) async throws -> R
        ) async rethrows -> R {
            var context = ServiceContext.current ?? .topLevel
            tracer.extract(headers, into: &context, using: RecordHeaderCarrier())
            let span: any Span = tracer.startAnySpan(
                SpanNames.name(.process, source.topic), context: context, ofKind: .consumer)
            defer { span.end() }
            SpanNames.describe(
                span, .process, topic: source.topic, partition: source.partition, clientId: reader.clientId,
                group: reader.group)
            SpanNames.describe(span, key: key, value: value)
            span.attributes["messaging.kafka.offset"] = offset.rawValue
            do {
                return try await ServiceContext.withValue(span.context) { try await body(span) }
            } catch {
                SpanNames.fail(span, error, type: "\(type(of: error))", message: "\(error)")
                throw error
            }
        }
    }

    extension RetryForwarder {
        /// As ``process(_:mayPass:_:)``, with the record's span (see ``ConsumerRecord/process(tracedBy:isolation:_:)``), which
        /// has the error where `body` throws, and one for sending it on. What is processed later belongs to the same trace. It
        /// does not last while the record rests.
        public func process(
            _ record: ConsumerRecord, tracedBy tracer: any Tracer,
            mayPass: @Sendable (any Error) -> Bool = { _ in true },
            _ body: @Sendable (ConsumerRecord) async throws -> Void
        ) async throws {
            try await waitUntilDue(record)
            try await record.process(tracedBy: tracer) { span in
                do { try await body(record) } catch {
                    if isToThrow(error) { throw error }
                    SpanNames.fail(span, error, type: "\(type(of: error))", message: "\(error)")
                    try await forward(record, because: error, mayPass: mayPass(error), tracedBy: tracer)
                }
            }
        }

        /// As ``forward(_:because:mayPass:)``, in a span; see ``KafkaProducer/send(_:tracedBy:)``. Where no span is current, it
        /// belongs to the trace that the record carries.
        @discardableResult
        public func forward(
            _ record: ConsumerRecord, because error: any Error, mayPass: Bool = true, tracedBy tracer: any Tracer
        ) async throws(KafkaError) -> RecordMetadata {
            try await producer.send(forwarded(record, because: error, mayPass: mayPass), tracedBy: tracer)
        }
    }

    extension TracingInterceptor: ConsumerInterceptor {
        /// Makes the span of the batch, and gives it as it is.
        public func onConsume(_ batch: ConsumerBatch) -> ConsumerBatch {
            guard batch.count > 0 else { return batch }
            let span: any Span = tracer.startAnySpan(
                SpanNames.name(.poll, batch.source.topic), context: ServiceContext.current ?? .topLevel, ofKind: .client
            )
            defer { span.end() }
            let reader = batch.engine.reader
            SpanNames.describe(
                span, .poll, topic: batch.source.topic, partition: batch.source.partition, clientId: reader.clientId,
                group: reader.group)
            span.attributes["messaging.batch.message_count"] = batch.count
            var links = 0
            for record in batch {
                if links >= maximumLinks { break }
                guard let context = SpanNames.carried(record.headers, tracer) else { continue }
                span.addLink(
                    SpanLink(
                        context: context,
                        attributes: ["messaging.kafka.offset": record.offset.rawValue.toSpanAttribute()]))
                links += 1
            }
            return batch
        }
    }
#endif
