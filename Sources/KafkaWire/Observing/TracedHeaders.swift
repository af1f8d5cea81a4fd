#if Tracing
    import Tracing

    /// How a trace's context travels in a record's headers (W3C Trace Context, where the tracer speaks that: `traceparent` and
    /// `tracestate`). Needs the package's trait `Tracing`.
    public struct RecordHeaderCarrier: Injector, Extractor {
        /// The one that there is.
        public init() {}

        /// Writes a value over those of its name.
        public func inject(_ value: String, forKey key: String, into carrier: inout [RecordHeader]) {
            carrier.removeAll { $0.key == key }
            carrier.append(RecordHeader(key, Bytes(utf8: value)))
        }

        /// The last value of that name, as Kafka's `Headers.lastHeader` has it; nil where there is none that is text.
        public func extract(key: String, from carrier: [RecordHeader]) -> String? {
            carrier.last { $0.key == key }.flatMap { $0.value?.text }
        }
    }

    /// What spans of this client are called, and their attributes: OpenTelemetry's conventions for messaging with Kafka.
    enum SpanNames {
        /// What is done, by `messaging.operation.name` and, where that is another word, `messaging.operation.type`.
        enum Operation: String {
            case send, process
            /// Kafka's word for receiving.
            case poll

            var type: String { self == .poll ? "receive" : rawValue }
        }

        static func name(_ operation: Operation, _ topic: String) -> String { "\(operation.rawValue) \(topic)" }

        static func describe(
            _ span: any Span, _ operation: Operation, topic: String, partition: PartitionID?, clientId: String,
            group: String? = nil
        ) {
            span.updateAttributes { attributes in
                attributes["messaging.system"] = "kafka"
                attributes["messaging.operation.name"] = operation.rawValue
                attributes["messaging.operation.type"] = operation.type
                attributes["messaging.destination.name"] = topic
                attributes["messaging.client.id"] = clientId
                if let partition { attributes["messaging.destination.partition.id"] = "\(partition)" }
                if let group { attributes["messaging.consumer.group.name"] = group }
            }
        }

        /// What went wrong: `type` is of few different values, `message` for people.
        static func fail(_ span: any Span, _ error: any Error, type: String, message: String) {
            span.recordError(error)
            span.setStatus(SpanStatus(code: .error, message: message))
            span.attributes["error.type"] = type
        }

        static func fail(_ span: any Span, _ error: KafkaError) {
            fail(span, error, type: "\(error.code)", message: error.message)
        }

        /// The context that a record carries; nil where it carries none.
        static func carried(_ headers: [RecordHeader], _ tracer: any Tracer) -> ServiceContext? {
            guard !headers.isEmpty else { return nil }
            var context = ServiceContext.topLevel
            tracer.extract(headers, into: &context, using: RecordHeaderCarrier())
            return context.isEmpty ? nil : context
        }

        /// Keys are shown where they are plain text: they say which records belong together.
        static func describe(_ span: any Span, key: Bytes?, value: Bytes?) {
            span.updateAttributes { attributes in
                if let key, key.count <= 256, let text = key.textIfValid {
                    attributes["messaging.kafka.message.key"] = text
                }
                if value == nil { attributes["messaging.kafka.message.tombstone"] = true }
                attributes["messaging.message.body.size"] = value?.count ?? 0
            }
        }
    }

    extension Bytes {
        /// The text; nil where the bytes are not UTF-8.
        fileprivate var textIfValid: String? {
            withUnsafeBytes { String(validating: $0, as: UTF8.self) }
        }
    }
#endif
