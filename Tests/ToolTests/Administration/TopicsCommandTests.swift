import JSONLines
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

@testable import KW

/// `kw topics` as a program, against a broker in this process.
@Suite(.turn) struct TopicsCommandTests {
    @Test func aTopicIsCreatedListedDescribedGrownAndDeleted() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        let created = try await Running.kw(
            "topics", "--create", "--topic", "orders", "--partitions", "2", "--replication-factor", "2", "--config",
            "retention.ms=1000", "--config", "cleanup.policy=compact,delete", at: broker)
        #expect(created.status == 0 && created.output == "Created topic orders.\n" && created.error.isEmpty)
        let second = try await Running.kw(
            "topics", "--create", "--topic", "a.b", "--replica-assignment", "3:1,1:2", at: broker)
        #expect(
            second.output
                == "WARNING: Due to limitations in metric names, topics with a period ('.') or underscore ('_') could "
                + "collide. To avoid issues it is best to use either, but not both.\nCreated topic a.b.\n")
        #expect(try await Running.kw("topics", "--list", at: broker).output == "a.b\norders\n")
        #expect(try await Running.kw("topics", "--list", "--topic", "o.*", at: broker).output == "orders\n")

        let admin = try KafkaAdmin(.init(bootstrapServers: ["127.0.0.1:\(broker.port)"]))
        let known = try await admin.describeTopics(["orders", "a.b"]).get()
        let orders = try #require(known["orders"])
        func ids(_ brokers: [BrokerID]) -> String { brokers.map { "\($0)" }.joined(separator: ",") }
        var text = "Topic: orders\tTopicId: \(orders.id.rawValue)\tPartitionCount: 2\tReplicationFactor: 2\t"
        text += "Configs: cleanup.policy=compact,delete,retention.ms=1000\n"
        for part in orders.partitions {
            text += "\tTopic: orders\tPartition: \(part.partition)\tLeader: \(part.leader ?? .none)\t"
            text += "Replicas: \(ids(part.replicas))\tIsr: \(ids(part.inSync))\tElr: \tLastKnownElr: \n"
        }
        let described = try await Running.kw("topics", "--describe", "--topic", "orders", at: broker)
        #expect(described.output == text && described.status == 0)
        let id = try #require(known["a.b"]?.id.rawValue.description)
        let byId = try await Running.kw("topics", "--describe", "--topic-id", id, at: broker)
        #expect(
            byId.output.hasPrefix("Topic: a.b\tTopicId: \(id)\tPartitionCount: 2\tReplicationFactor: 2\tConfigs: \n"))
        #expect(byId.output.contains("\tPartition: 0\tLeader: 3\tReplicas: 3,1\tIsr: "))
        let overridden = try await Running.kw("topics", "--describe", "--topics-with-overrides", at: broker)
        #expect(overridden.output == text.prefix { $0 != "\n" } + "\n")

        let grown = try await Running.kw("topics", "--alter", "--topic", "a.b", "--partitions", "5", at: broker)
        #expect(grown.status == 0 && grown.output.isEmpty)
        #expect(try await admin.describeTopics(["a.b"]).get()["a.b"]?.partitions.count == 5)
        let deleted = try await Running.json("topics", "--delete", "--topic", "a.*", at: broker)
        #expect(deleted.elements.map { $0["name"].text } == ["a.b"])
        #expect(try await Running.kw("topics", "--list", at: broker).output == "orders\n")
        await admin.close()
        await broker.stop()
    }

    @Test func partitionsThatLackReplicasAreFound() async throws {
        let broker = try await KafkaBroker.start(.init(brokers: 3))
        for (name, assignment) in [("t", "1:2:3,2:3:1,1:2:3"), ("alone", "3")] {
            let made = try await Running.kw(
                "topics", "--create", "--topic", name, "--replica-assignment", assignment, "--config",
                "min.insync.replicas=2", at: broker)
            #expect(made.status == 0, "\(made.error)")
        }
        func lines(_ filter: String) async throws -> [String] {
            let outcome = try await Running.kw("topics", "--describe", "--\(filter)", at: broker)
            #expect(outcome.status == 0, "\(outcome.error)")
            return outcome.output.split(separator: "\n").map {
                $0.split(separator: "\t").prefix(3).joined(separator: " ")
            }
        }
        let all = (0..<3).map { "Topic: t Partition: \($0) Leader: " }
        #expect(try await lines("under-replicated-partitions").isEmpty)
        #expect(try await lines("under-min-isr-partitions") == ["Topic: alone Partition: 0 Leader: 3"])
        try await broker.stopNode(3)
        let lacking = try await lines("under-replicated-partitions")
        #expect(lacking.count == 3 || lacking.count == 4)
        #expect(all.allSatisfy { head in lacking.contains { $0.hasPrefix(head) && !$0.hasSuffix("none") } })
        #expect(try await lines("unavailable-partitions") == ["Topic: alone Partition: 0 Leader: none"])
        #expect(try await lines("at-min-isr-partitions").count == 3)
        #expect(try await lines("under-min-isr-partitions") == ["Topic: alone Partition: 0 Leader: none"])
        await broker.stop()
    }

    @Test func whatCannotBeDoneIsASentence() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 2, "payments": 1]))
        for (arguments, part) in [
            (["--create", "--topic", "orders"], "Topic 'orders' already exists"),
            (["--create", "--topic", "n", "--config", "retention.msx=1"], "did you mean retention.ms?"),
            (["--describe", "--topic", "ordres"], "Topic 'ordres' does not exist as expected; did you mean orders?"),
            (["--delete", "--topic", "nope"], "Topic 'nope' does not exist as expected"),
            (["--alter", "--topic", "orders", "--partitions", "1"], "INVALID_PARTITIONS"),
            (["--describe", "--topic-id", "AAAAAAAAAAAAAAAAAAAAAQ"], "TopicId 'AAAAAAAAAAAAAAAAAAAAAQ' does not"),
        ] {
            let outcome = try await Running.kw(
                ["topics"] + arguments + ["--bootstrap-server", broker.bootstrapServers])
            #expect(outcome.status == 1 && outcome.output.isEmpty, "\(arguments)")
            #expect(outcome.error.hasPrefix("kw topics: ") && outcome.error.contains(part), "\(outcome.error)")
            #expect(outcome.error.split(separator: "\n").count == 1)
        }
        for arguments in [
            ["--create", "--topic", "orders", "--if-not-exists"], ["--delete", "--topic", "nope", "--if-exists"],
            ["--describe", "--topic", "nope", "--if-exists"],
            ["--alter", "--topic", "nope", "--if-exists", "--partitions", "3"],
        ] {
            let outcome = try await Running.kw(
                ["topics"] + arguments + ["--bootstrap-server", broker.bootstrapServers])
            #expect(outcome.status == 0 && outcome.output.isEmpty && outcome.error.isEmpty, "\(arguments)")
        }
        // One of two is refused: the other is done all the same.
        broker.on(.createPartitions, times: 1) { request in
            guard let message = request.message as? CreatePartitionsRequest else { return .pass }
            return .answer(
                CreatePartitionsResponse.with {
                    $0.results = message.topics.map { topic in
                        .with {
                            $0.name = topic.name
                            $0.errorCode = topic.name == "orders" ? .policyViolation : .none
                        }
                    }
                })
        }
        let some = try await Running.kw(
            "topics", "--alter", "--topic", ".*", "--partitions", "9", "--json", at: broker)
        #expect(some.status == 1 && some.output == "[{\"name\":\"payments\",\"partitionCount\":9}]\n")
        #expect(some.error.contains("POLICY_VIOLATION") && some.error.contains("orders"))
        await broker.stop()
    }

    @Test(
        arguments: [
            (["--lst"], "Unknown option '--lst'. Did you mean --list?"), ([], "say what to do"),
            (["--list", "--create", "--topic", "t"], "exclude each other"), (["--create"], "--create needs --topic"),
            (["--alter", "--topic", "t"], "--alter needs --partitions"),
            (["--list", "--partitions", "3"], "--partitions goes with --create or --alter, not with --list"),
            (["--create", "--topic", "t", "--replica-assignment", "1:1"], "names a broker twice"),
            (["--create", "--topic", "t", "--replica-assignment", "1:2,3"], "another number of replicas"),
            (["--create", "--topic", "t", "--replica-assignment", "1", "--partitions", "1"], "leave --partitions"),
            (["--create", "--topic", "t", "--config", "a"], "write it as NAME=VALUE"),
            (["--create", "--topic", "t", "--partitions", "0"], "--partitions is 1 or more"),
            (["--create", "--topic", "t", "--replication-factor", "-1"], "--replication-factor is a number"),
            (["--list", "--zookeeper", "localhost:2181"], "Kafka has no ZooKeeper"),
            (["--list", "--bootstrap-controller", "localhost:9093"], "--bootstrap-controller is not supported"),
        ] as [([String], String)]) func wrongUsageIsRefused(arguments: [String], part: String) async throws
    {
        let outcome = try await Running.kw(["topics"] + arguments)
        #expect(outcome.status == 64 && outcome.output.isEmpty)
        #expect(outcome.error.hasPrefix("Error: ") && outcome.error.contains(part), "\(outcome.error)")
        #expect(outcome.error.contains("'kw topics --help'"))
    }
}
