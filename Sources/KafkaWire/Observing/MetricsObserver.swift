#if Metrics
    import CoreMetrics

    /// Reports what happens to a client to swift-metrics, under the names of ``MetricName``.
    ///
    /// ```swift
    /// configuration.observers.append(MetricsObserver(labels: [("client_id", "billing")]))
    /// ```
    ///
    /// Needs the package's trait `Metrics`, which is on where this package is built itself; a package that depends on it names
    /// it, as in `traits: ["Compression", "Metrics"]`. Metrics are made when they are first reported to, and kept.
    /// How many there may be is bounded: of brokers and topics the first ones are told apart, the others are `other`.
    public final class MetricsObserver: ClientObserver {
        private struct Key: Hashable {
            var name: MetricName
            var values: [String]
        }

        private enum Metric {
            case counter(Counter)
            case timer(Timer)
            case recorder(Recorder)
        }

        private struct State {
            var metrics: [Key: Metric] = [:]
            var brokers: Set<String> = []
            var topics: Set<String> = []
            var lags: [String: [TopicPartition: Int64]] = [:]
            var assigned: Set<TopicPartition> = []
        }

        private let labels: [(String, String)]
        private let factory: (any MetricsFactory)?
        private let limit: Int
        private let state = Locked(State())

        /// An observer that adds these labels to all metrics. `limit` brokers and as many topics are told apart. With a
        /// `factory`, metrics go there, and not to the one that the program has set up for all.
        public init(
            labels: [(String, String)] = [], maximumLabelValues limit: Int = 100, factory: (any MetricsFactory)? = nil
        ) {
            self.labels = labels
            self.limit = max(1, limit)
            self.factory = factory
        }

        // MARK: - Connections and requests

        /// Counts the connection, and records how long it took to open.
        public func connected(to broker: String, after time: Duration) {
            state.withLock { state in
                let broker = known(broker, &state.brokers)
                add(1, .connectionsOpened, [broker], &state)
                record(time, .connectionTime, [broker], &state)
            }
        }

        /// Counts the connection that could not be opened.
        public func connectionFailed(to broker: String, error: KafkaError, after time: Duration) {
            state.withLock { add(1, .connectionsFailed, [known(broker, &$0.brokers)], &$0) }
        }

        /// Counts the connection that has ended.
        public func disconnected(from broker: String, reason: KafkaError?) {
            state.withLock { add(1, .connectionsClosed, [known(broker, &$0.brokers)], &$0) }
        }

        /// Counts the request and its bytes.
        public func requestSent(_ request: SentRequest) {
            state.withLock { state in
                let values = ["\(request.api)", known(request.broker, &state.brokers)]
                add(1, .requestsSent, values, &state)
                add(request.bytes, .requestBytes, values, &state)
            }
        }

        /// Counts the answer's bytes and whether it failed, and records how long it took.
        public func requestAnswered(_ answer: AnsweredRequest) {
            state.withLock { state in
                let values = ["\(answer.api)", known(answer.broker, &state.brokers)]
                if answer.error != nil { add(1, .requestsFailed, values, &state) }
                add(answer.bytes, .answerBytes, values, &state)
                record(answer.latency, .requestTime, values, &state)
            }
        }

        /// Records for how long the broker holds the client back.
        public func throttled(by broker: String, api: APIKey, time: Duration) {
            state.withLock { record(time, .throttleTime, [known(broker, &$0.brokers)], &$0) }
        }

        /// Counts the retry.
        public func retrying(_ call: String, error: KafkaError?, pause: Duration) {
            state.withLock { add(1, .retries, [], &$0) }
        }

        /// Counts the change.
        public func leaderChanged(of partition: TopicPartition, from: BrokerID, to: BrokerID) {
            state.withLock { add(1, .leaderChanges, [], &$0) }
        }

        // MARK: - Producing

        /// Records how large the batch is; at its first attempt, how long it waited.
        public func batchSent(_ batch: SentBatch) {
            state.withLock { state in
                set(Double(batch.records), .batchRecords, [], &state)
                set(Double(batch.bytes), .batchBytes, [], &state)
                if batch.attempt == 1 { record(batch.queueTime, .queueTime, [], &state) }
            }
        }

        /// Counts the records and their bytes, records how long they took, and shows what is still buffered.
        public func batchAcknowledged(_ batch: SettledBatch) {
            state.withLock { state in
                let topic = known(batch.partition.topic, &state.topics)
                add(batch.records, .producedRecords, [topic], &state)
                add(batch.bytes, .producedBytes, [topic], &state)
                record(batch.latency, .deliveryTime, [], &state)
                set(Double(batch.buffered), .producerBuffer, [], &state)
            }
        }

        /// Counts the retry.
        public func batchRetried(of partition: TopicPartition, error: KafkaError, attempt: Int, pause: Duration) {
            state.withLock { add(1, .batchRetries, [known(partition.topic, &$0.topics)], &$0) }
        }

        /// Counts the batch, not its parts.
        public func batchDivided(of partition: TopicPartition, parts: Int, error: KafkaError) {
            state.withLock { add(1, .batchSplits, [], &$0) }
        }

        /// Counts the records, and shows what is still buffered.
        public func batchFailed(_ batch: SettledBatch, error: KafkaError) {
            state.withLock { state in
                add(batch.records, .failedRecords, [known(batch.partition.topic, &state.topics)], &state)
                set(Double(batch.buffered), .producerBuffer, [], &state)
            }
        }

        // MARK: - Consuming

        /// Counts the records and their bytes; shows what is buffered, and the lag where it is known.
        public func fetched(_ records: FetchedRecords) {
            state.withLock { state in
                let topic = known(records.partition.topic, &state.topics)
                add(records.records, .fetchedRecords, [topic], &state)
                add(records.bytes, .fetchedBytes, [topic], &state)
                set(Double(records.buffered), .consumerBuffer, [], &state)
                guard records.lag >= 0 else { return }
                state.lags[topic, default: [:]][records.partition] = records.lag
                tellLag(of: topic, &state)
            }
        }

        /// Counts the commit, not its partitions.
        public func committed(_ offsets: [TopicPartition: Offset], group: String) {
            state.withLock { add(1, .commits, [], &$0) }
        }

        /// Counts the commit.
        public func commitFailed(group: String, error: KafkaError) {
            state.withLock { add(1, .failedCommits, [], &$0) }
        }

        /// Counts the reset.
        public func positionLost(in partition: TopicPartition, at offset: Offset, error: KafkaError) {
            state.withLock { add(1, .resets, [], &$0) }
        }

        /// Counts the batch.
        public func batchSkipped(of partition: TopicPartition, error: KafkaError) {
            state.withLock { add(1, .skippedBatches, [], &$0) }
        }

        /// Counts the stall.
        public func stalled(_ stall: Stall) { state.withLock { add(1, .stalls, [], &$0) } }

        /// Records how long it took.
        public func rebalanceEnded(group: String, generation: Int32, after time: Duration) {
            state.withLock { record(time, .rebalanceTime, [], &$0) }
        }

        /// Shows how many partitions are assigned.
        public func assigned(_ partitions: [TopicPartition], group: String?) {
            state.withLock { state in
                state.assigned.formUnion(partitions)
                set(Double(state.assigned.count), .assignedPartitions, [], &state)
            }
        }

        /// Shows how many partitions are assigned, counts lost ones, and forgets their lag.
        public func revoked(_ partitions: [TopicPartition], group: String?, lost: Bool) {
            state.withLock { state in
                state.assigned.subtract(partitions)
                set(Double(state.assigned.count), .assignedPartitions, [], &state)
                if lost { add(partitions.count, .lostPartitions, [], &state) }
                var topics: Set<String> = []
                for partition in partitions {
                    let topic = known(partition.topic, &state.topics)
                    state.lags[topic]?[partition] = nil
                    topics.insert(topic)
                }
                for topic in topics.sorted() { tellLag(of: topic, &state) }
            }
        }

        private func tellLag(of topic: String, _ state: inout State) {
            let lags = state.lags[topic] ?? [:]
            set(lags.values.reduce(0.0) { $0 + Double($1) }, .lag, [topic], &state)
            set(Double(lags.values.max() ?? 0), .maximumLag, [topic], &state)
        }

        // MARK: - Metrics

        /// The value, or `other` where so many were told apart already.
        private func known(_ value: String, _ values: inout Set<String>) -> String {
            if values.contains(value) { return value }
            guard values.count < limit else { return "other" }
            values.insert(value)
            return value
        }

        private func add(_ number: Int, _ name: MetricName, _ values: [String], _ state: inout State) {
            guard case .counter(let counter) = metric(name, values, &state) else { return }
            counter.increment(by: number)
        }

        private func record(_ time: Duration, _ name: MetricName, _ values: [String], _ state: inout State) {
            guard case .timer(let timer) = metric(name, values, &state) else { return }
            let (seconds, attoseconds) = max(time, .zero).components
            let (whole, isOver) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
            timer.recordNanoseconds(isOver ? .max : whole &+ attoseconds / 1_000_000_000)
        }

        private func set(_ value: Double, _ name: MetricName, _ values: [String], _ state: inout State) {
            guard case .recorder(let recorder) = metric(name, values, &state) else { return }
            recorder.record(value)
        }

        private func metric(_ name: MetricName, _ values: [String], _ state: inout State) -> Metric {
            let key = Key(name: name, values: values)
            if let metric = state.metrics[key] { return metric }
            let dimensions = labels + zip(name.labels, values).map { ($0, $1) }
            let metric = make(name, dimensions)
            state.metrics[key] = metric
            return metric
        }

        private func make(_ name: MetricName, _ dimensions: [(String, String)]) -> Metric {
            let label = name.rawValue
            let factory = factory ?? MetricsSystem.factory
            return switch name.kind {
            case .counter: .counter(Counter(label: label, dimensions: dimensions, factory: factory))
            case .timer:
                .timer(Timer(label: label, dimensions: dimensions, preferredDisplayUnit: .seconds, factory: factory))
            case .recorder:
                .recorder(Recorder(label: label, dimensions: dimensions, aggregate: true, factory: factory))
            case .gauge: .recorder(Gauge(label: label, dimensions: dimensions, factory: factory))
            }
        }
    }
#endif
