import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Fetches that wait: a batch in one partition does not make the broker look at all that others wait for.
@Suite(.turn) struct WaitingFetchTests {
    private func partitions(_ count: Int) -> [Partition] {
        (0..<count).map { Partition(index: PartitionID(index: $0), log: PartitionLog()) }
    }

    private func fetch(_ connection: UInt64, _ partitions: [Partition], least: Int32, deadline: Int64) -> WaitingFetch {
        var request = FetchRequest()
        request.minBytes = least
        let targets = partitions.map {
            FetchTarget(
                topic: "t", topicId: .zero, partition: $0.index, offset: 0, maxBytes: 100, currentLeaderEpoch: -1)
        }
        return WaitingFetch(
            context: RequestContext(
                ticket: .init(connection: connection, number: 1), version: 12, clientId: "",
                now: Instant(nanoseconds: 0)), request: request, mode: .sessionless, targets: targets,
            deadline: Instant(nanoseconds: deadline), partitions: partitions,
            shares: .init(of: targets.count, least: least))
    }

    @Test func onlyWhatHasChangedIsLookedAt() {
        let partitions = partitions(1000)
        var waiting = WaitingFetches()
        for connection in 1...20 as ClosedRange<UInt64> {
            waiting.add(fetch(connection, partitions, least: 100, deadline: 1000))
        }
        var looks = 0
        for round in 1...3 {
            waiting.touch(partitions[round])
            waiting.touch(partitions[round])
            let found = waiting.takeSatisfied { _, target in
                looks += 1
                return target == round ? 30 : 0
            }
            #expect(found.isEmpty)
        }
        #expect(looks == 3 * 20)
        // The same again is no more; a fourth partition is enough.
        waiting.touch(partitions[1])
        #expect(waiting.takeSatisfied { _, _ in 30 }.isEmpty)
        waiting.touch(partitions[9])
        let found = waiting.takeSatisfied { _, _ in 30 }
        #expect(found.map(\.context.ticket.connection) == Array(1...20))
        #expect(waiting.count == 0 && waiting.nextDeadline == nil)
        let registered = partitions.reduce(0) { $0 + $1.waiting.count }
        #expect(registered == 0)
    }

    @Test func whatIsWrongIsToldAtOnceAndTheRestInItsTime() {
        let partitions = partitions(3)
        var waiting = WaitingFetches()
        for (connection, deadline) in [(1, 30), (2, 10), (3, 20)] as [(UInt64, Int64)] {
            waiting.add(fetch(connection, partitions, least: 100, deadline: deadline))
        }
        #expect(waiting.nextDeadline == Instant(nanoseconds: 10))
        waiting.touch(partitions[0])
        let told = waiting.takeSatisfied { fetch, _ in fetch.context.ticket.connection == 2 ? nil : 1 }
        #expect(told.map(\.context.ticket.connection) == [2])
        #expect(waiting.takeDue(Instant(nanoseconds: 15)).map(\.deadline) == nil)
        #expect(waiting.takeDue(Instant(nanoseconds: 20))?.context.ticket.connection == 3)
        waiting.remove(.init(connection: 1, number: 1))
        #expect(waiting.count == 0 && waiting.nextDeadline == nil && partitions[2].waiting.isEmpty)
    }
}
