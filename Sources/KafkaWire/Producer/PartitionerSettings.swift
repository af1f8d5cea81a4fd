extension KafkaProducer.Configuration {
    /// The settings of where records go, under Java's and librdkafka's names.
    static let partitionerRules: KeyValuePairs<String, SettingTable<Self>.Rule> = [
        "partitioner.class": { (configuration, value) throws(KafkaError) in
            configuration.partitioner = try partitioner(javaClass: value)
            if value.text == uniformSticky { configuration.ignoresKeys = true }
        },
        "partitioner": { (configuration, value) throws(KafkaError) in
            configuration.partitioner = try librdkafka(value)
        },
        "partitioner.ignore.keys": { (configuration, value) throws(KafkaError) in
            configuration.ignoresKeys = try value.flag()
        },
        "partitioner.adaptive.partitioning.enable": { (configuration, value) throws(KafkaError) in
            configuration.isAdaptive = try value.flag()
        },
        "partitioner.availability.timeout.ms": { (configuration, value) throws(KafkaError) in
            configuration.availabilityTimeout = try value.milliseconds()
        },
        "allow.auto.create.topics": { (configuration, value) throws(KafkaError) in
            configuration.mayCreateTopics = try value.flag()
        },
        "metadata.max.idle.ms": { (configuration, value) throws(KafkaError) in
            configuration.topicIdleTime = try value.milliseconds(atLeast: 5000)
        },
    ]

    private static let roundRobin = "org.apache.kafka.clients.producer.RoundRobinPartitioner"
    /// Both were taken out of Java in 4.0, which does as the first by itself, and as the second with
    /// `partitioner.ignore.keys` (KIP-794).
    private static let usual = "org.apache.kafka.clients.producer.internals.DefaultPartitioner"
    private static let uniformSticky = "org.apache.kafka.clients.producer.UniformStickyPartitioner"

    private static func partitioner(javaClass value: SettingValue) throws(KafkaError) -> (any Partitioner)? {
        switch value.text {
        case "", usual, uniformSticky: return nil
        case roundRobin: return RoundRobinPartitioner()
        default:
            throw value.refusal(
                "\(value.name) is \"\(value.text)\"; it must be \(roundRobin), or be left out: a partitioner of one's own is "
                    + "set in the program (Configuration.partitioner), and librdkafka's by their names (partitioner)"
                    + nearest(value, [roundRobin, usual, uniformSticky]))
        }
    }

    private static func librdkafka(_ value: SettingValue) throws(KafkaError) -> (any Partitioner)? {
        if let known = LibrdkafkaPartitioner(rawValue: value.text) { return known }
        let names = LibrdkafkaPartitioner.allCases.map(\.rawValue)
        throw value.refusal(
            "\(value.name) is \"\(value.text)\"; it must be \(names.dropLast().joined(separator: ", ")) or \(names.last ?? "")"
                + nearest(value, names))
    }

    private static func nearest(_ value: SettingValue, _ names: [String]) -> String {
        let near = NearestName.suggestions(for: value.text, among: names)
        return near.isEmpty ? "" : "; did you mean \(near.joined(separator: " or "))?"
    }
}
