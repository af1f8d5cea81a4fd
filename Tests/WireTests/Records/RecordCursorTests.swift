import TestSupport
import Testing

@testable import KafkaWire

/// The quick ways of reading and writing records beside the plain ones, which stand here once more.
@Suite(.turn) struct RecordCursorTests {
    static let timestamps: [Int64] = [
        0, -1, 63, -64, 64, 8191, -8192, 8192, 1 << 20, 1 << 27, -1 << 34, 1 << 41, 1 << 48, 1 << 54, 1 << 55, -1 << 55,
        1 << 56, 1 << 62, .max, .min,
    ]
    static let offsets: [Int32] = [0, 1, 63, 64, -65, 8191, 8192, 1 << 20, 1 << 27, .max, .min, -1]
    static let sizes: [Int?] = [nil, 0, 1, 40, 53, 54, 55, 56, 57, 58, 63, 64, 100, 7900, 8000, 8191, 8192, 70_000]
    static let headers: [[RecordHeader]] = [
        [], [RecordHeader("", nil)], [RecordHeader("name", [1, 2])],
        (0..<70).map { RecordHeader("name \($0)", $0 % 3 == 0 ? nil : Bytes(utf8: "value")) },
    ]

    static let plain: [PlainRecord] = {
        var records = timestamps.map { PlainRecord(timestamp: $0, value: 100) }
        records += offsets.map { PlainRecord(offset: $0, value: 100) }
        for key in sizes { records += sizes.map { PlainRecord(key: key, value: $0) } }
        records += sizes.flatMap { size in headers.map { PlainRecord(key: size, value: 20, headers: $0) } }
        records += timestamps.flatMap { time in offsets.map { PlainRecord(timestamp: time, offset: $0, value: 54) } }
        return records
    }()

    /// In front of others it is read quickly, at the end of its batch slowly.
    @Test func aRecordIsReadTheSameWhereverItStands() throws {
        let filler = PlainRecord(value: 100)
        for record in Self.plain {
            for payload in [[record], [record, filler], [filler, record, filler, record]] {
                let found = try Self.decode(payload.flatMap { $0.bytes() }, count: payload.count)
                #expect(found.elementsEqual(payload) { $1.isSame($0) }, "\(record)")
            }
        }
    }

    @Test func aRecordIsWrittenTheSameWithAndWithoutHaste() throws {
        for record in Self.plain {
            var builder = RecordBatchBuilder(capacity: 64, baseTimestamp: 0)
            record.append(to: &builder)
            let bytes = try builder.finish()
            #expect(Array(bytes[RecordBatch.Layout.headerSize...]) == record.bytes(), "\(record)")
        }
    }

    /// Numbers may have more bytes than they need.
    @Test(arguments: 1...5) func numbersWithLeadingZerosAreRead(size: Int) throws {
        let record = PlainRecord(timestamp: 3, offset: 4, key: 5, value: 60, headers: Self.headers[2])
        let payload = record.bytes(numberSize: size) + PlainRecord(value: 100).bytes()
        #expect(record.isSame(try Self.decode(payload, count: 2)[0]))
    }

    /// Each at the beginning of a batch, where it is read quickly, and at its end.
    @Test(
        arguments: [
            ("a length of -1", [0x01]), ("a length of 0", [0x00]), ("a length of 5", [0x0A, 0, 0, 0, 1, 1]),
            ("a length of 2 GiB", [0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0, 0, 0, 1, 1, 0]),
            ("a length of six bytes", [0x8C, 0x80, 0x80, 0x80, 0x80, 0x00, 0, 0, 0, 1, 1, 0]),
            ("a length beyond 32 bits", [0x8C, 0x80, 0x80, 0x80, 0x10, 0, 0, 0, 1, 1, 0]),
            ("a length that is too low", [0x0C, 0, 0, 0, 1, 2, 9, 0]),
            ("a length that is too high", [0x10, 0, 0, 0, 1, 1, 0]),
            ("a key of -2", [0x0C, 0, 0, 0, 3, 1, 0]), ("a value of -2", [0x0C, 0, 0, 0, 1, 3, 0]),
            ("a key beyond the record", [0x0C, 0, 0, 0, 0x7E, 1, 0]),
            ("a value beyond the record", [0x0C, 0, 0, 0, 1, 0x7E, 0]),
            ("a value of 2 GiB", [0x14, 0, 0, 0, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F, 0]),
            ("-1 headers", [0x0C, 0, 0, 0, 1, 1, 1]), ("a header that is not there", [0x0C, 0, 0, 0, 1, 1, 2]),
            ("2^31 - 1 headers", [0x14, 0, 0, 0, 1, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0x0F]),
            ("a header without a name", [0x10, 0, 0, 0, 1, 1, 2, 1, 1]),
            ("a header's value of -2", [0x10, 0, 0, 0, 1, 1, 2, 0, 3]),
            ("a timestamp of eleven bytes", [0x20, 0] + [UInt8](repeating: 0x80, count: 10) + [0, 0, 1, 1, 0]),
            ("a timestamp beyond 64 bits", [0x1E, 0] + [UInt8](repeating: 0xFF, count: 9) + [2, 0, 1, 1, 0]),
            ("an offset of six bytes", [0x16, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x80, 0, 1, 1, 0]),
            ("a number that the record's end cuts", [0x0C, 0, 0, 0, 1, 1, 0x80]),
            ("numbers that never end", [UInt8](repeating: 0xFF, count: 40)),
        ] as [(String, [UInt8])])
    func aRecordThatCannotBeIsRefused(what: String, record: [UInt8]) {
        let filler = PlainRecord(value: 100).bytes()
        #expect(throws: WireError.self) { try Self.decode(record, count: 1) }
        #expect(throws: WireError.self) { try Self.decode(record + filler, count: 2) }
        #expect(throws: WireError.self) { try Self.decode(filler + record + filler, count: 3) }
    }

    @Test func everyPrefixOfABatchIsRefused() {
        let payload = (0..<4).flatMap { PlainRecord(timestamp: 9000, offset: $0, key: 3, value: 70).bytes() }
        for count in 0..<payload.count {
            #expect(throws: WireError.self) { try Self.decode(Array(payload[..<count]), count: 4) }
        }
    }

    @Test(arguments: [0, 2, 4, 5, 1 << 20, Int(Int32.max)]) func aFalseCountIsRefused(count: Int) throws {
        let payload = (0..<3).flatMap { _ in PlainRecord(value: 100).bytes() }
        #expect(throws: WireError.self) { try Self.decode(payload, count: count) }
    }

    /// Damaged batches: the same records, or refused, as a reader finds that takes one number after the other.
    @Test func damageIsFoundAsThePlainReaderFindsIt() throws {
        let records = [
            PlainRecord(timestamp: 70, offset: 0, key: nil, value: 100), PlainRecord(timestamp: 9000, value: nil),
            PlainRecord(timestamp: 1 << 50, offset: 2, key: 0, value: 64, headers: Self.headers[2]),
            PlainRecord(offset: 3, key: 20, value: 5), PlainRecord(offset: 8192, value: 30),
        ]
        let sound = records.flatMap { $0.bytes() }
        var random = Shuffle(state: 7)
        var accepted = 0
        for _ in 0..<40_000 {
            var payload = sound
            for _ in 0...random.next() % 3 {
                payload[Int(random.next() % UInt64(sound.count))] = [0, 1, 2, 0x7F, 0x80, 0xFF][Int(random.next() % 6)]
            }
            let wanted = PlainRecord.read(payload, count: records.count)
            let found = try? Self.decode(payload, count: records.count)
            #expect((found == nil) == (wanted == nil), "\(Bytes(payload))")
            guard let found, let wanted else { continue }
            accepted += 1
            let isSame = found.elementsEqual(wanted) {
                $0.timestampDelta == $1.timestamp && $0.offset.rawValue == Int64($1.offset) && $0.key == $1.key
                    && $0.value == $1.value && $0.headers == $1.headers
            }
            #expect(isSame, "\(Bytes(payload))")
        }
        #expect(accepted > 4000)
    }

    /// The records of an uncompressed batch with that payload.
    static func decode(_ payload: [UInt8], count: Int) throws -> DecodedRecords {
        var builder = RecordBatchBuilder(capacity: 64, baseTimestamp: 0)
        var bytes = try builder.finish() + payload
        func patch(_ value: Int, at offset: Int) {
            withUnsafeBytes(of: Int32(value).bigEndian) { bytes.replaceSubrange(offset..<offset + 4, with: $0) }
        }
        patch(bytes.count - RecordBatch.Layout.overhead, at: RecordBatch.Layout.length)
        patch(count, at: RecordBatch.Layout.count)
        return try #require(try RecordBatch(Bytes(bytes))).records()
    }
}

/// A record as its definition says (Kafka's documentation, "Record"), without haste.
struct PlainRecord: CustomStringConvertible {
    var timestamp: Int64 = 0
    var offset: Int32 = 0
    var key: Int?
    var value: Int?
    var headers: [RecordHeader] = []

    var description: String {
        "timestamp \(timestamp), offset \(offset), key \(key ?? -1), value \(value ?? -1), \(headers.count) headers"
    }

    func isSame(_ record: Record) -> Bool {
        record.timestampDelta == timestamp && record.offset.rawValue == Int64(offset)
            && record.key == key.map(Self.content)
            && record.value == value.map(Self.content) && record.headers == headers
    }

    func append(to builder: inout RecordBatchBuilder) {
        func part(_ size: Int?, _ body: (UnsafeRawBufferPointer?) -> Void) {
            if let size { Self.content(size).withUnsafeBytes { body($0) } } else { body(nil) }
        }
        part(key) { key in
            part(value) { value in
                if headers.isEmpty, offset == 0 {
                    builder.append(key: key, value: value, timestamp: timestamp)
                } else {
                    builder.append(
                        key: key, value: value, headers: headers, timestamp: timestamp, offsetDelta: offset)
                }
            }
        }
    }

    /// The bytes; with a `numberSize`, the record's 32-bit numbers have that many bytes at least.
    func bytes(numberSize: Int = 1) -> [UInt8] {
        func number(_ value: Int) -> [UInt8] { Self.varint(Int64(value), atLeast: numberSize) }
        func part(_ bytes: Bytes?) -> [UInt8] { number(bytes?.count ?? -1) + (bytes?.copy() ?? []) }
        var body: [UInt8] = [0] + Self.varint(timestamp, atLeast: 1) + number(Int(offset))
        body += part(key.map(Self.content)) + part(value.map(Self.content)) + number(headers.count)
        for header in headers { body += part(Bytes(utf8: header.key)) + part(header.value) }
        return number(body.count) + body
    }

    static func content(_ size: Int) -> Bytes { Bytes((0..<size).map { UInt8(truncatingIfNeeded: $0) }) }

    private static func varint(_ value: Int64, atLeast size: Int) -> [UInt8] {
        var rest = UInt64(bitPattern: (value << 1) ^ (value >> 63))
        var bytes: [UInt8] = []
        while rest >= 0x80 || bytes.count + 1 < size {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    struct Found {
        var timestamp: Int64
        var offset: Int32
        var key: Bytes?
        var value: Bytes?
        var headers: [RecordHeader]
    }

    /// All records of a payload, or nil where it is not sound.
    static func read(_ payload: [UInt8], count: Int) -> [Found]? {
        var reader = ByteReader(Bytes(payload))
        var found: [Found] = []
        for _ in 0..<count {
            guard let length = try? reader.varint(), length >= 0, let body = try? reader.slice(Int(length)) else {
                return nil
            }
            var inner = ByteReader(body)
            guard let record = try? read(&inner), inner.remaining == 0 else { return nil }
            found.append(record)
        }
        return reader.remaining == 0 ? found : nil
    }

    private static func read(_ reader: inout ByteReader) throws -> Found? {
        func part() throws -> Bytes?? {
            let length = Int(try reader.varint())
            if length == -1 { return .some(nil) }
            return length < 0 ? nil : .some(try reader.slice(length))
        }
        try reader.skip(1)
        let timestamp = try reader.varlong()
        let offset = try reader.varint()
        guard let key = try part(), let value = try part() else { return nil }
        let count = try reader.varint()
        guard count >= 0 else { return nil }
        var headers: [RecordHeader] = []
        for _ in 0..<count {
            guard let name = try part(), let name, let value = try part() else { return nil }
            headers.append(RecordHeader(name.text, value))
        }
        return Found(timestamp: timestamp, offset: offset, key: key, value: value, headers: headers)
    }
}

/// A sequence of numbers that is the same in every run (Knuth's MMIX constants).
private struct Shuffle {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
