import KafkaWire
import TestSupport
import Testing
import ToolKit

@testable import KW

/// What the administrative commands work out without a broker.
@Suite(.turn) struct AdministrationRuleTests {
    @Test(
        arguments: [
            ("orders", ["orders"]), ("orders,payments", ["orders", "payments"]), ("o.*", ["orders"]), (".*", nil),
            ("'orders|pay.*'", ["orders", "payments"]), ("a.c", ["a.c", "abc"]), ("A\\.c", []), ("a\\.c", ["a.c"]),
            ("ord", []), ("[a-o].*", ["a.c", "abc", "orders"]), ("a b c", ["abc"]), ("", []),
            ("(?i)ORDERS", ["orders"]),
        ] as [(String, [String]?)]) func namesAreMatchedWhole(pattern: String, expected: [String]?) throws
    {
        let names = ["a.c", "abc", "orders", "payments"]
        let pattern = try NamePattern(pattern)
        #expect(names.filter { pattern.matches($0) } == expected ?? names)
    }

    @Test func aBrokenExpressionIsASentence() {
        let failure = #expect(throws: ToolFailure.self) { try NamePattern("a(b") }
        #expect(failure?.description == "a(b is no regular expression; a topic's name is one too")
    }

    /// What a program of Java 17 has printed.
    @Test func mapsAreInJavasOrder() {
        #expect(["größe", "🎈", "polygenelubricants"].map { JavaOrder.hash($0) } == [98_762_257, 1_773_260, .min])
        let names = [
            "cleanup.policy", "compression.gzip.level", "compression.lz4.level", "compression.type",
            "compression.zstd.level", "delete.retention.ms", "file.delete.delay.ms", "flush.messages", "flush.ms",
            "index.interval.bytes", "max.compaction.lag.ms", "max.message.bytes", "message.timestamp.after.max.ms",
            "message.timestamp.before.max.ms", "message.timestamp.type", "min.cleanable.dirty.ratio",
            "min.compaction.lag.ms", "min.insync.replicas", "preallocate", "retention.bytes", "retention.ms",
            "segment.bytes", "segment.ms", "unclean.leader.election.enable",
        ]
        let expected: [String] = [
            "compression.type", "file.delete.delay.ms", "max.compaction.lag.ms", "max.message.bytes",
            "min.compaction.lag.ms", "message.timestamp.type", "min.insync.replicas", "preallocate",
            "index.interval.bytes", "min.cleanable.dirty.ratio", "unclean.leader.election.enable",
            "delete.retention.ms", "retention.bytes", "message.timestamp.after.max.ms", "cleanup.policy", "flush.ms",
            "compression.lz4.level", "message.timestamp.before.max.ms", "compression.gzip.level", "retention.ms",
            "segment.bytes", "segment.ms", "compression.zstd.level", "flush.messages",
        ]
        #expect(JavaOrder.hashMap(names, hash: { JavaOrder.hash($0) }) == expected)
        let topics = ["orders", "payments", "a.b_c", "t1", "t2", "t10", "größe", "x"]
        for (count, expected) in [
            (3, "a.b_c orders payments"), (4, "orders a.b_c t1 payments"), (6, "orders t10 a.b_c t1 t2 payments"),
            (7, "t10 größe a.b_c payments orders t1 t2"), (8, "t10 größe a.b_c payments x orders t1 t2"),
        ] {
            let some = Array(topics.prefix(count))
            let order = JavaOrder.hashMap(some, capacity: count, hash: { JavaOrder.hash($0) })
            #expect(order.joined(separator: " ") == expected)
        }
    }

    /// Likewise.
    @Test(
        arguments: [
            (0, "0.0"), (1, "1.0"), (1024, "1024.0"), (1e7, "1.0E7"), (1.048576E7, "1.048576E7"),
            (9_999_999, "9999999.0"), (1e-3, "0.001"), (0.0001, "1.0E-4"), (123456789.125, "1.23456789125E8"),
            (-2.5e-10, "-2.5E-10"), (1e22, "1.0E22"), (0.1, "0.1"), (1.0 / 3, "0.3333333333333333"), (1e15, "1.0E15"),
            (12_345_678, "1.2345678E7"), (.infinity, "Infinity"),
        ] as [(Double, String)]) func numbersAreWrittenAsJavaDoes(value: Double, text: String)
    {
        #expect(JavaNumber.text(value) == text)
    }

    @Test(
        arguments: [
            ("a=b", [("a", "b")]), ("a=b,c=[d,e]", [("a", "b"), ("c", "d,e")]), ("a=", [("a", "")]),
            (" a = b , c=d", [("a", "b"), ("c", "d")]),
            ("SCRAM-SHA-256=[iterations=8192,password=a=b]", [("SCRAM-SHA-256", "iterations=8192,password=a=b")]),
            ("x=[k=v,l=w],y=z", [("x", "k=v,l=w"), ("y", "z")]),
        ] as [(String, [(String, String)])]) func settingsAreTakenApart(text: String, expected: [(String, String)])
        throws
    {
        let pairs = try ConfigChanges.pairs(text)
        #expect(pairs.map(\.name) == expected.map(\.0) && pairs.map(\.value) == expected.map(\.1))
    }

    /// A value with commas, which Kafka's tool takes in brackets alone, was told to be a setting without a value.
    @Test(arguments: [
        ("cleanup.policy=compact,delete", "for one value with commas write cleanup.policy=[compact,delete]"),
        ("a=b,cleanup.policy=compact, delete,c=d", "write cleanup.policy=[compact,delete]"), ("a", nil), ("a=b,", nil),
        ("a=[b,c],d", nil),
    ]) func aValueWithCommasIsShownInBrackets(text: String, hint: String?) {
        let error = #expect(throws: (any Error).self) { try ConfigChanges.pairs(text) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(hint ?? "commas between settings"))
        #expect(hint != nil || "\(error.map { "\($0)" } ?? "")".contains("one value") == false)
    }

    @Test(arguments: ["a", "a=b,c", "=b", "a=[b", "a=b=c", ""]) func brokenSettingsAreRefused(text: String) {
        #expect(throws: (any Error).self) { try ConfigChanges.pairs(text) }
    }

    @Test(
        arguments: [
            ("{\"partitions\":[]", "this is no JSON"), ("{}", "there is no list \"partitions\""),
            (
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":0}]}",
                "entry 1 needs a topic, a partition and an offset"
            ),
            ("{\"partitions\":[],\"version\":2}", "the version must be 1"),
            (
                "{\"partitions\":[{\"topic\":\"t\",\"partition\":0,\"offset\":1},{\"topic\":\"t\",\"partition\":0,\"offset\":2}]}",
                "partition t-0 is named twice"
            ),
        ] as [(String, String)]) func brokenFilesOfOffsetsAreRefused(text: String, part: String)
    {
        let failure = #expect(throws: ToolFailure.self) { try DeleteRecordsCommand.offsets(text, in: "f.json") }
        #expect(failure?.description.hasPrefix("f.json: \(part)") == true)
    }

    @Test(
        arguments: [
            ("t", ["t-0", "t-1", "t-2", "t-3"]), ("t:1", ["t-1"]), ("t:1-3", ["t-1", "t-2"]), ("t:2-", ["t-2", "t-3"]),
            ("t:-2", ["t-0", "t-1"]), (":3", ["t-3"]), ("u,t:0", ["t-0", "u-0"]), (":0", ["t-0", "u-0"]), ("t:3-1", []),
        ] as [(String, [String])]) func partitionsAreChosen(list: String, expected: [String]) throws
    {
        let selection = try PartitionSelection(topic: nil, partitions: nil, list: list)
        var all: [TopicPartition] = (0..<4).map { TopicPartition("t", PartitionID($0)) }
        all.append(TopicPartition("u", 0))
        #expect(all.filter { selection.contains($0.topic, $0.partition) }.map(\.description) == expected)
    }

    @Test(
        arguments: [
            (["--topic", "a"], [ConfigEntityType.topics], ["a"]), (["--broker-defaults"], [.brokers], [""]),
            (["--entity-type", "users", "--entity-default"], [.users], [""]),
            (
                ["--entity-type", "users", "--entity-default", "--entity-type", "clients", "--entity-name", "c"],
                [.users, .clients], ["", "c"]
            ),
            (
                ["--entity-type", "users", "--entity-name", "u", "--entity-type", "clients", "--entity-default"],
                [.users, .clients], ["u", ""]
            ),
            (["--client", "c", "--user-defaults"], [.clients, .users], ["c", ""]),
            (["--entity-type", "topics"], [.topics], []),
        ] as [([String], [ConfigEntityType], [String])]) func entitiesAreRead(
            arguments: [String], types: [ConfigEntityType], names: [String]
        ) throws
    {
        let options = try ConfigEntityOptions.parse(arguments)
        let entities = try ConfigEntities(options, isAlter: false, arguments: arguments)
        #expect(entities.types == types && entities.names == names)
    }

    @Test(
        arguments: [
            [], ["--entity-type", "topic"], ["--topic", "a", "--entity-type", "topics"],
            ["--topic", "a", "--group", "g"],
            ["--broker", "x"], ["--entity-type", "topics", "--entity-default"], ["--entity-type", "broker-loggers"],
            ["--entity-type", "users", "--entity-type", "users"],
        ] as [[String]]) func wrongEntitiesAreRefused(arguments: [String]) throws
    {
        let options = try ConfigEntityOptions.parse(arguments)
        #expect(throws: (any Error).self) {
            try ConfigEntities(options, isAlter: false, arguments: arguments)
        }
    }

    @Test func aclOptionsBecomeRules() throws {
        let options = try AclOptions.parse([
            "--allow-principal", "User:a", "--producer", "--consumer", "--topic", "t", "--group", "g", "--idempotent",
            "--transactional-id", "x",
        ])
        let sets = try AclRules(options, isList: false).sets
        #expect(
            sets.map { "\($0.pattern.type) \($0.pattern.name)" } == [
                "TOPIC t", "TRANSACTIONAL_ID x", "CLUSTER kafka-cluster", "GROUP g",
            ])
        #expect(
            sets.map { Set($0.acls.map(\.operation.description)) } == [
                ["CREATE", "DESCRIBE", "WRITE", "READ"], ["DESCRIBE", "WRITE"], ["IDEMPOTENT_WRITE"], ["READ"],
            ])
        let denied = try AclRules(
            AclOptions.parse([
                "--deny-principal", "User:b", "--deny-host", "10.0.0.1", "--deny-host", "10.0.0.2", "--operation",
                "read",
                "--operation", "DESCRIBE_CONFIGS", "--topic", "p", "--resource-pattern-type", "PREFIXED",
            ]), isList: false)
        #expect(denied.sets.count == 1)
        #expect(
            denied.sets[0].acls.map(\.description) == [
                "DENY User:b READ on TOPIC p (PREFIXED) from 10.0.0.1",
                "DENY User:b READ on TOPIC p (PREFIXED) from 10.0.0.2",
                "DENY User:b DESCRIBE_CONFIGS on TOPIC p (PREFIXED) from 10.0.0.1",
                "DENY User:b DESCRIBE_CONFIGS on TOPIC p (PREFIXED) from 10.0.0.2",
            ])
    }
}
