import KafkaWire

/// A record batch, or what looks like one, that bytes choose.
struct BatchChoice {
    private var options = RecordBatchBuilder.Options()
    private var count: Int
    private var size: Int
    private var damage: UInt8
    private var time: Int64 = 1_700_000_000_000
    /// How far each record's time lies behind the one before.
    private var step: Int64 = 1

    init(_ source: inout ByteSource, _ known: KnownValues) {
        let kind = source.next()
        count = [1, 1, 2, 5, 0, 1, 3, 40][Int(kind & 7)]
        size = kind & 8 == 0 ? 3 : 900
        if kind & 0x10 != 0 {
            let ids = known.producerIds + [0, 1]
            let choice = source.next()
            options.producerId = ProducerID(ids[Int(choice & 3) % ids.count])
            options.producerEpoch = ProducerEpoch(Int16(choice >> 2 & 3))
            options.baseSequence = Int32(source.next())
            if choice & 0x10 != 0 { options.marks = RecordBatch.Attributes(rawValue: choice & 0x20 == 0 ? 0x10 : 0x30) }
        }
        if kind & 0x20 != 0 {
            options.compression = Compression.allCases[Int(source.next()) % Compression.allCases.count]
        }
        let times = kind & 0x40 == 0 ? nil : source.next()
        damage = kind & 0x80 == 0 ? 0 : source.next()
        if let times { setTimes(times, &source) }
    }

    /// The times of the records, which the header follows, or the header's alone, which need not be theirs.
    private mutating func setTimes(_ byte: UInt8, _ source: inout ByteSource) {
        guard byte >= 0x80 else { return options.maxTimestamp = Int64(byte) - 100 }
        let values = Boundaries.integers(Int64.self)
        let value = values[Int(byte & 0x1F) % values.count]
        if byte & 0x20 == 0 { time = value } else { step = value }
        if byte & 0x40 != 0 { options.maxTimestamp = values[Int(source.next()) % values.count] }
    }

    mutating func records(_ source: inout ByteSource) -> Records? {
        if damage == 0xFF { return nil }
        if damage == 0xFE { return Records(source.slice(Int(source.next()))) }
        guard var bytes = try? batch() else { return nil }
        switch damage & 0xC0 {
        case 0 where damage == 0: break
        case 0: bytes.removeLast(min(bytes.count, Int(damage)))
        case 0x40: bytes += bytes
        case 0x80: bytes[Int(damage) * 7 % bytes.count] ^= 1 << (damage & 7)
        default: exaggerate(&bytes, &source)
        }
        return Records(Bytes(bytes))
    }

    /// One or five records are without keys, two or three with; of three the last is a tombstone.
    private func batch() throws(WireError) -> [UInt8] {
        var builder = RecordBatchBuilder()
        let value = [UInt8](repeating: 0x61, count: size)
        let hasKeys = count == 2 || count == 3 || count == 40
        for index in 0..<count {
            let key = hasKeys ? Array("k\(index % 2)".utf8) : nil
            let headers = count == 5 ? [RecordHeader("h", nil), RecordHeader("", [])] : []
            value.withUnsafeBytes { value in
                let isTombstone = count == 3 && index == 2
                let timestamp = time &+ Int64(index) &* step
                if let key {
                    key.withUnsafeBytes {
                        builder.append(
                            key: $0, value: isTombstone ? nil : value, headers: headers, timestamp: timestamp)
                    }
                } else {
                    builder.append(key: nil, value: value, headers: headers, timestamp: timestamp)
                }
            }
        }
        return try builder.finish(options)
    }

    /// Where the header's numbers stand, and how wide they are: base offset, length, leader epoch, last offset delta, base
    /// and maximum timestamp, producer id and epoch, base sequence, count, attributes.
    private static let fields = [
        (0, 8), (8, 4), (12, 4), (23, 4), (27, 8), (35, 8), (43, 8), (51, 2), (53, 4), (57, 4), (21, 2),
    ]

    /// Puts boundary values into the header, and the checksum right.
    private func exaggerate(_ bytes: inout [UInt8], _ source: inout ByteSource) {
        guard bytes.count >= 61 else { return }
        for _ in 0...(damage & 1) {
            let (place, width) = Self.fields[Int(source.next()) % Self.fields.count]
            let choice = Int(source.next())
            let value: Int64
            switch width {
            case 8: value = Self.pick(Int64.self, choice)
            case 4: value = Int64(Self.pick(Int32.self, choice))
            default: value = Int64(Self.pick(Int16.self, choice))
            }
            for index in 0..<width {
                bytes[place + index] = UInt8(truncatingIfNeeded: value >> Int64(8 * (width - 1 - index)))
            }
        }
        let sum = bytes.withUnsafeBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[21...])) }
        for index in 0..<4 { bytes[17 + index] = UInt8(truncatingIfNeeded: sum >> UInt32(8 * (3 - index))) }
    }

    private static func pick<N: FixedWidthInteger & SignedInteger>(_: N.Type, _ choice: Int) -> N {
        let values = Boundaries.integers(N.self)
        return values[choice % values.count]
    }
}
