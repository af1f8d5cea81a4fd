import TestSupport
import Testing

@testable import KafkaWire

/// What the application is told, in which order.
@Suite(.turn) struct AnnouncementsTests {
    private static let a = TopicPartition("t", 0)
    private static let b = TopicPartition("t", 1)
    private static let error = KafkaError(.timedOut, "x")

    private static func chunk(_ partition: TopicPartition = a, to offset: Offset = 5) -> FetchedChunk {
        FetchedChunk(
            source: partition, batches: [], firstOffset: 0, nextOffset: offset, highWatermark: offset, bytes: 0,
            reachesEnd: true)
    }

    /// All that is told until records come, or something ends it.
    private static func told(_ announcements: inout Announcements) -> [Announcements.Step] {
        var steps: [Announcements.Step] = []
        repeat {
            steps.append(announcements.next(isCancelled: false))
        } while steps.count < 20 && steps.last?.isNews == true
        return steps
    }

    @Test func newsComeInTheirOrderAndBeforeRecords() {
        var announcements = Announcements()
        #expect(Self.told(&announcements) == [.records])
        announcements.assigned([Self.a: 0])
        #expect(announcements.trouble(Self.error, .metadata) == .first)
        #expect(announcements.worksAgain(.metadata) == .recovered)
        announcements.passedOver(Self.error)
        #expect(
            Self.told(&announcements) == [
                .news(.assigned([Self.a: 0])), .news(.trouble(Self.error)), .news(.recovered),
                .news(.trouble(Self.error)), .records,
            ])
    }

    @Test func theEndOfAPartitionComesBehindItsRecordsAndBehindNews() {
        var announcements = Announcements()
        announcements.gave(Self.chunk())
        announcements.passedOver(Self.error)
        announcements.fail(Self.error)
        #expect(
            Self.told(&announcements) == [
                .news(.trouble(Self.error)), .news(.reachedEnd(Self.a, at: 5)), .failure(Self.error),
            ])
        // An error that nothing comes behind stays; the first counts.
        announcements.fail(KafkaError(.closed, "y"))
        #expect(Self.told(&announcements) == [.failure(Self.error)])
    }

    @Test func anEndThatIsNotReachedAfterAllIsNotTold() {
        var announcements = Announcements()
        announcements.gave(Self.chunk())
        announcements.forgetEnd(Self.b)
        announcements.forgetEnd(Self.a)
        #expect(Self.told(&announcements) == [.records])
        announcements.gave(Self.chunk())
        #expect(announcements.reassigned() == .none)
        #expect(Self.told(&announcements) == [.records])
    }

    @Test func partitionsAreTheApplicationsUntilItAsksForMoreThanThatTheyAreTakenAway() {
        var announcements = Announcements()
        announcements.assigned([Self.a: 0])
        _ = announcements.next(isCancelled: false)
        #expect(announcements.revoked([Self.a], lost: false) == true)
        #expect(!announcements.isLettingGo)
        #expect(announcements.next(isCancelled: false) == .news(.revoked([Self.a], lost: false)))
        #expect(announcements.isLettingGo)
        // It is told once, whatever becomes of the group meanwhile.
        #expect(announcements.revoked([Self.a], lost: true) == true)
        announcements.hasLetGo()
        #expect(Self.told(&announcements) == [.records])
    }

    @Test func aRevocationThatWasNotToldYetBecomesALoss() {
        var announcements = Announcements()
        announcements.assigned([Self.a: 0])
        _ = Self.told(&announcements)
        #expect(announcements.revoked([Self.a], lost: false) == true)
        #expect(announcements.revoked([Self.a], lost: true) == true)
        #expect(Self.told(&announcements) == [.news(.revoked([Self.a], lost: true)), .records])
    }

    /// Of a cooperative rebalance: what stays is not told of again, and what was not told of yet is not told of at all.
    @Test func onlyWhatChangesIsTold() {
        var announcements = Announcements()
        announcements.assigned([Self.a: 0])
        _ = Self.told(&announcements)
        announcements.assigned([Self.b: 1], later: [Self.c])
        #expect(announcements.revoked([Self.b, Self.c], lost: false) == false)
        announcements.begun([Self.c: 1])
        #expect(Self.told(&announcements) == [.records])
        announcements.assigned([Self.b: 1])
        _ = Self.told(&announcements)
        #expect(announcements.revoked([Self.b], lost: false) == true)
        #expect(Self.told(&announcements) == [.news(.revoked([Self.b], lost: false)), .records])
        // While it lets go of one, it loses the other.
        #expect(announcements.revoked([Self.a, Self.b], lost: true) == true)
        #expect(Self.told(&announcements) == [.news(.revoked([Self.a], lost: true)), .records])
    }

    private static let c = TopicPartition("t", 2)

    @Test func whoWasNotToldOfPartitionsNeedNotLetThemGo() {
        var announcements = Announcements()
        announcements.passedOver(Self.error)
        announcements.assigned([Self.a: 0])
        #expect(announcements.revoked([Self.a], lost: false) == false)
        #expect(Self.told(&announcements) == [.news(.trouble(Self.error)), .records])
        #expect(announcements.revoked([], lost: false) == false)
        #expect(Self.told(&announcements) == [.records])
    }

    @Test func partitionsThatAreLookedUpLaterAreToldOfLater() {
        var announcements = Announcements()
        announcements.assigned([Self.a: 3], later: [Self.b])
        #expect(Self.told(&announcements) == [.news(.assigned([Self.a: 3])), .records])
        announcements.begun([Self.b: 7])
        #expect(Self.told(&announcements) == [.news(.assigned([Self.b: 7])), .records])
        // Of those given the first time it was told: they are taken away, though the second was not heard of.
        announcements.assigned([Self.b: 7])
        #expect(announcements.revoked([Self.a, Self.b], lost: false) == true)
        #expect(Self.told(&announcements) == [.news(.revoked([Self.a, Self.b], lost: false)), .records])
        // With other partitions nobody waits for them any more.
        announcements.assigned([Self.a: 3], later: [Self.b])
        _ = Self.told(&announcements)
        _ = announcements.reassigned()
        announcements.begun([Self.b: 7])
        #expect(Self.told(&announcements) == [.records])
    }

    /// An application would take it for a group that has nothing for it.
    @Test func thatNothingCouldBeLookedUpYetIsNotToldAsNoPartitions() {
        var announcements = Announcements()
        announcements.assigned([:], later: [Self.a])
        #expect(Self.told(&announcements) == [.records])
        announcements.begun([Self.a: 0])
        #expect(Self.told(&announcements) == [.news(.assigned([Self.a: 0])), .records])
        announcements.assigned([:])
        #expect(Self.told(&announcements) == [.news(.assigned([:])), .records])
    }

    @Test func everyResetIsToldWhenItsPlaceIsKnown() {
        var announcements = Announcements()
        announcements.willReset(Self.a, from: 99, because: Self.error)
        #expect(Self.told(&announcements) == [.records])
        announcements.begun([Self.a: 5])
        #expect(
            Self.told(&announcements) == [.news(.reset(Self.a, from: 99, to: 5, because: Self.error)), .records])
        announcements.begun([Self.a: 5])
        // The application has gone elsewhere itself.
        announcements.willReset(Self.a, from: 99, because: Self.error)
        announcements.sought(Self.a, to: nil)
        announcements.begun([Self.a: 0])
        #expect(Self.told(&announcements) == [.records])
        // It goes on in what it was not told of yet.
        announcements.assigned([:], later: [Self.a])
        announcements.sought(Self.a, to: 4)
        announcements.begun([Self.a: 0])
        #expect(Self.told(&announcements) == [.news(.assigned([Self.a: 4])), .records])
    }

    @Test func whoStopsReadingIsToldOfPartitionsAnewAndOfTroublesAllTheSame() {
        var announcements = Announcements()
        #expect(announcements.trouble(Self.error, .commits) == .first)
        announcements.assigned([Self.a: 0])
        #expect(announcements.next(isCancelled: true) == .withdraw)
        announcements.removed([Self.b])
        announcements.withdrew()
        #expect(Self.told(&announcements) == [.news(.trouble(Self.error)), .records])
    }

    @Test func whatIsGivenUpIsToldOnceAndNothingElseOfIt() {
        var announcements = Announcements()
        announcements.assigned([Self.a: 0, Self.b: 1], later: [Self.c])
        announcements.removed([Self.a])
        announcements.removed([Self.c])
        announcements.begun([Self.c: 4])
        #expect(
            Self.told(&announcements) == [
                .news(.assigned([Self.b: 1])), .news(.revoked([Self.a, Self.c], lost: true)), .records,
            ])
        // It is taken anew.
        announcements.assigned([Self.a: 9])
        announcements.removed([Self.b])
        #expect(
            Self.told(&announcements) == [
                .news(.assigned([Self.a: 9])), .news(.revoked([Self.b], lost: true)), .records,
            ])
    }

    @Test func troublesAreToldOnceUntilAllWorksAgain() {
        var announcements = Announcements()
        #expect(announcements.trouble(Self.error, .broker(1)) == .first)
        #expect(announcements.trouble(Self.error, .broker(1)) == .none)
        #expect(announcements.trouble(Self.error, .broker(2)) == .more)
        #expect(announcements.worksAgain(.broker(1)) == .none)
        // With other partitions, what was wrong with fetching is of the past.
        #expect(announcements.reassigned() == .recovered)
        #expect(Self.told(&announcements) == [.news(.trouble(Self.error)), .news(.recovered), .records])
    }

    @Test func whoStoppedGetsNothingMoreAndWhoClosedIsToldNothing() {
        var announcements = Announcements()
        announcements.assigned([Self.a: 0])
        announcements.stop()
        #expect(!announcements.isOpen)
        #expect(!announcements.isClosed)
        #expect(announcements.next(isCancelled: true) == .end)
        #expect(announcements.close() == true)
        announcements.stop()
        #expect(announcements.isClosed)
        #expect(announcements.close() == false)
        #expect(announcements.trouble(Self.error, .metadata) == .none)
        #expect(announcements.worksAgain(.metadata) == .none)
        #expect(announcements.next(isCancelled: false) == .end)
    }
}

extension Announcements.Step {
    fileprivate var isNews: Bool { if case .news = self { true } else { false } }
}
