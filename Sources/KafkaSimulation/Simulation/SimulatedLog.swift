import Logging

/// Gives log records on as lines.
struct SimulatedLog: LogHandler {
    let label: String
    let write: @Sendable (String) -> Void
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    init(label: String, _ write: @escaping @Sendable (String) -> Void) { (self.label, self.write) = (label, write) }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }.sorted { $0.key < $1.key }
        write("\(event.level) \(event.message)" + all.map { " \($0.key)=\($0.value)" }.joined())
    }
}
