import ChangeEvents
import Foundation

/// One record of `Fixtures/debezium`.
struct RecordedEvent {
    let key: String?
    let value: [UInt8]?
    let hasOldKey: Bool
    /// Of the header `ChangeEventDecoder.operationHeader`.
    var operation: UInt8?

    static let tables = ["dbserver1", "keyed", "bare", "bare-double", "bare-string"]

    static func file(_ name: String) throws -> [RecordedEvent] {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: "Fixtures/debezium/\(name).jsonl"), encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
            let headers = record["headers"] as? [[String]] ?? []
            return RecordedEvent(
                key: record["key"] as? String,
                value: (record["value"] as? String).map { Array($0.utf8) }
                    ?? (record["value_hex"] as? String).map(bytes),
                hasOldKey: headers.contains { $0.first == ChangeEventDecoder.oldKeyHeader },
                operation: headers.last { $0.first == ChangeEventDecoder.operationHeader }
                    .flatMap { bytes($0[1]).first })
        }
    }

    private static func bytes(_ hex: String) -> [UInt8] {
        let digits = Array(hex)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    static func table(_ name: String) throws -> [RecordedEvent] { try file("\(name).public.transactions") }

    /// A decoder that remembers the value's schema prefix (from the first time) and its shape (from the second).
    static func decoder(knowing value: [UInt8]) -> ChangeEventDecoder {
        var decoder = ChangeEventDecoder()
        for _ in 0..<3 { _ = decoder.decode(value) }
        return decoder
    }

    /// What Foundation's JSON parser makes of the value's envelope.
    var envelope: [String: Any]? {
        guard let value, let document = try? JSONSerialization.jsonObject(with: Data(value)) as? [String: Any] else {
            return nil
        }
        return document["payload"] as? [String: Any] ?? document
    }

    /// The cents of an `amount` as Foundation reads it.
    static func cents(_ amount: Any?) -> Int64? {
        if let number = amount as? NSNumber { return Int64((number.doubleValue * 100).rounded()) }
        guard let text = amount as? String else { return nil }
        if text.contains("."), let number = Double(text) { return Int64((number * 100).rounded()) }
        guard let bytes = Data(base64Encoded: text), let first = bytes.first else { return nil }
        return bytes.reduce(first >= 128 ? -1 : 0) { $0 * 256 + Int64($1) }
    }
}

extension ChangeEventDecoder {
    mutating func decode(_ text: String) -> ChangeEvent { decode(Array(text.utf8)) }

    mutating func decode(_ bytes: [UInt8], hasOldKey: Bool = false) -> ChangeEvent {
        bytes.withUnsafeBytes { decode($0, hasOldKey: hasOldKey) }
    }

    mutating func decode(_ event: RecordedEvent) -> ChangeEvent {
        guard let value = event.value else { return decode(nil as UnsafeRawBufferPointer?) }
        return value.withUnsafeBytes { decode($0, hasOldKey: event.hasOldKey) { event.operation } }
    }
}

extension ChangeEvent {
    var transaction: Transaction? { if case .transaction(let row) = self { row } else { nil } }
    var problem: Malformed.Problem? { if case .malformed(let flaw) = self { flaw.problem } else { nil } }
}
