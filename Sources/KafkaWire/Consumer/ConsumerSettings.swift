extension KafkaConsumer.Configuration {
    /// Takes settings under Kafka's names, as in `consumer.properties`; of a name that comes twice, the last one counts.
    ///
    /// `group.id` names the group of a consumer that is in one, and has no effect on others. Settings of Kafka 4.3's
    /// clients that mean nothing here (`value.deserializer`, `metric.reporters`) are passed over.
    ///
    /// Settings of the other group protocol than `group.protocol` says (`session.timeout.ms` with `consumer`, for one) are refused
    /// when a consumer is made of the configuration: which comes first does not matter.
    ///
    /// - Returns: the names that no client of Kafka 4.3 knows: misspelt, as a rule.
    /// - Throws: ``KafkaError`` with ``KafkaError/Code/invalidConfiguration``, the setting's name and what is allowed,
    ///   for a value that the setting cannot have, and for what this client cannot do.
    ///   Nothing is changed then.
    @discardableResult
    public mutating func apply(_ settings: [(name: String, value: String)]) throws(KafkaError) -> [String] {
        var changed = self
        var rest = try ClientConfiguration.take(settings, into: &changed.client)
        rest = try Self.table.apply(rest, to: &changed)
        for name in ["auto.commit.interval.ms", "enable.auto.commit"] {
            guard let setting = settings.last(where: { $0.name == name }) else { continue }
            let value = SettingValue(name, setting.value)
            if name == "auto.commit.interval.ms" {
                changed.autoCommit = try value.milliseconds()
            } else if !(try value.flag()) {
                changed.autoCommit = nil
            } else if changed.autoCommit == nil {
                changed.autoCommit = .seconds(5)
            }
        }
        changed.groupProtocolSettings.note(settings)
        let unknown = try OtherSettings.unknown(rest)
        self = changed
        return unknown
    }

    static let table = SettingTable<Self>([
        "group.id": { (configuration, value) throws(KafkaError) in
            guard !value.text.isEmpty else { throw value.refusal("group.id is empty; a group has a name") }
            switch configuration.source {
            case .group(_, let topics): configuration.source = .group(value.text, topics: topics)
            case .taken(let partitions, _): configuration.source = .taken(partitions, by: value.text)
            case .topics, .partitions: break
            }
        },
        "auto.offset.reset": { (configuration, value) throws(KafkaError) in
            let prefix = "by_duration:"
            if value.text.lowercased().hasPrefix(prefix) {
                guard let time = ISODuration.parse(String(value.text.dropFirst(prefix.count))), time >= .zero else {
                    throw value.refusal(
                        "auto.offset.reset is \(value.text); behind by_duration: stands a duration of ISO 8601 that is not "
                            + "negative, such as PT1H or P2DT12H")
                }
                configuration.offsetReset = .byDuration(time)
                return
            }
            configuration.offsetReset = try value.choice(["earliest": .earliest, "latest": .latest, "none": .fail])
        },
        // Read in the end: which of both counts does not depend on which comes first.
        "enable.auto.commit": { (_, _) throws(KafkaError) in },
        "auto.commit.interval.ms": { (_, _) throws(KafkaError) in },
        "session.timeout.ms": { (configuration, value) throws(KafkaError) in
            configuration.sessionTimeout = try value.milliseconds(atLeast: 1)
        },
        "heartbeat.interval.ms": { (configuration, value) throws(KafkaError) in
            configuration.heartbeatInterval = try value.milliseconds(atLeast: 1)
        },
        "max.poll.interval.ms": { (configuration, value) throws(KafkaError) in
            configuration.maximumPollInterval = try value.milliseconds(atLeast: 1)
        },
        "partition.assignment.strategy": { (configuration, value) throws(KafkaError) in
            configuration.assignors = try Self.assignors(value)
        },
        "group.protocol": { (configuration, value) throws(KafkaError) in
            configuration.groupProtocol = try value.choice(["classic": .classic, "consumer": .consumer])
        },
        "group.remote.assignor": { (configuration, value) throws(KafkaError) in
            configuration.groupRemoteAssignor = value.text.isEmpty ? nil : value.text
        },
        "exclude.internal.topics": { (configuration, value) throws(KafkaError) in
            configuration.excludesInternalTopics = try value.flag()
        },
        "client.rack": { (configuration, value) throws(KafkaError) in
            configuration.clientRack = value.text.isEmpty ? nil : value.text
        },
        "group.instance.id": { (configuration, value) throws(KafkaError) in
            guard !value.text.isEmpty else { throw value.refusal("group.instance.id is empty; leave it out") }
            configuration.groupInstanceId = value.text
        },
        "allow.auto.create.topics": { (configuration, value) throws(KafkaError) in
            configuration.mayCreateTopics = try value.flag()
        },
        "isolation.level": { (configuration, value) throws(KafkaError) in
            configuration.isolationLevel = try value.choice([
                "read_uncommitted": .readUncommitted, "read_committed": .readCommitted,
            ])
        },
        "fetch.max.wait.ms": { (configuration, value) throws(KafkaError) in
            configuration.fetchMaximumWait = try value.milliseconds()
        },
        "fetch.min.bytes": { (configuration, value) throws(KafkaError) in
            configuration.fetchMinimumBytes = try value.integer()
        },
        "fetch.max.bytes": { (configuration, value) throws(KafkaError) in
            configuration.fetchMaximumBytes = try value.integer(atLeast: 1)
        },
        "max.partition.fetch.bytes": { (configuration, value) throws(KafkaError) in
            configuration.partitionMaximumBytes = try value.integer(atLeast: 1)
        },
        "max.poll.records": { (configuration, value) throws(KafkaError) in
            configuration.maximumRecords = try value.integer(atLeast: 1)
        },
        unpackedBatchSetting: { (configuration, value) throws(KafkaError) in
            configuration.decompressionLimit = try value.integer(atLeast: 1)
        },
        "queued.max.messages.kbytes": { (configuration, value) throws(KafkaError) in
            configuration.maximumBuffered = try value.integer(1...Int(Int32.max)) << 10
        },
        "enable.partition.eof": { (configuration, value) throws(KafkaError) in
            configuration.tellsEnds = try value.flag()
        },
    ])

    /// Assignors by Java's class names, by the names that the group knows them by, or by librdkafka's, which are the same.
    /// Of Java's default, range beside the cooperative one, a group rebalances eagerly.
    private static func assignors(_ value: SettingValue) throws(KafkaError) -> [any GroupAssignor] {
        var found: [Assignor] = []
        for item in value.items {
            let assignor: Assignor
            switch item.split(separator: ".").last.map({ $0.lowercased() }) ?? "" {
            case "rangeassignor", "range": assignor = .range
            case "roundrobinassignor", "roundrobin": assignor = .roundRobin
            case "stickyassignor", "sticky": assignor = .sticky
            case "cooperativestickyassignor", "cooperative-sticky": assignor = .cooperativeSticky
            default:
                throw value.refusal(
                    "\(value.name) names \(item); it must be a list of RangeAssignor, RoundRobinAssignor, StickyAssignor and "
                        + "CooperativeStickyAssignor")
            }
            if !found.contains(assignor) { found.append(assignor) }
        }
        guard !found.isEmpty else { throw value.refusal("\(value.name) is empty: name an assignor") }
        return found
    }
}
