// Java's properties files, as Kafka's programs read their settings from them.

/// The settings of a properties file (`java.util.Properties.load`), in their order, each with its line.
///
/// ```
/// # a comment; so is a line that begins with !
/// num.partitions = 3
/// log.dirs: /var/lib/kafka
/// listeners PLAINTEXT://127.0.0.1:9092,\
///           CONTROLLER://127.0.0.1:9093
/// ```
///
/// Name and value are parted by `=`, `:` or space; a backslash at a line's end goes on in the next one, whose leading
/// space does not count; `\t`, `\n`, `\r`, `\f` and `\uXXXX` are what they are in Java, and any other character behind a
/// backslash stands for itself. The text is UTF-8, or Latin-1 where it is no UTF-8.
public struct PropertiesFile: Sendable, Equatable {
    /// One setting.
    public struct Entry: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The value, which may be empty.
        public var value: String
        /// The line on which the setting begins, from 1.
        public var line: Int
    }

    /// What is wrong with a file, where, and what to do.
    public struct Failure: Error, CustomStringConvertible, Sendable, Equatable {
        /// The file as it was given.
        public let path: String
        /// The line, from 1.
        public let line: Int
        /// What is wrong with it.
        public let text: String

        /// A failure in a line of a file.
        public init(path: String, line: Int, text: String) {
            self.path = path
            self.line = line
            self.text = text
        }

        /// Path, line and what is wrong there.
        public var description: String { "\(path), line \(line): \(text)" }
    }

    /// The file as it was given, for error messages.
    public let path: String
    /// Every setting in the order of the file; a name may come twice.
    public let entries: [Entry]

    /// The values by name; of a name that comes twice the last one counts, as in Java.
    public var values: [String: String] { Dictionary(entries.map { ($0.name, $0.value) }) { $1 } }

    /// Where the value of a name was given, for error messages; nil where it was not.
    public func line(of name: String) -> Int? { entries.last { $0.name == name }?.line }

    /// Reads a file's content. Throws where an escape is none, or a value has no name.
    public init(_ content: [UInt8], path: String) throws(Failure) {
        self.path = path
        var entries: [Entry] = []
        for logical in Self.logicalLines(Self.scalars(content)) {
            do throws(BadText) {
                let (name, value) = try Self.entry(logical.text)
                entries.append(Entry(name: name, value: value, line: logical.line))
            } catch {
                throw Failure(path: path, line: logical.line, text: error.text)
            }
        }
        self.entries = entries
    }

    /// A setting as a line that Java reads, in ASCII: a backslash, and what is no ASCII, are escaped.
    public static func line(_ name: String, _ value: String) -> String {
        var out = name + "="
        // Space in front of a value is none of it.
        if isSpace(value.unicodeScalars.first ?? "x") { out += "\\" }
        for unit in value.utf16 {
            switch unit {
            case 0x5C: out += "\\\\"
            case 0x20...0x7E: out.unicodeScalars.append(Unicode.Scalar(UInt8(truncatingIfNeeded: unit)))
            default:
                let digits = String(unit, radix: 16)
                out += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            }
        }
        return out
    }

    /// What is wrong with a line: never the text itself, which may be a password.
    private struct BadText: Error { var text: String }

    private typealias Text = ArraySlice<Unicode.Scalar>

    private static func scalars(_ content: [UInt8]) -> [Unicode.Scalar] {
        let content = content.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(content.dropFirst(3)) : content
        guard let text = String(validating: content, as: UTF8.self) else { return content.map(Unicode.Scalar.init) }
        return Array(text.unicodeScalars)
    }

    // MARK: - Lines

    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar == " " || scalar == "\t" || scalar == "\u{C}"
    }

    /// The lines that hold a setting, with what they go on with, without space in front.
    private static func logicalLines(_ scalars: [Unicode.Scalar]) -> [(line: Int, text: [Unicode.Scalar])] {
        var found: [(line: Int, text: [Unicode.Scalar])] = []
        var goesOn = false
        for (index, natural) in naturalLines(scalars).enumerated() {
            var text = natural.drop(while: isSpace)
            if !goesOn {
                guard let first = text.first, first != "#", first != "!" else { continue }
                found.append((index + 1, []))
            }
            let backslashes = text.reversed().prefix { $0 == "\\" }.count
            goesOn = !backslashes.isMultiple(of: 2)
            if goesOn { text.removeLast() }
            found[found.count - 1].text += text
        }
        return found
    }

    /// Lines end in a line feed, a carriage return, or both.
    private static func naturalLines(_ scalars: [Unicode.Scalar]) -> [Text] {
        var lines: [Text] = []
        var start = 0
        var index = 0
        while index < scalars.count {
            let end = index
            let scalar = scalars[index]
            index += 1
            guard scalar == "\n" || scalar == "\r" else { continue }
            if scalar == "\r", index < scalars.count, scalars[index] == "\n" { index += 1 }
            lines.append(scalars[start..<end])
            start = index
        }
        lines.append(scalars[start...])
        return lines
    }

    // MARK: - Name and value

    private static func entry(_ text: [Unicode.Scalar]) throws(BadText) -> (name: String, value: String) {
        var end = 0
        while end < text.count, text[end] != "=", text[end] != ":", !isSpace(text[end]) {
            end += text[end] == "\\" ? 2 : 1
        }
        end = min(end, text.count)
        var rest = text[end...].drop(while: isSpace)
        if rest.first == "=" || rest.first == ":" { rest = rest.dropFirst().drop(while: isSpace) }
        let name = try unescaped(text[..<end])
        guard !name.isEmpty else { throw BadText(text: "a value without a name; write NAME=VALUE") }
        return (name, try unescaped(rest))
    }

    private static func unescaped(_ text: Text) throws(BadText) -> String {
        var out = String.UnicodeScalarView()
        var rest = text
        while let scalar = rest.popFirst() {
            guard scalar == "\\" else {
                out.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case nil: break
            case "t": out.append("\t")
            case "n": out.append("\n")
            case "r": out.append("\r")
            case "f": out.append("\u{C}")
            case "u": out.append(try escaped(&rest))
            case let other?: out.append(other)
            }
        }
        return String(out)
    }

    /// The character of `\uXXXX`, or of two of them that are a surrogate pair.
    private static func escaped(_ rest: inout Text) throws(BadText) -> Unicode.Scalar {
        let first = try unit(&rest)
        if let scalar = Unicode.Scalar(first) { return scalar }
        guard first < 0xDC00, rest.starts(with: ["\\", "u"]) else {
            throw BadText(text: "half a character in \\u; a surrogate pair has two halves")
        }
        rest = rest.dropFirst(2)
        let second = try unit(&rest)
        guard (0xDC00..<0xE000).contains(second),
            let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
        else { throw BadText(text: "two halves in \\u that are no surrogate pair") }
        return scalar
    }

    private static func unit(_ rest: inout Text) throws(BadText) -> UInt32 {
        let digits = rest.prefix(4)
        guard digits.count == 4, digits.allSatisfy({ $0.isASCII && $0.properties.isHexDigit }) else {
            throw BadText(text: "\\u takes four hexadecimal digits; write \\\\u for a backslash")
        }
        rest = rest.dropFirst(4)
        return digits.reduce(0) { $0 << 4 | UInt32(Character($1).hexDigitValue ?? 0) }
    }
}
