#if Tracing
    public import Tracing

    extension ProducerRecord {
        /// The same record with the context of a trace in its headers, for who enqueues it: the span of whoever processes it
        /// then belongs to the trace.
        public func carrying(
            _ context: ServiceContext? = .current, by tracer: any Tracer = InstrumentationSystem.tracer
        ) -> ProducerRecord {
            guard let context else { return self }
            var record = self
            tracer.inject(context, into: &record.headers, using: RecordHeaderCarrier())
            return record
        }
    }

    extension KafkaProducer {
        /// As ``send(_:)``, in a span of its own (`send TOPIC`, kind producer) that lasts until the record is stored, and whose
        /// context travels in the record's headers.
        @discardableResult
        public func send(
            _ record: ProducerRecord, tracedBy tracer: any Tracer
        ) async throws(KafkaError) -> RecordMetadata {
            let span: any Span = tracer.startAnySpan(
                SpanNames.name("send", record.topic), context: ServiceContext.current ?? .topLevel, ofKind: .producer)
            defer { span.end() }
            SpanNames.describe(span, "send", topic: record.topic, partition: record.partition)
            SpanNames.describe(span, key: record.key, value: record.value)
            span.attributes["messaging.client.id"] = configuration.client.clientId
            do throws(KafkaError) {
                let stored = try await send(record.carrying(span.context, by: tracer))
                span.attributes["messaging.destination.partition.id"] = "\(stored.partition)"
                if let offset = stored.offset { span.attributes["messaging.kafka.offset"] = offset.rawValue }
                return stored
            } catch {
                span.recordError(error)
                span.setStatus(SpanStatus(code: .error, message: error.message))
                span.attributes["error.type"] = "\(error.code)"
                throw error
            }
        }
    }
#endif
