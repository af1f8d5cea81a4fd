import JSONLines

/// JSON with each field on a line of its own. Fields keep their order, and numbers and strings the way they are written.
package enum PrettyJSON {
    /// The indented text; nil where the bytes are no JSON object or array.
    package static func text(_ bytes: [UInt8]) -> String? {
        guard let first = bytes.first(where: { !isSpace($0) }),
            first == UInt8(ascii: "{") || first == UInt8(ascii: "["),
            let text = String(validating: bytes, as: UTF8.self), JSON(text) != nil
        else { return nil }
        return indented(bytes)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    /// What is given is known to be JSON.
    private static func indented(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        var depth = 0
        var isInString = false
        var isEscaped = false
        func newLine() { out += [0x0A] + [UInt8](repeating: 0x20, count: 2 * depth) }
        for byte in bytes {
            if isInString {
                out.append(byte)
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isInString = false
                }
                continue
            }
            switch byte {
            case _ where isSpace(byte): continue
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                out.append(byte)
                depth += 1
                newLine()
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                let isEmpty = out.last { !isSpace($0) }.map { $0 == byte - 2 } ?? false
                while let last = out.last, isSpace(last) { out.removeLast() }
                if !isEmpty { newLine() }
                out.append(byte)
            case UInt8(ascii: ","):
                out.append(byte)
                newLine()
            case UInt8(ascii: ":"): out += [byte, 0x20]
            default:
                isInString = byte == UInt8(ascii: "\"")
                out.append(byte)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
