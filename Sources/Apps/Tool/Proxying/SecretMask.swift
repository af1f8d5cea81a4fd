import KafkaWire

/// Frames as a recording may keep them: what is secret in them (the messages of SASL, tokens, salted passwords) is overwritten
/// with zeros, and the rest stays as it passed.
package enum SecretMask {
    /// The APIs whose requests or answers have secrets in them.
    private static let concerned = Set(
        API.all.filter { $0.request.holdsSecrets || $0.response.holdsSecrets }.map(\.key))

    /// A request.
    package static func request(_ frame: Bytes, _ key: APIKey) -> Bytes {
        guard concerned.contains(key), API.of(key)?.request.holdsSecrets == true else { return frame }
        return masked(frame, Explanation(requestFrame: frame))
    }

    /// An answer to a request in that version.
    package static func answer(_ frame: Bytes, to key: APIKey, version: Int16) -> Bytes {
        guard concerned.contains(key), let api = API.of(key), api.response.holdsSecrets else { return frame }
        return masked(frame, Explanation(responseFrame: frame, of: api.response, version: version))
    }

    /// A frame of which nothing is known but that it may be a secret as a whole, such as follow SaslHandshake v0.
    package static func whole(_ frame: Bytes) -> Bytes {
        var bytes = frame.copy()
        for place in bytes.indices.dropFirst(4) { bytes[place] = 0 }
        return Bytes(bytes)
    }

    private static func masked(_ frame: Bytes, _ explanation: Explanation) -> Bytes {
        var bytes = frame.copy()
        for row in explanation.rows where row.isSecret && !row.isUnpacked && row.kind != .group {
            let start = row.offset + prefix(row.bytes)
            let end = min(bytes.count, row.offset + row.bytes.count)
            for place in start..<max(start, end) { bytes[place] = 0 }
        }
        return Bytes(bytes)
    }

    /// How many bytes in front of a text, or of bytes, say how many there are; 0 where none do.
    private static func prefix(_ bytes: Bytes) -> Int {
        func size(_ count: Int) -> Int { bytes[0..<count].copy().reduce(0) { $0 << 8 | Int($1) } }
        if bytes.count >= 4, size(4) == bytes.count - 4 { return 4 }
        if bytes.count >= 2, size(2) == bytes.count - 2 { return 2 }
        var reader = ByteReader(bytes)
        guard let length = try? reader.unsignedVarint() else { return 0 }
        let taken = bytes.count - reader.remaining
        return Int(length) == bytes.count - taken + 1 ? taken : 0
    }
}
