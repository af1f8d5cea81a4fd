extension KafkaProducer.Configuration {
    /// Takes settings under Kafka's names, as in `producer.properties`; of a name that comes twice, the last one counts.
    ///
    /// As in Java, idempotence gives way to `acks`, `retries` and `max.in.flight.requests.per.connection` that exclude
    /// it, unless `enable.idempotence` itself is set; of the codecs' levels the one of `compression.type` counts.
    /// Settings of Kafka 4.3's clients that mean nothing here (`key.serializer`) are passed over.
    ///
    /// - Returns: the names that no client of Kafka 4.3 knows: misspelt, as a rule.
    /// - Throws: ``KafkaError`` with ``KafkaError/Code/invalidConfiguration``, the setting's name and what is allowed,
    ///   for a value that the setting cannot have, and for what this client cannot do, such as two-phase commits.
    ///   Nothing is changed then.
    @discardableResult
    public mutating func apply(_ settings: [(name: String, value: String)]) throws(KafkaError) -> [String] {
        var changed = self
        var rest = try ClientConfiguration.take(settings, into: &changed.client)
        rest = try Self.table.apply(rest, to: &changed)
        let isSaid = settings.contains { $0.name == "enable.idempotence" }
        if !isSaid, changed.acks != .all || changed.maximumRetries == 0 || changed.maximumInFlight > 5 {
            changed.isIdempotent = false
        }
        if changed.isIdempotent, changed.maximumRetries == 0 {
            throw KafkaError(
                .invalidConfiguration,
                "retries is 0, and an idempotent producer needs at least 1; leave it out, or set "
                    + "enable.idempotence to false", setting: "retries")
        }
        if let id = changed.transactionalId, !changed.isIdempotent {
            throw KafkaError(
                .invalidConfiguration,
                "transactional.id is \(id), and needs idempotence, which other settings exclude: leave acks, retries and "
                    + "max.in.flight.requests.per.connection out, or transactional.id", setting: "transactional.id")
        }
        changed.compressionLevel = try Self.level(of: changed.compression, settings) ?? changed.compressionLevel
        if changed.compression != compression, changed.compression.levels == nil { changed.compressionLevel = nil }
        let unknown = try OtherSettings.unknown(rest)
        self = changed
        return unknown
    }

    /// The level for the codec in use. Those of other codecs are checked, and have no effect.
    private static func level(
        of codec: Compression, _ settings: [(name: String, value: String)]
    ) throws(KafkaError) -> Int? {
        var level: Int?
        for other in Compression.allCases {
            guard let levels = other.levels else { continue }
            let name = "compression.\(other.name).level"
            for setting in settings where setting.name == name {
                let value = SettingValue(name, setting.value)
                // -1 is how Java writes gzip's own default.
                let isDefault = other == .gzip && value.text == "-1"
                let number = isDefault ? nil : try value.integer(levels)
                if other == codec { level = number }
            }
        }
        return level
    }

    static let table = SettingTable<Self>([
        "acks": { (configuration, value) throws(KafkaError) in
            configuration.acks = try value.choice(["all": .all, "-1": .all, "0": .none, "1": .leader])
        },
        "enable.idempotence": { (configuration, value) throws(KafkaError) in
            configuration.isIdempotent = try value.flag()
        },
        "retries": { (configuration, value) throws(KafkaError) in
            configuration.maximumRetries = try value.integer()
        },
        "linger.ms": { (configuration, value) throws(KafkaError) in
            configuration.linger = try value.milliseconds()
        },
        "batch.size": { (configuration, value) throws(KafkaError) in
            // Java takes 0 for: no two records in a batch.
            configuration.batchSize = max(1, try value.integer())
        },
        "max.request.size": { (configuration, value) throws(KafkaError) in
            configuration.maximumRequestSize = try value.integer(atLeast: 1)
        },
        "buffer.memory": { (configuration, value) throws(KafkaError) in
            configuration.bufferMemory = try value.integer(1...Int.max)
        },
        "max.block.ms": { (configuration, value) throws(KafkaError) in
            configuration.maximumBlock = try value.milliseconds()
        },
        "delivery.timeout.ms": { (configuration, value) throws(KafkaError) in
            configuration.deliveryTimeout = try value.milliseconds()
        },
        "compression.type": { (configuration, value) throws(KafkaError) in
            configuration.compression = try value.choice([
                "none": .none, "gzip": .gzip, "snappy": .snappy, "lz4": .lz4, "zstd": .zstd,
            ])
        },
        "compression.gzip.level": { (_, _) throws(KafkaError) in },
        "compression.lz4.level": { (_, _) throws(KafkaError) in },
        "compression.zstd.level": { (_, _) throws(KafkaError) in },
        "transactional.id": { (configuration, value) throws(KafkaError) in
            configuration.transactionalId = value.text.isEmpty ? nil : value.text
        },
        "transaction.timeout.ms": { (configuration, value) throws(KafkaError) in
            configuration.transactionTimeout = .milliseconds(try value.integer(atLeast: 1))
        },
        "max.in.flight.requests.per.connection": { (configuration, value) throws(KafkaError) in
            configuration.maximumInFlight = try value.integer(atLeast: 1)
        },
    ]).with(partitionerRules)
}
