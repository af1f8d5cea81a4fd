import AppSupport
import ArgumentParser
import JSONLines
import ToolKit

/// `kw groups --validate-regex`: whether brokers take a pattern of topics (KIP-848 has them read it with RE2/J).
enum PatternCheck {
    static func run(_ tool: Tool, _ pattern: String, isJSON: Bool) throws {
        var fault: String?
        do throws(RE2Syntax.Malformed) { try RE2Syntax.check(pattern) } catch { fault = error.description }
        let shown = tool.width == nil ? pattern : SafeText.line(pattern)
        if isJSON {
            tool.console.line(
                JSONText.object([
                    ("pattern", JSONText.string(pattern)), ("valid", "\(fault == nil)"),
                    ("error", JSONText.string(fault)),
                ]))
        } else if let fault {
            tool.console.line("The regular expression `\(shown)` is invalid: \(fault).")
        } else {
            tool.console.line("The regular expression `\(shown)` is valid.")
        }
        if fault != nil { throw ExitCode(1) }
    }
}

/// The syntax of RE2 (https://github.com/google/re2/wiki/Syntax) as RE2/J reads it, checked but not compiled.
enum RE2Syntax {
    /// What is wrong, in the words of RE2/J.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    static func check(_ pattern: String) throws(Malformed) {
        var reader = RE2Reader(pattern)
        _ = try reader.alternatives(depth: 0)
        if !reader.isAtEnd { throw Malformed(description: "unexpected )") }
    }

    /// The names behind `\p`: general categories and scripts.
    static let properties: Set<String> = Set(
        """
        Any C Cc Cf Co Cs L Ll Lm Lo Lt Lu M Mc Me Mn N Nd Nl No P Pc Pd Pe Pf Pi Po Ps S Sc Sk Sm So Z Zl Zp Zs \
        Adlam Ahom Anatolian_Hieroglyphs Arabic Armenian Avestan Balinese Bamum Bassa_Vah Batak Bengali Bhaiksuki \
        Bopomofo Brahmi Braille Buginese Buhid Canadian_Aboriginal Carian Caucasian_Albanian Chakma Cham Cherokee \
        Chorasmian Common Coptic Cuneiform Cypriot Cyrillic Deseret Devanagari Dives_Akuru Dogra Duployan \
        Egyptian_Hieroglyphs Elbasan Elymaic Ethiopic Georgian Glagolitic Gothic Grantha Greek Gujarati Gunjala_Gondi \
        Gurmukhi Han Hangul Hanifi_Rohingya Hanunoo Hatran Hebrew Hiragana Imperial_Aramaic Inherited \
        Inscriptional_Pahlavi Inscriptional_Parthian Javanese Kaithi Kannada Katakana Kayah_Li Kharoshthi \
        Khitan_Small_Script Khmer Khojki Khudawadi Lao Latin Lepcha Limbu Linear_A Linear_B Lisu Lycian Lydian Mahajani \
        Makasar Malayalam Mandaic Manichaean Marchen Masaram_Gondi Medefaidrin Meetei_Mayek Mende_Kikakui \
        Meroitic_Cursive Meroitic_Hieroglyphs Miao Modi Mongolian Mro Multani Myanmar Nabataean Nandinagari New_Tai_Lue \
        Newa Nko Nushu Nyiakeng_Puachue_Hmong Ogham Ol_Chiki Old_Hungarian Old_Italic Old_North_Arabian Old_Permic \
        Old_Persian Old_Sogdian Old_South_Arabian Old_Turkic Oriya Osage Osmanya Pahawh_Hmong Palmyrene Pau_Cin_Hau \
        Phags_Pa Phoenician Psalter_Pahlavi Rejang Runic Samaritan Saurashtra Sharada Shavian Siddham SignWriting \
        Sinhala Sogdian Sora_Sompeng Soyombo Sundanese Syloti_Nagri Syriac Tagalog Tagbanwa Tai_Le Tai_Tham Tai_Viet \
        Takri Tamil Tangut Telugu Thaana Thai Tibetan Tifinagh Tirhuta Ugaritic Vai Wancho Warang_Citi Yezidi Yi \
        Zanabazar_Square
        """.split(whereSeparator: \.isWhitespace).map(String.init))

    /// The names in `[[:alpha:]]`.
    static let classes: Set<String> = [
        "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper",
        "word", "xdigit",
    ]
}

/// Reads an expression from its beginning to its end.
private struct RE2Reader {
    private var rest: ArraySlice<Unicode.Scalar>
    private var names: Set<String> = []

    init(_ pattern: String) { rest = ArraySlice(pattern.unicodeScalars) }

    var isAtEnd: Bool { rest.isEmpty }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard rest.first == scalar else { return false }
        rest.removeFirst()
        return true
    }

    private func malformed(_ why: String) -> RE2Syntax.Malformed { RE2Syntax.Malformed(description: why) }

    /// Reads up to a closing parenthesis or the end; gives how often at most a part of it is repeated.
    mutating func alternatives(depth: Int) throws(RE2Syntax.Malformed) -> Int {
        guard depth < 1000 else { throw malformed("expression nests too deeply") }
        var most = 1
        // The repetitions of what a `*` or a count would belong to; nil where there is nothing.
        var last: Int?
        var isRepeated = false
        while let next = rest.first, next != ")" {
            rest.removeFirst()
            switch next {
            case "|": (last, isRepeated) = (nil, false)
            case "*", "+", "?":
                guard last != nil else { throw malformed("missing argument to repetition operator") }
                if isRepeated { throw malformed("invalid nested repetition operator") }
                _ = take("?")
                isRepeated = true
            case "{":
                guard let (least, limit) = counts() else {
                    // RE2/J remembers a brace that stands for itself as if it were a count.
                    (last, isRepeated) = (1, true)
                    continue
                }
                guard least <= 1000, limit ?? 0 <= 1000, limit ?? least >= least else {
                    throw malformed("invalid repeat count")
                }
                guard let inner = last else { throw malformed("missing argument to repetition operator") }
                if isRepeated { throw malformed("invalid nested repetition operator") }
                _ = take("?")
                let count = inner * max(limit ?? least, 1)
                guard count <= 1000 else { throw malformed("invalid repeat count") }
                (last, isRepeated) = (count, true)
            default:
                if let inner = try single(next, depth: depth) { last = inner }
                isRepeated = false
            }
            most = max(most, last ?? 1)
        }
        return most
    }

    /// Reads one part, whose first character was taken; nil where it is only a change of flags.
    private mutating func single(_ first: Unicode.Scalar, depth: Int) throws(RE2Syntax.Malformed) -> Int? {
        switch first {
        case "(":
            if take("?"), try flags() { return nil }
            let inner = try alternatives(depth: depth + 1)
            guard take(")") else { throw malformed("missing closing )") }
            return inner
        case "[": try characterClass()
        case "\\":
            if take("Q") {
                // Text as it stands, up to \E or the end.
                while !rest.isEmpty, !(rest.first == "\\" && rest.dropFirst().first == "E") { rest.removeFirst() }
                rest = rest.dropFirst(2)
                return 1
            }
            if let next = rest.first, ["A", "b", "B", "z"].contains(next) { rest.removeFirst() } else { try escape() }
        default: break
        }
        return 1
    }

    /// What follows `(?`: true for flags alone, such as `(?i)`; false where a group goes on.
    private mutating func flags() throws(RE2Syntax.Malformed) -> Bool {
        let hasName = rest.starts(with: "P<".unicodeScalars) || rest.first == "<"
        if hasName {
            _ = take("P")
            rest.removeFirst()
            let name = String(String.UnicodeScalarView(rest.prefix { $0 != ">" }))
            rest.removeFirst(name.unicodeScalars.count)
            let isName = name.utf8.allSatisfy { byte in
                byte == 0x5F || (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF)
            }
            guard take(">"), !name.isEmpty, isName else { throw malformed("invalid named capture") }
            guard names.insert(name).inserted else { throw malformed("duplicate capture group name") }
            return false
        }
        var isNegated = false
        var isFirst = true
        while let flag = rest.popFirst() {
            switch flag {
            case "i", "m", "s", "U": isFirst = false
            case "-" where !isNegated:
                isNegated = true
                isFirst = true
            case ":", ")":
                // A minus without flags behind it means nothing.
                if isNegated && isFirst { throw malformed("invalid or unsupported Perl syntax") }
                return flag == ")"
            default: throw malformed("invalid or unsupported Perl syntax")
            }
        }
        throw malformed("invalid or unsupported Perl syntax")
    }

    /// A count behind its brace; what only looks like one stands for itself.
    private mutating func counts() -> (least: Int, limit: Int?)? {
        var ahead = self
        guard let least = ahead.number() else { return nil }
        var limit: Int? = least
        if ahead.take(",") { limit = ahead.rest.first == "}" ? nil : ahead.number() ?? -1 }
        guard limit != -1, ahead.take("}") else { return nil }
        self = ahead
        return (least, limit)
    }

    private mutating func number() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        // RE2 takes no leading zeros.
        guard !digits.isEmpty, digits.count == 1 || digits.first != "0" else { return nil }
        rest.removeFirst(digits.count)
        return digits.count > 8 ? 100_000_000 : Int(String(String.UnicodeScalarView(digits)))
    }

    private mutating func characterClass() throws(RE2Syntax.Malformed) {
        _ = take("^")
        var isFirst = true
        while isFirst || rest.first != "]" {
            isFirst = false
            if rest.starts(with: "[:".unicodeScalars) {
                let name = Array(rest.dropFirst(2).prefix { $0 != "]" })
                // Without a ] behind it the class of characters does not end either, which is told below.
                if name.last == ":", rest.count > name.count + 2 {
                    let word = String(String.UnicodeScalarView(name.dropLast().drop { $0 == "^" }))
                    guard RE2Syntax.classes.contains(word) else { throw malformed("invalid character class range") }
                    rest.removeFirst(name.count + 3)
                    continue
                }
            }
            guard let low = try classCharacter() else { continue }
            guard rest.first == "-", let next = rest.dropFirst().first, next != "]" else { continue }
            rest.removeFirst()
            guard let high = try classCharacter(), low <= high else { throw malformed("invalid character class range") }
        }
        rest.removeFirst()
    }

    /// One character of a class; nil for a class within the class, such as `\d`.
    private mutating func classCharacter() throws(RE2Syntax.Malformed) -> Unicode.Scalar? {
        guard let scalar = rest.popFirst() else { throw malformed("missing closing ]") }
        return scalar == "\\" ? try escape() : scalar
    }

    /// What stands behind a backslash; nil where it is a class.
    @discardableResult
    private mutating func escape() throws(RE2Syntax.Malformed) -> Unicode.Scalar? {
        guard let scalar = rest.popFirst() else { throw malformed("trailing backslash at end of expression") }
        switch scalar {
        case "d", "D", "s", "S", "w", "W": return nil
        case "p", "P":
            try property()
            return nil
        case "a", "f", "n", "r", "t", "v": return scalar == "n" ? "\n" : "\t"
        case "0"..."7":
            // A digit alone would be a back reference, which RE2 has not got.
            let isOctal = rest.first.map { ("0"..."7").contains($0) } ?? false
            guard scalar == "0" || isOctal else { throw malformed("invalid escape sequence") }
            var value = scalar.value - 0x30
            for _ in 0..<2 {
                guard let digit = rest.first, ("0"..."7").contains(digit) else { break }
                rest.removeFirst()
                value = value * 8 + digit.value - 0x30
            }
            return Unicode.Scalar(value)
        case "x":
            let isBraced = take("{")
            let digits = rest.prefix(isBraced ? 7 : 2) { $0.properties.isASCIIHexDigit }
            rest.removeFirst(digits.count)
            let value = UInt32(String(String.UnicodeScalarView(digits)), radix: 16)
            guard let value, value <= 0x10FFFF, isBraced ? take("}") : digits.count == 2 else {
                throw malformed("invalid escape sequence")
            }
            return Unicode.Scalar(value)
        default:
            let isLetter = scalar.isASCII && scalar.properties.isAlphabetic
            guard !isLetter, !("0"..."9").contains(scalar) else { throw malformed("invalid escape sequence") }
            return scalar
        }
    }

    private mutating func property() throws(RE2Syntax.Malformed) {
        var name: String
        if take("{") {
            _ = take("^")
            name = String(String.UnicodeScalarView(rest.prefix { $0 != "}" }))
            rest.removeFirst(name.unicodeScalars.count)
            guard take("}") else { throw malformed("invalid character class range") }
        } else {
            name = rest.popFirst().map { String($0) } ?? ""
        }
        guard RE2Syntax.properties.contains(name) else { throw malformed("invalid character class range") }
    }
}

extension ArraySlice<Unicode.Scalar> {
    /// At most so many elements from the beginning that fulfil a condition.
    fileprivate func prefix(_ count: Int, while condition: (Unicode.Scalar) -> Bool) -> ArraySlice<Unicode.Scalar> {
        prefix(count).prefix(while: condition)
    }
}
