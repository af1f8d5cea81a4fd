import KafkaWire

/// The fetch sessions of the broker (KIP-227): a client names its partitions once, and later only what has changed.
///
/// As in Kafka's `FetchManager`; sessions are forgotten when there are too many, or when they name too many partitions
/// together, those that were used longest ago first. Unlike Kafka's they end with the connection that used them last:
/// clients begin a new one when they connect anew, and partitions that there are not cost memory as well.
struct FetchSessions {
    fileprivate struct Session {
        var epoch: Int32 = 1
        let usesTopicIds: Bool
        var partitions = SessionPartitions()
        var lastUse: UInt64 = 0
        /// The connection that has used it last.
        var connection: UInt64
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
    private var ofConnections: [UInt64: Set<Int32>] = [:]
    private let limit: Int
    private let partitionLimit: Int
    private var random: RandomSource
    private var uses: UInt64 = 0
    /// How many partitions all sessions name together.
    private(set) var partitionCount = 0

    init(limit: Int, partitionLimit: Int = 200_000, random: RandomSource) {
        self.limit = limit
        self.partitionLimit = partitionLimit
        self.random = random
    }

    var count: Int { sessions.count }

    /// Takes a request that came over `connection`: how to answer it and which partitions it is about, or what is wrong
    /// with its session. Of a partition that it names twice the last counts, as in Kafka.
    mutating func open(_ request: FetchRequest, version: Int16, connection: UInt64) -> Result<
        (Mode, [FetchTarget]), FetchSessionError
    > {
        let named = request.topics.lazy.flatMap { topic in
            topic.partitions.lazy.map {
                FetchTarget(
                    topic: topic.topic, topicId: topic.topicId, partition: $0.partition, offset: $0.fetchOffset,
                    maxBytes: $0.partitionMaxBytes, currentLeaderEpoch: $0.currentLeaderEpoch,
                    lastFetchedEpoch: $0.lastFetchedEpoch)
            }
        }
        guard request.sessionEpoch > 0 else {
            // 0: a new session; -1: none, or the end of one.
            remove(request.sessionId)
            var partitions = SessionPartitions()
            for target in named { partitions.set(target) }
            guard request.sessionEpoch == 0, version >= 7, limit > 0, partitions.count <= partitionLimit else {
                return .success((.sessionless, partitions.targets))
            }
            let targets = partitions.targets
            return .success((.full(session: create(partitions, version >= 13, connection)), targets))
        }
        guard let found = sessions[request.sessionId] else { return .failure(.init(.fetchSessionIdNotFound)) }
        guard found.epoch == request.sessionEpoch else { return .failure(.init(.invalidFetchSessionEpoch)) }
        guard found.usesTopicIds == (version >= 13) else { return .failure(.init(.fetchSessionTopicIdError)) }
        // Taken out, so that it is changed and not copied.
        guard var session = remove(request.sessionId) else { return .failure(.init(.fetchSessionIdNotFound)) }
        for target in named { session.partitions.set(target) }
        for topic in request.forgottenTopicsData {
            for partition in topic.partitions {
                session.partitions.remove(.init(topic: topic.topic, topicId: topic.topicId, partition: partition))
            }
        }
        let targets = session.partitions.targets
        // Where nothing is left to be told, Kafka ends the session.
        guard !targets.isEmpty, targets.count <= partitionLimit else { return .success((.sessionless, targets)) }
        session.epoch = session.epoch == .max ? 1 : session.epoch + 1
        session.connection = connection
        keep(session, as: request.sessionId)
        return .success((.incremental(session: request.sessionId), targets))
    }

    /// The connection is gone, and its sessions with it.
    mutating func forget(connection: UInt64) {
        for id in ofConnections[connection] ?? [] { remove(id) }
    }

    private mutating func create(_ partitions: SessionPartitions, _ usesTopicIds: Bool, _ connection: UInt64) -> Int32 {
        var id: Int32 = 0
        while id == 0 || sessions[id] != nil { id = Int32(truncatingIfNeeded: random.next() >> 33) }
        keep(Session(usesTopicIds: usesTopicIds, partitions: partitions, connection: connection), as: id)
        return id
    }

    /// Keeps a session that was just used, and makes room for it.
    private mutating func keep(_ session: Session, as id: Int32) {
        while sessions.count >= limit || partitionCount + session.partitions.count > partitionLimit,
            let oldest = sessions.min(by: { $0.value.lastUse < $1.value.lastUse })
        {
            remove(oldest.key)
        }
        uses += 1
        var session = session
        session.lastUse = uses
        partitionCount += session.partitions.count
        ofConnections[session.connection, default: []].insert(id)
        sessions[id] = session
    }

    @discardableResult
    private mutating func remove(_ id: Int32) -> Session? {
        guard let session = sessions.removeValue(forKey: id) else { return nil }
        partitionCount -= session.partitions.count
        ofConnections[session.connection]?.remove(id)
        if ofConnections[session.connection]?.isEmpty == true { ofConnections[session.connection] = nil }
        return session
    }

    /// What of these answers ``close(_:_:)`` would leave; nothing is changed.
    func told(_ mode: Mode, _ answers: [FetchAnswer]) -> [FetchAnswer] {
        guard case .incremental(let id) = mode, let partitions = sessions[id]?.partitions else { return answers }
        return answers.filter { answer in
            answer.hasRecords || answer.isAmiss || partitions[told: answer.target.key] != answer.told
        }
    }

    /// Nothing is answered to this request. A session that it would have begun is none, as in Kafka; one that goes on has
    /// told nothing. Gives the session that is named in the answer.
    mutating func withhold(_ mode: Mode) -> Int32 {
        switch mode {
        case .sessionless: return 0
        case .full(let session):
            remove(session)
            return 0
        case .incremental(let session): return session
        }
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
        var kept: [FetchAnswer] = []
        var served: [FetchTarget.Key] = []
        // Taken out and put back, so that it is changed and not copied.
        guard var partitions = sessions[id]?.partitions else { return answers }
        sessions[id]?.partitions = SessionPartitions()
        for answer in answers {
            let key = answer.target.key
            if answer.hasRecords { served.append(key) }
            let isAmiss = answer.isAmiss
            if isIncremental, !answer.hasRecords, !isAmiss, partitions[told: key] == answer.told { continue }
            // What is amiss, or to be read elsewhere, is repeated until the client does something about it.
            partitions[told: key] = isAmiss ? nil : answer.told
            kept.append(answer)
        }
        if served.count < partitions.count {
            for key in served { partitions.moveToEnd(key) }
        }
        sessions[id]?.partitions = partitions
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

    fileprivate var hasRecords: Bool { data.records.map { $0.count > 0 } ?? false }
    fileprivate var isAmiss: Bool {
        data.errorCode != .none || data.divergingEpoch.endOffset >= 0 || data.preferredReadReplica >= 0
    }
    fileprivate var told: SessionPartitions.Told {
        .init(highWatermark: data.highWatermark, logStartOffset: data.logStartOffset)
    }
}
