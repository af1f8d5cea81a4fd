import ChangeEvents
import Detectors
import EventGenerator

/// What an agent does with a record besides reading it from Kafka: decode the JSON, judge the transaction.
enum ChangeEvents {
    static func run() -> [Measurement] {
        var found: [Measurement] = []
        for (name, schemas, design) in [
            ("with schemas", EventGenerator.Schemas.embedded, "4.6"), ("without schemas", .none, "5.7"),
        ] {
            let events = generate(schemas)
            var decoder = ChangeEventDecoder()
            var anomaly = AnomalyDetector()
            var velocity = VelocityDetector()
            func speed(_ body: (Transaction) -> Void) -> Double {
                1000
                    / Stopwatch.nanoseconds(operations: events.count) {
                        for event in events {
                            event.withUnsafeBytes { bytes in
                                if case .transaction(let transaction) = decoder.decode(bytes) { body(transaction) }
                            }
                        }
                    }
            }
            found.append(
                Measurement(
                    name: "change events \(name): decode", value: speed { consume($0.id) }, unit: "million/s",
                    design: design))
            found.append(
                Measurement(
                    name: "change events \(name): decode, find anomalies",
                    value: speed { consume(anomaly.observe($0, partition: 0).isAnomaly) }, unit: "million/s",
                    design: "0.2 to 0.5"))
            found.append(
                Measurement(
                    name: "change events \(name): decode, score velocity",
                    value: speed { consume(velocity.observe($0, partition: 0).isAlert) }, unit: "million/s",
                    design: "0.2 to 0.5"))
        }
        return found
    }

    private static func generate(_ schemas: EventGenerator.Schemas) -> [[UInt8]] {
        var options = EventGenerator.Options()
        options.schemas = schemas
        var generator = EventGenerator(options)
        var key: [UInt8] = []
        var value: [UInt8] = []
        return (0..<20_000).map { _ in
            _ = generator.next(key: &key, value: &value)
            return value
        }
    }
}
