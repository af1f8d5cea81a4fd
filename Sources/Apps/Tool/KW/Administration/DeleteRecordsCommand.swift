import ArgumentParser
import JSONLines
import KafkaWire
import ToolKit

/// `kw delete-records`: deletes what lies before an offset, as `kafka-delete-records` does.
struct DeleteRecordsCommand: ToolCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete-records", abstract: "Delete the records of partitions before an offset.",
        discussion: """
            The file names the offsets; -1 is the end of the partition. A dash is standard input.

              {"partitions": [{"topic": "orders", "partition": 0, "offset": 42}], "version": 1}
            """)

    @OptionGroup var cluster: ClusterOptions
    @OptionGroup var refused: RefusedOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("The JSON file with the offsets.", valueName: "file"))
    var offsetJsonFile: String

    func perform(_ tool: Tool) async throws {
        let offsets = try Self.offsets(
            String(decoding: try FileContent.bytes(offsetJsonFile), as: UTF8.self), in: offsetJsonFile)
        let admin = try await tool.admin(cluster)
        if !output.json { tool.console.line("Executing records delete operation") }
        let results = await admin.deleteRecords(before: offsets)
        if !output.json { tool.console.line("Records delete operation completed:") }
        var failures = Failures()
        var done: [String] = []
        // Kafka's tool has no order: that of Java's immutable maps is another one in each run.
        for (partition, result) in results.sorted(by: { $0.key < $1.key }) {
            guard let low = failures.take(result) else { continue }
            if output.json {
                done.append(
                    JSONText.object([
                        ("topic", JSONText.string(partition.topic)), ("partition", "\(partition.partition)"),
                        ("lowWatermark", "\(low)"),
                    ]))
            } else {
                tool.console.line("partition: \(tool.shown("\(partition)"))\tlow_watermark: \(low)")
            }
        }
        if output.json { tool.console.line(JSONText.array(done)) }
        try failures.finish()
    }

    /// The offsets that a file names.
    static func offsets(_ text: String, in file: String) throws(ToolFailure) -> [TopicPartition: Offset] {
        func wrong(_ what: String) -> ToolFailure {
            ToolFailure(
                "\(file): \(what); it looks like {\"partitions\": [{\"topic\": \"orders\", \"partition\": 0, "
                    + "\"offset\": 42}], \"version\": 1}")
        }
        guard let document = JSON(text) else { throw wrong("this is no JSON") }
        if document["version"] != .null, document["version"].number != 1 { throw wrong("the version must be 1") }
        guard case .array(let entries) = document["partitions"] else { throw wrong("there is no list \"partitions\"") }
        var offsets: [TopicPartition: Offset] = [:]
        for (index, entry) in entries.enumerated() {
            guard let topic = entry["topic"].text, let number = entry["partition"].number.flatMap(Int32.init(exactly:)),
                let offset = entry["offset"].number
            else { throw wrong("entry \(index + 1) needs a topic, a partition and an offset") }
            let partition = TopicPartition(topic, PartitionID(number))
            guard offsets.updateValue(Offset(offset), forKey: partition) == nil else {
                throw ToolFailure("\(file): partition \(partition) is named twice")
            }
        }
        return offsets
    }
}
