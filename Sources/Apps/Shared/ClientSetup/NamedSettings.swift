import AppSupport
import JSONLines
import KafkaWire

/// Settings under Kafka's names, each with the place where it was given, for error messages. Later ones stand over
/// earlier ones.
public struct NamedSettings: Sendable, Equatable {
    /// A setting.
    public struct Entry: Sendable, Equatable {
        /// Its name.
        public var name: String
        /// Its value, which may be empty.
        public var value: String
        /// Where it was given, as in `client.properties, line 3` or `--command-property`.
        public var place: String

        /// Whether the value is a secret by its name. Kafka calls certificates passwords too, which anybody may read.
        public var holdsSecret: Bool {
            let isSecret = SensitiveSettings.contains(name) && !name.contains("certificate") || name == "ssl.key.pem"
            return isSecret && !value.isEmpty
        }
    }

    /// All of them, in their order.
    public private(set) var entries: [Entry] = []
    /// What is to be told of the files that they are from: those with a password in them that others can read.
    public private(set) var remarks: [String] = []

    /// None.
    public init() {}

    /// The settings of a file.
    public init(_ file: PropertiesFile) {
        entries = file.entries.map {
            Entry(name: $0.name, value: $0.value, place: "\(file.path), line \($0.line)")
        }
    }

    /// Adds a setting over those that are there.
    public mutating func set(_ name: String, _ value: String, place: String) {
        entries.append(Entry(name: name, value: value, place: place))
    }

    /// Adds the settings of a file over those that are there; none where no file is named. Throws where it cannot be read,
    /// with its line where one is wrong.
    public mutating func add(file path: String?) throws {
        guard let path else { return }
        let added = NamedSettings(try PropertiesFile(try FileContent.bytes(path), path: path)).entries
        entries += added
        if added.contains(where: \.holdsSecret), let remark = Secret.remark(onFile: path) {
            remarks.append(remark)
        }
    }

    /// Adds settings of an option, written `NAME=VALUE`, over those that are there; a name alone has an empty value, as
    /// in Kafka's tools.
    public mutating func add(_ texts: [String], option: String) {
        for text in texts {
            let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            set(Self.trimmed(String(parts[0])), parts.count > 1 ? String(parts[1]) : "", place: option)
        }
    }

    /// Those of the settings for which `isWanted` is true.
    public func keeping(_ isWanted: (Entry) -> Bool) -> NamedSettings {
        var kept = self
        kept.entries = entries.filter(isWanted)
        return kept
    }

    /// Text without white space at its ends.
    public static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }

    /// The setting that counts.
    public func entry(_ name: String) -> Entry? { entries.last { $0.name == name } }

    /// The value that counts.
    public func value(_ name: String) -> String? { entry(name)?.value }
}
