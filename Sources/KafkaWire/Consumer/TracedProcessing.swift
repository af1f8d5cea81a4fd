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
            var context = ServiceContext.current ?? .topLevel
            tracer.extract(record.headers, into: &context, using: RecordHeaderCarrier())
            let span: any Span = tracer.startAnySpan(
                SpanNames.name("process", source.topic), context: context, ofKind: .consumer)
            defer { span.end() }
            SpanNames.describe(span, "process", topic: source.topic, partition: source.partition)
            SpanNames.describe(span, key: record.key, value: record.value)
            span.attributes["messaging.kafka.offset"] = record.offset.rawValue
            if let group = engine.configuration.groupId { span.attributes["messaging.consumer.group.name"] = group }
            span.attributes["messaging.client.id"] = engine.configuration.client.clientId
            do {
                return try await ServiceContext.withValue(span.context) { try await body(span) }
            } catch {
                span.recordError(error)
                span.setStatus(SpanStatus(code: .error, message: "\(error)"))
                span.attributes["error.type"] = "\(type(of: error))"
                throw error
            }
        }
    }
#endif
