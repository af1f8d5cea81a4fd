import KafkaWire

/// How far records' times may lie from the broker's (Kafka's `LogValidator`): `message.timestamp.before.max.ms` and
/// `message.timestamp.after.max.ms`.
struct TimeBounds: Equatable {
    /// In milliseconds since 1970, like the times that are held against it.
    var now: Int64
    /// How far behind `now` a time may lie.
    var before: Int64
    /// How far ahead.
    var after: Int64

    /// What "no time" is to Kafka, and lies within all bounds.
    static let noTime: Int64 = -1

    /// Whether a record may have this time. Differences go round at the ends of 64 bits as they do in Kafka: the least
    /// time of all lies far ahead, and is let in where nothing lies too far ahead.
    func allow(_ time: Int64) -> Bool {
        if time == Self.noTime { return true }
        let age = now &- time
        return age <= before && 0 &- age <= after
    }

    /// Why a record may not have this time, or nil.
    func objection(to time: Int64) -> String? {
        if allow(time) { return nil }
        return
            "the timestamp \(time) is more than message.timestamp.before.max.ms (\(before)) behind the broker's time, "
            + "\(now), or more than message.timestamp.after.max.ms (\(after)) ahead of it"
    }
}

/// A walk over the records of a batch that is not packed, which looks at nothing but their lengths and times.
struct RecordWalk {
    /// Whether the records' lengths lead exactly to the batch's end, in as many steps as the header counts records.
    private(set) var isWhole = false
    /// Whether all of the records' times lie within the bounds.
    private(set) var isTimely = true
    /// The highest of their times; -1 where all lie before 1970, as in Kafka.
    private(set) var highest = TimeBounds.noTime

    init(_ batch: RecordBatch, _ bounds: TimeBounds) {
        let base = batch.baseTimestamp
        let expected = batch.recordCount
        (isWhole, isTimely, highest) = batch.bytes.withUnsafeBytes { raw in
            var at = RecordBatch.Layout.headerSize
            var count: Int32 = 0
            var isTimely = true
            var highest = TimeBounds.noTime
            while at < raw.count {
                // Zig-zag; the smallest record has six bytes (Kafka's `DefaultRecord`).
                guard let length = Self.varint(raw, &at, bits: 35), length & 1 == 0 else { break }
                let size = length >> 1
                guard size >= 6, size <= UInt64(raw.count - at), count < expected else { break }
                let end = at + Int(size)
                at += 1
                guard let delta = Self.varint(raw, &at, bits: 70), at < end else { break }
                let time = base &+ Int64(bitPattern: delta >> 1 ^ (0 &- (delta & 1)))
                if time > highest { highest = time }
                if !bounds.allow(time) { isTimely = false }
                at = end
                count += 1
            }
            return (at == raw.count && count == expected, isTimely, highest)
        }
    }

    /// A varint of at most `bits` bits in bytes of seven, before zig-zag; nil where it does not end.
    @inline(__always)
    private static func varint(_ raw: UnsafeRawBufferPointer, _ at: inout Int, bits: UInt64) -> UInt64? {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while at < raw.count, shift < bits {
            let byte = raw[at]
            at += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        return nil
    }
}
