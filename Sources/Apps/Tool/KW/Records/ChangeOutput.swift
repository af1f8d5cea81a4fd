import ChangeText
import KafkaWire
import RecordText
import ToolKit

/// Debezium's change events as people read them, or as JSON: what was done to which row, and what changed from what to
/// what. It learns from each event what the columns are, which helps with those that come without a schema.
struct ChangeOutput: RecordRenderer {
    private let printer: Locked<ChangePrinter>
    private let isJSON: Bool

    init(_ tool: Tool, isVerbose: Bool, isJSON: Bool) {
        var options = ChangePrinter.Options()
        options.width = tool.width
        options.isVerbose = isVerbose
        let console = tool.console
        options.paint = { console.paint($0, $1) }
        printer = Locked(ChangePrinter(options))
        self.isJSON = isJSON
    }

    func render(_ record: ShownRecord, of source: TopicPartition, into out: inout [UInt8]) {
        let lines = printer.withLock { printer in
            isJSON
                ? [
                    printer.json(
                        topic: source.topic, partition: source.partition, offset: record.offset,
                        timestamp: record.timestamp, key: record.key, value: record.value, headers: record.headers)
                ]
                : printer.lines(
                    topic: source.topic, partition: source.partition, offset: record.offset,
                    timestamp: record.timestamp, key: record.key, value: record.value, headers: record.headers)
        }
        for line in lines {
            out.append(contentsOf: line.utf8)
            out.append(UInt8(ascii: "\n"))
        }
    }
}
