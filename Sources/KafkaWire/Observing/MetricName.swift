/// The metrics of a client: what `MetricsObserver` reports to swift-metrics, and `docs/metrics.md` describes. This table is
/// where both have it from.
public enum MetricName: String, CaseIterable, Sendable {
    case connectionsOpened = "kafka_client_connections_opened_total"
    case connectionsFailed = "kafka_client_connections_failed_total"
    case connectionsClosed = "kafka_client_connections_closed_total"
    case connectionTime = "kafka_client_connection_duration"
    case requestsSent = "kafka_client_requests_total"
    case requestsFailed = "kafka_client_requests_failed_total"
    case requestBytes = "kafka_client_request_bytes_total"
    case answerBytes = "kafka_client_response_bytes_total"
    case requestTime = "kafka_client_request_duration"
    case throttleTime = "kafka_client_throttle_duration"
    case retries = "kafka_client_retries_total"
    case leaderChanges = "kafka_client_leader_changes_total"
    case producedRecords = "kafka_producer_records_total"
    case producedBytes = "kafka_producer_bytes_total"
    case failedRecords = "kafka_producer_records_failed_total"
    case batchRecords = "kafka_producer_batch_records"
    case batchBytes = "kafka_producer_batch_bytes"
    case queueTime = "kafka_producer_queue_duration"
    case deliveryTime = "kafka_producer_delivery_duration"
    case batchRetries = "kafka_producer_batch_retries_total"
    case batchSplits = "kafka_producer_batch_splits_total"
    case producerBuffer = "kafka_producer_buffered_bytes"
    case fetchedRecords = "kafka_consumer_records_total"
    case fetchedBytes = "kafka_consumer_bytes_total"
    case consumerBuffer = "kafka_consumer_buffered_bytes"
    case lag = "kafka_consumer_lag"
    case maximumLag = "kafka_consumer_lag_max"
    case commits = "kafka_consumer_commits_total"
    case failedCommits = "kafka_consumer_commits_failed_total"
    case resets = "kafka_consumer_position_resets_total"
    case skippedBatches = "kafka_consumer_batches_skipped_total"
    case stalls = "kafka_consumer_stalls_total"
    case rebalanceTime = "kafka_consumer_rebalance_duration"
    case assignedPartitions = "kafka_consumer_assigned_partitions"
    case lostPartitions = "kafka_consumer_partitions_lost_total"

    /// What swift-metrics calls it.
    public enum Kind: String, Sendable {
        /// Only grows.
        case counter
        /// How long things took, in nanoseconds.
        case timer
        /// How large things were, each.
        case recorder
        /// A value that goes up and down.
        case gauge
    }

    /// What kind of metric it is.
    public var kind: Kind {
        switch self {
        case .connectionTime, .requestTime, .throttleTime, .queueTime, .deliveryTime, .rebalanceTime: .timer
        case .batchRecords, .batchBytes: .recorder
        case .producerBuffer, .consumerBuffer, .lag, .maximumLag, .assignedPartitions: .gauge
        default: .counter
        }
    }

    /// The labels that it has beside those that the observer was given.
    public var labels: [String] {
        switch self {
        case .requestsSent, .requestsFailed, .requestBytes, .answerBytes, .requestTime: ["api", "broker"]
        case .connectionsOpened, .connectionsFailed, .connectionsClosed, .connectionTime, .throttleTime: ["broker"]
        case .producedRecords, .producedBytes, .failedRecords, .batchRetries, .fetchedRecords, .fetchedBytes, .lag,
            .maximumLag:
            ["topic"]
        default: []
        }
    }

    /// One line of meaning.
    public var meaning: String {
        switch self {
        case .connectionsOpened: "connections that were opened"
        case .connectionsFailed: "connections that could not be opened"
        case .connectionsClosed: "open connections that have ended, by either side"
        case .connectionTime: "opening a connection, negotiation of versions included"
        case .requestsSent: "requests that were sent"
        case .requestsFailed: "requests without an answer: time-outs and lost connections"
        case .requestBytes: "bytes of requests"
        case .answerBytes: "bytes of answers"
        case .requestTime: "from a request to its answer; a Fetch waits at the broker up to fetch.max.wait.ms"
        case .throttleTime: "times for which a broker wanted no requests, because of a quota (KIP-219)"
        case .retries: "calls of several requests that were tried again"
        case .leaderChanges: "partitions that were learnt to have another leader"
        case .producedRecords: "records that were acknowledged"
        case .producedBytes: "bytes of records that were acknowledged, before packing"
        case .failedRecords: "records that did not arrive"
        case .batchRecords: "records in a batch that is sent"
        case .batchBytes: "bytes of records in a batch that is sent, before packing"
        case .queueTime: "from a batch's first record to its first sending"
        case .deliveryTime: "from a batch's first record to its acknowledgement, retries included"
        case .batchRetries: "batches that were sent again"
        case .batchSplits: "batches that were too large for their topic, and were sent in parts (KIP-126)"
        case .producerBuffer: "bytes of records that wait to be acknowledged; buffer.memory bounds them"
        case .fetchedRecords: "records that were fetched"
        case .fetchedBytes: "bytes that were fetched, as they came"
        case .consumerBuffer: "fetched bytes that wait for the application; queued.max.messages.kbytes bounds them"
        case .lag: "offsets between the position and the end, all assigned partitions of a topic together"
        case .maximumLag: "the same of the partition that is furthest behind"
        case .commits: "commits that worked"
        case .failedCommits: "commits that did not"
        case .resets: "positions that the log did not have, and that auto.offset.reset has set anew"
        case .skippedBatches: "damaged batches that were passed over"
        case .stalls: "partitions that had records and made no progress"
        case .rebalanceTime: "how long this member was without its share of the group's partitions"
        case .assignedPartitions: "partitions that this consumer has"
        case .lostPartitions: "partitions that were lost before the application could let go of them"
        }
    }

    /// The table as `docs/metrics.md` shows it.
    package static var markdown: String {
        var text = """
            # Metrics

            What `MetricsObserver` reports to swift-metrics, and under which names. Timers are in nanoseconds, as swift-metrics has
            them. Labels that an observer was given, such as the client's id, are added to all. Of brokers and topics the first
            hundred are told apart; the others are counted as `other`.

            This page is written from `MetricName` (`KAFKAWIRE_WRITE=1 swift test --filter MetricName`).

            | name | kind | labels | meaning |
            | --- | --- | --- | --- |

            """
        for name in allCases {
            let labels = name.labels.map { "`\($0)`" }.joined(separator: ", ")
            text += "| `\(name.rawValue)` | \(name.kind) | \(labels) | \(name.meaning) |\n"
        }
        return text
    }
}
