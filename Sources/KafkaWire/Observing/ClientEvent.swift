/// Something that happened to a client, as a value. A ``ClientObserver`` is told of each, on the client's loop, in the order
/// in which they happen.
///
/// New cases may come with new versions: a `switch` over them should have a `default`.
public enum ClientEvent: Equatable, Sendable {
    // MARK: Connections

    /// A connection to a broker, named as `host:port`, is being opened.
    case connecting(broker: String)
    /// The connection is open and the broker's versions are known, so long after ``connecting(broker:)``.
    case connected(broker: String, after: Duration)
    /// No connection could be opened; so long it was tried.
    case connectionFailed(broker: String, error: KafkaError, after: Duration)
    /// An open connection has ended. `reason` is nil where this client closed it.
    case disconnected(broker: String, reason: KafkaError?)
    /// A connection went to another broker than it was for, or to another cluster's (KIP-1242); it was closed.
    case misrouted(broker: String, reason: String)
    /// The client has forgotten the brokers that it knew, and asks its bootstrap servers (KIP-1102).
    case rebootstrapped(reason: String)

    // MARK: Requests

    /// A request was handed to its connection.
    case requestSent(SentRequest)
    /// Its answer has come, or will not.
    case requestAnswered(AnsweredRequest)
    /// A broker holds this client back, because it has used more than its quota allows (KIP-219): no request goes to it for
    /// so long.
    case throttled(broker: String, api: APIKey, time: Duration)
    /// A call that takes several requests failed in a way that may pass, and is tried again after a pause.
    case retry(call: String, error: KafkaError?, pause: Duration)

    // MARK: The cluster

    /// A broker has told of so many brokers and topics.
    case metadataLearned(brokers: Int, topics: Int)
    /// A partition has another leader; ``BrokerID/none`` is none at all.
    case leaderChanged(TopicPartition, from: BrokerID, to: BrokerID)
    /// The broker that coordinates a group, or a transactional id, was found.
    case coordinatorFound(of: String, broker: BrokerID)
    /// It is no longer taken for the coordinator: it cannot be reached, or says that it is not.
    case coordinatorLost(of: String)

    // MARK: Producing

    /// A batch was handed to a request; again for each retry.
    case batchSent(SentBatch)
    /// A batch has arrived as `acks` demands.
    case batchAcknowledged(SettledBatch)
    /// A batch has not arrived, and is sent again after a pause.
    case batchRetried(TopicPartition, error: KafkaError, attempt: Int, pause: Duration)
    /// A batch was too large for its topic, and is sent again in parts (KIP-126).
    case batchDivided(TopicPartition, parts: Int, error: KafkaError)
    /// A batch will not arrive, as far as this client knows.
    case batchFailed(SettledBatch, error: KafkaError)

    // MARK: Consuming

    /// Records of one partition have come.
    case fetched(FetchedRecords)
    /// The group's positions were committed.
    case committed(group: String, offsets: [TopicPartition: Offset])
    /// They could not be.
    case commitFailed(group: String, error: KafkaError)
    /// A partition cannot be read on at this offset, and is read on elsewhere, as `auto.offset.reset` says.
    case positionLost(TopicPartition, at: Offset, error: KafkaError)
    /// A damaged batch was passed over.
    case batchSkipped(TopicPartition, error: KafkaError)
    /// A partition has records and makes no progress, told once (see ``ClientConfiguration/progressLimit``).
    case stalled(Stall)
    /// It makes progress again, after so long.
    case progressed(TopicPartition, after: Duration)

    // MARK: Groups

    /// This member has lost its share of the group, or begins to join: a rebalance.
    case rebalanceStarted(group: String)
    /// It has a share again, so long after ``rebalanceStarted(group:)``.
    case rebalanceEnded(group: String, generation: Int32, after: Duration)
    /// The application gets these partitions; `group` is nil outside of groups.
    case assigned(group: String?, [TopicPartition])
    /// These partitions are taken away; with `lost`, another member may have them already.
    case revoked(group: String?, [TopicPartition], lost: Bool)

    // MARK: The client

    /// Something does not work at present; the client goes on trying.
    case troubled(KafkaError)
    /// It works again.
    case recovered
    /// The client was closed.
    case closed
}

/// A request that was handed to its connection.
public struct SentRequest: Equatable, Sendable {
    /// The API.
    public var api: APIKey
    /// The version that was agreed on.
    public var version: Int16
    /// The broker, as `host:port`.
    public var broker: String
    /// The bytes of the frame, its length included.
    public var bytes: Int
}

/// A request and what came of it.
public struct AnsweredRequest: Equatable, Sendable {
    /// The API.
    public var api: APIKey
    /// The version of request and answer.
    public var version: Int16
    /// The broker, as `host:port`.
    public var broker: String
    /// The bytes of the answer, its length included; 0 where none came.
    public var bytes: Int
    /// How long it took from ``ClientEvent/requestSent(_:)``; what waits at the broker, such as a fetch, counts.
    public var latency: Duration
    /// Why no answer came; nil where one did. Errors inside of an answer are not looked at here.
    public var error: KafkaError?
}

/// A batch that goes out.
public struct SentBatch: Equatable, Sendable {
    /// Where it goes.
    public var partition: TopicPartition
    /// The partition's leader.
    public var broker: BrokerID
    /// How many records it has.
    public var records: Int
    /// The bytes of its records, before packing.
    public var bytes: Int
    /// How long it has waited since its first record came.
    public var queueTime: Duration
    /// 1 for the first time, 2 for the first retry.
    public var attempt: Int
}

/// A batch that has arrived, or will not.
public struct SettledBatch: Equatable, Sendable {
    /// Where it went.
    public var partition: TopicPartition
    /// How many records it has.
    public var records: Int
    /// The bytes of its records, before packing.
    public var bytes: Int
    /// How long it took since its first record came, retries included.
    public var latency: Duration
    /// The offset of its first record; nil where the broker does not say.
    public var offset: Offset?
    /// How many bytes of records still wait to be acknowledged (`buffer.memory` bounds them).
    public var buffered: Int
}

/// Records of one partition that came with a fetch.
public struct FetchedRecords: Equatable, Sendable {
    /// Where they come from.
    public var partition: TopicPartition
    /// The broker that was asked.
    public var broker: BrokerID
    /// How many there are, as the headers of their batches say.
    public var records: Int
    /// Their bytes, as they came.
    public var bytes: Int
    /// How far the end of the partition is ahead of them, in offsets; of `read_committed` consumers, the high watermark, too.
    public var lag: Int64
    /// How many fetched bytes wait for the application, these included.
    public var buffered: Int
}
