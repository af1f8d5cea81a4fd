/// A setting of this client: its name in Kafka, in librdkafka and in Swift, what it may be, and what it is for. The table of all
/// of them is where the documentation (`docs/settings.md`), completion and the remarks on unknown names have them from.
public struct SettingName: Sendable, Equatable {
    /// Which configuration a setting is of.
    public enum Side: String, CaseIterable, Sendable {
        /// ``ClientConfiguration``, and so producers, consumers and administrative clients.
        case client
        /// ``KafkaProducer/Configuration``.
        case producer
        /// ``KafkaConsumer/Configuration``.
        case consumer
    }

    /// What a value is.
    public enum Kind: Equatable, Sendable {
        /// Any text.
        case text
        /// Texts with commas between them.
        case list
        /// `true` or `false`.
        case flag
        /// A whole number of milliseconds, at least so many.
        case milliseconds(atLeast: Int)
        /// A whole number within these bounds.
        case number(ClosedRange<Int>)
        /// A whole number of bytes within these bounds.
        case bytes(ClosedRange<Int>)
        /// A whole number of KiB within these bounds.
        case kibibytes(ClosedRange<Int>)
        /// One of these words.
        case choice([String])
    }

    /// What librdkafka calls a setting.
    public enum Foreign: Equatable, Sendable {
        /// As Kafka does.
        case same
        /// So, and it means the same in the same unit: it is taken under that name as well.
        case alias(String)
        /// So, with another unit or meaning, which is said: it is not taken under that name.
        case differs(String, String)
        /// It has none like it.
        case none
    }

    /// Kafka's name; where Kafka has none, librdkafka's or our own.
    public let name: String
    /// Which configuration it is of.
    public let side: Side
    /// librdkafka's name.
    public let librdkafka: Foreign
    /// The property of the configuration.
    public let property: String
    /// What its value is.
    public let kind: Kind
    /// Its default, as it would be written; empty where there is none.
    public let initial: String
    /// One line of meaning.
    public let meaning: String

    init(
        _ name: String, _ side: Side, _ property: String, _ kind: Kind, _ initial: String, _ librdkafka: Foreign,
        _ meaning: String
    ) {
        self.name = name
        self.side = side
        self.property = property
        self.kind = kind
        self.initial = initial
        self.librdkafka = librdkafka
        self.meaning = meaning
    }

    /// A setting that librdkafka calls the same.
    init(_ name: String, _ side: Side, _ property: String, _ kind: Kind, _ initial: String, _ meaning: String) {
        self.init(name, side, property, kind, initial, .same, meaning)
    }

    /// All settings that have an effect, by side and then by name. One that producers and consumers have is there twice, where
    /// it is not the same to both.
    public static let all: [SettingName] = Side.allCases.flatMap { side in
        (ofClients + ofProducers + ofConsumers).filter { $0.side == side }.sorted { $0.name < $1.name }
    }

    /// The names of the settings of these sides, each once.
    package static func names(of sides: [Side] = Side.allCases) -> [String] {
        all.filter { sides.contains($0.side) }.reduce(into: []) { names, row in
            if !names.contains(row.name) { names.append(row.name) }
        }
    }

    private static let byName = Dictionary(all.map { ($0.name, $0) }) { first, _ in first }

    private static let kafkaNames = Dictionary(
        all.compactMap { row in
            if case .alias(let other) = row.librdkafka { (other, row.name) } else { nil as (String, String)? }
        }
    ) { first, _ in first }

    /// The setting of that name, be it Kafka's or one of librdkafka's that means the same; the producers', where consumers have
    /// one, too. Nil where it is none that has an effect.
    public static func named(_ name: String) -> SettingName? { byName[kafkaName(of: name)] }

    /// Kafka's name of a setting that is given under librdkafka's; any other name stays.
    static func kafkaName(of name: String) -> String { kafkaNames[name] ?? name }

    /// Which settings an unknown name may mean: the one that librdkafka or Swift calls so, else those that are spelt like it.
    public static func suggestions(for name: String) -> [String] {
        if let row = all.first(where: { $0.isCalled(name) }) { return [row.name] }
        let aliases = all.compactMap { row in
            if case .alias(let other) = row.librdkafka { other } else { nil as String? }
        }
        return NearestName.suggestions(for: name, among: names() + aliases)
    }

    private func isCalled(_ name: String) -> Bool {
        switch librdkafka {
        case .differs(name, _): true
        default: property == name
        }
    }
}

// MARK: - Documentation

extension SettingName {
    /// What a value is, in words.
    public var kindText: String {
        switch kind {
        case .text: "text"
        case .list: "list"
        case .flag: "true or false"
        case .milliseconds: "ms"
        case .number: "number"
        case .bytes: "bytes"
        case .kibibytes: "KiB"
        case .choice: "choice"
        }
    }

    /// The bounds of a value, in words; empty where there are none.
    public var boundsText: String {
        switch kind {
        case .text, .list, .flag: ""
        case .milliseconds(let least): "at least \(least)"
        case .number(let range), .bytes(let range), .kibibytes(let range):
            range.upperBound >= Int(Int32.max)
                ? "at least \(range.lowerBound)" : "\(range.lowerBound) to \(range.upperBound)"
        case .choice(let words): words.joined(separator: ", ")
        }
    }

    private var foreignText: String {
        switch librdkafka {
        case .same: "same"
        case .alias(let name): "`\(name)`, taken as well"
        case .differs(let name, let difference): "`\(name)`, \(difference)"
        case .none: "none"
        }
    }

    /// The table as `docs/settings.md` shows it.
    package static var markdown: String {
        var text = """
            # Settings

            What `apply(_:)` of a configuration takes, as in a Java properties file, and what `kw` takes in `--command-config` and
            `--command-property`: Kafka's names, in brackets the property of the Swift configuration. Names of librdkafka that mean
            the same are taken as well. A value out of its bounds is refused, with what is allowed; an unknown name is told with
            those that are spelt like it.

            This page is written from `SettingName` (`KAFKAWIRE_WRITE=1 swift test --filter SettingName`).

            """
        let titles: [(Side, String)] = [
            (.client, "All clients (`ClientConfiguration`)"), (.producer, "Producers (`KafkaProducer.Configuration`)"),
            (.consumer, "Consumers (`KafkaConsumer.Configuration`)"),
        ]
        for (side, title) in titles {
            text += "\n## \(title)\n\n"
            text += "| name | default | type and bounds | in librdkafka | meaning |\n| --- | --- | --- | --- | --- |\n"
            for row in all where row.side == side {
                let bounds = row.boundsText.isEmpty ? row.kindText : "\(row.kindText): \(row.boundsText)"
                text += "| `\(row.name)` (`\(row.property)`) | \(row.initial) | \(bounds) | \(row.foreignText) "
                text += "| \(row.meaning) |\n"
            }
        }
        text +=
            "\n## Without effect\n\nSettings of Kafka's clients that mean something to a JVM, or nothing here, are passed over: "
        let rest = OtherSettings.withoutEffect.filter { byName[$0] == nil && OtherSettings.refused[$0] == nil }
        let named = rest.sorted().map { name in
            OtherSettings.remarks[name].map { "`\(name)` (\($0))" } ?? "`\(name)`"
        }
        text += named.joined(separator: ", ") + ".\n"
        text +=
            "\n## Refused\n\nWhat this client cannot do is said, not passed over, unless the value is empty or `false`:\n\n"
        for (name, sentence) in OtherSettings.refused.sorted(by: { $0.key < $1.key }) {
            text += "* `\(name)`: \(sentence)\n"
        }
        return text
    }
}
