import KafkaWire

/// What of a client certificate's name is the client's (`ssl.principal.mapping.rules`, KIP-371): the first rule that matches
/// counts. A value.
public struct PrincipalRules: Sendable, Equatable {
    private struct Rule: Sendable, Equatable {
        /// A regular expression over the whole distinguished name; nil is `DEFAULT`.
        var pattern: String?
        var replacement = ""
        var letters = Letters.asTheyAre
    }

    private enum Letters: Sendable {
        case asTheyAre
        case lower
        case upper
    }

    private let rules: [Rule]

    /// The distinguished name itself is the client's.
    public init() { rules = [Rule()] }

    /// Reads rules as Kafka writes them: `RULE:pattern/replacement/L`, `DEFAULT`, with commas between them.
    ///
    /// - Throws: a sentence about the first one that is none.
    public init(_ text: String) throws(Refusal) {
        var rules: [Rule] = []
        var rest = text[...].trimmingPrefix { $0.isWhitespace }
        while !rest.isEmpty {
            if rest.hasPrefix("DEFAULT") {
                rules.append(Rule())
                rest = rest.dropFirst("DEFAULT".count)
            } else {
                guard let (rule, behind) = Self.rule(rest) else {
                    throw Refusal(
                        description:
                            "\"\(SASLError.shown(rest.prefix(80).utf8))\" is no rule, such as RULE:^CN=(.*?),.*$/$1/L or DEFAULT"
                    )
                }
                rules.append(rule)
                rest = behind
            }
            rest = rest.trimmingPrefix { $0.isWhitespace || $0 == "," }
        }
        self.rules = rules.isEmpty ? [Rule()] : rules
    }

    /// Why rules cannot be read.
    public struct Refusal: Error, CustomStringConvertible {
        /// A sentence.
        public let description: String
    }

    /// `RULE:pattern/replacement/` and perhaps `L` or `U`; a slash of the pattern's own stands behind a backslash.
    private static func rule(_ text: Substring) -> (Rule, Substring)? {
        guard text.hasPrefix("RULE:") else { return nil }
        var parts: [String] = [""]
        var index = text.index(text.startIndex, offsetBy: 5)
        while index < text.endIndex, parts.count < 3 {
            let letter = text[index]
            let next = text.index(after: index)
            if letter == "\\", next < text.endIndex, text[next] == "/" {
                parts[parts.count - 1].append("/")
                index = text.index(after: next)
                continue
            }
            if letter == "/" { parts.append("") } else { parts[parts.count - 1].append(letter) }
            index = next
        }
        guard parts.count == 3, (try? Regex(parts[0])) != nil else { return nil }
        var rule = Rule(pattern: parts[0], replacement: parts[1])
        var rest = text[index...]
        if rest.hasPrefix("L") { rule.letters = .lower }
        if rest.hasPrefix("U") { rule.letters = .upper }
        if rule.letters != .asTheyAre { rest = rest.dropFirst() }
        guard rest.isEmpty || rest.first == "," || rest.first?.isWhitespace == true else { return nil }
        return (rule, rest)
    }

    /// The client's name by the distinguished name of its certificate; nil where no rule matches it.
    public func name(of distinguishedName: String) -> String? {
        for rule in rules {
            guard let pattern = rule.pattern else { return distinguishedName }
            guard let expression = try? Regex(pattern),
                let match = try? expression.wholeMatch(in: distinguishedName)
            else { continue }
            let groups = (0..<match.output.count).map { match.output[$0].substring.map(String.init) ?? "" }
            let name = Self.fill(rule.replacement, groups)
            switch rule.letters {
            case .asTheyAre: return name
            case .lower: return name.lowercased()
            case .upper: return name.uppercased()
            }
        }
        return nil
    }

    /// `$1` in a replacement is what the first group has matched.
    private static func fill(_ replacement: String, _ groups: [String]) -> String {
        var text = ""
        var rest = replacement[...]
        while let letter = rest.popFirst() {
            guard letter == "$", let digit = rest.first?.wholeNumberValue, groups.indices.contains(digit) else {
                text.append(letter)
                continue
            }
            rest.removeFirst()
            text += groups[digit]
        }
        return text
    }
}
