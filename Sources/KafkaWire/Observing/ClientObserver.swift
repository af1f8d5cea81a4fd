/// Is told what happens in a client: connections, requests, batches, rebalances, retries. Several may be given to one client
/// (``ClientConfiguration/observers``); one may be given to several.
///
/// ```swift
/// struct Reconnects: ClientObserver {
///     func disconnected(from broker: String, reason: KafkaError?) { print("lost \(broker): \(reason?.message ?? "closed")") }
/// }
/// configuration.observers.append(Reconnects())
/// ```
///
/// All methods have a default that does nothing, so that an observer has those that it needs; one that wants all events as
/// values has ``observe(_:)`` alone. They are called on the client's loop, in the order of what happens, and hold it up:
/// they must not block, and what they do with the client itself has to go into a task of its own.
public protocol ClientObserver: Sendable {
    /// Something has happened. The default calls the method below that stands for it.
    func observe(_ event: ClientEvent)

    /// See ``ClientEvent/connecting(broker:)``.
    func connecting(to broker: String)
    /// See ``ClientEvent/connected(broker:after:)``.
    func connected(to broker: String, after time: Duration)
    /// See ``ClientEvent/connectionFailed(broker:error:after:)``.
    func connectionFailed(to broker: String, error: KafkaError, after time: Duration)
    /// See ``ClientEvent/disconnected(broker:reason:)``.
    func disconnected(from broker: String, reason: KafkaError?)
    /// See ``ClientEvent/misrouted(broker:reason:)``.
    func misrouted(to broker: String, reason: String)
    /// See ``ClientEvent/rebootstrapped(reason:)``.
    func rebootstrapped(because reason: String)

    /// See ``ClientEvent/requestSent(_:)``.
    func requestSent(_ request: SentRequest)
    /// See ``ClientEvent/requestAnswered(_:)``.
    func requestAnswered(_ request: AnsweredRequest)
    /// See ``ClientEvent/throttled(broker:api:time:)``.
    func throttled(by broker: String, api: APIKey, time: Duration)
    /// See ``ClientEvent/retry(call:error:pause:)``.
    func retrying(_ call: String, error: KafkaError?, pause: Duration)

    /// See ``ClientEvent/metadataLearned(brokers:topics:)``.
    func metadataLearned(brokers: Int, topics: Int)
    /// See ``ClientEvent/leaderChanged(_:from:to:)``.
    func leaderChanged(of partition: TopicPartition, from: BrokerID, to: BrokerID)
    /// See ``ClientEvent/coordinatorFound(of:broker:)``.
    func coordinatorFound(of name: String, broker: BrokerID)
    /// See ``ClientEvent/coordinatorLost(of:)``.
    func coordinatorLost(of name: String)

    /// See ``ClientEvent/batchSent(_:)``.
    func batchSent(_ batch: SentBatch)
    /// See ``ClientEvent/batchAcknowledged(_:)``.
    func batchAcknowledged(_ batch: SettledBatch)
    /// See ``ClientEvent/batchRetried(_:error:attempt:pause:)``.
    func batchRetried(of partition: TopicPartition, error: KafkaError, attempt: Int, pause: Duration)
    /// See ``ClientEvent/batchDivided(_:parts:error:)``.
    func batchDivided(of partition: TopicPartition, parts: Int, error: KafkaError)
    /// See ``ClientEvent/batchFailed(_:error:)``.
    func batchFailed(_ batch: SettledBatch, error: KafkaError)

    /// See ``ClientEvent/fetched(_:)``.
    func fetched(_ records: FetchedRecords)
    /// See ``ClientEvent/committed(group:offsets:)``.
    func committed(_ offsets: [TopicPartition: Offset], group: String)
    /// See ``ClientEvent/commitFailed(group:error:)``.
    func commitFailed(group: String, error: KafkaError)
    /// See ``ClientEvent/positionLost(_:at:error:)``.
    func positionLost(in partition: TopicPartition, at offset: Offset, error: KafkaError)
    /// See ``ClientEvent/batchSkipped(_:error:)``.
    func batchSkipped(of partition: TopicPartition, error: KafkaError)
    /// See ``ClientEvent/stalled(_:)``.
    func stalled(_ stall: Stall)
    /// See ``ClientEvent/progressed(_:after:)``.
    func progressed(_ partition: TopicPartition, after time: Duration)

    /// See ``ClientEvent/rebalanceStarted(group:)``.
    func rebalanceStarted(group: String)
    /// See ``ClientEvent/rebalanceEnded(group:generation:after:)``.
    func rebalanceEnded(group: String, generation: Int32, after time: Duration)
    /// See ``ClientEvent/assigned(group:_:)``.
    func assigned(_ partitions: [TopicPartition], group: String?)
    /// See ``ClientEvent/revoked(group:_:lost:)``.
    func revoked(_ partitions: [TopicPartition], group: String?, lost: Bool)

    /// See ``ClientEvent/troubled(_:)``.
    func troubled(_ error: KafkaError)
    /// See ``ClientEvent/recovered``.
    func recovered()
    /// See ``ClientEvent/closed``.
    func closed()
}

extension ClientObserver {
    /// Calls the method that stands for the event.
    public func observe(_ event: ClientEvent) { pass(event) }

    /// Calls the method that stands for the event: for an ``observe(_:)`` of one's own that wants both.
    public func pass(_ event: ClientEvent) {
        switch event {
        case .connecting(let broker): connecting(to: broker)
        case .connected(let broker, let time): connected(to: broker, after: time)
        case .connectionFailed(let broker, let error, let time):
            connectionFailed(to: broker, error: error, after: time)
        case .disconnected(let broker, let reason): disconnected(from: broker, reason: reason)
        case .misrouted(let broker, let reason): misrouted(to: broker, reason: reason)
        case .rebootstrapped(let reason): rebootstrapped(because: reason)
        case .requestSent(let request): requestSent(request)
        case .requestAnswered(let request): requestAnswered(request)
        case .throttled(let broker, let api, let time): throttled(by: broker, api: api, time: time)
        case .retry(let call, let error, let pause): retrying(call, error: error, pause: pause)
        case .metadataLearned(let brokers, let topics): metadataLearned(brokers: brokers, topics: topics)
        case .leaderChanged(let partition, let from, let to): leaderChanged(of: partition, from: from, to: to)
        case .coordinatorFound(let name, let broker): coordinatorFound(of: name, broker: broker)
        case .coordinatorLost(let name): coordinatorLost(of: name)
        case .batchSent(let batch): batchSent(batch)
        case .batchAcknowledged(let batch): batchAcknowledged(batch)
        case .batchRetried(let partition, let error, let attempt, let pause):
            batchRetried(of: partition, error: error, attempt: attempt, pause: pause)
        case .batchDivided(let partition, let parts, let error): batchDivided(of: partition, parts: parts, error: error)
        case .batchFailed(let batch, let error): batchFailed(batch, error: error)
        case .fetched(let records): fetched(records)
        case .committed(let group, let offsets): committed(offsets, group: group)
        case .commitFailed(let group, let error): commitFailed(group: group, error: error)
        case .positionLost(let partition, let offset, let error): positionLost(in: partition, at: offset, error: error)
        case .batchSkipped(let partition, let error): batchSkipped(of: partition, error: error)
        case .stalled(let stall): stalled(stall)
        case .progressed(let partition, let time): progressed(partition, after: time)
        case .rebalanceStarted(let group): rebalanceStarted(group: group)
        case .rebalanceEnded(let group, let generation, let time):
            rebalanceEnded(group: group, generation: generation, after: time)
        case .assigned(let group, let partitions): assigned(partitions, group: group)
        case .revoked(let group, let partitions, let lost): revoked(partitions, group: group, lost: lost)
        case .troubled(let error): troubled(error)
        case .recovered: recovered()
        case .closed: closed()
        }
    }

    /// Does nothing.
    public func connecting(to broker: String) {}
    /// Does nothing.
    public func connected(to broker: String, after time: Duration) {}
    /// Does nothing.
    public func connectionFailed(to broker: String, error: KafkaError, after time: Duration) {}
    /// Does nothing.
    public func disconnected(from broker: String, reason: KafkaError?) {}
    /// Does nothing.
    public func misrouted(to broker: String, reason: String) {}
    /// Does nothing.
    public func rebootstrapped(because reason: String) {}
    /// Does nothing.
    public func requestSent(_ request: SentRequest) {}
    /// Does nothing.
    public func requestAnswered(_ request: AnsweredRequest) {}
    /// Does nothing.
    public func throttled(by broker: String, api: APIKey, time: Duration) {}
    /// Does nothing.
    public func retrying(_ call: String, error: KafkaError?, pause: Duration) {}
    /// Does nothing.
    public func metadataLearned(brokers: Int, topics: Int) {}
    /// Does nothing.
    public func leaderChanged(of partition: TopicPartition, from: BrokerID, to: BrokerID) {}
    /// Does nothing.
    public func coordinatorFound(of name: String, broker: BrokerID) {}
    /// Does nothing.
    public func coordinatorLost(of name: String) {}
    /// Does nothing.
    public func batchSent(_ batch: SentBatch) {}
    /// Does nothing.
    public func batchAcknowledged(_ batch: SettledBatch) {}
    /// Does nothing.
    public func batchRetried(of partition: TopicPartition, error: KafkaError, attempt: Int, pause: Duration) {}
    /// Does nothing.
    public func batchDivided(of partition: TopicPartition, parts: Int, error: KafkaError) {}
    /// Does nothing.
    public func batchFailed(_ batch: SettledBatch, error: KafkaError) {}
    /// Does nothing.
    public func fetched(_ records: FetchedRecords) {}
    /// Does nothing.
    public func committed(_ offsets: [TopicPartition: Offset], group: String) {}
    /// Does nothing.
    public func commitFailed(group: String, error: KafkaError) {}
    /// Does nothing.
    public func positionLost(in partition: TopicPartition, at offset: Offset, error: KafkaError) {}
    /// Does nothing.
    public func batchSkipped(of partition: TopicPartition, error: KafkaError) {}
    /// Does nothing.
    public func stalled(_ stall: Stall) {}
    /// Does nothing.
    public func progressed(_ partition: TopicPartition, after time: Duration) {}
    /// Does nothing.
    public func rebalanceStarted(group: String) {}
    /// Does nothing.
    public func rebalanceEnded(group: String, generation: Int32, after time: Duration) {}
    /// Does nothing.
    public func assigned(_ partitions: [TopicPartition], group: String?) {}
    /// Does nothing.
    public func revoked(_ partitions: [TopicPartition], group: String?, lost: Bool) {}
    /// Does nothing.
    public func troubled(_ error: KafkaError) {}
    /// Does nothing.
    public func recovered() {}
    /// Does nothing.
    public func closed() {}
}
