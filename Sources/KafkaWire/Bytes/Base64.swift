/// Bytes as text in base 64 (RFC 4648).
public enum Base64 {
    /// Which 64 characters stand for the values, and whether the text is padded.
    public enum Alphabet: Sendable {
        /// Section 4: `+` and `/`, padded with `=`.
        case standard
        /// Section 5: `-` and `_`, without padding.
        case urlSafe
    }

    /// `bytes` as text.
    public static func encode(_ bytes: [UInt8], _ alphabet: Alphabet = .standard) -> String {
        let characters = Array((alphabet == .standard ? common + "+/" : common + "-_").utf8)
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let chunk = bytes[start..<min(start + 3, bytes.count)]
            var group: UInt32 = 0
            for (index, byte) in chunk.enumerated() { group |= UInt32(byte) << UInt32(16 - 8 * index) }
            for index in 0...chunk.count { out.append(characters[Int(group >> UInt32(18 - 6 * index) & 63)]) }
            if alphabet == .standard { out.append(contentsOf: repeatElement(0x3D, count: 3 - chunk.count)) }
        }
        return String(decoding: out, as: UTF8.self)
    }

    private static let common = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
}
