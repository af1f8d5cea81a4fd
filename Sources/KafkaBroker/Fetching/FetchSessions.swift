import KafkaWire

/// What a client wants of one partition.
struct FetchTarget: Equatable {
    /// The topic's name; empty where the client gave an id that is not known.
    var topic: String
    /// The topic's id; zero where the client gave a name (before v13).
    var topicId: TopicID
    var partition: PartitionID
    var offset: Offset
    var maxBytes: Int32
    var currentLeaderEpoch: LeaderEpoch

    /// What makes it another partition.
    struct Key: Hashable {
        var topic: String
        var topicId: TopicID
        var partition: PartitionID
    }

    var key: Key { Key(topic: topic, topicId: topicId, partition: partition) }
}

/// The fetch sessions of the broker (KIP-227): a client names its partitions once, and later only what has changed.
///
/// As in Kafka's `FetchManager`; sessions are forgotten when there are too many, those that were used longest ago first.
struct FetchSessions {
    /// What was last told of a partition; an incremental answer leaves out what has not changed.
    fileprivate struct Told: Equatable {
        var highWatermark: Offset
        var logStartOffset: Offset
    }

    fileprivate struct Session {
        var epoch: Int32 = 1
        let usesTopicIds: Bool
        var order: [FetchTarget.Key] = []
        var targets: [FetchTarget.Key: FetchTarget] = [:]
        var told: [FetchTarget.Key: Told] = [:]
        var lastUse: UInt64 = 0
    }

    /// How a request is to be answered.
    enum Mode: Equatable {
        /// Without a session: all partitions.
        case sessionless
        /// A new session: all partitions.
        case full(session: Int32)
        /// Only what has changed.
        case incremental(session: Int32)
    }

    private var sessions: [Int32: Session] = [:]
    private let limit: Int
    private var random: RandomSource
    private var uses: UInt64 = 0

    init(limit: Int, random: RandomSource) {
        self.limit = limit
        self.random = random
    }

    var count: Int { sessions.count }

    /// Takes a request: how to answer it and which partitions it is about, or what is wrong with its session.
    mutating func open(_ request: FetchRequest, version: Int16) -> Result<(Mode, [FetchTarget]), FetchSessionError> {
        let named = request.topics.flatMap { topic in
            topic.partitions.map {
                FetchTarget(
                    topic: topic.topic, topicId: topic.topicId, partition: $0.partition, offset: $0.fetchOffset,
                    maxBytes: $0.partitionMaxBytes, currentLeaderEpoch: $0.currentLeaderEpoch)
            }
        }
        guard request.sessionEpoch > 0 else {
            // 0: a new session; -1: none, or the end of one.
            sessions[request.sessionId] = nil
            guard request.sessionEpoch == 0, version >= 7, limit > 0 else { return .success((.sessionless, named)) }
            return .success((.full(session: create(named, usesTopicIds: version >= 13)), named))
        }
        guard var session = sessions[request.sessionId] else { return .failure(.init(.fetchSessionIdNotFound)) }
        guard session.epoch == request.sessionEpoch else { return .failure(.init(.invalidFetchSessionEpoch)) }
        guard session.usesTopicIds == (version >= 13) else { return .failure(.init(.fetchSessionTopicIdError)) }
        for target in named { session.set(target) }
        for topic in request.forgottenTopicsData {
            for partition in topic.partitions {
                session.remove(.init(topic: topic.topic, topicId: topic.topicId, partition: partition))
            }
        }
        guard !session.targets.isEmpty else {
            // Nothing is left to be told: Kafka ends the session here.
            sessions[request.sessionId] = nil
            return .success((.sessionless, []))
        }
        session.epoch = session.epoch == .max ? 1 : session.epoch + 1
        uses += 1
        session.lastUse = uses
        sessions[request.sessionId] = session
        return .success((.incremental(session: request.sessionId), session.order.compactMap { session.targets[$0] }))
    }

    private mutating func create(_ targets: [FetchTarget], usesTopicIds: Bool) -> Int32 {
        if sessions.count >= limit, let oldest = sessions.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            sessions[oldest.key] = nil
        }
        var id: Int32 = 0
        while id == 0 || sessions[id] != nil { id = Int32(truncatingIfNeeded: random.next() >> 33) }
        uses += 1
        var session = Session(usesTopicIds: usesTopicIds, lastUse: uses)
        for target in targets { session.set(target) }
        sessions[id] = session
        return id
    }

    /// Takes what is about to be answered. Of an incremental answer only what has changed remains; partitions that had
    /// records go to the end of the session's order, so that the others come first next time.
    mutating func close(_ mode: Mode, _ answers: [FetchAnswer]) -> [FetchAnswer] {
        let id: Int32
        let isIncremental: Bool
        switch mode {
        case .sessionless: return answers
        case .full(let session): (id, isIncremental) = (session, false)
        case .incremental(let session): (id, isIncremental) = (session, true)
        }
        guard var session = sessions[id] else { return answers }
        var kept: [FetchAnswer] = []
        var served: Set<FetchTarget.Key> = []
        for answer in answers {
            let key = answer.target.key
            let told = Told(highWatermark: answer.data.highWatermark, logStartOffset: answer.data.logStartOffset)
            let hasRecords = answer.data.records?.bytes.isEmpty == false
            if hasRecords { served.insert(key) }
            if isIncremental, !hasRecords, answer.data.errorCode == .none, session.told[key] == told { continue }
            // An error is repeated until the client does something about it.
            session.told[key] = answer.data.errorCode == .none ? told : nil
            kept.append(answer)
        }
        if !served.isEmpty, served.count < session.order.count {
            session.order = session.order.filter { !served.contains($0) } + session.order.filter(served.contains)
        }
        sessions[id] = session
        return kept
    }
}

/// What is wrong with a request's session.
struct FetchSessionError: Error, Equatable {
    var code: ErrorCode
    init(_ code: ErrorCode) { self.code = code }
}

/// What a partition answers to a fetch.
struct FetchAnswer {
    var target: FetchTarget
    var data: FetchResponse.FetchableTopicResponse.PartitionData
}

extension FetchSessions.Session {
    fileprivate mutating func set(_ target: FetchTarget) {
        if targets.updateValue(target, forKey: target.key) == nil { order.append(target.key) }
    }

    fileprivate mutating func remove(_ key: FetchTarget.Key) {
        guard targets.removeValue(forKey: key) != nil else { return }
        told[key] = nil
        order.removeAll { $0 == key }
    }
}
