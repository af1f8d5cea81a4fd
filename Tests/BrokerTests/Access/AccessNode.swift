import KafkaWire

@testable import KafkaBroker

/// A broker without sockets, whose clients are who a test says, and that has something of everything.
final class AccessNode {
    let node: BrokerNode
    private var number: UInt64 = 0

    /// Who may do everything.
    static let root = KafkaPrincipal("root")
    static let alice = KafkaPrincipal("alice")

    struct Unanswered: Error {
        var reason: String
    }

    init(topics: [String: Int] = ["t": 1, "u": 1], _ configure: (inout KafkaBroker.Configuration) -> Void = { _ in })
        throws
    {
        var configuration = KafkaBroker.Configuration(topics: topics)
        configuration.authorization = .on(superUsers: [Self.root])
        configuration.seed = 1
        configuration.delegationTokens = .init(secretKey: "a key")
        configuration.maximumPartitions = 64
        configure(&configuration)
        node = try BrokerNode(configuration, port: 9092)
    }

    /// What becomes of a request.
    func outcome<R: WireRequest>(
        _ request: R, version: Int16, as principal: KafkaPrincipal, host: String = "/127.0.0.1"
    )
        throws -> Outcome
    {
        guard let api = ServedAPI.of(R.api) else { throw Unanswered(reason: "\(R.api) is not served") }
        number += 1
        let context = RequestContext(
            ticket: .init(connection: 1, number: number), version: version, clientId: "test",
            now: Instant(nanoseconds: Int64(number)), clientHost: host, principal: principal)
        let body = Bytes(try request.encode(version: version))
        let outcome = try node.handle(api, body, context)
        guard case .later = outcome else { return outcome }
        for _ in 0..<100 where node.works.count > 0 { node.work(now: context.now) }
        return node.takeAnswers().first { $0.ticket == context.ticket }?.outcome ?? .later
    }

    /// The answer to a request, as its version carries it.
    func ask<R: WireRequest>(
        _ request: R, version: Int16? = nil, as principal: KafkaPrincipal = AccessNode.alice,
        host: String = "/127.0.0.1"
    ) throws -> R.Response {
        let version = version ?? API.of(R.api)?.latestStable ?? R.versions.upperBound
        switch try outcome(request, version: version, as: principal, host: host) {
        case .answer(let answer):
            guard let answer = answer as? R.Response else { throw Unanswered(reason: "another answer") }
            return try R.Response.decode(Bytes(try answer.encode(version: version)), version: version)
        case .hangUp(let reason): throw Unanswered(reason: reason)
        default: throw Unanswered(reason: "it waits")
        }
    }

    // MARK: - Rules

    private var rules: UInt64 = 0

    func allow(
        _ operation: AclOperation, _ resource: AclResourceType, _ name: String = "*",
        _ permission: AclPermission = .allow, kind: AclPatternType = .literal, to principal: String = "User:alice"
    ) {
        rules += 1
        node.authorizer?.acls.add(
            AclBinding(
                pattern: .init(
                    resource: resource, kind: kind,
                    name: ExactName(resource == .cluster ? AclResourceType.clusterName : name)),
                principal: ExactName(principal), operation: operation, permission: permission),
            id: Uuid(high: 77, low: rules))
    }

    // MARK: - What it has

    /// A transaction in "u", positions of the group "g" and of "o", and who has that.
    func populate() throws -> PlaceFiller.Known {
        var known = PlaceFiller.Known()
        if let topic = node.topics["t"] { known.topicId = topic.id.rawValue }
        let producer = try ask(
            InitProducerIdRequest.with {
                $0.transactionalId = "ty"
                $0.transactionTimeoutMs = 60_000
                $0.producerId = .none
                $0.producerEpoch = .none
            }, version: 5, as: Self.root)
        known.producerId = producer.producerId.rawValue
        known.producerEpoch = Int64(producer.producerEpoch.rawValue)
        known.records = Bytes(
            try batch(["a"]) {
                $0.producerId = producer.producerId
                $0.producerEpoch = producer.producerEpoch
                $0.baseSequence = 0
                $0.marks = .init(rawValue: 1 << 4)
            })
        _ = try ask(
            AddPartitionsToTxnRequest.with {
                $0.v3AndBelowTransactionalId = "ty"
                $0.v3AndBelowProducerId = producer.producerId
                $0.v3AndBelowProducerEpoch = producer.producerEpoch
                $0.v3AndBelowTopics = [
                    .with {
                        $0.name = "u"
                        $0.partitions = [0]
                    }
                ]
            }, version: 3, as: Self.root)
        for group in ["g", "o"] {
            _ = try ask(
                OffsetCommitRequest.with {
                    $0.groupId = group
                    $0.generationIdOrMemberEpoch = -1
                    $0.topics = ["t", "u"].map { name in
                        .with {
                            $0.name = name
                            $0.partitions = [.with { $0.committedOffset = 1 }]
                        }
                    }
                }, version: 8, as: Self.root)
        }
        _ = node.takeAnswers()
        return known
    }

    /// All that a request could change, in words.
    var state: [String] {
        let topics = node.topics.sorted.map { topic in
            "\(topic.name) \(topic.id) \(topic.configs.sorted { $0.key < $1.key }) "
                + "\(topic.partitions.map { "\($0.log.startOffset)-\($0.log.endOffset) \($0.leadership.replicas)" })"
        }
        let groups = node.groups.groups.sorted { $0.key < $1.key }.map { id, group in
            "\(id) \(group.stateName) \(group.typeName) \(group.offsets.sorted)"
        }
        let transactions = node.transactions.transactions.sorted { $0.key < $1.key }.map { "\($0.value)" }
        let quotas = node.quotas.matching([:], strict: false).map { "\($0)" }.sorted()
        let configs = ConfigResource.Kind.allNamed.flatMap { kind in node.configs.names(kind).map { "\(kind) \($0)" } }
        let acls = node.authorizer?.acls.sorted.map { "\($0)" } ?? []
        return topics + groups + transactions + quotas + configs + acls + ["\(node.cluster.nodes)"]
    }
}

extension ConfigResource.Kind {
    /// The kinds of which there are as many as were named.
    fileprivate static let allNamed: [ConfigResource.Kind] = [.clientMetrics, .group]
}
