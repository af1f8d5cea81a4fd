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
    }

    /// Fetches from one leader, waiting there for records.
    static func fetch(
        _ request: FetchPlan.Request, from leader: BrokerID, _ configuration: KafkaConsumer.Configuration,
        _ cluster: Cluster
    ) async -> Result<[PartitionAnswer], KafkaError> {
        do throws(KafkaError) {
            let metadata = await cluster.metadata
            let topics = metadata.topics
            let knowsIds = request.partitions.allSatisfy { topics[$0.topic].map { $0.id != .zero } ?? false }
            let answer = try await cluster.send(
                FetchRequest.self, to: .broker(leader), use: .fetch, atMost: knowsIds ? .max : 12,
                timeout: configuration.client.requestTimeout + configuration.fetchMaximumWait
            ) { version throws(KafkaError) in
                message(request, version: version, configuration, metadata)
            }
            let code = answer.response.errorCode
            guard code == .none else { throw .refused(code, "could not fetch", by: answer.broker, api: .fetch) }
            await takeHints(answer.response, cluster)
            let offsets = Dictionary(
                zip(request.partitions, request.offsets), uniquingKeysWith: { first, _ in first })
            let names = Dictionary(
                request.partitions.map { (topics[$0.topic]?.id ?? .zero, $0.topic) }, uniquingKeysWith: { a, _ in a })
            var found: [PartitionAnswer] = []
            var open = Set(request.partitions)
            for topic in answer.response.responses {
                let name = answer.version >= 13 ? names[topic.topicId] ?? "" : topic.topic
                for partition in topic.partitions {
                    let source = TopicPartition(name, partition.partitionIndex)
                    guard let offset = offsets[source], open.remove(source) != nil else { continue }
                    let isolation = configuration.isolationLevel
                    var outcome = chunk(partition, source, at: offset, isolation, by: answer.broker)
                    let parting = placeOfParting(partition, request.epochs[source])
                    if let parting { outcome = .failure(truncated(source, at: offset, parting, by: answer.broker)) }
                    let leader = partition.currentLeader
                    if partition.errorCode != .none, leader.leaderId >= 0 {
                        await cluster.setLeader(of: source, leader.leaderId, epoch: leader.leaderEpoch)
                    }
                    let stable = isolation == .readCommitted ? partition.lastStableOffset : -1
                    found.append(
                        PartitionAnswer(
                            source: source, outcome: outcome, offset: offset, parting: parting,
                            end: stable >= 0 ? stable : partition.highWatermark,
                            highWatermark: partition.highWatermark, stableOffset: stable))
                }
            }
            // What is left out is not nothing: asked again at once, it would be so without end.
            for source in open.sorted() {
                let error = KafkaError(
                    .malformedResponse,
                    "could not fetch \(source): broker \(answer.broker) left it out of its answer",
                    broker: answer.broker,
                    api: .fetch, topic: source.topic, partition: source.partition, isRetriable: true)
                found.append(
                    PartitionAnswer(source: source, outcome: .failure(error), offset: offsets[source] ?? 0, end: -1))
            }
            return .success(found)
        } catch {
            return .failure(error)
        }
    }

    private static func message(
        _ request: FetchPlan.Request, version: Int16, _ configuration: KafkaConsumer.Configuration,
        _ metadata: ClusterMetadata
    ) -> FetchRequest {
        FetchRequest.with {
            $0.maxWaitMs = Milliseconds(configuration.fetchMaximumWait)
            $0.minBytes = Int32(clamping: configuration.fetchMinimumBytes)
            $0.maxBytes = Int32(clamping: configuration.fetchMaximumBytes)
            $0.isolationLevel = configuration.isolationLevel.rawValue
            $0.topics = runs(request).map { topic, entries in
                .with {
                    if version >= 13 { $0.topicId = metadata.topics[topic]?.id ?? .zero } else { $0.topic = topic }
                    $0.partitions = entries.map { partition, offset in
                        .with {
                            $0.partition = partition
                            let place = TopicPartition(topic, partition)
                            if version >= 9 { $0.currentLeaderEpoch = metadata.leaderEpoch(of: place) }
                            $0.fetchOffset = offset
                            if version >= 12 { $0.lastFetchedEpoch = request.epochs[place] ?? .none }
                            $0.partitionMaxBytes = Int32(clamping: configuration.partitionMaximumBytes)
                        }
                    }
                }
            }
        }
    }

    /// The request's partitions by topic, topics and partitions in the order in which they are to be filled.
    private static func runs(_ request: FetchPlan.Request) -> [(String, [(PartitionID, Offset)])] {
        var places: [String: Int] = [:]
        var runs: [(String, [(PartitionID, Offset)])] = []
        for (partition, offset) in zip(request.partitions, request.offsets) {
            let place = places[partition.topic] ?? runs.count
            if place == runs.count {
                places[partition.topic] = place
                runs.append((partition.topic, []))
            }
            runs[place].1.append((partition.partition, offset))
        }
        return runs
    }

    /// Where leaders are reached that the answer points to (KIP-951).
    private static func takeHints(_ answer: FetchResponse, _ cluster: Cluster) async {
        for node in answer.nodeEndpoints { await cluster.setAddress(of: node.nodeId, host: node.host, port: node.port) }
    }

    /// Where the log has parted from what was read, as its leader says; it says so only where it was told the epoch.
    private static func placeOfParting(
        _ answer: FetchResponse.FetchableTopicResponse.PartitionData, _ epoch: LeaderEpoch?
    ) -> Offset? {
        guard answer.errorCode == .none, epoch != nil, answer.divergingEpoch.endOffset >= 0 else { return nil }
        return answer.divergingEpoch.endOffset
    }

    private static func truncated(
        _ source: TopicPartition, at offset: Offset, _ parting: Offset, by broker: String
    ) -> KafkaError {
        KafkaError(
            .logTruncated,
            "\(source) was read up to offset \(offset), and has other records from offset \(parting) on: its leader, broker "
                + "\(broker), did not have those that were read when it was elected (unclean.leader.election.enable)",
            broker: broker, api: .fetch, topic: source.topic, partition: source.partition, isRetriable: false)
    }

    private static func chunk(
        _ answer: FetchResponse.FetchableTopicResponse.PartitionData, _ source: TopicPartition, at offset: Offset,
        _ isolation: IsolationLevel, by broker: String
    ) -> Result<FetchedChunk?, KafkaError> {
        let code = answer.errorCode
        guard code == .none else {
            return .failure(
                .refused(
                    code, "could not fetch \(source) at offset \(offset)", by: broker, api: .fetch, topic: source.topic,
                    partition: source.partition))
        }
        guard let records = answer.records, !records.bytes.isEmpty else { return .success(nil) }
        var (batches, damage) = wholeBatches(records)
        var wanted = batches
        if isolation == .readCommitted {
            var transactions = AbortedTransactions(answer.abortedTransactions ?? [])
            let outcome = transactions.judge(batches)
            batches = Array(batches[..<outcome.judged])
            wanted = outcome.kept
            damage = outcome.damage ?? damage
        }
        if let last = batches.last, last.lastOffset < offset {
            return .failure(
                KafkaError(
                    .malformedResponse,
                    "could not fetch \(source) at offset \(offset): broker \(broker) sent records that end at offset "
                        + "\(last.lastOffset), in front of it", broker: broker, api: .fetch, topic: source.topic,
                    partition: source.partition, isRetriable: true))
        }
        if let last = batches.last {
            // What cannot be read behind sound batches is fetched anew, and then stands in front.
            return .success(
                FetchedChunk(
                    source: source, batches: wanted, firstOffset: offset,
                    nextOffset: max(last.lastOffset.next, offset),
                    highWatermark: answer.highWatermark, bytes: records.bytes.count,
                    leaderEpoch: last.partitionLeaderEpoch))
        }
        if let damage {
            return .failure(
                KafkaError(
                    .corruptBatch,
                    "\(source), offset \(offset): broker \(broker) sent what is no record batch (\(damage)); seek behind it "
                        + "to go on", broker: broker, api: .fetch, topic: source.topic, partition: source.partition))
        }
        return .failure(
            KafkaError(
                .malformedResponse,
                "broker \(broker) sent \(records.bytes.count) bytes of \(source) at offset \(offset), but no whole batch; "
                    + "raise max.partition.fetch.bytes", broker: broker, api: .fetch, topic: source.topic,
                partition: source.partition, setting: "max.partition.fetch.bytes"))
    }

    private static func wholeBatches(_ records: Records) -> ([RecordBatch], WireError?) {
        var found: [RecordBatch] = []
        var rest = records.bytes
        do throws(WireError) {
            while let batch = try RecordBatch(rest) {
                found.append(batch)
                rest = rest[batch.bytes.count..<rest.count]
            }
        } catch {
            return (found, error)
        }
        return (found, nil)
    }

    /// The offsets of these places, as far as they can be told within `limit`, and why others cannot at present.
    static func offsets(
        _ starts: [TopicPartition: KafkaConsumer.StartingOffset], _ isolation: IsolationLevel, _ cluster: Cluster,
        within limit: Duration? = nil
    ) async throws(KafkaError) -> (found: [TopicPartition: Offset], failure: KafkaError?) {
        var found: [TopicPartition: Offset] = [:]
        var failure: KafkaError?
        var times: [TopicPartition: Int64] = [:]
        for (partition, start) in starts {
            switch start {
            case .offset(let offset): found[partition] = offset
            case .earliest: times[partition] = -2
            case .latest, .last: times[partition] = -1
            case .time(let time): times[partition] = time
            }
        }
        guard !times.isEmpty else { return (found, nil) }
        func ask(_ times: [TopicPartition: Int64]) async throws(KafkaError) -> [TopicPartition: Offset] {
            guard !times.isEmpty else { return [:] }
            var offsets: [TopicPartition: Offset] = [:]
            for (partition, outcome) in await cluster.listOffsets(times, isolation: isolation, within: limit).inOrder {
                do throws(KafkaError) { offsets[partition] = try outcome.get() } catch {
                    guard ErrorVerdicts.mayPass(error) else { throw error }
                    failure = error
                }
            }
            return offsets
        }
        /// Every log has a first and a last offset.
        func mustBe(_ partition: TopicPartition, _ offset: Offset) -> Offset? {
            if offset >= 0 { return offset }
            failure = KafkaError(
                .malformedResponse, "could not look up an offset of \(partition): its leader tells of none",
                api: .listOffsets, topic: partition.topic, partition: partition.partition, isRetriable: true)
            return nil
        }
        var beyond: [TopicPartition: Int64] = [:]
        var ends: [TopicPartition: Offset] = [:]
        for (partition, offset) in try await ask(times).inOrder {
            switch starts[partition] {
            case .last: ends[partition] = mustBe(partition, offset)
            // No record is as new as the time asked for: the next one will be.
            case .time where offset < 0: beyond[partition] = -1
            default: found[partition] = mustBe(partition, offset)
            }
        }
        for (partition, offset) in try await ask(beyond).inOrder { found[partition] = mustBe(partition, offset) }
        for (partition, first) in try await ask(ends.mapValues { _ in -2 }).inOrder {
            guard case .last(let count)? = starts[partition], let end = ends[partition] else { continue }
            found[partition] = mustBe(partition, first).map { max($0, end - max(0, count)) }
        }
        return (found, failure)
    }
}
