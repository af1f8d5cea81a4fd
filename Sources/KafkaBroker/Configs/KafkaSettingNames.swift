import KafkaWire

/// The names of settings that Kafka's brokers know, as far as they have no definition in ``BrokerConfigs``: accepted in
/// a `server.properties`, and without effect here.
enum KafkaSettingNames {
    /// Whether Kafka 4.3, or an earlier version since 2.0, has a broker setting of that name.
    static func contains(_ name: String) -> Bool {
        BrokerConfigs.table[name] != nil || others.contains(name) || families.contains { name.hasPrefix($0) }
    }

    /// A sentence about a name that Kafka does not know.
    static func sentence(_ name: String) -> String {
        let known = BrokerConfigs.table.definitions.map(\.name) + others
        let near = NearestName.suggestions(for: name, among: known)
        let question = near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
        return "Kafka's brokers have no setting \(name)\(question)"
    }

    /// Settings by listener, of plug-ins, and of what is not there: their names cannot be listed, or are many.
    private static let families = [
        "listener.name.", "ssl.", "sasl.", "zookeeper.", "metrics.", "remote.log.", "delegation.token.",
        "password.encoder.", "client.quota.", "broker.quota.",
    ]

    private static let others: Set<String> = [
        "advertised.host.name", "advertised.port", "allow.everyone.if.no.acl.found",
        "alter.config.policy.class.name", "alter.log.dirs.replication.quota.window.num",
        "alter.log.dirs.replication.quota.window.size.seconds", "auto.include.jmx.reporter",
        "broker.heartbeat.interval.ms", "broker.id.generation.enable", "broker.session.timeout.ms",
        "connections.max.reauth.ms",
        "control.plane.listener.name", "controlled.shutdown.enable", "controlled.shutdown.max.retries",
        "controlled.shutdown.retry.backoff.ms", "controller.performance.always.log.threshold.ms",
        "controller.performance.sample.period.ms", "controller.quorum.append.linger.ms",
        "controller.quorum.auto.join.enable", "controller.quorum.bootstrap.servers",
        "controller.quorum.election.backoff.max.ms", "controller.quorum.election.timeout.ms",
        "controller.quorum.fetch.timeout.ms", "controller.quorum.request.timeout.ms",
        "controller.quorum.retry.backoff.ms", "controller.quorum.voters",
        "controller.quorum.fetch.max.bytes",
        "controller.quorum.fetch.snapshot.max.bytes",
        "controller.socket.timeout.ms", "create.topic.policy.class.name",
        "delete.records.purgatory.purge.interval.requests",
        "early.start.listeners", "eligible.leader.replicas.enable", "fetch.purgatory.purge.interval.requests",
        "group.consumer.assignors", "group.consumer.max.assignment.interval.ms",
        "group.consumer.max.heartbeat.interval.ms", "group.consumer.max.session.timeout.ms",
        "group.consumer.max.size", "group.consumer.migration.policy", "group.consumer.min.assignment.interval.ms",
        "group.consumer.min.heartbeat.interval.ms", "group.consumer.min.session.timeout.ms",
        "group.consumer.regex.refresh.interval.ms", "group.coordinator.append.linger.ms",
        "group.coordinator.cached.buffer.max.bytes", "group.coordinator.background.threads",
        "group.coordinator.new.enable", "group.coordinator.threads", "group.share.assignors", "group.share.enable",
        "group.share.initialize.retry.interval.ms", "group.share.max.assignment.interval.ms",
        "group.share.max.delivery.count.limit", "group.share.max.groups", "group.share.max.heartbeat.interval.ms",
        "group.share.max.partition.max.record.locks", "group.share.max.record.lock.duration.ms",
        "group.share.max.session.timeout.ms", "group.share.max.share.sessions", "group.share.max.size",
        "group.share.min.assignment.interval.ms", "group.share.min.delivery.count.limit",
        "group.share.min.heartbeat.interval.ms", "group.share.min.partition.max.record.locks",
        "group.share.min.record.lock.duration.ms", "group.share.min.session.timeout.ms",
        "group.share.persister.class.name", "group.streams.max.assignment.interval.ms",
        "group.streams.max.heartbeat.interval.ms", "group.streams.max.session.timeout.ms", "group.streams.max.size",
        "group.streams.max.standby.replicas", "group.streams.min.assignment.interval.ms",
        "group.streams.min.heartbeat.interval.ms", "group.streams.min.session.timeout.ms", "host.name",
        "initial.broker.registration.timeout.ms", "inter.broker.listener.name", "kafka.metrics.polling.interval.secs",
        "kafka.metrics.reporters", "leader.imbalance.check.interval.seconds", "leader.imbalance.per.broker.percentage",
        "log.cleaner.backoff.ms", "log.cleaner.dedupe.buffer.size", "log.cleaner.io.buffer.load.factor",
        "log.cleaner.io.buffer.size", "log.cleaner.io.max.bytes.per.second", "log.dir.failure.timeout.ms",
        "log.flush.offset.checkpoint.interval.ms", "log.flush.start.offset.checkpoint.interval.ms",
        "log.initial.task.delay.ms", "log.message.downconversion.enable", "log.message.format.version",
        "log.message.timestamp.difference.max.ms",
        "max.request.partition.size.limit", "metadata.log.dir", "metadata.log.max.record.bytes.between.snapshots",
        "metadata.log.max.snapshot.interval.ms", "metadata.log.segment.bytes", "metadata.log.segment.ms",
        "metadata.max.idle.interval.ms", "metadata.max.retention.bytes", "metadata.max.retention.ms",
        "num.replica.alter.log.dirs.threads", "offsets.commit.required.acks", "offsets.commit.timeout.ms",
        "offsets.load.buffer.size", "offsets.retention.check.interval.ms", "offsets.topic.compression.codec",
        "offsets.topic.segment.bytes", "port", "principal.builder.class",
        "producer.id.expiration.check.interval.ms", "producer.purgatory.purge.interval.requests",
        "queued.max.request.bytes", "replica.fetch.backoff.ms",
        "replica.fetch.min.bytes", "replica.fetch.response.max.bytes", "replica.fetch.wait.max.ms",
        "replica.high.watermark.checkpoint.interval.ms", "replica.selector.class",
        "replica.socket.receive.buffer.bytes", "replica.socket.timeout.ms", "replication.quota.window.num",
        "replication.quota.window.size.seconds", "reserved.broker.max.id", "security.providers",
        "server.max.startup.time.ms", "share.coordinator.append.linger.ms",
        "share.coordinator.cold.partition.snapshot.interval.ms", "share.coordinator.load.buffer.size",
        "share.coordinator.snapshot.update.records.per.snapshot", "share.coordinator.state.topic.compression.codec",
        "share.coordinator.state.topic.min.isr", "share.coordinator.state.topic.num.partitions",
        "share.coordinator.state.topic.prune.interval.ms", "share.coordinator.state.topic.replication.factor",
        "share.coordinator.state.topic.segment.bytes", "share.coordinator.threads",
        "share.coordinator.write.timeout.ms", "share.fetch.purgatory.purge.interval.requests",
        "socket.connection.setup.timeout.max.ms", "socket.connection.setup.timeout.ms", "socket.listen.backlog.size",
        "super.users", "telemetry.max.bytes", "transaction.abort.timed.out.transaction.cleanup.interval.ms",
        "transaction.partition.verification.enable", "transaction.remove.expired.transaction.cleanup.interval.ms",
        "transaction.state.log.load.buffer.size", "transaction.state.log.segment.bytes",
        "transaction.two.phase.commit.enable", "unclean.leader.election.interval.ms",
        "unstable.api.versions.enable", "unstable.feature.versions.enable",
    ]
}
