import ChangeEvents
import JSONLines
import KafkaBroker
import KafkaWire

/// Which messages of a topic are asked for, and finding them.
struct MessageQuery {
    /// What is wrong with a query.
    struct Refusal: Error {
        var sentence: String
    }

    /// More messages than that are not given at once.
    private static let mostMessages = 200
    /// How much of the logs is read for one answer, in bytes; of each partition at least one batch.
    private static let mostBytes = 4 << 20
    /// More partitions are not read for one answer.
    private static let mostPartitions = 1000
    /// More bytes of messages are not looked into and given at once. One message is always given.
    private static let mostShown = 8 << 20

    private let topic: String
    /// Where to begin in each partition that is asked about.
    private let starts: [(partition: PartitionID, offset: Offset)]
    private let count: Int
    /// How many messages lie between what was shown last and where this answer begins.
    private let passedOver: Int64

    init(_ query: [String: String], of topic: KafkaBroker.TopicInfo) throws(Refusal) {
        self.topic = topic.name
        guard let count = Int(query["count"] ?? "50"), (1...Self.mostMessages).contains(count) else {
            throw Refusal(sentence: "count is a number from 1 to \(Self.mostMessages).")
        }
        self.count = count
        let only = try Self.number(query["partition"], "partition")
        if let only, !topic.partitions.indices.contains(Int(only)) {
            throw Refusal(sentence: "Topic \(topic.name) has partitions 0 to \(topic.partitions.count - 1).")
        }
        guard only != nil || topic.partitions.count <= Self.mostPartitions else {
            throw Refusal(
                sentence:
                    "Topic \(topic.name) has \(topic.partitions.count) partitions, more than are read at once: choose "
                    + "one, as in partition=0.")
        }
        let offset = try Self.number(query["offset"], "offset")
        let cursor = try Self.cursor(query["cursor"])
        // Who follows wants what is new, not to be ever further behind where more comes than is given at once.
        let follows = query["follow"] != nil
        var passedOver: Int64 = 0
        starts = topic.partitions.enumerated().filter { only == nil || only == Int64($0.offset) }.map {
            index, partition in
            let last = partition.endOffset.rawValue - Int64(count)
            let wanted = cursor[Int64(index)] ?? offset ?? last
            let start = follows ? max(wanted, last) : wanted
            passedOver = passedOver.addingSaturated(start.subtractingSaturated(wanted))
            return (PartitionID(index: index), max(Offset(start), partition.startOffset))
        }
        self.passedOver = passedOver
    }

    private static func number(_ text: String?, _ name: String) throws(Refusal) -> Int64? {
        guard let text, !text.isEmpty else { return nil }
        guard let number = Int64(text), number >= 0 else { throw Refusal(sentence: "\(name) is a number from 0 on.") }
        return number
    }

    /// `0:17,1:4`
    private static func cursor(_ text: String?) throws(Refusal) -> [Int64: Int64] {
        var cursor: [Int64: Int64] = [:]
        for item in (text ?? "").split(separator: ",") {
            let parts = item.split(separator: ":").compactMap { Int64($0) }
            guard parts.count == 2, parts.allSatisfy({ $0 >= 0 }) else {
                throw Refusal(sentence: "cursor is a list such as 0:17,1:4.")
            }
            cursor[parts[0]] = parts[1]
        }
        return cursor
    }

    /// The messages, those of a partition in their order and those of several by their times, and where the next ones begin. Of several partitions the newest count
    /// messages are given; `skipped` says how many were left out before them.
    func answer(_ broker: any ShownBroker) async -> String {
        var found: [Message] = []
        var (skipped, next) = (0, Dictionary(starts.map { ($0.partition, $0.offset) }) { $1 })
        let share = max(4 << 10, Self.mostBytes / max(starts.count, 1))
        for start in starts {
            let batches = await broker.batches(
                topic: topic, partition: start.partition, from: start.offset, maxBytes: share)
            var room = count
            var place = Int64.min
            for batch in batches where room > 0 {
                var messages = Message.all(in: batch, of: start.partition, from: start.offset).prefix(room)
                for index in messages.indices { messages[index].follow(&place) }
                found += messages
                room -= messages.count
                if let last = messages.last { next[start.partition] = last.offset + 1 }
            }
            // Of what will not be given nothing is kept, so that the partitions' batches are not in memory together.
            found.sort()
            skipped += max(0, found.count - count)
            found = found.suffix(count)
        }
        let shown = Self.json(found)
        skipped += found.count - shown.count
        return JSONText.object([
            ("topic", JSONText.string(topic)),
            ("messages", JSONText.array(shown)),
            ("skipped", "\(Int64(skipped).addingSaturated(passedOver))"),
            (
                "next",
                JSONText.object(next.sorted { $0.key < $1.key }.map { ("\($0.key)", "\($0.value)") })
            ),
        ])
    }

    /// The newest of the messages, as many as there is room for.
    private static func json(_ messages: [Message]) -> [String] {
        var decoder = ChangeEventDecoder()
        var shown: [String] = []
        var room = mostShown
        for message in messages.reversed() {
            guard room > 0, shown.isEmpty || message.size <= room else { break }
            let text = message.json(&decoder)
            room -= message.size + text.utf8.count
            shown.append(text)
        }
        return shown.reversed()
    }
}
