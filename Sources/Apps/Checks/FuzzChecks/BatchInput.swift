import KafkaWire

/// Makes record batches of an input, so that a fuzzer gets behind lengths, checksums and codecs.
///
/// The first byte's low two bits say how; bits 2 to 4 are a codec; bit 5 chooses magic 1 over 0, and log append time
/// over create time; bit 6 asks for a message of the old formats; the rest follows, behind a count of records where a
/// header is made.
struct BatchInput {
    enum Way: UInt8 {
        /// The bytes are batches, and stay as they are.
        case raw
        /// The bytes are batches whose lengths and checksums are put right.
        case repaired
        /// The bytes are what the codec packed; a header goes in front.
        case wrapped
        /// The bytes are records; they are packed, and a header goes in front.
        case packed
    }

    let way: Way
    /// The batches.
    let bytes: Bytes

    /// Nil for inputs that make nothing.
    init?(_ input: Bytes) {
        guard input.count >= 2, let way = Way(rawValue: input[0] & 3) else { return nil }
        self.way = way
        let rest = input[1..<input.count]
        switch way {
        case .raw: bytes = rest
        case .repaired: bytes = Bytes(Self.repaired(rest.copy()))
        case .wrapped, .packed:
            let marks = input[0] >> 2
            var content = rest[1..<rest.count].copy()
            if way == .packed {
                guard let codec = Compression(rawValue: marks & 7),
                    let packed = try? content.withUnsafeBytes({ (bytes) throws(WireError) in try codec.compress(bytes) }
                    )
                else { return nil }
                content = packed
            }
            let made =
                marks & 0x10 == 0
                ? Self.batch(content, codec: marks & 7, isAppendTime: marks & 8 != 0, count: input[1])
                : Self.message(content, codec: marks & 7, magic: marks & 8 == 0 ? 0 : 1)
            bytes = Bytes(Self.repaired(made))
        }
    }

    private typealias Layout = RecordBatch.Layout
    /// Where the magic stands in every format, and where the checksum does in the newest.
    private static let magicPlace = 16
    private static let crcPlace = 17

    /// A batch with `content` behind its header.
    private static func batch(_ content: [UInt8], codec: UInt8, isAppendTime: Bool, count: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Layout.headerSize)
        bytes[magicPlace] = 2
        bytes[Layout.attributes + 1] = codec | (isAppendTime ? 8 : 0)
        bytes[Layout.headerSize - 1] = count
        return bytes + content
    }

    /// A message of magic 0 or 1, without a key, whose value is `content`.
    private static func message(_ content: [UInt8], codec: UInt8, magic: UInt8) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: 16) + [magic, codec]
        if magic == 1 { bytes += [UInt8](repeating: 0, count: 8) }
        bytes += [0xFF, 0xFF, 0xFF, 0xFF]
        return bytes + bigEndian(content.count) + content
    }

    /// The same batches with lengths that fit and checksums that are right, as far as there are batches.
    private static func repaired(_ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        var at = 0
        while bytes.count - at > magicPlace {
            let isOld = bytes[at + magicPlace] < 2
            let smallest = isOld ? 18 : Layout.headerSize
            guard bytes.count - at >= smallest else { break }
            var size = Int(bytes[at + 8..<at + 12].reduce(0 as UInt32) { $0 << 8 | UInt32($1) }) + Layout.overhead
            if size < smallest || size > bytes.count - at {
                size = bytes.count - at
                bytes.replaceSubrange(at + 8..<at + 12, with: bigEndian(size - Layout.overhead))
            }
            let batch = Bytes(bytes)[at..<at + size]
            let crc =
                isOld ? checksumOfOldMessage(batch) : CRC32C.checksum(batch[Layout.attributes..<size])
            let place = at + (isOld ? 12 : crcPlace)
            bytes.replaceSubrange(place..<place + 4, with: bigEndian(Int(crc)))
            at += size
        }
        return bytes
    }

    private static func checksumOfOldMessage(_ message: Bytes) -> UInt32 {
        ((try? RecordBatch(message)) ?? nil)?.computedCRC ?? 0
    }

    private static func bigEndian(_ number: Int) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}
