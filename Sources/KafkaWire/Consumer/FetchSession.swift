/// The fetch session with one broker (KIP-227): all partitions are named once, later only what has changed. A value: what is
/// wanted and what the broker answers go in, what to say comes out.
///
/// The rules are those of Kafka's `FetchSessionHandler`. A broker that keeps no session answers 0, and is told everything
/// each time.
struct FetchSession: Equatable, Sendable {
    /// What is wanted of a partition: while that stays as it is, it need not be said again.
    struct Wanted: Equatable, Sendable {
        /// Zero where the request names topics by their names.
        var topicId: TopicID
        var offset: Offset
        var leaderEpoch: LeaderEpoch
        var lastEpoch: LeaderEpoch
    }

    /// What to say in the next request.
    struct Question: Equatable, Sendable {
        var sessionId: Int32
        var sessionEpoch: Int32
        /// The partitions to name, in the order in which they are to be filled.
        var named: [TopicPartition]
        /// Those that are no longer wanted, with the identifier that their topic was named by.
        var forgotten: [Forgotten]

        /// Whether partitions of which nothing has changed are left out of the answer.
        var isIncremental: Bool { sessionEpoch > 0 }
    }

    struct Forgotten: Equatable, Sendable {
        var partition: TopicPartition
        var topicId: TopicID
    }

    private struct Known: Equatable, Sendable {
        var wanted: Wanted
        /// Where the records end, as the broker has said last; -1 where it has not.
        var end: Offset = -1
    }

    /// The session at the broker; 0 is none.
    private(set) var id: Int32 = 0
    /// What to say next: 0 begins a session, and ends the one of ``id``.
    private var epoch: Int32 = 0
    private var usesIds = false
    /// What the broker knows.
    private var known: [TopicPartition: Known] = [:]

    // MARK: - Questions

    /// What to say so that the broker knows of these partitions, and of no others. Sessions begin with version 7, and name
    /// topics by identifier from version 13 on.
    mutating func ask(_ wanted: [(partition: TopicPartition, wanted: Wanted)], version: Int16) -> Question {
        guard version >= 7 else {
            (id, epoch, known) = (0, 0, [:])
            return Question(sessionId: 0, sessionEpoch: -1, named: wanted.map(\.partition), forgotten: [])
        }
        if usesIds != (version >= 13) { epoch = 0 }
        guard epoch > 0 else {
            usesIds = version >= 13
            known = Dictionary(wanted.map { ($0.partition, Known(wanted: $0.wanted)) }) { _, last in last }
            return Question(sessionId: id, sessionEpoch: 0, named: wanted.map(\.partition), forgotten: [])
        }
        var question = Question(sessionId: id, sessionEpoch: epoch, named: [], forgotten: [])
        for (partition, wanted) in wanted {
            if let before = known[partition]?.wanted {
                if before == wanted { continue }
                // Made anew under the same name: to the broker they are two.
                if before.topicId != wanted.topicId {
                    question.forgotten.append(Forgotten(partition: partition, topicId: before.topicId))
                    known[partition] = Known(wanted: wanted)
                } else {
                    known[partition]?.wanted = wanted
                }
            } else {
                known[partition] = Known(wanted: wanted)
            }
            question.named.append(partition)
        }
        if known.count > wanted.count {
            let rest = Set(wanted.map(\.partition))
            for (partition, before) in known.filter({ !rest.contains($0.key) }).inOrder {
                question.forgotten.append(Forgotten(partition: partition, topicId: before.wanted.topicId))
                known[partition] = nil
            }
        }
        return question
    }

    // MARK: - Answers

    /// The broker has answered `question`.
    mutating func answered(_ question: Question, session: Int32) {
        guard question.sessionEpoch >= 0 else { return }
        if session <= 0 {
            // It has none, or has ended it.
            (id, epoch) = (0, 0)
        } else if question.isIncremental, session == id {
            epoch = epoch == .max ? 1 : epoch + 1
        } else if question.isIncremental {
            epoch = 0
        } else {
            (id, epoch) = (session, 1)
        }
    }

    /// The broker has refused the session: another one begins. Gives whether that is worth a try at once: it is not where
    /// one was just to begin.
    mutating func refused(_ code: ErrorCode) -> Bool {
        let wasKnown = epoch > 0
        epoch = 0
        if code == .fetchSessionIdNotFound { id = 0 }
        let isAboutSessions = [.fetchSessionIdNotFound, .invalidFetchSessionEpoch, .fetchSessionTopicIdError]
            .contains(code)
        return wasKnown && isAboutSessions
    }

    /// There was no answer, or one that makes no sense: nobody knows what the broker knows.
    mutating func failed() { epoch = 0 }

    /// Where the records of the partition end, as the broker says.
    mutating func told(_ partition: TopicPartition, end: Offset) { known[partition]?.end = end }

    /// Where they ended when that was said last; -1 where it was not.
    func end(of partition: TopicPartition) -> Offset { known[partition]?.end ?? -1 }
}
