import ChangeText
import JSONLines
import KafkaWire
import Testing

/// The records of `Fixtures/debezium`, which a real Debezium wrote.
struct RecordedChange {
    var partition: PartitionID
    var offset: Offset
    var timestamp: Int64
    var key: Bytes?
    var value: Bytes?
    var headers: [RecordHeader]

    static let tables = ["dbserver1", "bare", "bare-double", "bare-string", "keyed"]

    static func all(_ name: String) throws -> [RecordedChange] {
        try lines(name).map { record in
            RecordedChange(
                partition: PartitionID(index: Int(try #require(record["partition"].number))),
                offset: Offset(try #require(record["offset"].number)),
                timestamp: try #require(record["timestamp"].number),
                key: bytes(record, "key"), value: bytes(record, "value"),
                headers: record["headers"].elements.map { header in
                    RecordHeader(header.elements[0].text ?? "", header.elements[1].text.map { Bytes(hex($0)) })
                })
        }
    }

    /// The texts of the schemas by which the values of `avro` and `avro-forms` are written, by their ids.
    static func schemas() throws -> [Int32: String] {
        var schemas: [Int32: String] = [:]
        for line in try lines("avro.schemas") {
            let schema: String = try #require(line["schema"].text)
            schemas[Int32(try #require(line["id"].number))] = schema
        }
        return schemas
    }

    private static func lines(_ name: String) throws -> [JSON] {
        let folder = String(#filePath.dropLast("Tests/ToolTests/Changes/RecordedChanges.swift".count))
        let content = try FileContent.bytes(folder + "Fixtures/debezium/\(name).jsonl")
        return try FileContent.lines(content).map { try #require(JSON($0.text)) }
    }

    private static func bytes(_ record: JSON, _ name: String) -> Bytes? {
        record[name].text.map { Bytes(utf8: $0) } ?? record[name + "_hex"].text.map { Bytes(hex($0)) }
    }

    private static func hex(_ text: String) -> [UInt8] {
        let digits = Array(text)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...$0 + 1]), radix: 16) }
    }

    func lines(_ printer: inout ChangePrinter) -> [String] {
        printer.lines(
            topic: "t", partition: partition, offset: offset, timestamp: timestamp, key: key, value: value,
            headers: headers)
    }

    func json(_ printer: inout ChangePrinter) -> String {
        printer.json(
            topic: "t", partition: partition, offset: offset, timestamp: timestamp, key: key, value: value,
            headers: headers)
    }
}

/// Prints without depending on the machine's time zone.
func plainPrinter(width: Int? = nil, verbose: Bool = false) -> ChangePrinter {
    var options = ChangePrinter.Options()
    options.width = width
    options.isVerbose = verbose
    options.time = { "@\($0)" }
    return ChangePrinter(options)
}
