/// Bytes as Connect's JSON writes them: base 64 with padding (RFC 4648, section 4).
package enum Base64Text {
    /// The bytes that the text stands for; nil where it is no base 64, or would be more bytes than `limit`.
    package static func bytes(_ text: String, limit: Int = .max) -> [UInt8]? {
        let text = Array(text.utf8)
        guard text.count.isMultiple(of: 4), text.count / 4 * 3 - 2 <= limit else { return nil }
        let body = text.prefix { $0 != UInt8(ascii: "=") }
        guard text.count - body.count <= 2, text[body.count...].allSatisfy({ $0 == UInt8(ascii: "=") }) else {
            return nil
        }
        var out: [UInt8] = []
        out.reserveCapacity(body.count / 4 * 3 + 2)
        var group: UInt32 = 0
        for (index, character) in body.enumerated() {
            guard let value = value(character) else { return nil }
            group = group << 6 | UInt32(value)
            let bits = index % 4
            if bits > 0 { out.append(UInt8(truncatingIfNeeded: group >> UInt32([0, 4, 2, 0][bits]))) }
        }
        return out
    }

    private static func value(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): character - UInt8(ascii: "A")
        case UInt8(ascii: "a")...UInt8(ascii: "z"): character - UInt8(ascii: "a") + 26
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0") + 52
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "/"): 63
        default: nil
        }
    }
}
