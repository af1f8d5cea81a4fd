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

        /// A span for sending this record, which is to carry its context. It belongs to the current trace; where there is
        /// none, to the one that the record carries.
        func beginSpan(_ tracer: any Tracer, clientId: String) -> any Span {
            let context = ServiceContext.current ?? SpanNames.carried(headers, tracer) ?? .topLevel
            let span: any Span = tracer.startAnySpan(SpanNames.name(.send, topic), context: context, ofKind: .producer)
            SpanNames.describe(span, .send, topic: topic, partition: partition, clientId: clientId)
            SpanNames.describe(span, key: key, value: value)
            return span
        }
    }

    extension SpanNames {
        /// Ends the span of a record that was sent with what became of it.
        static func end(_ span: any Span, _ outcome: Result<RecordMetadata, KafkaError>) {
            switch outcome {
            case .success(let stored):
                span.attributes["messaging.destination.partition.id"] = "\(stored.partition)"
                if let offset = stored.offset { span.attributes["messaging.kafka.offset"] = offset.rawValue }
            case .failure(let error): fail(span, error)
            }
            span.end()
        }
    }

    extension KafkaProducer {
        /// As ``send(_:)``, in a span of its own (`send TOPIC`, kind producer) that lasts until the record is stored, and whose
        /// context travels in the record's headers. With a ``TracingInterceptor`` there is no need of it: each would begin a
        /// span.
        @discardableResult
        public func send(
            _ record: ProducerRecord, tracedBy tracer: any Tracer
        ) async throws(KafkaError) -> RecordMetadata {
            let span = record.beginSpan(tracer, clientId: configuration.client.clientId)
            do throws(KafkaError) {
                let stored = try await send(record.carrying(span.context, by: tracer))
                SpanNames.end(span, .success(stored))
                return stored
            } catch {
                SpanNames.end(span, .failure(error))
                throw error
            }
        }
    }

    extension ProducerTransaction {
        /// As ``send(_:)``, in a span of its own; see ``KafkaProducer/send(_:tracedBy:)``.
        @discardableResult
        public func send(
            _ record: ProducerRecord, tracedBy tracer: any Tracer
        ) async throws(KafkaError) -> RecordMetadata {
            try await producer.send(record, tracedBy: tracer)
        }
    }
#endif
