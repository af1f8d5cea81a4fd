/// Metrics in Prometheus' text format (version 0.0.4), which a scraper reads: families one after the other, each with its samples.
package struct PrometheusText: Sendable {
    /// What `Content-Type` says of it.
    package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// What a family is.
    package enum Kind: String, Sendable { case counter, gauge, summary }

    /// The text so far.
    package private(set) var text = ""
    private var name = ""
    /// What all samples have, as `agent="x",`.
    private let shared: String

    /// Metrics of which all samples have these labels.
    package init(labels: [(name: String, value: String)] = []) { shared = Self.list(labels) }

    /// Begins a family; what follows are its samples.
    package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
        self.name = name
        let line = help.replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
        text += "# HELP \(name) \(line)\n# TYPE \(name) \(kind.rawValue)\n"
    }

    /// A sample of the family, `suffix` behind whose name it stands.
    package mutating func sample(
        _ value: some CustomStringConvertible, _ labels: [(name: String, value: String)] = [], suffix: String = ""
    ) {
        let all = (shared + Self.list(labels)).dropLast()
        text += "\(name)\(suffix)\(all.isEmpty ? "" : "{\(all)}") \(value)\n"
    }

    /// A family with a single sample.
    package mutating func family(
        _ name: String, _ kind: Kind, _ help: String, _ value: some CustomStringConvertible
    ) {
        family(name, kind, help)
        sample(value)
    }

    private static func list(_ labels: [(name: String, value: String)]) -> String {
        labels.map { "\($0.name)=\"\(escaped($0.value))\"," }.joined()
    }

    private static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }
}
