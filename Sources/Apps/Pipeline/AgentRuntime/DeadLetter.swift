import ChangeEvents
import KafkaWire

/// An event that could not be used, as a record of the dead-letter topic: key, value and headers as they were, and behind them
/// headers that say why, by whom, and from where. Names that every dead letter has are those of ``RetryPolicy/Header``.
struct DeadLetter {
    /// What agents say besides.
    enum Header {
        /// The agent's name.
        static let agent = "agent.name"
        /// What is wrong, in one word: `null`, `truncated`, …
        static let problem = "agent.problem"
        /// The field of the event that it is wrong with, where it is one.
        static let field = "agent.field"
        /// Where in the value, in bytes from its start.
        static let byte = "agent.byte"
        /// What of the event was too large to go along; it stands at its place of origin.
        static let leftOut = "agent.left-out"
    }

    /// What fits into a request of the producer's and a topic's `max.message.bytes`, as both are by default, with room for what is
    /// said here.
    static let largest = 1_040_000

    var record: Record
    var source: TopicPartition
    var flaw: Malformed

    /// As it is produced by that agent at `now`, in milliseconds since 1970.
    func produced(to topic: String, by agent: String, now: Int64) -> ProducerRecord {
        // Copies: a slice would keep all of its batch for as long as the letter waits.
        var letter = ProducerRecord(
            topic: topic, key: record.key?.alone, value: record.value?.alone,
            headers: record.headers.map { RecordHeader($0.key, $0.value?.alone) })
        var leftOut: [String] = []
        if letter.size > Self.largest, let value = letter.value {
            leftOut.append("value (\(value.count) bytes)")
            letter.value = nil
        }
        if letter.size > Self.largest {
            leftOut.append("headers (\(letter.headers.count))")
            letter.headers = []
        }
        if letter.size > Self.largest, let key = letter.key {
            leftOut.append("key (\(key.count) bytes)")
            letter.key = nil
        }
        func say(_ name: String, _ value: String) { letter.headers.append(RecordHeader(name, Bytes(utf8: value))) }
        say(RetryPolicy.Header.topic, source.topic)
        say(RetryPolicy.Header.partition, "\(source.partition)")
        say(RetryPolicy.Header.offset, "\(record.offset)")
        say(RetryPolicy.Header.timestamp, "\(record.timestamp)")
        say(RetryPolicy.Header.attempts, "1")
        say(RetryPolicy.Header.cause, flaw.reason)
        say(RetryPolicy.Header.causeType, "Malformed")
        say(RetryPolicy.Header.failed, "\(now)")
        say(Header.agent, agent)
        say(Header.problem, flaw.problem.word)
        if let field = flaw.problem.field { say(Header.field, field.rawValue) }
        say(Header.byte, "\(flaw.offset)")
        if !leftOut.isEmpty { say(Header.leftOut, leftOut.joined(separator: ", ")) }
        return letter
    }
}

extension Bytes {
    /// The same bytes in an array of their own.
    fileprivate var alone: Bytes { Bytes(copy()) }
}

extension ProducerRecord {
    /// How much memory it takes, and about how much of a request.
    var size: Int {
        headers.reduce(64 + (key?.count ?? 0) + (value?.count ?? 0)) {
            $0 + $1.key.utf8.count + ($1.value?.count ?? 0) + 8
        }
    }
}
