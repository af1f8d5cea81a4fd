import KafkaWire

/// Structures with versions of their own: the first byte says which, the second the version; with its highest bit set,
/// the version is read from the two bytes behind it, as it travels.
enum EmbeddedCheck {
    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard input.count >= 2 else { return }
        let body = input[2..<input.count]
        let version = input[1] & 0x80 == 0 ? Int16(input[1]) : nil
        switch input[0] {
        case 0: try embedded(ConsumerProtocolSubscription.self, body, version, memory)
        case 1: try embedded(ConsumerProtocolAssignment.self, body, version, memory)
        case 2: try embedded(ControlRecordTypeSchema.self, body, version, memory)
        case 3: try embedded(EndTxnMarker.self, body, version, memory)
        case 4: try embedded(LeaderChangeMessage.self, body, version, memory)
        case 5: try header(RequestHeader.self, body, Int16(input[1]), memory)
        case 6: try header(ResponseHeader.self, body, Int16(input[1]), memory)
        default: return
        }
    }

    private static func embedded<E: EmbeddedMessage>(
        _ type: E.Type, _ bytes: Bytes, _ version: Int16?, _ memory: MemoryMeter
    ) throws(Finding) {
        guard let version else { return try versioned(type, bytes, memory) }
        let decoded = try memory.bound("decoding \(type.wireName)", bytes.count, perByte: 128) {
            outcome { () throws(WireError) in try type.decode(bytes, version: version) }
        }
        guard type.versions.contains(version) else {
            guard case .failure(let error) = decoded else { throw Finding("\(type.wireName) has no v\(version)") }
            return try ErrorCheck.isAddressed(error, type.wireName, version, size: bytes.count, hasFields: true)
        }
        let explanation = Explanation(embedded: bytes, of: type, version: version)
        try ExplanationCheck.covers(explanation, bytes)
        switch decoded {
        case .failure(let error):
            try ExplanationCheck.agrees(explanation, with: error)
            try ErrorCheck.isAddressed(error, type.wireName, version, size: bytes.count, hasFields: true)
        case .success(let value):
            try ExplanationCheck.agrees(explanation, with: nil)
            try RoundTrip(
                name: "\(type.wireName) v\(version)", isFlexible: type.flexible.contains(version),
                decode: { (bytes) throws(WireError) in try type.decode(bytes, version: version) },
                encode: { (value) throws(WireError) in try value.encode(version: version) },
                values: { (value) throws(WireError) in try value.values(version: version, flexible: type.flexible) }
            ).check(value, of: bytes)
        }
    }

    /// Behind its own version, which may be a newer one than is known here.
    private static func versioned<E: EmbeddedMessage>(
        _ type: E.Type, _ bytes: Bytes, _ memory: MemoryMeter
    ) throws(Finding) {
        let decoded = try memory.bound("decoding \(type.wireName)", bytes.count, perByte: 128) {
            outcome { () throws(WireError) in try type.decodeVersioned(bytes) }
        }
        let stated = bytes.count < 2 ? -1 : Int16(bytes[0]) << 8 | Int16(bytes[1])
        switch decoded {
        case .failure(let error):
            try ErrorCheck.isAddressed(error, type.wireName, stated, size: bytes.count, hasFields: true)
        case .success(let value):
            let layout = min(stated, type.versions.upperBound)
            try RoundTrip(
                name: "\(type.wireName) behind version \(stated)", isFlexible: true,
                decode: { (bytes) throws(WireError) in try type.decodeVersioned(bytes) },
                encode: { (value) throws(WireError) in try value.encodeVersioned(version: layout) },
                // Written in order, whatever the order that was read: the values are compared once in order.
                values: { (value) throws(WireError) in
                    try type.decodeVersioned(Bytes(try value.encodeVersioned(version: layout)))
                        .values(version: layout, flexible: type.flexible)
                }
            ).check(value, of: bytes)
        }
    }

    private static func header<H: WireMessageHeader>(
        _ type: H.Type, _ bytes: Bytes, _ version: Int16, _ memory: MemoryMeter
    ) throws(Finding) {
        guard type.versions.contains(version) else { return }
        let decoded = try memory.bound("decoding \(type.wireName)", bytes.count, perByte: 128) {
            outcome { () throws(WireError) in try type.decodePrefix(bytes, version: version) }
        }
        switch decoded {
        case .failure(let error):
            try ErrorCheck.isAddressed(error, type.wireName, version, size: bytes.count, hasFields: true)
        case .success(let (value, size)):
            let used = bytes[0..<size]
            let explanation = Explanation(header: used, of: type, version: version)
            try ExplanationCheck.covers(explanation, used)
            try ExplanationCheck.agrees(explanation, with: nil)
            try RoundTrip(
                name: "\(type.wireName) v\(version)", isFlexible: type.flexible.contains(version),
                decode: { (bytes) throws(WireError) in try type.decodePrefix(bytes, version: version).header },
                encode: { (value) throws(WireError) in
                    try value.encode(into: ByteWriter(), version: version).array()
                },
                values: { (value) throws(WireError) in try value.values(version: version, flexible: type.flexible) }
            ).check(value, of: used)
        }
    }
}
