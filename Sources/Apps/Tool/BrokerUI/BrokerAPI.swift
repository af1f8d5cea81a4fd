import ChangeEvents
import JSONLines
import KafkaBroker
import KafkaWire
import PageServing

/// What the page asks for, as JSON; programs may ask too.
///
/// ```
/// /api/topics                        every topic: partitions, records, bytes
/// /api/topics/NAME                   its partitions
/// /api/topics/NAME/messages          messages: the last ones, or
///     ?partition=0                   of one partition only
///     &offset=17                     from an offset on
///     &cursor=0:17,1:4               from an offset of each partition on, as `next` of the last answer says
///     &count=50                      so many at most, 1 to 200
///     &follow=1                      of each partition only the last of them; `skipped` says how many lie in between
/// /api/groups                        the first 200 groups: state, members with their partitions, committed offsets, lag
/// /api/transactions                  the first 1000 transactional ids
/// ```
///
/// Offsets, counts and times (milliseconds since 1970) are numbers. Of a key, value or header there is its `kind`
/// (`null`, `text`, `json`, `binary`), its `size`, the first bytes as `hex`, and its `text`; `cut` says that the text is
/// longer than shown. A change event of Debezium has a `change` beside its value (``ChangeView``).
struct BrokerAPI: Sendable {
    let broker: any ShownBroker

    /// More groups are not told of, nor more members and positions than ten thousand; `count` says how many there are.
    private static let mostGroups = 200
    /// More transactional ids are not told of.
    private static let mostTransactions = 1000

    /// Answers `path` below `/api`.
    func answer(_ path: [String], _ query: [String: String]) async -> PageAnswer {
        switch path {
        case ["topics"]: return .init(body: await topics())
        case ["groups"]: return .init(body: await groups())
        case ["transactions"]: return .init(body: await transactions())
        default: break
        }
        guard path.first == "topics", path.count == 2 || path.count == 3 && path[2] == "messages" else {
            return .refusal(404, "There is no such thing; ask for /api/topics, /api/groups or /api/transactions.")
        }
        guard let topic = await broker.topics.first(where: { $0.name == path[1] }) else {
            return .refusal(404, "There is no topic \(path[1]).")
        }
        if path.count == 2 { return .init(body: Self.partitions(topic)) }
        do throws(MessageQuery.Refusal) {
            let messages = try MessageQuery(query, of: topic)
            return .init(body: await messages.answer(broker))
        } catch {
            return .refusal(400, error.sentence)
        }
    }

    // MARK: - Topics

    private func topics() async -> String {
        let topics = await broker.topics.map { topic in
            JSONText.object([
                ("name", JSONText.string(topic.name)), ("partitions", "\(topic.partitions.count)"),
                ("records", "\(Self.sum(topic) { $0.endOffset - $0.startOffset })"),
                ("produced", "\(Self.sum(topic) { $0.endOffset.rawValue })"),
                ("bytes", "\(Self.sum(topic) { Int64($0.bytes) })"),
            ])
        }
        return JSONText.object([
            ("bootstrap", JSONText.string(broker.bootstrapServers)), ("topics", JSONText.array(topics)),
        ])
    }

    private static func sum(_ topic: KafkaBroker.TopicInfo, _ part: (KafkaBroker.PartitionInfo) -> Int64) -> Int64 {
        topic.partitions.map(part).saturatedSum()
    }

    private static func partitions(_ topic: KafkaBroker.TopicInfo) -> String {
        JSONText.object([
            ("name", JSONText.string(topic.name)), ("id", JSONText.string("\(topic.id)")),
            (
                "partitions",
                JSONText.array(
                    topic.partitions.enumerated().map { index, partition in
                        JSONText.object([
                            ("partition", "\(index)"), ("start", "\(partition.startOffset)"),
                            ("end", "\(partition.endOffset)"), ("stable", "\(partition.lastStableOffset)"),
                            ("bytes", "\(partition.bytes)"),
                        ])
                    })
            ),
        ])
    }

    // MARK: - Groups

    private func groups() async -> String {
        let topics = Dictionary(await broker.topics.map { ($0.name, $0.partitions) }) { $1 }
        let (groups, count) = await broker.groups(limit: Self.mostGroups)
        return JSONText.object([
            ("groups", JSONText.array(groups.map { Self.group($0, topics) })), ("count", "\(count)"),
        ])
    }

    private static func group(
        _ group: KafkaBroker.GroupInfo, _ topics: [String: [KafkaBroker.PartitionInfo]]
    ) -> String {
        var lag: Int64 = 0
        var owners: [TopicPartition: String] = [:]
        let members = group.members.map { member in
            let share = (try? ConsumerProtocolAssignment.decodeVersioned(member.assignment))?.assignedPartitions ?? []
            for topic in share {
                for partition in topic.partitions { owners[TopicPartition(topic.topic, partition)] = member.id }
            }
            return JSONText.object([
                ("id", JSONText.string(member.id)), ("clientId", JSONText.string(member.clientId)),
                ("instanceId", JSONText.string(member.instanceId)),
                ("isLeader", "\(member.id == group.leader)"),
                (
                    "assignment",
                    JSONText.array(
                        share.map { topic in
                            JSONText.object([
                                ("topic", JSONText.string(topic.topic)),
                                ("partitions", JSONText.array(topic.partitions.map { "\($0)" })),
                            ])
                        })
                ),
            ])
        }
        // A commit of a negative offset is none, as for Java's admin client, and so for `kw groups`.
        let committed = Dictionary(
            group.committed.filter { $0.offset >= 0 }.map { (TopicPartition($0.topic, $0.partition), $0) }
        ) { $1 }
        let offsets = Set(owners.keys).union(committed.keys).sorted().map { key in
            let place = Int(key.partition.rawValue)
            let partition = topics[key.topic].flatMap { $0.indices.contains(place) ? $0[place] : nil }
            let position = committed[key]
            // Negative where the log ends before what was committed, as after the topic was made anew: as `kw groups` shows it.
            let behind = partition.flatMap { end in position.map { end.endOffset - $0.offset } }
            lag = lag.addingSaturated(max(0, behind ?? 0))
            return JSONText.object([
                ("topic", JSONText.string(key.topic)), ("partition", "\(key.partition)"),
                ("committed", position.map { "\($0.offset)" } ?? "null"),
                ("end", partition.map { "\($0.endOffset)" } ?? "null"), ("lag", behind.map { "\($0)" } ?? "null"),
                ("metadata", JSONText.string(position?.metadata)), ("member", JSONText.string(owners[key])),
            ])
        }
        return JSONText.object([
            ("id", JSONText.string(group.id)), ("state", JSONText.string(group.state)),
            ("generation", "\(group.generation)"), ("protocol", JSONText.string(group.protocolName)),
            ("lag", "\(lag)"), ("members", JSONText.array(members)), ("offsets", JSONText.array(offsets)),
        ])
    }

    // MARK: - Transactions

    private func transactions() async -> String {
        let (known, count) = await broker.transactions(limit: Self.mostTransactions)
        let transactions = known.map { transaction in
            JSONText.object([
                ("id", JSONText.string(transaction.id)), ("state", JSONText.string(transaction.state)),
                ("producerId", "\(transaction.producerId)"), ("producerEpoch", "\(transaction.producerEpoch)"),
                ("partitions", JSONText.array(transaction.partitions.map { JSONText.string("\($0)") })),
                ("groups", JSONText.array(transaction.groups.map { JSONText.string($0) })),
            ])
        }
        return JSONText.object([("transactions", JSONText.array(transactions)), ("count", "\(count)")])
    }
}
