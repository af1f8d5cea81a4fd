import KafkaWire

/// Messages: the first byte is the API's number, the second the version, with its highest bit set for a response.
enum MessageCheck {
    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard input.count >= 2, let api = API.of(APIKey(rawValue: Int16(input[0]))) else { return }
        let type: any WireMessage.Type = input[1] & 0x80 == 0 ? api.request : api.response
        try message(type, input[2..<input.count], version: Int16(input[1] & 0x7F), memory)
    }

    private static func message<M: WireMessage>(
        _ type: M.Type, _ bytes: Bytes, version: Int16, _ memory: MemoryMeter
    ) throws(Finding) {
        let decoded = try memory.bound("decoding \(type.wireName) v\(version)", bytes.count, perByte: 512) {
            outcome { () throws(WireError) in try type.decode(bytes, version: version) }
        }
        let explanation = Explanation(body: bytes, of: type, version: version)
        try ExplanationCheck.covers(explanation, bytes)
        switch decoded {
        case .failure(let error):
            if type.versions.contains(version) { try ExplanationCheck.agrees(explanation, with: error) }
            try ErrorCheck.isAddressed(
                error, type.wireName, version, size: bytes.count, hasFields: hasFields(type, version))
        case .success(let message):
            try ExplanationCheck.agrees(explanation, with: nil)
            try RoundTrip(
                name: "\(type.wireName) v\(version)", isFlexible: type.flexible.contains(version),
                decode: { (bytes) throws(WireError) in try type.decode(bytes, version: version) },
                encode: { (message) throws(WireError) in try message.encode(version: version) },
                values: { (message) throws(WireError) in try message.values(version: version) }
            ).check(message, of: bytes)
        }
    }

    private static func hasFields<M: WireMessage>(_ type: M.Type, _ version: Int16) -> Bool {
        (try? type.init().values(version: version)) != .object([])
    }
}
