import AppSupport
import KafkaWire
import ToolKit

/// A line's form as kcat's `-f` has it: text with `%s` value, `%S` its length, `%k` key, `%K` its length, `%t` topic,
/// `%p` partition, `%o` offset, `%T` timestamp in milliseconds, `%h` headers, `%R` the value's length in four bytes
/// (big-endian), `%%`; and `\n`, `\t`, `\r`, `\0`, `\xNN`, `\\`.
package struct FormatString: RecordRenderer {
    private enum Part: Sendable {
        case text([UInt8])
        case field(Character)
    }

    private let parts: [Part]
    /// Whether the output is a terminal.
    private let isSafe: Bool

    /// Reads a form. Throws a sentence where it has a letter that means nothing.
    package init(_ form: String, isSafe: Bool) throws(RenderFailure) {
        self.isSafe = isSafe
        var parts: [Part] = []
        var text: [UInt8] = []
        var rest = form[...]
        while let character = rest.popFirst() {
            if character == "\\" {
                try Self.escape(&rest, &text)
            } else if character == "%" {
                guard let letter = rest.popFirst() else {
                    throw RenderFailure("--format ends in a %; %% is the sign itself")
                }
                if letter == "%" {
                    text.append(UInt8(ascii: "%"))
                    continue
                }
                guard "sSkKtpoThR".contains(letter) else {
                    throw RenderFailure(
                        "--format has %\(SafeText.line(String(letter))), which means nothing; there are "
                            + "%s value, %S its length, %k key, %K its length, %t topic, %p partition, %o offset, "
                            + "%T timestamp, %h headers, %R length in four bytes, %%")
                }
                if !text.isEmpty { parts.append(.text(text)) }
                text = []
                parts.append(.field(letter))
            } else {
                text.append(text: String(character))
            }
        }
        if !text.isEmpty { parts.append(.text(text)) }
        self.parts = parts
    }

    private static func escape(_ rest: inout Substring, _ text: inout [UInt8]) throws(RenderFailure) {
        switch rest.popFirst() {
        case "n": text.append(0x0A)
        case "t": text.append(0x09)
        case "r": text.append(0x0D)
        case "0": text.append(0)
        case "x":
            let digits = rest.prefix(2)
            guard digits.count == 2, let byte = UInt8(digits, radix: 16) else {
                throw RenderFailure("--format has \\x without two hexadecimal digits behind it")
            }
            text.append(byte)
            rest = rest.dropFirst(2)
        case let other?: text.append(text: String(other))
        case nil: throw RenderFailure("--format ends in a backslash; \\\\ is the sign itself")
        }
    }

    package func shows(_ side: RecordSide) -> Bool {
        let letters = side == .key ? "kK" : "sSR"
        return parts.contains { if case .field(let letter) = $0 { letters.contains(letter) } else { false } }
    }

    package func render(_ record: ShownRecord, of source: TopicPartition, into out: inout [UInt8]) {
        for part in parts {
            switch part {
            case .text(let text): out += text
            case .field("s"): append(record.value, &out)
            case .field("S"): out.append(decimal: Int64(record.value?.count ?? -1))
            case .field("k"): append(record.key, &out)
            case .field("K"): out.append(decimal: Int64(record.key?.count ?? -1))
            case .field("t"): out.append(text: isSafe ? SafeText.line(source.topic) : source.topic)
            case .field("p"): out.append(decimal: Int64(source.partition.rawValue))
            case .field("o"): out.append(decimal: record.offset.rawValue)
            case .field("T"): out.append(decimal: record.timestamp)
            case .field("h"):
                for (index, header) in record.headers.enumerated() {
                    if index > 0 { out.append(UInt8(ascii: ",")) }
                    out.append(text: isSafe ? SafeText.line(header.key) : header.key)
                    out.append(UInt8(ascii: "="))
                    if let value = header.value { append(value, &out) } else { out.append(text: "NULL") }
                }
            case .field:
                let length = UInt32(truncatingIfNeeded: record.value?.count ?? -1)
                for shift in [24, 16, 8, 0] as [UInt32] { out.append(UInt8(truncatingIfNeeded: length >> shift)) }
            }
        }
    }

    private func append(_ bytes: Bytes?, _ out: inout [UInt8]) {
        guard let bytes else { return }
        if isSafe { bytes.withUnsafeBytes { out.append(text: SafeText.text($0)) } } else { out.append(bytes) }
    }
}
