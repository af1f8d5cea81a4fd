/// A fetch from one broker, and the look-up of offsets: requests and the meaning of their answers, without any state.
enum FetchExchange {
    /// What one partition's part of an answer means: records, nothing, or an error.
    struct PartitionAnswer: Sendable {
        var source: TopicPartition
        var outcome: Result<FetchedChunk?, KafkaError>
        /// The offset that was asked for.
        var offset: Offset
        /// Where the log has parted from what was read; nil where it has not.
        var parting: Offset?
        /// Where the records end that may be had: the high watermark, or the last stable offset; -1 where it is not said.
        var end: Offset
        /// The high watermark, and the last stable offset of a `read_committed` consumer; -1 where they are not said.
        var highWatermark: Offset = -1
        var stableOffset: Offset = -1
        /// The replica to read from instead (KIP-392), or -1.
        var replica = BrokerID.none
        /// Whether it has told of a leader that was not known yet (KIP-951).
        var isHinted = false
    }

    /// Fetches from one broker, waiting there for records. A session that the broker does not know any more is begun anew at
    /// once.
    static func fetch(
        _ request: FetchPlan.Request, from broker: BrokerID, _ dialogue: inout FetchDialogue,
        _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster
    ) async -> Result<[PartitionAnswer], KafkaError> {
        do throws(KafkaError) {
            return .success(try await ask(request, broker, &dialogue, configuration, cluster, isRepeated: false))
        } catch {
            dialogue.session.failed()
            return .failure(error)
        }
    }

    private static func ask(
        _ request: FetchPlan.Request, _ broker: BrokerID, _ dialogue: inout FetchDialogue,
        _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster, isRepeated: Bool
    ) async throws(KafkaError) -> [PartitionAnswer] {
        let metadata = await cluster.metadata
        let topics = metadata.topics
        let knowsIds = request.partitions.allSatisfy { topics[$0.topic].map { $0.id != .zero } ?? false }
        let link = try await cluster.link(to: .broker(broker), .fetch)
        let name = link.connection.name
        let version = try link.versions.negotiate(FetchRequest.self, atMost: knowsIds ? .max : 12, broker: name)
        var request = request
        var found: [PartitionAnswer] = []
        if version < 12, !request.epochs.isEmpty {
            found = try await confirm(&request, over: link, &dialogue.checks, metadata, cluster)
            if request.partitions.isEmpty { return found }
        }
        let wanted = zip(request.partitions, request.offsets).map { partition, offset in
            (
                partition: partition,
                wanted: FetchSession.Wanted(
                    topicId: version >= 13 ? topics[partition.topic]?.id ?? .zero : .zero, offset: offset,
                    leaderEpoch: version >= 9 ? metadata.leaderEpoch(of: partition) : .none,
                    lastEpoch: version >= 12 ? request.epochs[partition] ?? .none : .none)
            )
        }
        let question = dialogue.session.ask(wanted, version: version)
        let message = message(question, wanted, version, atMost: request.maximumBytes, configuration)
        let answer = try await cluster.exchange(
            FetchRequest.self, over: link, exactly: version,
            timeout: configuration.client.requestTimeout + configuration.fetchMaximumWait
        ) { _ throws(KafkaError) in message }
        let code = answer.response.errorCode
        guard code == .none else {
            if dialogue.session.refused(code), !isRepeated {
                return found
                    + (try await ask(request, broker, &dialogue, configuration, cluster, isRepeated: true))
            }
            throw .refused(code, "could not fetch", by: answer.broker, api: .fetch)
        }
        dialogue.session.answered(question, session: answer.response.sessionId)
        await takeHints(answer.response, cluster)
        found += await meaning(of: answer, wanted, question, request.epochs, &dialogue.session, configuration, cluster)
        return found
    }

    private static func meaning(
        of answer: Cluster.Answer<FetchResponse>,
        _ wanted: [(partition: TopicPartition, wanted: FetchSession.Wanted)], _ question: FetchSession.Question,
        _ epochs: [TopicPartition: LeaderEpoch], _ session: inout FetchSession,
        _ configuration: KafkaConsumer.Configuration, _ cluster: Cluster
    ) async -> [PartitionAnswer] {
        let offsets = Dictionary(wanted.map { ($0.partition, $0.wanted.offset) }) { first, _ in first }
        let names = Dictionary(wanted.map { ($0.wanted.topicId, $0.partition.topic) }) { first, _ in first }
        var found: [PartitionAnswer] = []
        var open = Set(wanted.map(\.partition))
        let isolation = configuration.isolationLevel
        for topic in answer.response.responses {
            let name = answer.version >= 13 ? names[topic.topicId] ?? "" : topic.topic
            for partition in topic.partitions {
                let source = TopicPartition(name, partition.partitionIndex)
                guard let offset = offsets[source], open.remove(source) != nil else {
                    // The broker has another session in mind.
                    session.failed()
                    continue
                }
                var outcome = chunk(partition, source, at: offset, isolation, by: answer.broker)
                let parting = placeOfParting(partition, epochs[source])
                if let parting { outcome = .failure(truncated(source, at: offset, parting, by: answer.broker)) }
                let leader = partition.currentLeader
                var isHinted = false
                if partition.errorCode != .none, leader.leaderId >= 0 {
                    isHinted = await cluster.setLeader(of: source, leader.leaderId, epoch: leader.leaderEpoch)
                }
                let stable = isolation == .readCommitted ? partition.lastStableOffset : -1
                let end = stable >= 0 ? stable : partition.highWatermark
                if partition.errorCode == .none { session.told(source, end: end) }
                found.append(
                    PartitionAnswer(
                        source: source, outcome: outcome, offset: offset, parting: parting, end: end,
                        highWatermark: partition.highWatermark, stableOffset: stable,
                        replica: partition.errorCode == .none ? partition.preferredReadReplica : .none,
                        isHinted: isHinted))
            }
        }
        guard !open.isEmpty else { return found }
        for source in wanted.map(\.partition) where open.contains(source) {
            let offset = offsets[source] ?? 0
            if question.isIncremental {
                // Nothing has changed.
                found.append(
                    PartitionAnswer(
                        source: source, outcome: .success(nil), offset: offset, end: session.end(of: source)))
                continue
            }
            // What is left out is not nothing: asked again at once, it would be so without end.
            session.failed()
            let error = KafkaError(
                .malformedResponse,
                "could not fetch \(source): broker \(answer.broker) left it out of its answer",
                broker: answer.broker,
                api: .fetch, topic: source.topic, partition: source.partition, isRetriable: true)
            found.append(PartitionAnswer(source: source, outcome: .failure(error), offset: offset, end: -1))
        }
        return found
    }

    private static func message(
        _ question: FetchSession.Question, _ wanted: [(partition: TopicPartition, wanted: FetchSession.Wanted)],
        _ version: Int16, atMost bytes: Int, _ configuration: KafkaConsumer.Configuration
    ) -> FetchRequest {
        FetchRequest.with {
            $0.maxWaitMs = Milliseconds(configuration.fetchMaximumWait)
            $0.minBytes = Int32(clamping: min(configuration.fetchMinimumBytes, bytes))
            $0.maxBytes = Int32(clamping: bytes)
            $0.isolationLevel = configuration.isolationLevel.rawValue
            $0.sessionId = question.sessionId
            $0.sessionEpoch = question.sessionEpoch
            if version >= 11, let rack = configuration.clientRack { $0.rackId = rack }
            let named = question.named.count == wanted.count ? nil : Set(question.named)
            $0.topics = runs(named.map { named in wanted.filter { named.contains($0.partition) } } ?? wanted).map {
                topic, entries in
                .with {
                    if version >= 13 { $0.topicId = entries.first?.wanted.topicId ?? .zero } else { $0.topic = topic }
                    $0.partitions = entries.map { partition, wanted in
                        .with {
                            $0.partition = partition.partition
                            $0.currentLeaderEpoch = wanted.leaderEpoch
                            $0.fetchOffset = wanted.offset
                            $0.lastFetchedEpoch = wanted.lastEpoch
                            $0.partitionMaxBytes = Int32(clamping: configuration.partitionMaximumBytes)
                        }
                    }
                }
            }
            $0.forgottenTopicsData = question.forgotten.map { forgotten in
                .with {
                    if version >= 13 { $0.topicId = forgotten.topicId } else { $0.topic = forgotten.partition.topic }
                    $0.partitions = [forgotten.partition.partition]
                }
            }
        }
    }

    /// The partitions by topic, topics and partitions in the order in which they are to be filled.
    private static func runs(
        _ wanted: [(partition: TopicPartition, wanted: FetchSession.Wanted)]
    ) -> [(String, [(partition: TopicPartition, wanted: FetchSession.Wanted)])] {
        var places: [String: Int] = [:]
        var runs: [(String, [(partition: TopicPartition, wanted: FetchSession.Wanted)])] = []
        for entry in wanted {
            let topic = entry.partition.topic
            let place = places[topic] ?? runs.count
            if place == runs.count {
                places[topic] = place
                runs.append((topic, []))
            }
            runs[place].1.append(entry)
        }
        return runs
    }

    /// Where leaders are reached that the answer points to (KIP-951).
    private static func takeHints(_ answer: FetchResponse, _ cluster: Cluster) async {
        for node in answer.nodeEndpoints { await cluster.setAddress(of: node.nodeId, host: node.host, port: node.port) }
    }

    /// Ends the session at a broker that there is a connection to: it has memory for so many.
    static func end(_ session: FetchSession, at broker: BrokerID, _ cluster: Cluster, within limit: Duration) async {
        _ = try? await cluster.send(FetchRequest.self, to: .broker(broker), timeout: limit) {
            version throws(KafkaError) in
            FetchRequest.with {
                guard version >= 7 else { return }
                $0.sessionId = session.id
                $0.sessionEpoch = -1
            }
        }
    }
}
