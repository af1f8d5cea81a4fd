import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The doctor before groups that do not get stable, and consumers that do not move.
@Suite(.turn) struct DoctorGroupTests {
    private func examine(
        _ broker: KafkaBroker, group: String = "g", watch: Duration = .milliseconds(800)
    ) async -> DiagnosisReport {
        var configuration = KafkaDoctor.Configuration.quick("127.0.0.1:\(broker.port)")
        configuration.groups = [group]
        configuration.watch = watch
        return await KafkaDoctor(configuration).examine()
    }

    private func member(_ broker: KafkaBroker, _ topics: [String] = ["t"], id: String = "worker") throws
        -> KafkaConsumer
    {
        try .quick("127.0.0.1:\(broker.port)", group: "g", topics: topics) {
            $0.client.clientId = id
            $0.sessionTimeout = .seconds(10)
        }
    }

    /// A member that has its partitions, and reads nothing.
    private func join(_ consumer: KafkaConsumer, _ broker: KafkaBroker, members: Int = 1) async throws -> Task<
        Void, any Error
    > {
        let seen = Seen()
        let task = Task {
            for try await batch in consumer.batches {
                seen.add(batch)
                // Hangs in its processing, until the test is over.
                try await Task.sleep(for: .seconds(60))
            }
        }
        try await eventually { [broker] in
            let group = await broker.group("g")
            return group?.state == "Stable" && group?.members.count == members
        }
        return task
    }

    @Test func aGroupThatHasReadAllIsWell() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 2]))
        try await broker.produce(0..<20, to: "t")
        let consumer = try member(broker)
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 20)
        let report = await examine(broker, watch: .seconds(60))
        #expect(report.troubles == [])
        #expect(report.duration < .seconds(30), "what is well is not watched to the end")
        #expect(try report.only(.groupHealthy).message.contains("is stable, with 1 member and 0 records to read"))
        await consumer.close()
        try await task.value
        // Nobody is left, and more comes.
        try await broker.produce(20..<25, to: "t")
        let empty = await examine(broker)
        #expect(empty.troubles == ["problem group-without-members"])
        #expect(try empty.only(.groupWithoutMembers).message.contains("the 5 records that wait"))
        let near = await examine(broker, group: "G")
        #expect(near.troubles == ["problem unknown-group"])
        await broker.stop()
    }

    @Test func aConsumerThatHangs() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        _ = try await admin.alterGroupOffsets(of: "g", [TopicPartition("t", 0): CommittedOffset(offset: 10)]).get()
        await admin.close()
        try await broker.produce(10..<20, to: "t")
        let consumer = try member(broker, id: "sleeper")
        let task = try await join(consumer, broker)
        let short = await examine(broker)
        #expect(short.troubles == ["warning consumer-does-not-move"], "too short to be sure")
        let report = await examine(broker, watch: .milliseconds(6100))
        #expect(report.troubles == ["problem consumer-does-not-move"])
        let message = try report.only(.consumerStuck).message
        #expect(message.contains("sleeper at 127.0.0.1") && message.contains("10 records wait"))
        task.cancel()
        await consumer.close()
        await broker.stop()
    }

    @Test func aCommittedOffsetThatHasLeftTheLog() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<10, to: "t")
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        let part = TopicPartition("t", 0)
        _ = try await admin.alterGroupOffsets(of: "g", [part: CommittedOffset(offset: 3)]).get()
        _ = try await admin.deleteRecords(before: [part: 6]).get()
        let consumer = try member(broker)
        let task = try await join(consumer, broker)
        let report = await examine(broker)
        #expect(report.troubles == ["problem committed-offset-out-of-range"])
        #expect(try report.only(.committedOffsetGone).message.contains("3 records were deleted before they were read"))
        task.cancel()
        await consumer.close()
        await admin.close()
        await broker.stop()
    }

    @Test func anOpenTransactionHoldsReadersBack() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let admin = try KafkaAdmin(.quick(["127.0.0.1:\(broker.port)"]))
        _ = try await AdminTransactionTests.hang("billing-1", admin)
        try await broker.produce(0..<5, to: "t")
        let part = TopicPartition("t", 0)
        _ = try await admin.alterGroupOffsets(of: "g", [part: CommittedOffset(offset: 0)]).get()
        let consumer = try KafkaConsumer.quick("127.0.0.1:\(broker.port)", group: "g", topics: ["t"]) {
            $0.sessionTimeout = .seconds(10)
        }
        let task = try await join(consumer, broker)
        let report = await examine(broker)
        #expect(report.troubles == ["warning open-transaction"], "it is younger than its time-out")
        let finding = try report.only(.openTransaction)
        #expect(finding.message.contains("transactional.id billing-1") && finding.message.contains("6 records wait"))
        #expect(finding.advice?.contains("60 s") == true)
        task.cancel()
        await consumer.close()
        await admin.close()
        await broker.stop()
    }

    @Test func aMemberWithoutPartitions() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let members = [try member(broker, id: "one"), try member(broker, id: "two")]
        let tasks = members.map { $0.read(into: Seen()) }
        try await eventually {
            let group = await broker.group("g")
            return group?.state == "Stable" && group?.members.count == 2
        }
        let report = await examine(broker)
        #expect(report.troubles == ["warning idle-members"])
        #expect(try report.only(.idleMembers).message.contains("1 member of 2"))
        for member in members { await member.close() }
        for task in tasks { try await task.value }
        await broker.stop()
    }

    @Test func aMemberThatHasNeverCommitted() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        try await broker.produce(0..<3, to: "t")
        let consumer = try member(broker)
        let task = try await join(consumer, broker)
        let report = await examine(broker)
        #expect(report.troubles == ["warning no-committed-offset"])
        task.cancel()
        await consumer.close()
        await broker.stop()
    }

    @Test func aGroupWhoseMembersComeAndGo() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 4]))
        let steady = try member(broker, id: "steady")
        let task = try await join(steady, broker)
        let coming = Task {
            while !Task.isCancelled {
                let guest = try member(broker, id: "guest")
                let reading = guest.read(into: Seen())
                try? await Task.sleep(for: .milliseconds(350))
                await guest.close()
                try? await reading.value
                try? await Task.sleep(for: .milliseconds(350))
            }
        }
        let report = await examine(broker, watch: .seconds(4))
        let finding = try report.only(.groupNotStable)
        #expect(finding.severity == .problem)
        #expect(finding.advice?.contains("Members come and go") == true && finding.advice?.contains("guest") == true)
        coming.cancel()
        _ = try? await coming.value
        task.cancel()
        await steady.close()
        await broker.stop()
    }

    // MARK: - Tables

    private func group(
        _ state: KafkaAdmin.GroupState, _ members: [(String, [TopicPartition], [TopicPartition]?)], epoch: Int32? = nil
    ) -> KafkaAdmin.GroupDescription {
        KafkaAdmin.GroupDescription(
            id: "g", type: epoch == nil ? .classic : .consumer, state: state, protocolType: "consumer",
            assignor: "range",
            epoch: epoch,
            members: members.map { id, assigned, target in
                KafkaAdmin.GroupMember(
                    id: id, clientId: id, clientHost: "/10.0.0.1", subscribedTopics: ["t"], assignment: assigned,
                    targetAssignment: target)
            }, coordinator: 1)
    }

    private func facts(_ groups: [KafkaAdmin.GroupDescription]) -> GroupFacts {
        var facts = GroupFacts(id: "g")
        facts.samples = groups.enumerated().map { .init(.milliseconds(250 * $0), $1) }
        facts.watched = .seconds(10)
        facts.partitions = ["t": 2]
        return facts
    }

    private let p0 = TopicPartition("t", 0)
    private let p1 = TopicPartition("t", 1)

    @Test func unrestAsATable() {
        let stable = group(.stable, [("a", [p0, p1], nil)])
        func codes(_ groups: [KafkaAdmin.GroupDescription]) -> [DiagnosisFinding.Code] {
            GroupJudgement.findings(facts(groups)).filter { $0.severity > .ok }.map(\.code)
        }
        #expect(codes([stable, stable, stable]) == [])
        let preparing = group(.preparingRebalance, [("a", [], nil)])
        #expect(codes([preparing, preparing, preparing]) == [.groupNotStable])
        let waits = GroupJudgement.findings(facts([preparing, preparing]))
        #expect(waits[0].advice?.contains("max.poll.interval.ms") == true)
        let completing = group(.completingRebalance, [("a", [], nil)])
        #expect(GroupJudgement.findings(facts([completing, completing]))[0].advice?.contains("assignment") == true)
        // Once is as it should be.
        #expect(codes([preparing, stable, stable]) == [.groupNotStable])
        #expect(GroupJudgement.findings(facts([preparing, stable, stable]))[0].severity == .warning)
        // What began and does not end is more than that.
        var endless = facts([stable] + Array(repeating: preparing, count: 6))
        endless.watched = .milliseconds(1500)
        #expect(GroupJudgement.findings(endless)[0].severity == .problem)
        #expect(GroupJudgement.findings(endless)[0].advice?.contains("max.poll.interval.ms") == true)
        // Who has not given up its partition is to blame, not who waits for it.
        let reconciling = group(.reconciling, [("slow", [p0, p1], [p0]), ("waiting", [], [p1])], epoch: 3)
        let held = GroupJudgement.findings(facts([reconciling, reconciling, reconciling]))
        #expect(held.first?.code == .memberHoldsUp)
        #expect(held.first?.message.contains("slow at 10.0.0.1") == true)
        #expect(held.first?.message.contains("waiting at") == false)
    }

    /// Offsets and times are what a broker says: sums and differences of them stop at the ends of 64 bits.
    @Test func offsetsAtTheEndsTrapNowhere() {
        let stable = group(.stable, [("a", [p0, p1], nil)])
        let ends: [Offset] = [Offset(.min), -1, 0, 1, Offset(.max - 1), Offset(.max)]
        for then in ends {
            for now in ends {
                for end in ends {
                    var facts = facts([stable, stable])
                    facts.now = .max
                    for partition in [p0, p1] {
                        facts.before[partition] = .init(committed: then, start: now, end: now, lastStable: end)
                        facts.after[partition] = .init(committed: now, start: end, end: end, lastStable: then)
                        facts.transactions[partition] = [.init(producerId: 1, start: then, startTime: .min)]
                    }
                    #expect(!GroupJudgement.findings(facts).isEmpty)
                    facts.samples = facts.samples.map { .init($0.time, group(.empty, [])) }
                    #expect(!GroupJudgement.findings(facts).isEmpty)
                }
            }
        }
    }

    @Test func assignmentAsATable() {
        let partly = group(.stable, [("a", [p0], nil)])
        let findings = GroupJudgement.findings(facts([partly, partly]))
        #expect(findings.map(\.code) == [.partitionNotAssigned])
        #expect(findings[0].message.hasPrefix("Partition 1 of t belongs to no member of group g"))
        var leaderless = facts([group(.stable, [("a", [p0, p1], nil)])])
        leaderless.withoutLeader = [p1]
        #expect(GroupJudgement.findings(leaderless).map(\.code) == [.noLeader])
    }

    @Test func progressAsATable() {
        typealias Position = GroupFacts.Position
        func findings(_ before: Position, _ after: Position, _ change: (inout GroupFacts) -> Void = { _ in })
            -> [DiagnosisFinding]
        {
            var facts = facts([group(.stable, [("a", [p0, p1], nil)])])
            facts.before = [p0: before]
            facts.after = [p0: after]
            change(&facts)
            return GroupJudgement.findings(facts).filter { $0.severity > .ok }
        }
        func at(_ committed: Offset?, _ end: Offset, start: Offset = 0, stable: Offset? = nil) -> Position {
            Position(committed: committed, start: start, end: end, lastStable: stable ?? end)
        }
        #expect(findings(at(5, 10), at(9, 12)).isEmpty, "it moves")
        #expect(findings(at(10, 10), at(10, 12)).isEmpty, "the records have only just come")
        #expect(findings(at(5, 10), at(5, 10)).map(\.code) == [.consumerStuck])
        #expect(findings(at(5, 10), at(5, 30))[0].message.contains("and more come"))
        #expect(findings(at(5, 10, start: 7), at(5, 10, start: 7)).map(\.code) == [.committedOffsetGone])
        #expect(findings(at(50, 10), at(50, 10)).map(\.code) == [.committedOffsetGone])
        #expect(findings(at(nil, 10), at(nil, 10)).map(\.code) == [.noCommittedOffset])
        #expect(findings(at(nil, 0), at(nil, 0)).isEmpty, "there is nothing to read")
        // The last offset may be a marker, which nobody commits.
        #expect(findings(at(9, 10), at(9, 10)) { $0.withMarkers = [p0] }.isEmpty)
        let behind = findings(at(0, 1000), at(1000, 100_000))
        #expect(behind.map(\.code) == [.consumerFallsBehind])
        #expect(behind.first?.message.contains("9900 records a second come, and 100 are read") == true)

        func open(_ transaction: GroupFacts.OpenTransaction) -> DiagnosisFinding? {
            findings(at(5, 10, stable: 5), at(5, 10, stable: 5)) {
                $0.now = 100_000
                $0.transactions = [p0: [transaction]]
            }.first
        }
        let young = open(.init(producerId: 7, start: 5, transactionalId: "x", startTime: 90_000, timeout: .seconds(60)))
        #expect(young?.code == .openTransaction && young?.severity == .warning)
        let old = open(.init(producerId: 7, start: 5, transactionalId: "x", startTime: 10_000, timeout: .seconds(60)))
        #expect(old?.severity == .problem && old?.message.contains("since 90 s") == true)
        let hanging = open(.init(producerId: 7, start: 5))
        #expect(hanging?.severity == .problem && hanging?.advice?.contains("--start-offset 5") == true)
    }
}
