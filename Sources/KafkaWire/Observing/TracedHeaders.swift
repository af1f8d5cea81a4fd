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
        static func name(_ operation: String, _ topic: String) -> String { "\(operation) \(topic)" }

        static func describe(_ span: any Span, _ operation: String, topic: String, partition: PartitionID?) {
            span.updateAttributes { attributes in
                attributes["messaging.system"] = "kafka"
                attributes["messaging.operation.name"] = operation
                attributes["messaging.operation.type"] = operation
                attributes["messaging.destination.name"] = topic
                if let partition { attributes["messaging.destination.partition.id"] = "\(partition)" }
            }
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
