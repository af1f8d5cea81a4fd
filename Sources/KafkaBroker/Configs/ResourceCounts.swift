import KafkaWire

/// How often a request names each resource: Kafka refuses those that it names twice.
struct ResourceCounts {
    private struct Key: Hashable {
        var type: Int8
        var name: String
    }

    private var counts: [Key: Int] = [:]

    init(_ resources: [(Int8, String)]) {
        for (type, name) in resources { counts[Key(type: type, name: name), default: 0] += 1 }
    }

    /// The resource, where its type is known and the request names it once.
    func resource(_ type: Int8, _ name: String) throws(ConfigRefusal) -> ConfigResource {
        guard let kind = ConfigResource.Kind(rawValue: type) else {
            throw ConfigRefusal(.invalidRequest, "Unknown resource type \(type)")
        }
        guard counts[Key(type: type, name: name), default: 0] <= 1 else {
            throw ConfigRefusal(.invalidRequest, "Each resource must appear at most once.")
        }
        return ConfigResource(kind: kind, name: name)
    }
}
