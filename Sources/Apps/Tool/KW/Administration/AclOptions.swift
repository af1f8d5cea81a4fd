import ArgumentParser
import KafkaWire

/// The options of `kw acls` that say what rules are about.
struct AclOptions: ParsableArguments {
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Who is allowed to; User:* is everybody.", valueName: "User:name"))
    var allowPrincipal: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("Who is denied to; that counts more than what is allowed.", valueName: "User:name"))
    var denyPrincipal: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("From where those are allowed to (default: *, everywhere).", valueName: "address"))
    var allowHost: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("From where those are denied to (default: *, everywhere).", valueName: "address"))
    var denyHost: [String] = []

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp(
            "What: Read, Write, Create, Delete, Alter, Describe, ClusterAction, DescribeConfigs, AlterConfigs, "
                + "IdempotentWrite, CreateTokens, DescribeTokens, TwoPhaseCommit (default: All).",
            valueName: "operation"))
    var operation: [String] = []

    @Option(
        parsing: .unconditionalSingleValue, help: ArgumentHelp("A topic; * is all.", valueName: "name"),
        completion: .topicNames)
    var topic: [String] = []
    @Option(
        parsing: .unconditionalSingleValue, help: ArgumentHelp("A group; * is all.", valueName: "id"),
        completion: .groupNames)
    var group: [String] = []
    @Flag(help: "The cluster.") var cluster = false
    @Option(parsing: .unconditionalSingleValue, help: ArgumentHelp("A transactional id; * is all.", valueName: "id"))
    var transactionalId: [String] = []
    @Option(parsing: .unconditionalSingleValue, help: ArgumentHelp("A delegation token; * is all.", valueName: "id"))
    var delegationToken: [String] = []
    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A user whose tokens it is about.", valueName: "User:name"))
    var userPrincipal: [String] = []

    @Option(
        help: ArgumentHelp(
            "How names are meant: literal or prefixed; when listing and removing also any, and match for all rules that "
                + "concern the name.", valueName: "type"))
    var resourcePatternType = "literal"

    @Flag(help: "What a producer needs: Write, Describe and Create on the topic.") var producer = false
    @Flag(help: "What a consumer needs: Read and Describe on the topic, Read on the group.") var consumer = false
    @Flag(help: "With --producer: IdempotentWrite on the cluster, for brokers before Kafka 2.8.")
    var idempotent = false

    /// Whether there is something that only rules to add or remove have.
    var hasRuleParts: Bool {
        producer || consumer || !allowPrincipal.isEmpty || !denyPrincipal.isEmpty || !allowHost.isEmpty
            || !denyHost.isEmpty
    }
}
