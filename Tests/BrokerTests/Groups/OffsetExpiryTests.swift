import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Which commits are taken from members of which epoch, and when positions are forgotten (KIP-211), under virtual time.
@Suite(.turn) struct OffsetExpiryTests {
    private func commit(
        _ script: inout ConsumerGroupScript, _ topic: String = "t", partition: PartitionID = 0, group: String = "g",
        member: String = "", epoch: Int32 = -1, keep: Duration? = nil, version: Int16 = 9
    ) -> ErrorCode {
        let context = script.context(version)
        let request = OffsetCommitRequest.with {
            $0.groupId = group
            $0.memberId = member
            $0.generationIdOrMemberEpoch = epoch
        }
        let partitions = script.registry[topic].map { [TopicIDPartition(topic: $0.id, partition: partition)] } ?? []
        let error = script.coordinator.mayCommit(request, context, partitions: partitions)
        if error == .none {
            script.coordinator.store(
                .init(
                    offset: 5, leaderEpoch: -1, metadata: "", committedAt: script.now,
                    expiresAt: keep.map { script.now + $0 }), for: .init(topic, partition), group: group)
        }
        return error
    }

    private func kept(_ script: ConsumerGroupScript, _ group: String = "g") -> [String] {
        script.coordinator.allCommitted(group: group).map { "\($0.key)" }
    }

    /// Lets time go by in steps, as ticks do.
    private func wait(_ script: inout ConsumerGroupScript, _ duration: Duration) {
        for _ in 0..<20 { script.advance(duration / 20) }
    }

    // MARK: - Who may commit

    @Test func membersCommitWithTheirEpoch() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        #expect(commit(&script, member: "a", epoch: 2) == .groupIdNotFound)
        #expect(commit(&script, member: "a", epoch: 2, version: 8) == .illegalGeneration)
        _ = script.join("a")
        #expect(commit(&script, member: "a", epoch: 2) == .none)
        #expect(commit(&script, member: "a", epoch: 3) == .staleMemberEpoch)
        #expect(commit(&script, member: "a", epoch: 2, version: 8) == .unsupportedVersion)
        #expect(commit(&script, member: "b", epoch: 2) == .unknownMemberId)
        #expect(commit(&script) == .unknownMemberId)
        _ = script.join("b")
        #expect(script.beat("a", 2) == "2 t0")
        #expect(script.beat("a", 2, owned: "t0") == "3 same")
        // What it has had since the older epoch it may still commit (KIP-1251); what it gave up it may not.
        #expect(commit(&script, member: "a", epoch: 2) == .none)
        #expect(commit(&script, partition: 1, member: "a", epoch: 2) == .staleMemberEpoch)
        #expect(script.beat("b", 3) == "3 t1")
        #expect(commit(&script, partition: 1, member: "b", epoch: 2) == .staleMemberEpoch)
        #expect(commit(&script, partition: 1, member: "b", epoch: 3) == .none)
        _ = script.beat("a", -1)
        _ = script.beat("b", -1)
        #expect(commit(&script) == .none)
        #expect(commit(&script, member: "a", epoch: 3) == .unknownMemberId)
    }

    @Test func membersFetchWithTheirEpoch() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        _ = script.join("a")
        let rows: [(String?, Int32, ErrorCode)] = [
            (nil, -1, .none), ("a", 2, .none), ("a", 1, .staleMemberEpoch), ("a", 3, .staleMemberEpoch),
            ("b", 2, .unknownMemberId), ("", -1, .unknownMemberId),
        ]
        for (member, epoch, wanted) in rows {
            let error = script.coordinator.mayFetch(
                .with {
                    $0.groupId = "g"
                    $0.memberId = member
                    $0.memberEpoch = epoch
                })
            #expect(error == wanted, "\(member ?? "nobody") \(epoch)")
        }
    }

    @Test func producersCommitWithTheirMember() {
        var script = ConsumerGroupScript(topics: ["t": 2])
        _ = script.join("a")
        let rows: [(String, Int32, ErrorCode)] = [
            ("", -1, .none), ("a", 2, .none), ("a", 3, .illegalGeneration), ("b", 2, .unknownMemberId),
        ]
        for (member, epoch, wanted) in rows {
            let context = script.context(3)
            let request = TxnOffsetCommitRequest.with {
                $0.groupId = "g"
                $0.memberId = member
                $0.generationId = epoch
            }
            #expect(script.coordinator.mayCommit(request, context) == wanted, "\(member) \(epoch)")
        }
    }

    // MARK: - How long positions are kept

    @Test func standaloneCommitsCountFromTheCommit() {
        var script = ConsumerGroupScript(topics: ["t": 2], offsetsRetention: .seconds(3600))
        #expect(commit(&script) == .none)
        #expect(script.coordinator.nextDeadline == script.now + GroupCoordinator.longestExpiryInterval)
        wait(&script, .seconds(1800))
        #expect(commit(&script, partition: 1) == .none)
        wait(&script, .seconds(1790))
        #expect(kept(script) == ["t-0", "t-1"])
        wait(&script, .seconds(1000))
        #expect(kept(script) == ["t-1"])
        wait(&script, .seconds(2000))
        #expect(script.coordinator.groups.isEmpty)
        #expect(script.coordinator.nextDeadline == nil)
    }

    /// The same through a socket: the broker's own timer, without a request in between.
    @Test func theBrokerForgetsByItself() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.offsetsRetention = .milliseconds(100)
        let broker = try await KafkaBroker.start(configuration)
        let client = try TestClient(port: broker.port)
        let commit = OffsetCommitRequest.with {
            $0.groupId = "g"
            $0.topics = [
                .with {
                    $0.name = "t"
                    $0.partitions = [.with { $0.committedOffset = 5 }]
                }
            ]
        }
        #expect(try client.call(commit, version: 8).topics.first?.partitions.first?.errorCode == ErrorCode.none)
        #expect(await broker.group("g")?.committed.count == 1)
        for _ in 0..<200 where await broker.group("g") != nil { try await Task.sleep(for: .milliseconds(20)) }
        #expect(await broker.groups.isEmpty)
        await broker.stop()
    }

    @Test func commitsMayBringTheirOwnTime() {
        var script = ConsumerGroupScript(topics: ["t": 1], offsetsRetention: .seconds(3600))
        #expect(commit(&script, keep: .seconds(1000), version: 4) == .none)
        wait(&script, .seconds(900))
        #expect(kept(script) == ["t-0"])
        wait(&script, .seconds(900))
        #expect(kept(script).isEmpty)
    }

    @Test func classicGroupsCountFromTheLastMember() {
        var script = GroupScript()
        script.coordinator = GroupCoordinator(
            sessionTimeouts: .seconds(1) ... .seconds(60), initialDelay: .milliseconds(100), memberLimit: 10,
            offsetsRetention: .seconds(3600), random: RandomSource(seed: 1))
        let id = script.stable(1)[0]
        script.coordinator.store(
            .init(offset: 1, leaderEpoch: -1, metadata: "", committedAt: script.now), for: .init("t", 0), group: "g")
        // While it has a member whose topics cannot be read, nothing that it was given is too old.
        for _ in 0..<1000 {
            #expect(script.heartbeat(id, generation: 1) == .none)
            script.advance(.seconds(5))
        }
        #expect(script.leave(id) == .none)
        for _ in 0..<600 { script.advance(.seconds(5)) }
        #expect(script.group != nil)
        for _ in 0..<300 { script.advance(.seconds(5)) }
        #expect(script.coordinator.groups.isEmpty)
    }

    @Test func topicsThatAreReadAreKept() {
        var script = ConsumerGroupScript(topics: ["t": 1, "u": 1], offsetsRetention: .seconds(100))
        script.settings.sessionTimeout = .seconds(10_000)
        _ = script.join("a")
        #expect(commit(&script, member: "a", epoch: 2) == .none)
        #expect(commit(&script, "u", member: "a", epoch: 2) == .none)
        wait(&script, .seconds(300))
        #expect(kept(script) == ["t-0"])
        _ = script.beat("a", -1)
        wait(&script, .seconds(300))
        #expect(script.coordinator.groups.isEmpty)
    }

    @Test func whatATransactionIsAboutToChangeIsKept() {
        var script = ConsumerGroupScript(topics: ["t": 2], offsetsRetention: .seconds(100))
        #expect(commit(&script) == .none)
        #expect(commit(&script, partition: 1) == .none)
        script.coordinator.storePending(
            .init(offset: 9, leaderEpoch: -1, metadata: "", committedAt: script.now), for: .init("t", 0), group: "g",
            producer: .init(id: 7, epoch: 0))
        wait(&script, .seconds(300))
        #expect(kept(script) == ["t-0"])
        script.coordinator.endTransaction(of: .init(id: 7, epoch: 0), commit: false)
        wait(&script, .seconds(300))
        #expect(kept(script).isEmpty)
    }
}
