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

    private func fetch(
        _ values: [[String]], segment: Int = 1 << 20, limit: Int32, least: Int32, room: Int32 = 1 << 20
    ) async throws -> Bool {
        let broker = try await KafkaBroker.start(.init(topics: ["t": values.count]))
        let waits = Locked(false)
        try await broker.server.command { state in
            do {
                let topic = try #require(state.topics["t"])
                for (partition, values) in values.enumerated() {
                    topic.partitions[partition].log.rolling = SegmentRolling(bytes: segment)
                    for value in values {
                        let parsed = try #require(try RecordBatch(Bytes(try batch([value]))))
                        _ = try state.append(parsed, to: topic.partitions[partition], of: topic)
                    }
                }
                var request = FetchRequest()
                (request.maxWaitMs, request.minBytes, request.maxBytes) = (60_000, least, room)
                (request.sessionId, request.sessionEpoch) = (0, -1)
                request.topics = [
                    .with {
                        $0.topic = "t"
                        $0.partitions = values.indices.map { index in
                            .with {
                                $0.partition = PartitionID(index: index)
                                $0.partitionMaxBytes = limit
                            }
                        }
                    }
                ]
                let context = RequestContext(
                    ticket: .init(connection: 900, number: 1), version: 12, clientId: "", now: Instant(nanoseconds: 0),
                    node: 1)
                if case .later = FetchHandler.handle(request, context, state) {
                    waits.withLock { $0 = true }
                    state.waitingFetches.remove(context.ticket)
                }
            } catch {
                Issue.record(error)
            }
        }
        await broker.stop()
        return waits.withLock { $0 }
    }

    /// The first batch comes whole and counts whole, all others up to the limits: Kafka's `ReplicaManager.fetchMessages`,
    /// then `DelayedFetch`. A fetch of a batch above max.partition.fetch.bytes waited fetch.max.wait.ms.
    @Test func aBatchAboveALimitIsEnoughForAFetchThatWantsAsMuch() async throws {
        let large = String(repeating: "x", count: 1000)
        let size = Int32(try batch([large]).count)
        for (values, limit, least, room, waits) in [
            // Nothing there; enough within the limit.
            ([[]], 100, 1, 1 << 20, true), ([[large]], 2000, size, 1 << 20, false),
            // One batch above the limit: all of it counts.
            ([[large]], 100, 500, 1 << 20, false), ([[large]], 100, size, 1 << 20, false),
            ([[large]], 100, size + 1, 1 << 20, true), ([[large]], 0, 500, 1 << 20, false),
            // Others behind it do not come with it.
            ([[large, large]], 100, size + 1, 1 << 20, true),
            // Of a further partition as much as its limit lets out, and of all as much as there is room for.
            ([[large], [large]], 100, size + 100, 1 << 20, false),
            ([[large], [large]], 100, size + 101, 1 << 20, true),
            ([[], [large]], 100, size, 1 << 20, false), ([[large], [large]], 100, size + 1, 50, true),
            // More within the limits than the answer has room for: Kafka counts the limits of partitions alone.
            ([[large], [large]], 2000, 2 * size, 100, false),
        ] as [([[String]], Int32, Int32, Int32, Bool)] {
            let found = try await fetch(values, limit: limit, least: least, room: room)
            #expect(found == waits, "\(values.map(\.count)) limit \(limit) least \(least) room \(room)")
        }
        // What lies in an older segment does not grow: there is nothing to wait for.
        #expect(try await fetch([[large, large]], segment: 1, limit: 100, least: 5000) == false)
        #expect(try await fetch([[large, large]], limit: 100, least: 5000) == true)
    }
}
