/// Where a record goes that could not be processed: to the next of a topic's retry topics, whose records are processed
/// again after a while, and in the end to its dead-letter topic. A value; ``RetryForwarder`` sends.
///
/// With two delays, what fails in `orders` goes to `orders.retry.1`, from there to `orders.retry.2`, and from there to
/// `orders.dead-letter`. Whoever reads `orders` waits for none of them.
public struct RetryPolicy: Sendable, Equatable {
    /// How long a record rests before each try; as many retry topics there are. Empty: it goes to the dead letters at
    /// once. Default: 10 seconds, one minute, ten minutes.
    public var delays: [Duration]
    /// What stands between a topic's name and the number of the try. Default `.retry.`.
    public var retryInfix = ".retry."
    /// What stands behind a topic's name. Default `.dead-letter`.
    public var deadLetterSuffix = ".dead-letter"

    /// A policy with these delays.
    public init(delays: [Duration] = [.seconds(10), .seconds(60), .seconds(600)]) { self.delays = delays }

    /// The headers that a record gets on its way. Its own stay.
    public enum Header {
        /// How often it has failed: 1, 2, …
        public static let attempts = "retry.attempts"
        /// Why it failed the last time: the error as text, of at most 1024 bytes.
        public static let cause = "retry.cause"
        /// The error's type.
        public static let causeType = "retry.cause.type"
        /// The topic that it was written to first.
        public static let topic = "retry.origin.topic"
        /// Its partition there.
        public static let partition = "retry.origin.partition"
        /// Its offset there.
        public static let offset = "retry.origin.offset"
        /// Its timestamp there, in milliseconds since 1970.
        public static let timestamp = "retry.origin.timestamp"
        /// When it failed, in milliseconds since 1970.
        public static let failed = "retry.failed"
        /// It is not to be processed before, in milliseconds since 1970. Dead letters have none.
        public static let notBefore = "retry.not-before"

        static let all: Set<String> = [
            attempts, cause, causeType, topic, partition, offset, timestamp, failed, notBefore,
        ]
    }

    /// The topics that records of `topic` may go to, in their order, the dead letters' last: they have to be created, and
    /// all but the last to be read.
    public func topics(for topic: String) -> [String] {
        (0..<delays.count).map { retryTopic(topic, $0 + 1) } + [topic + deadLetterSuffix]
    }

    private func retryTopic(_ topic: String, _ attempt: Int) -> String { topic + retryInfix + "\(attempt)" }

    /// The record to send for one that has failed at `now`, in milliseconds since 1970.
    ///
    /// - Parameter mayPass: False sends it to the dead letters at once: trying again cannot help.
    public func forwarded(
        _ record: ConsumerRecord, because error: any Error, mayPass: Bool = true, now: Int64
    ) -> ProducerRecord {
        let headers = record.headers
        let attempts = max(0, Self.number(headers, Header.attempts) ?? 0)
        let (next, over) = attempts.addingReportingOverflow(1)
        let origin = Self.text(headers, Header.topic) ?? record.source.topic
        let isFirst = Self.text(headers, Header.topic) == nil
        var sent = headers.filter { header in
            !Header.all.contains(header.key) || !isFirst && Self.ofOrigin.contains(header.key)
        }
        func say(_ name: String, _ value: String) { sent.append(RecordHeader(name, Bytes(utf8: value))) }
        if isFirst {
            say(Header.topic, origin)
            say(Header.partition, "\(record.source.partition)")
            say(Header.offset, "\(record.offset)")
            say(Header.timestamp, "\(record.timestamp)")
        }
        say(Header.attempts, "\(over ? attempts : next)")
        say(Header.cause, Self.short("\(error)"))
        say(Header.causeType, Self.short(String(reflecting: type(of: error))))
        say(Header.failed, "\(now)")
        var topic = origin + deadLetterSuffix
        if mayPass, let index = Int(exactly: attempts), delays.indices.contains(index) {
            topic = retryTopic(origin, index + 1)
            let rest = LongMilliseconds(max(.zero, delays[index])).rawValue
            let (due, over) = now.addingReportingOverflow(rest)
            say(Header.notBefore, "\(over ? .max : due)")
        }
        return ProducerRecord(topic: topic, key: record.key, value: record.value, headers: sent)
    }

    private static let ofOrigin: Set<String> = [Header.topic, Header.partition, Header.offset, Header.timestamp]

    /// How long the record is still to rest at `now`, in milliseconds since 1970; nothing where nobody has said so.
    public func rest(of record: ConsumerRecord, now: Int64) -> Duration {
        guard record.record.hasHeader(Header.notBefore), let due = Self.number(record.headers, Header.notBefore) else {
            return .zero
        }
        let (time, over) = due.subtractingReportingOverflow(now)
        // No delay that was asked for is longer: clocks may differ, and headers be wrong.
        let longest = delays.max() ?? .zero
        return over ? (due > now ? longest : .zero) : min(longest, max(.zero, .milliseconds(time)))
    }

    private static func text(_ headers: [RecordHeader], _ name: String) -> String? {
        headers.last { $0.key == name }?.value?.text
    }

    private static func number(_ headers: [RecordHeader], _ name: String) -> Int64? {
        text(headers, name).flatMap { Int64($0) }
    }

    private static func short(_ text: String) -> String {
        guard text.utf8.count > 1024 else { return text }
        var end = text.utf8.index(text.startIndex, offsetBy: 1024)
        while String.Index(end, within: text) == nil { end = text.utf8.index(before: end) }
        return String(text[..<end])
    }
}
