/// A partition that is assigned and has records, of which none came to the application for longer than
/// ``ClientConfiguration/progressLimit``.
public struct Stall: Equatable, Sendable {
    /// Why a partition makes no progress, the nearest cause first.
    public enum Cause: Equatable, Sendable {
        /// The application has paused it.
        case paused
        /// Its batches wait, fetched, for the application to ask for them.
        case applicationSlow
        /// Other partitions' batches, which wait for the application, leave no room for it (`queued.max.messages.kbytes`).
        case bufferFull
        /// Its leader throttles this client.
        case throttled(broker: BrokerID)
        /// No leader of it is known.
        case noLeader
        /// Its log has other records than were read, or begins behind the position.
        case truncated(KafkaError)
        /// A transaction holds back what a `read_committed` consumer may see: the last stable offset stays where it is,
        /// since at least so long.
        case transactionOpen(lastStableOffset: Offset, since: Duration)
        /// What the broker sends is no whole batch: the batch is larger than `max.partition.fetch.bytes`.
        case fetchTooSmall(KafkaError)
        /// No connection to its leader can be made, or keeps.
        case connectionDown(KafkaError)
        /// The position is still being looked up.
        case noPosition
        /// Fetches fail for another reason.
        case failing(KafkaError)
        /// Nothing is known to be wrong: the broker answers, and sends no records.
        case unknown
    }

    /// The partition.
    public var partition: TopicPartition
    /// The offset that is read next; nil while it is being looked up.
    public var position: Offset?
    /// How many offsets there are from the position to the end of the partition, as it was told last; nil where no broker
    /// has told it.
    public var lag: Int64?
    /// For how long nothing has come.
    public var duration: Duration
    /// Why, as far as the client can tell.
    public var cause: Cause

    /// The cause and what to do about it, as one sentence.
    public var message: String {
        let at = position.map { " at offset \($0)" } ?? ""
        let rest = lag.map { ", with \($0) records to come" } ?? ""
        return "\(partition) makes no progress\(at) since \(duration.rounded)\(rest): \(reason)"
    }

    private var reason: String {
        switch cause {
        case .paused: "it is paused; resume it to read on"
        case .applicationSlow:
            "its records wait for the application, which has not asked for them; look what it is doing"
        case .bufferFull:
            "the records of other partitions wait for the application and leave no room; raise "
                + "queued.max.messages.kbytes, or look what the application is doing"
        case .throttled(let broker): "broker \(broker) throttles this client; have its quota raised, or read less"
        case .noLeader: "it has no leader; look whether its replicas' brokers are up"
        case .truncated(let error): "its log does not have what was read (\(error.message)); see auto.offset.reset"
        case .transactionOpen(let offset, let time):
            "a transaction is open at offset \(offset) since \(time.rounded) or longer, and isolation.level is "
                + "read_committed; have its producer end it, or abort it (kafka-transactions)"
        case .fetchTooSmall(let error): "\(error.message)"
        case .connectionDown(let error): "its leader cannot be reached (\(error.message))"
        case .noPosition: "where to begin is still being looked up"
        case .failing(let error): "fetching fails (\(error.message))"
        case .unknown: "its leader answers and sends nothing; look at the broker's log"
        }
    }
}

extension Duration {
    /// As people say it: whole seconds, or milliseconds where it is short.
    var rounded: String {
        let (seconds, attoseconds) = components
        if seconds >= 10 { return "\(seconds) s" }
        return "\(seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000) ms"
    }
}
