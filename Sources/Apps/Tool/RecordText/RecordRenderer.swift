import KafkaWire

/// What a consumed record looks like in the output: one way to print it. `kw consume` chooses one by its options.
///
/// A renderer appends to a buffer of bytes, since values need not be text. It is asked for whole batches; where it has
/// nothing quicker, it prints their records one by one.
package protocol RecordRenderer: Sendable {
    /// Whether it prints the bytes of keys, or of values, so that text may stand in their place.
    func shows(_ side: RecordSide) -> Bool

    /// Appends the record. What was appended before a failure is taken back by the caller.
    func render(_ record: ShownRecord, of source: TopicPartition, into out: inout [UInt8]) throws(RenderFailure)

    /// Appends all records of the batch, and fails at the first that cannot be printed; false where that is no quicker
    /// than one by one, and nothing was appended.
    func render(whole batch: ConsumerBatch, into out: inout [UInt8]) -> Bool
}

extension RecordRenderer {
    package func shows(_ side: RecordSide) -> Bool { true }
    package func render(whole batch: ConsumerBatch, into out: inout [UInt8]) -> Bool { false }
}

/// A part of a record that may be text for people.
package enum RecordSide: String, Sendable, CaseIterable { case key, value }

/// A record as it is printed: with its key and its value, or with text in their place.
package struct ShownRecord: Sendable {
    private let record: Record
    package private(set) var key: Bytes?
    package private(set) var value: Bytes?

    package init(_ record: Record) {
        self.record = record
        key = record.key
        value = record.value
    }

    package subscript(side: RecordSide) -> Bytes? {
        get {
            switch side {
            case .key: key
            case .value: value
            }
        }
        set {
            switch side {
            case .key: key = newValue
            case .value: value = newValue
            }
        }
    }

    package var headers: [RecordHeader] { record.headers }
    package var offset: Offset { record.offset }
    package var timestamp: Int64 { record.timestamp }
    package var isAppendTime: Bool { record.isAppendTime }
}

/// Why a record cannot be printed, as a sentence without its place.
package struct RenderFailure: Error, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// Prints nothing (Kafka's `NoOpMessageFormatter`): to count records, or to see how fast they come.
package struct NoOutput: RecordRenderer {
    package init() {}

    package func shows(_ side: RecordSide) -> Bool { false }

    package func render(_ record: ShownRecord, of source: TopicPartition, into out: inout [UInt8]) {}
    package func render(whole batch: ConsumerBatch, into out: inout [UInt8]) -> Bool { true }
}

extension [UInt8] {
    /// Appends the digits of a number.
    mutating func append(decimal number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var rest = number.magnitude
        guard rest > 9 else { return append(UInt8(ascii: "0") + UInt8(rest)) }
        let start = count
        while rest > 0 {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        self[start...].reverse()
    }

    /// Appends text in UTF-8.
    mutating func append(text: String) { append(contentsOf: text.utf8) }

    /// Appends bytes as they are.
    mutating func append(_ bytes: Bytes) { bytes.withUnsafeBytes { append(contentsOf: $0) } }
}
