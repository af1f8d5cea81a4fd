/// The value of `sasl.jaas.config`: login modules with their options, as Java's clients and brokers are told them.
///
/// It is read as Kafka reads it (a `StreamTokenizer` of Java): words of letters, digits and `.-_$`, texts in either kind
/// of quotes with C's escapes, comments behind `//` and between `/*` and `*/`. Options are secrets until asked for.
public struct JAASLine: Sendable {
    /// One login module.
    public struct Entry: Sendable {
        /// The class, such as `org.apache.kafka.common.security.plain.PlainLoginModule`.
        public var module: String
        /// `required`, `requisite`, `sufficient` or `optional`.
        public var flag: String
        /// The options; of one that stands twice, the last counts.
        public var options: [String: Secret]

        /// The class without its package.
        public var moduleName: String { module.split(separator: ".").last.map(String.init) ?? module }

        /// The users of a PLAIN server: `user_alice="secret"`.
        public var users: [String: Secret] {
            var users: [String: Secret] = [:]
            for (name, value) in options.inOrder where name.hasPrefix("user_") {
                users[String(name.dropFirst(5))] = value
            }
            return users
        }
    }

    /// What cannot be read, and where; without any value.
    public struct Failure: Error, Equatable, Sendable, CustomStringConvertible {
        /// The sentence.
        public var description: String
    }

    /// The longest that is read: 1 MiB.
    static let maximum = 1 << 20

    /// The modules, in their order; at least one.
    public let entries: [Entry]

    /// Reads a line.
    public init(_ text: Secret) throws(Failure) {
        guard text.count <= Self.maximum else { throw Failure(description: "the JAAS line is longer than 1 MiB") }
        var bytes = text.copied()
        defer { bytes.withUnsafeMutableBytes { Secret.wipe($0) } }
        var scanner = JAASScanner(bytes)
        var entries: [Entry] = []
        while let token = try scanner.next() { entries.append(try Self.entry(token, &scanner)) }
        guard !entries.isEmpty else {
            throw Failure(description: "the JAAS line is empty: MODULE required NAME=\"VALUE\" …;")
        }
        self.entries = entries
    }

    private static func entry(_ first: JAASScanner.Token, _ scanner: inout JAASScanner) throws(Failure) -> Entry {
        guard case .text(let module) = first else {
            throw Failure(description: "a login module's class is missing in the JAAS line, at byte \(scanner.start)")
        }
        // A class's name; anything else may be a value that slipped out of its quotes.
        let isName = module.withBytes {
            $0.allSatisfy {
                (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                    || ".$_-".utf8.contains($0)
            }
        }
        guard isName, !module.isEmpty else {
            throw Failure(
                description: "what should be a login module's class at byte \(scanner.start) of the JAAS line is none")
        }
        guard case .text(let flag)? = try scanner.next(),
            ["required", "requisite", "sufficient", "optional"].contains(flag.text.lowercased())
        else {
            throw Failure(
                description: "at byte \(scanner.start) of the JAAS line required, requisite, sufficient or optional "
                    + "is missing, behind the login module's class")
        }
        var options: [String: Secret] = [:]
        while let token = try scanner.next() {
            if case .sign(let sign) = token, sign == UInt8(ascii: ";") {
                return Entry(module: module.text, flag: flag.text.lowercased(), options: options)
            }
            guard case .text(let name) = token else {
                throw Failure(
                    description: "at byte \(scanner.start) of the JAAS line an option's name should stand: "
                        + "is a value with special characters without its quotes?")
            }
            let start = scanner.start
            guard case .sign(UInt8(ascii: "="))? = try scanner.next() else {
                throw Failure(description: "behind the option at byte \(start) of the JAAS line = is missing")
            }
            guard case .text(let value)? = try scanner.next() else {
                throw Failure(description: "the option at byte \(start) of the JAAS line has no value")
            }
            options[name.text] = value
        }
        throw Failure(description: "the JAAS line does not end with a semicolon")
    }
}

/// Cuts a line into words, texts and signs.
private struct JAASScanner {
    enum Token {
        case text(Secret)
        case sign(UInt8)
    }

    private let bytes: [UInt8]
    private var position = 0
    /// Where the last token began.
    private(set) var start = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private func byte(_ offset: Int = 0) -> UInt8? { position + offset < bytes.count ? bytes[position + offset] : nil }

    mutating func next() throws(JAASLine.Failure) -> Token? {
        try skipSpace()
        start = position
        guard let first = byte() else { return nil }
        if first == UInt8(ascii: "\"") || first == UInt8(ascii: "'") { return .text(try quoted(first)) }
        guard Self.isWord(first) else {
            position += 1
            return .sign(first)
        }
        while let byte = byte(), Self.isWord(byte) { position += 1 }
        return .text(Secret(bytes[start..<position]))
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0xA0...0xFF: true
        default: ".-_$".utf8.contains(byte)
        }
    }

    private mutating func skipSpace() throws(JAASLine.Failure) {
        while let byte = byte() {
            if byte <= 0x20 {
                position += 1
            } else if byte == UInt8(ascii: "/"), self.byte(1) == UInt8(ascii: "*") {
                let begin = position
                position += 2
                while position < bytes.count, !bytes[position...].starts(with: [0x2A, 0x2F]) { position += 1 }
                guard position < bytes.count else {
                    throw JAASLine.Failure(description: "the comment at byte \(begin) of the JAAS line does not end")
                }
                position += 2
            } else if byte == UInt8(ascii: "/") {
                while let byte = self.byte(), byte != 0x0A, byte != 0x0D { position += 1 }
            } else {
                return
            }
        }
    }

    private mutating func quoted(_ quote: UInt8) throws(JAASLine.Failure) -> Secret {
        position += 1
        var out: [UInt8] = []
        defer { out.withUnsafeMutableBytes { Secret.wipe($0) } }
        while let byte = byte(), byte != 0x0A, byte != 0x0D {
            position += 1
            if byte == quote { return Secret(out) }
            guard byte == UInt8(ascii: "\\"), let escaped = self.byte() else {
                out.append(byte)
                continue
            }
            out += escape(escaped)
        }
        throw JAASLine.Failure(
            description: "the text in quotes at byte \(start) of the JAAS line does not end on its line")
    }

    /// C's escapes; of any other character, itself. A number of up to three octal digits is a character.
    private mutating func escape(_ escaped: UInt8) -> [UInt8] {
        position += 1
        switch escaped {
        case UInt8(ascii: "a"): return [7]
        case UInt8(ascii: "b"): return [8]
        case UInt8(ascii: "t"): return [9]
        case UInt8(ascii: "n"): return [10]
        case UInt8(ascii: "v"): return [11]
        case UInt8(ascii: "f"): return [12]
        case UInt8(ascii: "r"): return [13]
        case UInt8(ascii: "0")...UInt8(ascii: "7"):
            var value = UInt16(escaped - 0x30)
            let limit = escaped <= UInt8(ascii: "3") ? 2 : 1
            for _ in 0..<limit {
                guard let digit = byte(), (0x30...0x37).contains(digit) else { break }
                value = value << 3 | UInt16(digit - 0x30)
                position += 1
            }
            return Array(String(Unicode.Scalar(UInt8(truncatingIfNeeded: value))).utf8)
        default: return [escaped]
        }
    }
}
