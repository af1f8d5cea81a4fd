#if Tracing
    public import Tracing

    /// Traces all that a client sends and receives, without a change where it does. The same one may serve several clients.
    /// Needs the package's trait `Tracing`.
    ///
    /// ```swift
    /// producer.interceptors.append(TracingInterceptor())
    /// consumer.interceptors.append(TracingInterceptor())
    /// ```
    ///
    /// In ``KafkaProducer/Configuration/interceptors`` it begins a span (`send TOPIC`, kind producer) for each record that is
    /// sent or enqueued, in a transaction or outside of one, and ends it when the record is stored, or has failed. It belongs to
    /// the current trace; where there is none, to the one that the record carries. Its context goes with the record in its
    /// headers.
    ///
    /// In ``KafkaConsumer/Configuration/interceptors`` it makes a span (`poll TOPIC`, kind client) for each batch that is handed
    /// out, with links to the spans that its records carry. ``ConsumerBatch/process(_:tracedBy:isolation:_:)`` and
    /// ``ConsumerRecord/process(tracedBy:isolation:_:)`` trace what is done with a record.
    ///
    /// Names and attributes are those of OpenTelemetry's conventions for messaging with Kafka. It has to stand in these lists
    /// itself: inside of an interceptor of one's own it does nothing for a producer.
    public struct TracingInterceptor: ProducerInterceptor {
        let tracer: any Tracer
        /// How many links the span of a batch has at the most. Default 128, as OpenTelemetry's own limit; the records behind
        /// those are not linked.
        public var maximumLinks = 128

        /// An interceptor that traces with this tracer. Default: that of the process.
        public init(_ tracer: any Tracer = InstrumentationSystem.tracer) { self.tracer = tracer }

        /// Does nothing: spans end with what they are of.
        public func onClose() {}
    }

    extension TracingInterceptor: AttendingInterceptor {
        func attend(_ record: ProducerRecord, clientId: String) -> (ProducerRecord, any RecordAttendant) {
            let span = record.beginSpan(tracer, clientId: clientId)
            return (record.carrying(span.context, by: tracer), TracedRecord(span: span))
        }
    }

    /// A record on its way, and its span.
    private struct TracedRecord: RecordAttendant {
        let span: any Span

        func ended(_ record: InterceptedRecord, _ outcome: Result<RecordMetadata, KafkaError>) {
            SpanNames.end(span, outcome)
        }

        func wasNotTaken() {
            span.attributes["error.type"] = "not_taken"
            span.setStatus(
                SpanStatus(code: .error, message: "tryEnqueue did not take it: no room, or the topic is not known yet"))
            span.end()
        }
    }
#endif
