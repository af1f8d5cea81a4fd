import JSONLines
import KafkaWire

/// A connector's settings, all text, in the order in which they were given.
package struct ConnectorConfig: Equatable, Sendable {
    package private(set) var entries: [(name: String, value: String)] = []

    package static func == (a: ConnectorConfig, b: ConnectorConfig) -> Bool {
        a.entries.elementsEqual(b.entries, by: ==)
    }

    package init() {}

    /// The settings of an object; numbers and flags become text as they are written. Throws a sentence for other values.
    package init(_ document: Document, source: String) throws(ConnectError) {
        guard case .object(let fields) = document else {
            throw ConnectError(.usage, "\(source) is no object of settings.")
        }
        for field in fields {
            switch field.value {
            case .string(let text), .number(let text): set(field.name, text)
            case .bool(let flag): set(field.name, "\(flag)")
            case .null: continue
            case .array, .object:
                throw ConnectError(
                    .usage, "\(source): the value of \(field.name) is an array or object; Connect's settings are text.")
            }
        }
    }

    /// A connector's document: `{"name": …, "config": {…}}`, as POST takes it, or the settings alone.
    ///
    /// - Parameter source: where it comes from, for error messages.
    package static func document(
        _ bytes: [UInt8], source: String
    ) throws(ConnectError) -> (name: String?, config: ConnectorConfig) {
        guard let document = Document(bytes) else {
            throw ConnectError(
                .usage,
                "\(source) is no JSON; a connector is {\"name\": \"…\", \"config\": {\"connector.class\": \"…\", …}}.")
        }
        guard case .object = document["config"] ?? .null else {
            let config = try ConnectorConfig(document, source: source)
            return (config["name"], config)
        }
        let config = try ConnectorConfig(document["config"] ?? .null, source: source)
        return (document["name"]?.text ?? config["name"], config)
    }

    package subscript(name: String) -> String? { entries.first { $0.name == name }?.value }

    /// Sets a value; one that is there keeps its place.
    package mutating func set(_ name: String, _ value: String) {
        if let index = entries.firstIndex(where: { $0.name == name }) {
            entries[index].value = value
        } else {
            entries.append((name, value))
        }
    }

    package mutating func remove(_ name: String) { entries.removeAll { $0.name == name } }

    /// The settings as Connect takes them.
    package var document: Document { .object(entries.map { .init(name: $0.name, value: .string($0.value)) }) }

    // MARK: - Secrets

    /// What stands for a value that is not shown.
    package static let mask = "********"

    /// The settings as they may be shown: without passwords, by name.
    package var shown: [(name: String, value: String)] {
        entries.map { ($0.name, Secrets.shown($0.name, $0.value)) }.sorted { $0.0 < $1.0 }
    }

    /// The values that must not be shown, wherever they turn up.
    package var secrets: Secrets {
        Secrets(entries.filter { SensitiveSettings.contains($0.name) && !Secrets.isReference($0.value) }.map(\.value))
    }

    /// The settings whose values are the mask: taken from a listing, not what they should be.
    package var masked: [String] { entries.filter { $0.value == Self.mask }.map(\.name) }
}

/// Values that must not be shown.
package struct Secrets: Sendable {
    private let values: [String]

    /// What is very short would be found in any text.
    init(_ values: [String]) { self.values = values.filter { $0.count >= 4 }.sorted { $0.count > $1.count } }

    /// Text in which the mask stands for them.
    package func hidden(in text: String) -> String {
        values.reduce(text) { $0.replacing($1, with: ConnectorConfig.mask) }
    }

    /// `${file:/path:key}`: resolved by the worker, and no secret itself.
    static func isReference(_ value: String) -> Bool { value.hasPrefix("${") && value.hasSuffix("}") }

    /// A setting's value as it may be shown.
    static func shown(_ name: String, _ value: String) -> String {
        if value.isEmpty || isReference(value) { return value }
        return SensitiveSettings.contains(name) ? ConnectorConfig.mask : withoutCredentials(value)
    }

    /// URLs such as `jdbc:postgresql://user:password@host/db?password=x` without what is secret in them.
    private static func withoutCredentials(_ value: String) -> String {
        value.replacing(#/(?i)((?:password|secret|token)\s*=\s*"?)([^&;,\s"]+)/#) {
            "\($0.output.1)\(ConnectorConfig.mask)"
        }
        .replacing(#/(:\/\/[^\/:@\s]*:)[^\/@\s]+@/#) { "\($0.output.1)\(ConnectorConfig.mask)@" }
    }
}
