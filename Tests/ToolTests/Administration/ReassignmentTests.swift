import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing
import ToolKit

@testable import KW

/// `kw reassign-partitions`: values, and the program.
@Suite(.turn) struct ReassignmentTests {
    private static func plan(_ text: String) throws -> ReassignmentPlan { try ReassignmentPlan(text, in: "f.json") }

    @Test func aPlanIsRead() throws {
        let plan = try Self.plan(
            #"{"version":1,"partitions":[{"topic":"t","partition":1,"replicas":[2,1],"log_dirs":["any","/d"]}]}"#)
        #expect(plan.replicas == [TopicPartition("t", 1): [2, 1]])
        #expect(plan.directories == [KafkaAdmin.Replica(TopicPartition("t", 1), at: 1): "/d"])
        // What is printed is what is read.
        #expect(try Self.plan(ReassignmentPlan.text(plan.replicas)).replicas == plan.replicas)
        #expect(
            ReassignmentPlan.text([TopicPartition("t", 1): [2, 1]])
                == #"{"version":1,"partitions":[{"topic":"t","partition":1,"replicas":[2,1],"log_dirs":["any","any"]}]}"#
        )
    }

    @Test(arguments: [
        ("x", "no JSON"), ("{}", "no list"), (#"{"partitions":[]}"#, "is empty"),
        (#"{"version":2,"partitions":[]}"#, "version must be 1"), (#"{"partitions":[{"topic":"t"}]}"#, "entry 1 needs"),
        (#"{"partitions":[{"topic":"t","partition":0,"replicas":[]}]}"#, "no replicas"),
        (#"{"partitions":[{"topic":"t","partition":0,"replicas":["1"]}]}"#, "brokers' ids"),
        (#"{"partitions":[{"topic":"t","partition":0,"replicas":[1,1]}]}"#, "names a broker twice"),
        (
            #"{"partitions":[{"topic":"t","partition":0,"replicas":[1]},{"topic":"t","partition":0,"replicas":[2]}]}"#,
            "named twice"
        ),
        (
            #"{"partitions":[{"topic":"t","partition":0,"replicas":[1],"log_dirs":["a","b"]}]}"#,
            "log_dirs is not a list"
        ),
    ]) func aWrongPlanIsASentence(text: String, part: String) {
        let failure = #expect(throws: ToolFailure.self) { try Self.plan(text) }
        #expect(failure?.description.hasPrefix("f.json: ") == true && failure?.description.contains(part) == true)
    }

    @Test(
        arguments: [
            ([2, 1], false, "is completed."), ([1, 2], false, "but replica set is 1,2 rather than 2,1."),
            ([1, 2], true, "is still in progress."), ([], false, "but replica set is  rather than 2,1."),
        ] as [([BrokerID], Bool, String)])
    func aMoveIsSaidInKafkasWords(current: [BrokerID], isMoving: Bool, end: String) {
        let state = ReassignmentState(
            partition: TopicPartition("t", 0), current: current, target: [2, 1], isMoving: isMoving)
        #expect(state.line.hasSuffix(end) && state.line.contains("t-0"))
    }

    /// Kafka's own example (`AdminUtils`): five brokers, ten partitions, three replicas.
    @Test func replicasAreSpreadAsKafkaDoes() throws {
        let spread = ReplicaSpread((0..<5).map { .init(id: BrokerID($0)) })
        let assignment = try #require(spread.assignment(partitions: 10, replicas: 3, start: 0, shift: 0))
        #expect(assignment[0] == [0, 1, 2] && assignment[1] == [1, 2, 3] && assignment[4] == [4, 0, 1])
        #expect(assignment[5] == [0, 2, 3] && assignment[6] == [1, 3, 4] && assignment[9] == [4, 1, 2])
        for replicas in assignment { #expect(Set(replicas).count == 3) }
        #expect(spread.assignment(partitions: 1, replicas: 6, start: 0, shift: 0) == nil)
        #expect(spread.assignment(partitions: 1, replicas: 0, start: 0, shift: 0) == nil)
        #expect(ReplicaSpread([.init(id: 7)]).assignment(partitions: 2, replicas: 1, start: 3, shift: 2) == [[7], [7]])
    }

    /// Kafka's own example: 0 and 5 in one rack, 3 and 4 in the next, 1 and 2 in the third.
    @Test func racksComeFirst() throws {
        let racks = [0: "rack1", 1: "rack3", 2: "rack3", 3: "rack2", 4: "rack2", 5: "rack1"]
        let spread = ReplicaSpread(racks.map { .init(id: BrokerID(Int32($0.key)), rack: $0.value) })
        let assignment = try #require(spread.assignment(partitions: 7, replicas: 3, start: 0, shift: 0))
        #expect(assignment.prefix(6) == [[0, 3, 1], [3, 1, 5], [1, 5, 4], [5, 4, 2], [4, 2, 0], [2, 0, 3]])
        #expect(assignment[6] == [0, 4, 2])
        for count in 1...6 {
            for replicas in try #require(spread.assignment(partitions: 20, replicas: count, start: 4, shift: 3)) {
                #expect(Set(replicas).count == count)
                #expect(Set(replicas.map { racks[Int($0.rawValue)] ?? "" }).count == min(count, 3))
            }
        }
    }

    @Test func throttlesNameSourcesAndDestinations() {
        let partition = TopicPartition("t", 0)
        let moves = ReassignmentThrottle.moves([partition: [2, 3]], current: [partition: [1, 2]], active: [:])
        #expect(moves == [partition: .init(sources: [1, 2], destinations: [3])])
        #expect(
            ReassignmentThrottle.topics(moves) == [
                "t": [
                    "leader.replication.throttled.replicas": .set("0:1,0:2"),
                    "follower.replication.throttled.replicas": .set("0:3"),
                ]
            ])
    }

    @Test func partitionsAreMoved() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        _ = try await Running.kw("topics", "--create", "--topic", "t", "--replica-assignment", "1:2,2:1", at: broker)
        func kw(_ arguments: String...) async throws -> Program.Outcome {
            try await Running.kw(
                ["kafka-reassign-partitions.sh", "--bootstrap-server", broker.bootstrapServers] + arguments)
        }
        let topics = try Program.file(Array(#"{"topics":[{"topic":"t"}],"version":1}"#.utf8))
        defer { topics.remove() }
        let proposed = try await kw(
            "--generate", "--topics-to-move-json-file", topics.path, "--broker-list", "2,3")
        let lines = proposed.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        #expect(proposed.status == 0 && lines[0] == "Current partition replica assignment", "\(proposed.error)")
        #expect(lines[2] == "" && lines[3] == "Proposed partition reassignment configuration")
        #expect(lines[1].contains(#""replicas":[1,2]"#))
        let plan = try ReassignmentPlan(lines[4], in: "output")
        #expect(plan.brokers == [2, 3] && plan.partitions.count == 2)

        let file = try Program.file(
            Array(#"{"version":1,"partitions":[{"topic":"t","partition":0,"replicas":[3,2]}]}"#.utf8))
        defer { file.remove() }
        let begun = try await kw("--execute", "--reassignment-json-file", file.path, "--throttle", "1000")
        #expect(begun.status == 0 && begun.output.contains("Save this to use as the --reassignment-json-file"))
        #expect(begun.output.contains("The inter-broker throttle limit was set to 1000 B/s"))
        #expect(begun.output.hasSuffix("Successfully started partition reassignment for t-0\n"), "\(begun.error)")
        let verified = try await kw("--verify", "--reassignment-json-file", file.path)
        #expect(
            verified.output == """
                Status of partition reassignment:
                Reassignment of partition t-0 is completed.
                Clearing broker-level throttles on brokers 1,2,3
                Clearing topic-level throttles on topic t

                """)
        #expect(try await kw("--list").output == "No partition reassignments found.\n")
        let cancelled = try await kw("--cancel", "--reassignment-json-file", file.path, "--preserve-throttles")
        #expect(cancelled.output.hasPrefix("None of the specified partition reassignments are active.\n"))
        let described = try await Running.json("topics", "--describe", "--topic", "t", at: broker)
        #expect(described.elements.first?["partitions"].elements.first?["replicas"].elements.map(\.number) == [3, 2])

        let stranger = try Program.file(
            Array(#"{"partitions":[{"topic":"t","partition":9,"replicas":[1]}]}"#.utf8))
        defer { stranger.remove() }
        let missing = try await kw("--execute", "--reassignment-json-file", stranger.path)
        #expect(missing.status == 1 && missing.error.contains("there is no partition t-9"))
        for wrong in [["--execute"], ["--list", "--throttle", "1"], ["--generate", "--broker-list", "1"], []] {
            #expect(
                try await Running.kw(
                    ["reassign-partitions", "--bootstrap-server", broker.bootstrapServers] + wrong
                ).status == 64)
        }
        await broker.stop()
    }
}
