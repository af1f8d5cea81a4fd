import AppSupport
import KafkaWire
import PageServing

/// What an agent says of itself to who watches it: whether it works, and its numbers.
struct AgentGauges: Sendable {
    /// Whether an agent does its work.
    enum Readiness: Equatable, Sendable {
        case ready
        /// In a sentence, why not.
        case not(String)
    }

    let name: String
    let group: String
    let readiness: Readiness
    let tally: Tally
    let users: Int
    /// Alerts and dead letters that have not arrived.
    let waiting: Int
    let client: ClientMetrics

    /// The numbers in Prometheus' text format.
    var text: String {
        var text = PrometheusText(labels: [("agent", name), ("group", group)])
        text.family(
            "agent_ready", .gauge, "Whether its partitions are assigned and their past is read.", isReady ? 1 : 0)
        text.family("agent_events_total", .counter, "Events that were read.", tally.events)
        text.family("agent_transactions_total", .counter, "Transactions that were judged.", tally.transactions)
        text.family("agent_alerts_total", .counter, "Alerts that were raised.", tally.alerts)
        text.family("agent_late_total", .counter, "Transactions that came too late to be judged.", tally.late)
        text.family("agent_ignored_total", .counter, "Events that are no new transactions, by what they are.")
        for (reason, count) in tally.others.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            text.sample(count, [("reason", reason.rawValue)])
        }
        text.family("agent_malformed_total", .counter, "Events that could not be used, by what is wrong with them.")
        for (problem, count) in tally.flaws.sorted(by: { $0.key < $1.key }) {
            text.sample(count, [("problem", problem)])
        }
        text.family(
            "agent_dead_letters_total", .counter, "Events that were sent to the dead-letter topic.", tally.deadLetters)
        text.family("agent_unsent", .gauge, "Alerts and dead letters that have not arrived.", waiting)
        text.family("agent_users", .gauge, "Users who are known.", users)
        text.family("agent_verdict_seconds", .summary, "From a record's time to its verdict.")
        for (share, label) in [(50, "0.5"), (90, "0.9"), (99, "0.99")] as [(Double, String)] {
            text.sample(Double(tally.percentile(share)) / 1000, [("quantile", label)])
        }
        text.sample(Double(tally.totalAge) / 1000, suffix: "_sum")
        text.sample(tally.ages, suffix: "_count")
        appendClient(to: &text)
        return text.text
    }

    private var isReady: Bool { readiness == .ready }

    /// Under the names of `docs/metrics.md`.
    private func appendClient(to text: inout PrometheusText) {
        text.family("kafka_consumer_lag", .gauge, "Offsets between the position and the end of a partition.")
        for (partition, lag) in client.consumed.lag.sorted(by: { $0.key < $1.key }) {
            text.sample(lag, [("topic", partition.topic), ("partition", "\(partition.partition)")])
        }
        text.family(
            "kafka_consumer_assigned_partitions", .gauge, "Partitions that this consumer has.",
            client.rebalances.assigned)
        text.family(
            "kafka_consumer_rebalances_total", .counter, "Rebalances that ended with a share.", client.rebalances.count)
        text.family("kafka_consumer_records_total", .counter, "Records that were fetched.", client.consumed.records)
        text.family("kafka_consumer_bytes_total", .counter, "Bytes that were fetched.", client.consumed.bytes)
        text.family(
            "kafka_consumer_buffered_bytes", .gauge, "Fetched bytes that wait for the agent.",
            client.consumed.bufferedBytes)
        text.family(
            "kafka_client_connections_opened_total", .counter, "Connections that were opened.",
            client.connections.opened)
        text.family(
            "kafka_client_connections_failed_total", .counter, "Connections that could not be opened.",
            client.connections.failed)
        text.family(
            "kafka_client_requests_failed_total", .counter, "Requests without an answer.",
            client.requests.reduce(0) { $0 + $1.failed })
        text.family("kafka_client_retries_total", .counter, "Calls that were tried again.", client.retries)
    }
}

extension AgentRun {
    /// What it is at, as a member of that group.
    func gauges(of group: String) -> AgentGauges {
        AgentGauges(
            name: name, group: group, readiness: readiness, tally: desk.tally, users: desk.userCount,
            waiting: ledger.waiting, client: consumer.metrics())
    }

    private var readiness: AgentGauges.Readiness {
        let pending = restoring.partitions.union(past.pending).count
        return if isEnding || isOver {
            .not("The agent ends.")
        } else if !hasShare {
            .not("The group has not given it partitions yet.")
        } else if pending > 0 {
            .not("The users' past of \(pending) partitions is read.")
        } else {
            .ready
        }
    }
}
