import TestSupport
import Testing

@testable import KafkaWire

/// When topics are looked at, and what is seen then.
@Suite(.turn) struct TopicWatchTests {
    private static let start = Instant(nanoseconds: 0)
    private static let age = Duration.seconds(300)

    private static func watch(_ source: KafkaConsumer.Source) -> TopicWatch {
        TopicWatch(source, maximumAge: age, now: start)
    }

    private static func topics(
        _ counts: [String: Int], errors: [String: ErrorCode] = [:], isInternal: Bool = false
    ) -> TopicWatch.Topics {
        let partition = ClusterMetadata.Partition(leader: 1, leaderEpoch: 0, error: .none)
        let known = counts.map { name, count in
            ClusterMetadata.Topic(
                name: name, id: .zero, isInternal: isInternal, error: errors[name] ?? .none,
                partitions: Array(repeating: partition, count: count))
        }
        return Dictionary(known.map { ($0.name, $0) }) { first, _ in first }
    }

    private static func partitions(_ name: String, _ count: Int) -> Set<TopicPartition> {
        Set((0..<count).map { TopicPartition(name, PartitionID(index: $0)) })
    }

    @Test func aGroupsTopicsAreLookedAtWhileTheMemberHasItsShare() {
        var watch = Self.watch(.group("g", topics: ["t"]))
        #expect(watch.names == ["t"])
        #expect(watch.deadline(hasShare: false) == nil)
        #expect(watch.settled(Self.topics(["t": 2]), now: Self.start) == nil)
        let due = Self.start + Self.age
        #expect(watch.deadline(hasShare: true) == due)
        #expect(watch.takeDue(hasShare: true, now: Self.start + .seconds(299)) == false)
        #expect(watch.takeDue(hasShare: false, now: due) == false)
        #expect(watch.takeDue(hasShare: true, now: due) == true)
        #expect(watch.deadline(hasShare: true) == due + Self.age)
        watch.lookSoon(now: due)
        #expect(watch.takeDue(hasShare: true, now: due) == true)
        watch.failed(now: due, pause: .seconds(1))
        #expect(watch.deadline(hasShare: true) == due + .seconds(1))
    }

    @Test func givenPartitionsAreNeverLookedFor() {
        var watch = Self.watch(.partitions([TopicPartition("t", 0): .earliest]))
        #expect(watch.deadline(hasShare: true) == nil)
        #expect(watch.takeDue(hasShare: true, now: Self.start + Self.age) == false)
    }

    /// Topics of others were watched by nobody: those members went without (20 of 20 records unread).
    @Test func theLeaderWatchesTheTopicsOfAllMembers() {
        var watch = Self.watch(.group("g", topics: ["t"]))
        watch.joins()
        watch.leads(["other", "t"])
        #expect(watch.led == ["other", "t"])
        watch.remember(Self.topics(["t": 2]))
        #expect(watch.settled(Self.topics(["t": 2]), now: Self.start) == nil)
        // One of them is missing.
        #expect(watch.deadline(hasShare: true) == Self.start + .seconds(2))
        for (counts, expected) in [
            (["t": 2], false), (["t": 3], true), (["t": 2, "other": 1], true), ([:], true), (["t": 2], false),
        ] {
            let seen = watch.compared(Self.topics(counts), now: Self.start)
            #expect(seen.haveChanged == expected)
        }
        // It grew between the assignment and the look that followed it.
        watch.remember(Self.topics(["t": 2, "other": 1]))
        #expect(watch.settled(Self.topics(["t": 2, "other": 4]), now: Self.start) == nil)
        #expect(watch.compared(Self.topics(["t": 2, "other": 4]), now: Self.start).haveChanged == true)
        watch.joins()
        #expect(watch.led.isEmpty)
        #expect(!watch.isLeading)
    }

    /// KIP-881: racks of two brokers, of which the second one moves, has none any more, or is away; and replicas that move.
    @Test(
        arguments: [
            (["a", "b"], [1, 2], false), (["b", "a"], [2, 1], false), (["a", "b"], [2, 1, 1], false),
            (["a", "c"], [1, 2], true), (["a", nil], [1, 2], true), (["a"], [1, 2], true), (["a", "b"], [1], true),
            (["a", "b"], [1, 2, 3], true), (["a", "b", "b"], [1, 3], false),
        ] as [([String?], [Int32], Bool)])
    func whoLeadsJoinsAgainWhereReplicasAreInOtherRacks(
        _ racks: [String?], _ replicas: [Int32], _ haveChanged: Bool
    ) throws {
        func metadata(_ racks: [String?], _ replicas: [Int32]) -> ClusterMetadata {
            var metadata = ClusterMetadata()
            metadata.update(
                .with {
                    $0.brokers = racks.enumerated().map { index, rack in
                        .with {
                            $0.nodeId = BrokerID(rawValue: Int32(index + 1))
                            ($0.host, $0.port, $0.rack) = ("h", 9092, rack)
                        }
                    }
                    $0.topics = [
                        .with {
                            $0.name = "t"
                            $0.partitions = [
                                .with {
                                    $0.leaderId = 1
                                    $0.replicaNodes = replicas.map { BrokerID(rawValue: $0) }
                                }
                            ]
                        }
                    ]
                }, all: true)
            return metadata
        }
        let (before, after) = (metadata(["a", "b"], [1, 2]), metadata(racks, replicas))
        for (leads, hasRack) in [(true, true), (false, true), (true, false)] {
            var watch = Self.watch(.group("g", topics: ["t"]))
            watch.joins()
            if leads { watch.leads(["t"]) }
            watch.remember(before.topics, racks: hasRack ? before.replicaRacks(of: ["t"]) : [:])
            let now = hasRack ? after.replicaRacks(of: ["t"]) : [:]
            let seen = watch.compared(after.topics, racks: now, now: Self.start)
            #expect(seen.haveChanged == (haveChanged && leads && hasRack), "leads \(leads), has a rack \(hasRack)")
            // A topic of which the cluster says nothing at present has moved nowhere.
            #expect(!watch.compared(after.topics, racks: [:], now: Self.start).haveChanged)
            watch.joins()
            #expect(!watch.compared(after.topics, racks: now, now: Self.start).haveChanged)
        }
    }

    /// Who follows and joins again unchanged gets what it has: it would do so for nothing.
    @Test func whoFollowsJoinsAgainWhereItsPatternMatchesOthersOnly() throws {
        var watch = Self.watch(.group("g", topics: .matching(try TopicPattern("a.*"))))
        watch.match(Self.topics(["a": 1]))
        watch.joins()
        _ = watch.settled(Self.topics(["a": 1]), now: Self.start)
        #expect(watch.compared(Self.topics(["a": 5]), now: Self.start).haveChanged == false)
        watch.match(Self.topics(["a": 5, "ab": 1]))
        #expect(watch.compared(Self.topics(["a": 5, "ab": 1]), now: Self.start).haveChanged == true)
        watch.joins()
        #expect(watch.compared(Self.topics(["a": 5, "ab": 1]), now: Self.start).haveChanged == false)
    }

    @Test func whatAMemberDoesNotReadOrIsGoneIsKnown() throws {
        let named = Self.watch(.group("g", topics: ["t"]))
        #expect(named.wants("t"))
        #expect(!named.wants("u"))
        let pattern = Self.watch(.group("g", topics: .matching(try TopicPattern("a.*"))))
        // Also what was not seen yet: the leader may have looked later.
        #expect(pattern.wants("ab"))
        #expect(!pattern.wants("b"))
        let topics = Self.topics(
            ["t": 2, "u": 0, "v": 0], errors: ["u": .unknownTopicOrPartition, "v": .leaderNotAvailable])
        for (partition, isGone) in [
            (TopicPartition("t", 1), false), (TopicPartition("t", 2), true), (TopicPartition("t", -1), true),
            (TopicPartition("u", 0), true), (TopicPartition("v", 0), false), (TopicPartition("w", 0), false),
        ] { #expect(named.isGone(partition, topics) == isGone) }
    }

    @Test func anErrorOfTheMomentTakesNothingAway() {
        var watch = Self.watch(.group("g", topics: ["t"]))
        watch.joins()
        watch.leads(["t"])
        watch.remember(Self.topics(["t": 2]))
        _ = watch.settled(Self.topics(["t": 2]), now: Self.start)
        let away = Self.topics(["t": 0], errors: ["t": .leaderNotAvailable])
        #expect(watch.partitionCounts(of: ["t", "other"], away) == ["t": 2])
        #expect(watch.compared(away, now: Self.start).haveChanged == false)
        let gone = Self.topics(["t": 0], errors: ["t": .unknownTopicOrPartition])
        #expect(watch.partitionCounts(of: ["t"], gone).isEmpty)
        #expect(watch.compared(gone, now: Self.start).haveChanged == true)
    }

    @Test func aMissingTopicIsSaidAndLookedForMoreOften() throws {
        var watch = Self.watch(.group("g", topics: ["t"]))
        let told = watch.settled([:], now: Self.start)
        let missing = try #require(told)
        #expect(missing.code.broker == .unknownTopicOrPartition)
        #expect(missing.message.contains("waiting for topic t"))
        #expect(watch.deadline(hasShare: true) == Self.start + .seconds(2))
        let refused = Self.topics(["t": 0], errors: ["t": .topicAuthorizationFailed])
        #expect(watch.settled(refused, now: Self.start)?.code.broker == .topicAuthorizationFailed)
        #expect(watch.settled(Self.topics(["t": 1]), now: Self.start) == nil)
        #expect(watch.deadline(hasShare: true) == Self.start + Self.age)
    }

    /// It was waited for, for ever.
    @Test func whatMayNotBeReadIsNotWaitedFor() {
        let named = Self.watch(.group("g", topics: ["t", "u"]))
        for code in [
            ErrorCode.topicAuthorizationFailed, .groupAuthorizationFailed, .clusterAuthorizationFailed,
            .invalidTopicException,
        ] {
            let seen = Self.topics(["t": 1, "u": 0], errors: ["u": code])
            #expect(named.denial(seen)?.code.broker == code)
            #expect(named.denial(seen)?.topic == "u")
        }
        for code in [ErrorCode.unknownTopicOrPartition, .leaderNotAvailable, .unknownServerError] {
            #expect(named.denial(Self.topics(["t": 0, "u": 1], errors: ["t": code])) == nil)
        }
        #expect(named.denial([:]) == nil)
    }

    @Test func aPatternMatchesAnewAndNoInternalTopics() throws {
        var watch = Self.watch(.group("g", topics: .matching(try TopicPattern("a.*"))))
        #expect(watch.settled([:], now: Self.start)?.message.contains("a.*") == true)
        #expect(watch.deadline(hasShare: true) == Self.start + .seconds(2))
        let inside = Self.topics(["ab": 1], isInternal: true)
        watch.match(Self.topics(["a": 1, "b": 1]).merging(inside) { $1 })
        #expect(watch.names == ["a"])
        // `exclude.internal.topics=false`
        var all = TopicWatch(
            .group("g", topics: .matching(try TopicPattern("a.*"))), excludesInternal: false, maximumAge: Self.age,
            now: Self.start)
        all.match(Self.topics(["a": 1, "b": 1]).merging(inside) { $1 })
        #expect(all.names.sorted() == ["a", "ab"])
        var named = Self.watch(.group("g", topics: ["t"]))
        named.match(Self.topics(["a": 1]))
        #expect(named.names == ["t"])
    }

    @Test func withoutAGroupWhatComesLaterIsReadFromItsFirstRecord() {
        var watch = Self.watch(.topics(["t", "u"], from: .latest))
        #expect(watch.takeDue(hasShare: false, now: Self.start + Self.age) == true)
        let first = Self.topics(["t": 1, "u": 0], errors: ["u": .unknownTopicOrPartition])
        let found = watch.followed(first, read: [], from: .latest)
        #expect(found.all == Self.partitions("t", 1))
        #expect(found.new == [TopicPartition("t", 0): .latest])
        #expect(watch.tookUp(first, now: Self.start)?.topic == "u")
        let later = watch.followed(Self.topics(["t": 2, "u": 1]), read: [TopicPartition("t", 0)], from: .latest)
        #expect(later.all == Self.partitions("t", 2).union(Self.partitions("u", 1)))
        #expect(later.new == [TopicPartition("t", 1): .earliest, TopicPartition("u", 0): .earliest])
    }

    @Test func aTopicThatCouldNotBeSeenYetIsNotANewOne() {
        var watch = Self.watch(.topics(["t"], from: .latest))
        let away = Self.topics(["t": 0], errors: ["t": .leaderNotAvailable])
        #expect(watch.followed(away, read: [], from: .latest).new.isEmpty)
        _ = watch.tookUp(away, now: Self.start)
        #expect(watch.followed(Self.topics(["t": 1]), read: [], from: .latest).new == [TopicPartition("t", 0): .latest])
    }

    @Test func ofAPatternAllThatComesLaterIsNew() throws {
        var watch = Self.watch(.topics(.matching(try TopicPattern(".")), from: .latest))
        watch.match(Self.topics(["a": 1]))
        #expect(watch.followed(Self.topics(["a": 1]), read: [], from: .latest).new == [TopicPartition("a", 0): .latest])
        _ = watch.tookUp(Self.topics(["a": 1]), now: Self.start)
        watch.match(Self.topics(["b": 1]))
        #expect(
            watch.followed(Self.topics(["b": 1]), read: [], from: .latest).new == [TopicPartition("b", 0): .earliest])
    }

    @Test func onlyOneIsUnderWayAndFailuresArePausedFor() {
        var watch = Self.watch(.topics(["t"], from: .earliest))
        watch.lookSoon(now: Self.start)
        #expect(watch.takeDue(hasShare: false, now: Self.start) == true)
        watch.lookSoon(now: Self.start)
        #expect(watch.takeDue(hasShare: false, now: Self.start) == false)
        for count in 1...2 {
            #expect(watch.followingFailed(now: Self.start) { .seconds($0) } == count)
            #expect(watch.deadline(hasShare: false) == Self.start + .seconds(count))
            #expect(watch.takeDue(hasShare: false, now: Self.start + .seconds(count)) == true)
        }
        _ = watch.tookUp(Self.topics(["t": 1]), now: Self.start)
        #expect(watch.followingFailed(now: Self.start) { .seconds($0) } == 1)
    }

    /// It was not looked at for five minutes: the look that was under way had the names of before.
    @Test func whatIsSaidWhileALookIsUnderWayIsLookedAtBehindIt() {
        var watch = Self.watch(.topics(["t"], from: .latest))
        watch.lookSoon(now: Self.start)
        #expect(watch.takeDue(hasShare: false, now: Self.start) == true)
        let topics = Self.topics(["t": 1, "u": 1])
        #expect(watch.followed(topics, read: [], from: .latest).all == Self.partitions("t", 1))
        watch.want(["t", "u"])
        watch.lookSoon(now: Self.start)
        #expect(watch.takeDue(hasShare: false, now: Self.start) == false)
        #expect(watch.tookUp(topics, now: Self.start) == nil)
        #expect(watch.takeDue(hasShare: false, now: Self.start) == true)
        let read = [TopicPartition("t", 0)]
        #expect(watch.followed(topics, read: read, from: .latest).new == [TopicPartition("u", 0): .latest])
    }

    @Test func whileNothingIsWantedNothingIsLookedAtAndThenAllBeginsAnew() throws {
        for source in [.topics(["t"], from: .latest), .group("g", topics: ["t"])] as [KafkaConsumer.Source] {
            var watch = Self.watch(source)
            #expect(!watch.wantsNothing)
            _ = watch.tookUp(Self.topics(["t": 1]), now: Self.start)
            watch.want([])
            watch.lookSoon(now: Self.start)
            #expect(watch.wantsNothing && watch.names.isEmpty && !watch.wants("t"))
            #expect(watch.deadline(hasShare: true) == nil)
            #expect(watch.takeDue(hasShare: true, now: Self.start + Self.age) == false)
            #expect(watch.settled([:], now: Self.start) == nil, "nothing is missing")
            for wanted in [["t"], .matching(try TopicPattern("t"))] as [KafkaConsumer.Topics] {
                watch.want(wanted)
                watch.match(Self.topics(["t": 1]))
                watch.lookSoon(now: Self.start)
                #expect(watch.deadline(hasShare: true) == Self.start)
                let found = watch.followed(Self.topics(["t": 1]), read: [], from: .latest)
                #expect(found.new == [TopicPartition("t", 0): .latest])
            }
        }
        #expect(!Self.watch(.partitions([:])).wantsNothing)
    }

    /// A static leader that is back: what came while it was away was nobody's, since it compared with what it found.
    @Test func aLeaderThatIsBackComparesWithWhatTheGroupHasAssigned() {
        let counts = ["t": 3, "other": 1]
        let all = Self.partitions("t", 3).union(Self.partitions("other", 1))
        for (assigned, isMisassigned) in [
            (all, false), (Self.partitions("t", 3), true),
            (Self.partitions("t", 2).union(Self.partitions("other", 1)), true),
            (all.union(Self.partitions("t", 4)), true), (all.subtracting([TopicPartition("t", 1)]), true),
            (all.subtracting([TopicPartition("t", 0)]), true), ([], true),
            // What nobody wants is nobody's matter.
            (all.union(Self.partitions("foreign", 2)), false),
        ] as [(Set<TopicPartition>, Bool)] {
            var watch = Self.watch(.group("g", topics: ["t"]))
            watch.joins()
            watch.remember(assigned: assigned)
            #expect(!watch.isMisassigned(Self.topics(counts)), "it does not lead")
            watch.leads(["other", "t"])
            watch.remember(Self.topics(counts))
            watch.remember(assigned: assigned)
            #expect(watch.isMisassigned(Self.topics(counts)) == isMisassigned, "\(assigned.sorted())")
            // From then on the topics are watched.
            if !isMisassigned {
                #expect(watch.compared(Self.topics(["t": 4, "other": 1]), now: Self.start).haveChanged)
                #expect(watch.compared(Self.topics(["t": 3]), now: Self.start).haveChanged)
            }
        }
        // An error of the moment takes nothing away, and a topic that is not there has nothing to assign.
        var watch = Self.watch(.group("g", topics: ["t"]))
        watch.leads(["other", "t"])
        watch.remember(assigned: Self.partitions("t", 3))
        #expect(!watch.isMisassigned(Self.topics(["t": 0], errors: ["t": .leaderNotAvailable])))
        #expect(!watch.isMisassigned(Self.topics(["t": 3])))
    }
}

@Suite(.turn) struct LeaderLooksTests {
    @Test func oneLookAtATimeAndTheNextLaterWhileSomeAreMissing() {
        var looks = LeaderLooks()
        #expect(looks.begin() == true)
        #expect(looks.begin() == false)
        #expect(looks.looked() == 1)
        looks.end()
        #expect(looks.begin() == true)
        #expect(looks.looked() == 2)
        looks.foundAll()
        #expect(looks.looked() == 1)
    }
}
