import AppSupport
import JSONLines

/// Settings under Kafka's names, each with the place where it was given, for error messages. Later ones stand over
/// earlier ones.
package struct ToolSettings: Sendable, Equatable {
    /// A setting.
    package struct Entry: Sendable, Equatable {
        package var name: String
        package var value: String
        /// Where it was given, as in `client.properties, line 3` or `--command-property`.
        package var place: String
    }

    package private(set) var entries: [Entry] = []

    package init() {}

    /// The settings of a file.
    package init(_ file: PropertiesFile) {
        entries = file.entries.map {
            Entry(name: $0.name, value: $0.value, place: "\(file.path), line \($0.line)")
        }
    }

    /// Adds a setting over those that are there.
    package mutating func set(_ name: String, _ value: String, place: String) {
        entries.append(Entry(name: name, value: value, place: place))
    }

    /// Adds the settings of a file over those that are there; none where no file is named. Throws where it cannot be read,
    /// with its line where one is wrong.
    package mutating func add(file path: String?) throws {
        guard let path else { return }
        entries += ToolSettings(try PropertiesFile(try FileContent.bytes(path), path: path)).entries
    }

    /// Adds settings of an option, written `NAME=VALUE`, over those that are there; a name alone has an empty value, as
    /// in Kafka's tools.
    package mutating func add(_ texts: [String], option: String) {
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            set(Self.trimmed(String(parts[0])), parts.count > 1 ? String(parts[1]) : "", place: option)
        }
    }

    /// Those of the settings for which `isWanted` is true.
    package func keeping(_ isWanted: (Entry) -> Bool) -> ToolSettings {
        var kept = self
        kept.entries = entries.filter(isWanted)
        return kept
    }

    /// Text without white space at its ends.
    package static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }

    /// The setting that counts.
    package func entry(_ name: String) -> Entry? { entries.last { $0.name == name } }

    /// The value that counts.
    package func value(_ name: String) -> String? { entry(name)?.value }
}
