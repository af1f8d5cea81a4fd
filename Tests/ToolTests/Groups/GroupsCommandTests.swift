import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

/// `kw groups` as a user runs it, against a broker in this process.
@Suite(.turn) struct GroupsCommandTests {
    /// The lines that kafka-consumer-groups.sh prints of the same cluster.
    @Test func theTextIsThatOfKafkasTool() async throws {
        let cluster = try await GroupsCluster()
        let offsets = try await cluster.groups("--describe --group idle")
        #expect(offsets.status == 0)
        #expect(
            offsets.output == """

                GROUP           TOPIC           PARTITION  CURRENT-OFFSET  LOG-END-OFFSET  LAG             CONSUMER-ID     HOST            CLIENT-ID
                idle            orders          0          3               10              7               -               -               -
                idle            orders          1          2               4               2               -               -               -
                idle            payments        0          1               3               2               -               -               -

                """)
        #expect(offsets.error == "\nConsumer group 'idle' has no active members.\n")
        let verbose = try await cluster.groups("--describe --group idle --offsets --verbose")
        #expect(verbose.output.contains("PARTITION  LEADER-EPOCH    CURRENT-OFFSET  LOG-END-OFFSET"))
        #expect(
            verbose.output.contains("\nidle            payments        0          -               1               3 "))

        let members = try await cluster.groups("--describe --group idle --members")
        #expect(
            members.output
                == "\nGROUP           CONSUMER-ID     HOST            CLIENT-ID       #PARTITIONS     \n")
        let state = try await cluster.groups("--describe --group idle --state")
        let coordinator = "\(cluster.broker.bootstrapServers)  (1)"
        let padding = String(repeating: " ", count: 25 - coordinator.count)
        #expect(
            state.output == """

                GROUP           COORDINATOR (ID)          ASSIGNMENT-STRATEGY  STATE                #MEMBERS
                idle            \(coordinator)\(padding) -                    Empty                0

                """)
        #expect(try await cluster.groups("--list").output == "idle\n")
        #expect(
            try await cluster.groups("--list --state --type").output == """
                GROUP                     TYPE                 STATE               \("")
                idle                      Classic              Empty               \("")

                """)
        #expect(
            try await cluster.groups("--list --consumer").output == """
                GROUP                TYPE                 PROTOCOL            \("")
                idle                 Classic                                   \("")

                """)
        await cluster.stop()
    }

    @Test func aGroupWithAMember() async throws {
        let cluster = try await GroupsCluster()
        try await cluster.withMember {
            let described = try await cluster.json("--describe --group billing").elements
            let group = try #require(described.first)
            #expect(described.count == 1 && group["state"].text == "Stable" && group["assignor"].text == "range")
            #expect(group["type"].text == "classic" && group["memberCount"].number == 1)
            let rows = group["offsets"].elements
            #expect(rows.map { $0["topic"].text } == ["orders", "orders", "payments"])
            #expect(rows.map { $0["currentOffset"].number } == [10, 4, 3])
            #expect(rows.map { $0["logEndOffset"].number } == [10, 4, 3])
            #expect(rows.allSatisfy { $0["lag"].number == 0 && $0["clientId"].text == "reader" })
            #expect(
                rows.allSatisfy {
                    $0["host"].text == "/127.0.0.1" && $0["consumerId"].text?.hasPrefix("reader-") ?? false
                })

            let table = try await cluster.groups("--describe --group billing --members --verbose")
            #expect(table.output.contains(" orders:0,1;payments:0 ") && table.error.isEmpty)
            let members = try await cluster.json("--describe --all-groups --members").elements
            #expect(members.map { $0["group"].text } == ["billing", "idle"])
            #expect(members[0]["members"].elements.first?["assignment"].elements.count == 3)
            #expect(members[1]["members"].elements.isEmpty)

            #expect(
                try await cluster.groups("--list --state Stable").output.hasSuffix(
                    "\nbilling                   Stable              \n"))
            #expect(try await cluster.json("--list --state empty,dead").elements.map { $0["group"].text } == ["idle"])
            #expect(try await cluster.json("--list --type consumer").elements.isEmpty)
            #expect(try await cluster.groups("--list --protocol consumer").output.contains("\nbilling "))

            let reset = try await cluster.groups("--reset-offsets --group billing --all-topics --to-earliest --execute")
            #expect(reset.status == 1 && reset.output.isEmpty)
            #expect(
                reset.error == "kw groups: Assignments can only be reset if the group 'billing' is inactive, but the "
                    + "current state is Stable; stop its members first.\n")
            let delete = try await cluster.groups("--delete --group billing --group idle")
            #expect(delete.status == 1)
            #expect(delete.output == "\nThese consumer groups were deleted successfully: 'idle'\n")
            #expect(delete.error.contains("billing") && delete.error.contains("NON_EMPTY_GROUP"))
            let forget = try await cluster.groups("--delete-offsets --group billing --topic orders:1")
            #expect(
                forget.status == 1
                    && forget.output.contains("orders          1          Error: GROUP_SUBSCRIBED_TO_TOPIC"))
            #expect(try await cluster.committed("billing") == ["orders-0=10", "orders-1=4", "payments-0=3"])
        }
        await cluster.stop()
    }

    /// A reset, and what is committed then.
    @Test(arguments: [
        ("--topic orders --to-earliest", ["orders-0=0", "orders-1=0", "payments-0=1"]),
        ("--topic orders:1 --to-latest", ["orders-0=3", "orders-1=4", "payments-0=1"]),
        ("--all-topics --to-latest", ["orders-0=10", "orders-1=4", "payments-0=3"]),
        ("--topic orders:0,1 --topic payments --to-offset 2", ["orders-0=2", "orders-1=2", "payments-0=2"]),
        ("--all-topics --shift-by -1", ["orders-0=2", "orders-1=1", "payments-0=0"]),
        ("--all-topics --shift-by=5", ["orders-0=8", "orders-1=4", "payments-0=3"]),
        ("--topic empty --topic orders --to-current", ["empty-0=0", "orders-0=3", "orders-1=2", "payments-0=1"]),
        ("--topic orders --to-datetime 2026-01-01T00:00:03.000", ["orders-0=3", "orders-1=3", "payments-0=1"]),
        ("--topic orders --to-datetime 2026-01-01T01:00:02.500+01:00", ["orders-0=3", "orders-1=3", "payments-0=1"]),
        ("--topic orders --to-datetime 2026-01-01T00:00:06.000Z", ["orders-0=6", "orders-1=4", "payments-0=1"]),
        ("--topic orders --by-duration PT1S", ["orders-0=10", "orders-1=4", "payments-0=1"]),
        ("--topic orders --to-datetime 1969-12-31T23:59:59.999", ["orders-0=0", "orders-1=0", "payments-0=1"]),
        ("--topic orders --by-duration P100000D", ["orders-0=0", "orders-1=0", "payments-0=1"]),
    ]) func resets(arguments: String, committed: [String]) async throws {
        let cluster = try await GroupsCluster()
        let before = try await cluster.committed("idle")
        let plan = try await cluster.groups("--reset-offsets --group idle \(arguments)")
        #expect(
            plan.status == 0
                && plan.error.contains("WARN: No action will be performed as the --execute option is missing."))
        #expect(try await cluster.committed("idle") == before)
        let done = try await cluster.groups("--reset-offsets --group idle \(arguments) --execute")
        #expect(done.status == 0 && done.output == plan.output && !done.error.contains("--execute"))
        #expect(try await cluster.committed("idle") == committed)
        await cluster.stop()
    }

    @Test func whatTheLogHasNotGotIsBroughtIntoIt() async throws {
        let cluster = try await GroupsCluster()
        _ = try await cluster.admin.deleteRecords(before: [TopicPartition("orders", 0): 5]).get()
        let low = try await cluster.groups("--reset-offsets --group idle --topic orders --to-offset 1 --dry-run")
        #expect(
            low.error
                == "WARN New offset (1) is lower than earliest offset for topic partition orders-0. Value will be set to 5.\n"
        )
        #expect(
            low.output == """

                GROUP           TOPIC           PARTITION  NEW-OFFSET
                idle            orders          0          5
                idle            orders          1          1

                """)
        let high = try await cluster.groups("--reset-offsets --group idle --topic orders:1 --shift-by 100 --dry-run")
        #expect(
            high.error
                == "WARN New offset (102) is higher than latest offset for topic partition orders-1. Value will be set to 4.\n"
        )
        let late = try await cluster.groups(
            "--reset-offsets --group idle --topic orders:1 --to-datetime 2126-01-01T00:00:00.000 --dry-run")
        #expect(
            late.output.hasPrefix(
                "\nWarn: Partition 1 from topic orders is empty. Falling back to latest known offset.\n\nGROUP "))
        await cluster.stop()
    }

    @Test func anExportedPlanIsReadBack() async throws {
        let cluster = try await GroupsCluster()
        let one = try await cluster.groups("--reset-offsets --group idle --all-topics --to-current --export --dry-run")
        #expect(one.output == "orders,0,3\norders,1,2\npayments,0,1\n\n")
        let file = try Program.file(Array(one.output.utf8))
        defer { file.remove() }
        let other = try await cluster.groups("--reset-offsets --group other --execute --from-file", [file.path])
        #expect(other.status == 0)
        #expect(try await cluster.committed("other") == ["orders-0=3", "orders-1=2", "payments-0=1"])

        let all = try await cluster.groups(
            "--reset-offsets --all-groups --topic payments --to-latest --export --dry-run")
        #expect(all.output == "idle,payments,0,3\nother,payments,0,3\n\n")
        let plan = try Program.file(Array("idle,payments,0,0\nidle,orders,1,99\n".utf8))
        defer { plan.remove() }
        let both = try await cluster.groups(
            "--reset-offsets --group idle --group other --execute --json --from-file", [plan.path])
        #expect(both.status == 1 && both.error.contains("No reset plan for group other found"))
        let document = try #require(JSON(both.output))
        #expect(document["executed"] == .bool(true))
        #expect(document["offsets"].elements.map { $0["newOffset"].number } == [4, 0])
        #expect(try await cluster.committed("idle") == ["orders-0=3", "orders-1=4", "payments-0=0"])

        let broken = try Program.file(Array("orders,0,3\norders,one,2\n".utf8))
        defer { broken.remove() }
        let refused = try await cluster.groups("--reset-offsets --group idle --execute --from-file", [broken.path])
        #expect(refused.status == 1 && refused.error.contains("\(broken.path), line 2: "))
        await cluster.stop()
    }

    /// The empty id has positions where a client without a group has committed some: they are shown, moved and deleted.
    @Test func theEmptyGroupIdIsAGroup() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let admin = try KafkaAdmin(.init(bootstrapServers: [broker.bootstrapServers]))
        let id = try #require(await broker.topics.first?.id)
        let request = OffsetCommitRequest.with {
            $0.groupId = ""
            $0.topics = [
                .with {
                    $0.name = "t"
                    $0.topicId = id
                    $0.partitions = [.with { $0.committedOffset = 5 }]
                }
            ]
        }
        _ = try await admin.send(request, to: .groupCoordinator(""))
        let shown = try await Running.json("groups", "--describe", "--group", "", at: broker)
        let offsets = shown.elements.first?["offsets"].elements.map { $0["currentOffset"].number }
        #expect(offsets == [5])
        let moved = try await Running.kw(
            "groups", "--reset-offsets", "--group", "", "--topic", "t", "--to-earliest", "--execute", at: broker)
        #expect(moved.status == 0, "\(moved.error)")
        let deleted = try await Running.kw("groups", "--delete", "--group", "", at: broker)
        #expect(deleted.status == 0, "\(deleted.error)")
        let gone = try await Running.kw("groups", "--describe", "--group", "", at: broker)
        #expect(gone.status == 1 && gone.error.contains("Consumer group '' does not exist."))
        await admin.close()
        await broker.stop()
    }

    @Test func deletes() async throws {
        let cluster = try await GroupsCluster()
        let some = try await cluster.groups("--delete-offsets --group idle --topic orders:0 --topic payments")
        #expect(some.status == 0 && some.error.isEmpty)
        #expect(
            some.output == """
                Request succeeded for deleting offsets from group idle.

                TOPIC           PARTITION  STATUS         \("")
                orders          0          Successful     \("")
                payments        0          Successful     \("")

                """)
        #expect(try await cluster.committed("idle") == ["orders-1=2"])
        let nobody = try await cluster.groups("--delete-offsets --group nobody --topic orders")
        #expect(nobody.status == 1 && nobody.error == "kw groups: Consumer group 'nobody' does not exist.\n")
        let partial = try await cluster.groups("--delete --group idle --group nobody --json")
        #expect(partial.status == 1)
        let results = try #require(JSON(partial.output)).elements
        #expect(results.map { $0["deleted"] } == [.bool(true), .bool(false)])
        #expect(try await cluster.groups("--list").output.isEmpty)
        let missing = try await cluster.groups("--describe --group idle")
        #expect(missing.status == 1 && missing.error == "kw groups: Consumer group 'idle' does not exist.\n")
        await cluster.stop()
    }

    @Test func whatIsNotThereIsSaid() async throws {
        let cluster = try await GroupsCluster()
        let partition = try await cluster.groups("--reset-offsets --group idle --topic orders:7 --to-latest --execute")
        #expect(partition.status == 1 && partition.error == "kw groups: The partitions \"orders-7\" do not exist\n")
        let topic = try await cluster.groups("--reset-offsets --group idle --topic nosuch --to-latest --execute")
        #expect(
            topic.status == 1 && topic.error.contains("nosuch") && topic.error.contains("UNKNOWN_TOPIC_OR_PARTITION"))
        let shift = try await cluster.groups("--reset-offsets --group new --topic orders:0 --shift-by 1 --execute")
        #expect(shift.status == 1 && shift.error.contains("no current committed offset"))
        #expect(try await cluster.committed("new").isEmpty)
        // A name cannot steer a terminal from within a sentence.
        let odd = try await cluster.groups("--describe --group", ["\u{1B}[31mred"])
        #expect(odd.status == 1 && odd.error == "kw groups: Consumer group '\\x1b[31mred' does not exist.\n")
        await cluster.stop()
        let began = ContinuousClock.now
        let gone = try await cluster.groups("--list")
        #expect(gone.status == 1 && gone.error.contains(cluster.broker.bootstrapServers), "\(gone.error)")
        #expect(ContinuousClock.now - began < .seconds(8))
    }

    /// Wrong command lines: status 64, and a sentence that names what is wrong.
    @Test(arguments: [
        ("", "exactly one action"),
        ("--list --describe", "exactly one action"),
        ("--describe", "--group"),
        ("--describe --group g --all-groups", "exclude each other"),
        ("--describe --group g --members --state", "at most one"),
        ("--describe --group g --state Stable", "does not take a value"),
        ("--list --group g", "--group"),
        ("--list --state nonsense", "'nonsense'"),
        ("--list --type share", "'share'"),
        ("--list --verbose", "--verbose"),
        ("--list --share --streams", "exclude each other"),
        ("--list --group-type odd", "valid group type"),
        ("--delete --group g --topic t", "--topic"),
        ("--delete-offsets --group g", "--topic"),
        ("--delete-offsets --group g --group h --topic t", "one --group"),
        ("--reset-offsets --group g --topic t", "--to-earliest"),
        ("--reset-offsets --group g --to-latest", "--all-topics, --topic"),
        ("--reset-offsets --group g --topic t --to-latest --to-earliest", "exclude each other"),
        ("--reset-offsets --group g --topic t --to-latest --dry-run --execute", "exclude each other"),
        ("--reset-offsets --group g --topic t:0:1 --to-latest", "'t:0:1'"),
        ("--reset-offsets --group g --topic t:x --to-latest", "'x'"),
        ("--reset-offsets --group g --topic t --to-datetime yesterday", "'yesterday'"),
        ("--reset-offsets --group g --topic t --by-duration 10m", "'10m'"),
        ("--describe --group g --execute", "--execute"),
        ("--list --timeout 0", "--timeout"),
    ]) func wrongLines(arguments: String, names: String) async throws {
        let outcome = try await Program.run(["groups"] + arguments.split(separator: " ").map(String.init))
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.error.split(separator: "\n").first?.contains(names) ?? false, "\(outcome.error)")
    }
}
