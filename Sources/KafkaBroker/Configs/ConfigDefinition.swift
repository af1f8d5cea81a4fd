/// One setting: its name, what it may hold, and what it holds where nobody has set it.
struct ConfigDefinition: Sendable {
    /// The types of settings, with DescribeConfigs' numbers (`DescribeConfigsResponse.ConfigType`).
    enum Kind: Int8, Sendable {
        case boolean = 1
        case string = 2
        case int = 3
        case short = 4
        case long = 5
        case double = 6
        case list = 7
        case `class` = 8
        case password = 9
    }

    /// What a value has to be besides being of its type.
    enum Rule: Sendable {
        case any
        case atLeast(Int64)
        case between(Int64, Int64)
        /// Gzip's levels: 1 to 9, or -1 for its own default.
        case gzipLevel
        /// A number from 0 to 1.
        case fraction
        case oneOf([String])
        /// A list of these, none of them twice.
        case listOf([String])
        /// `PARTITION:BROKER` pairs, or `*` for all.
        case throttledReplicas
    }

    /// How many bytes a value has at most: those that a text of any version has.
    static let longestValue = Int(Int16.max)

    let name: String
    let kind: Kind
    /// The value where nobody sets one; nil is Kafka's null.
    let initial: String?
    let rule: Rule
    /// Of a topic's or a group's setting: the broker's settings that it falls back to, the first that is set wins.
    let serverNames: [String]
    /// Of a broker's setting: whether it can be changed while the broker runs.
    let isDynamic: Bool
    /// Whether it is only shown where it is set.
    let isInternal: Bool
    /// What the setting does, in a sentence.
    let documentation: String

    init(
        _ name: String, _ kind: Kind, _ initial: String?, _ rule: Rule = .any, server: [String] = [],
        dynamic: Bool = false, isInternal: Bool = false, _ documentation: String
    ) {
        self.name = name
        self.kind = kind
        self.initial = initial
        self.rule = rule
        serverNames = server
        isDynamic = dynamic
        self.isInternal = isInternal
        self.documentation = documentation
    }

    var isSensitive: Bool { kind == .password }

    /// Why the setting cannot hold `value`, or nil.
    func objection(to value: String) -> String? { objection(to: value, of: name) }

    /// The same of a listener's own setting, which has that name.
    func objection(to value: String, of name: String) -> String? {
        complaint(about: value.trimmed).map { "Invalid value \(value) for configuration \(name): \($0)" }
    }

    private func complaint(about value: String) -> String? {
        switch kind {
        case .boolean:
            return ["true", "false"].contains(value.lowercased()) ? nil : "Expected value to be either true or false"
        case .short: return Int16(value) == nil ? "Not a number of type SHORT" : complaint(aboutNumber: Int64(value))
        case .int: return Int32(value) == nil ? "Not a number of type INT" : complaint(aboutNumber: Int64(value))
        case .long: return Int64(value) == nil ? "Not a number of type LONG" : complaint(aboutNumber: Int64(value))
        case .double:
            guard let number = Double(value), !number.isNaN else { return "Not a number of type DOUBLE" }
            if case .fraction = rule, !(0...1).contains(number) { return "Value must be between 0 and 1" }
            return nil
        case .list: return complaint(aboutList: ConfigDefinition.items(value))
        case .string, .class, .password:
            guard case .oneOf(let allowed) = rule, !allowed.contains(value) else { return nil }
            return "String must be one of: \(allowed.joined(separator: ", "))"
        }
    }

    private func complaint(aboutNumber number: Int64?) -> String? {
        guard let number else { return nil }
        switch rule {
        case .atLeast(let lowest) where number < lowest: return "Value must be at least \(lowest)"
        case .between(let lowest, _) where number < lowest: return "Value must be at least \(lowest)"
        case .between(_, let highest) where number > highest: return "Value must be no more than \(highest)"
        case .gzipLevel where number != -1 && !(1...9).contains(number): return "Value must be -1 or between 1 and 9"
        default: return nil
        }
    }

    private func complaint(aboutList items: [String]) -> String? {
        switch rule {
        case .listOf(let allowed):
            if let odd = items.first(where: { !allowed.contains($0) }) {
                return "\"\(odd)\" is none of \(allowed.joined(separator: ", "))"
            }
            return Set(items).count == items.count ? nil : "Values must not repeat"
        case .throttledReplicas:
            let fits = items == ["*"] || items.allSatisfy(Self.isReplica)
            return fits ? nil : "Value must be * or a list of PARTITION:BROKER"
        default: return nil
        }
    }

    private static func isReplica(_ text: String) -> Bool {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 && parts.allSatisfy { Int32($0).map { $0 >= 0 } ?? false }
    }

    /// The items of a list, which stands in one string with commas.
    static func items(_ value: String) -> [String] {
        value.split(separator: ",").map { String($0).trimmed }.filter { !$0.isEmpty }
    }
}

/// The settings that one kind of resource has, by name.
struct ConfigTable: Sendable {
    /// In the order of their names.
    let definitions: [ConfigDefinition]
    private let byName: [String: ConfigDefinition]

    init(_ definitions: [ConfigDefinition]) {
        self.definitions = definitions.sorted { $0.name < $1.name }
        byName = Dictionary(definitions.map { ($0.name, $0) }) { first, _ in first }
    }

    subscript(name: String) -> ConfigDefinition? { byName[name] }
}

extension String {
    /// Without white space at its ends, as Kafka reads numbers and list items.
    var trimmed: String {
        let start = drop { $0.isWhitespace }
        guard let last = start.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(start[...last])
    }
}
