import TestSupport
import Testing

@testable import KafkaWire

/// What is said of a session, request by request; the rules are Kafka's `FetchSessionHandler`'s.
@Suite(.turn) struct FetchSessionTests {
    private static let a = TopicPartition("t", 0)
    private static let b = TopicPartition("t", 1)
    private static let id = TopicID(Uuid(high: 1, low: 1))
    private static let otherId = TopicID(Uuid(high: 2, low: 2))

    private static func wanted(
        _ partition: TopicPartition, _ offset: Offset, epoch: LeaderEpoch = 3, id: TopicID = Self.id
    ) -> (partition: TopicPartition, wanted: FetchSession.Wanted) {
        (partition, FetchSession.Wanted(topicId: id, offset: offset, leaderEpoch: epoch, lastEpoch: .none))
    }

    /// A session with both partitions, at epoch 1.
    private static func begun(version: Int16 = 17) -> FetchSession {
        var session = FetchSession()
        let question = session.ask([wanted(a, 0), wanted(b, 0)], version: version)
        session.answered(question, session: 9)
        return session
    }

    @Test func allIsSaidOnceAndThenWhatHasChanged() {
        var session = FetchSession()
        let first = session.ask([Self.wanted(Self.b, 5), Self.wanted(Self.a, 7)], version: 17)
        #expect(first == .init(sessionId: 0, sessionEpoch: 0, named: [Self.b, Self.a], forgotten: []))
        session.answered(first, session: 9)
        let second = session.ask([Self.wanted(Self.a, 7), Self.wanted(Self.b, 6)], version: 17)
        #expect(second == .init(sessionId: 9, sessionEpoch: 1, named: [Self.b], forgotten: []))
        session.answered(second, session: 9)
        let third = session.ask([Self.wanted(Self.a, 7), Self.wanted(Self.b, 6)], version: 17)
        #expect(third == .init(sessionId: 9, sessionEpoch: 2, named: [], forgotten: []))
        session.answered(third, session: 9)
        // Also a leader epoch is a change.
        let fourth = session.ask([Self.wanted(Self.a, 7, epoch: 4), Self.wanted(Self.b, 6)], version: 17)
        #expect(fourth == .init(sessionId: 9, sessionEpoch: 3, named: [Self.a], forgotten: []))
    }

    @Test func whatIsNotWantedIsForgottenAndNamedAgainLater() {
        var session = Self.begun()
        let less = session.ask([Self.wanted(Self.b, 0)], version: 17)
        #expect(less.named == [])
        #expect(less.forgotten == [.init(partition: Self.a, topicId: Self.id)])
        session.answered(less, session: 9)
        let again = session.ask([Self.wanted(Self.a, 0), Self.wanted(Self.b, 0)], version: 17)
        #expect(again.named == [Self.a] && again.forgotten == [])
    }

    @Test func aTopicThatIsMadeAnewIsForgottenUnderItsOldIdentifier() {
        var session = Self.begun()
        let question = session.ask([Self.wanted(Self.a, 0, id: Self.otherId), Self.wanted(Self.b, 0)], version: 17)
        #expect(question.named == [Self.a])
        #expect(question.forgotten == [.init(partition: Self.a, topicId: Self.id)])
    }

    /// The session that is not known any more need not be ended; of the others the broker is told with the next request.
    @Test(arguments: [
        (ErrorCode.fetchSessionIdNotFound, Int32(0), true), (.invalidFetchSessionEpoch, 9, true),
        (.fetchSessionTopicIdError, 9, true), (.unknownServerError, 9, false), (.inconsistentTopicId, 9, false),
    ])
    func aRefusalBeginsAnew(_ code: ErrorCode, _ id: Int32, _ helps: Bool) {
        var session = Self.begun()
        #expect(session.refused(code) == helps)
        let question = session.ask([Self.wanted(Self.a, 0)], version: 17)
        #expect(question == .init(sessionId: id, sessionEpoch: 0, named: [Self.a], forgotten: []))
        // Where it was to begin, there is nothing to do better.
        #expect(session.refused(code) == false)
    }

    @Test func anAnswerThatNeverCameBeginsAnew() {
        var session = Self.begun()
        _ = session.ask([Self.wanted(Self.a, 4), Self.wanted(Self.b, 0)], version: 17)
        session.failed()
        let question = session.ask([Self.wanted(Self.a, 4), Self.wanted(Self.b, 0)], version: 17)
        #expect(question == .init(sessionId: 9, sessionEpoch: 0, named: [Self.a, Self.b], forgotten: []))
    }

    @Test func aBrokerWithoutRoomForSessionsIsToldEverything() {
        var session = FetchSession()
        for _ in 0..<2 {
            let question = session.ask([Self.wanted(Self.a, 0)], version: 17)
            #expect(question == .init(sessionId: 0, sessionEpoch: 0, named: [Self.a], forgotten: []))
            session.answered(question, session: 0)
        }
        // One that ends it.
        session = Self.begun()
        let question = session.ask([Self.wanted(Self.a, 0), Self.wanted(Self.b, 0)], version: 17)
        session.answered(question, session: 0)
        #expect(session.id == 0)
        #expect(session.ask([Self.wanted(Self.a, 0)], version: 17).sessionEpoch == 0)
    }

    @Test func beforeVersionSevenThereAreNone() {
        var session = FetchSession()
        let question = session.ask([Self.wanted(Self.a, 0)], version: 6)
        #expect(question == .init(sessionId: 0, sessionEpoch: -1, named: [Self.a], forgotten: []))
        session.answered(question, session: 5)
        #expect(session.id == 0)
    }

    /// A broker keeps a session by names or by identifiers.
    @Test func identifiersInPlaceOfNamesBeginAnew() {
        var session = Self.begun(version: 12)
        let question = session.ask([Self.wanted(Self.a, 0)], version: 17)
        #expect(question == .init(sessionId: 9, sessionEpoch: 0, named: [Self.a], forgotten: []))
    }

    @Test func theEndIsRememberedWhereItIsNotRepeated() {
        var session = Self.begun()
        #expect(session.end(of: Self.a) == -1)
        session.told(Self.a, end: 12)
        let question = session.ask([Self.wanted(Self.a, 12), Self.wanted(Self.b, 0)], version: 17)
        session.answered(question, session: 9)
        #expect(session.end(of: Self.a) == 12)
    }

    /// As Java's `SubscriptionState.maybeCompleteValidation`.
    @Test(arguments: [
        (LeaderEpoch(3), Offset(10), EpochChecks.Meaning.confirmed), (3, 11, .confirmed), (2, 9, .parts(9)),
        (-1, -1, .unknown), (3, -1, .unknown),
    ])
    func aPositionIsConfirmedOrNot(_ epoch: LeaderEpoch, _ end: Offset, _ meaning: EpochChecks.Meaning) {
        #expect(EpochChecks.meaning(epoch: epoch, end: end, at: 10) == meaning)
    }

    @Test func aPositionIsConfirmedOncePerLeaderEpoch() {
        var checks = EpochChecks()
        #expect(!checks.isDue(Self.a, read: .none, leader: 4))
        #expect(!checks.isDue(Self.a, read: 4, leader: 4))
        #expect(checks.isDue(Self.a, read: 3, leader: 4))
        checks.confirm(Self.a, under: 4)
        #expect(!checks.isDue(Self.a, read: 3, leader: 4))
        #expect(checks.isDue(Self.a, read: 3, leader: 5))
        #expect(checks.isDue(Self.b, read: 3, leader: 4))
    }
}
