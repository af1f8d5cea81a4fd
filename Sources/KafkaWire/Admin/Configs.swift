// Configurations of topics, brokers, groups and client metrics.

extension KafkaAdmin {
    /// What has a configuration.
    public struct ConfigResource: Sendable, Hashable, CustomStringConvertible {
        /// The kind of resource. Open: brokers may have more.
        public struct Kind: RawRepresentable, Sendable, Hashable {
            /// Kafka's number of the kind.
            public var rawValue: Int8
            /// The kind of that number.
            public init(rawValue: Int8) { self.rawValue = rawValue }

            /// A topic.
            public static let topic = Kind(rawValue: 2)
            /// A broker, or what holds for all of them.
            public static let broker = Kind(rawValue: 4)
            /// The log levels of one broker (KIP-412).
            public static let brokerLogger = Kind(rawValue: 8)
            /// A subscription to clients' metrics (KIP-714).
            public static let clientMetrics = Kind(rawValue: 16)
            /// A group (KIP-848).
            public static let group = Kind(rawValue: 32)
        }

        /// What it is.
        public var kind: Kind
        /// Its name; of a broker the id, or nothing for what holds for all brokers.
        public var name: String

        /// A resource.
        public init(_ kind: Kind, _ name: String) {
            self.kind = kind
            self.name = name
        }

        /// A topic.
        public static func topic(_ name: String) -> ConfigResource { .init(.topic, name) }
        /// A broker.
        public static func broker(_ id: BrokerID) -> ConfigResource { .init(.broker, "\(id)") }
        /// What holds for all brokers (KIP-226).
        public static let allBrokers = ConfigResource(.broker, "")
        /// A group.
        public static func group(_ id: String) -> ConfigResource { .init(.group, id) }
        /// A subscription to clients' metrics.
        public static func clientMetrics(_ name: String) -> ConfigResource { .init(.clientMetrics, name) }

        /// What it is, and its name.
        public var description: String {
            switch kind {
            case .topic: "topic \(name)"
            case .broker: name.isEmpty ? "all brokers" : "broker \(name)"
            case .brokerLogger: "the loggers of broker \(name)"
            case .clientMetrics: "client metrics \(name)"
            case .group: "group \(name)"
            default: "resource \(name) of kind \(kind.rawValue)"
            }
        }

        /// A broker's own configuration only that broker can tell; everything else any can.
        var target: Cluster.Target {
            guard kind == .broker || kind == .brokerLogger, let id = Int32(name) else { return .any }
            return .broker(BrokerID(id))
        }
    }

    /// Where a setting comes from. Open: brokers may have more.
    public struct ConfigSource: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's number of the source.
        public var rawValue: Int8
        /// The source of that number.
        public init(rawValue: Int8) { self.rawValue = rawValue }

        /// Set for that topic.
        public static let topic = ConfigSource(rawValue: 1)
        /// Set for that broker while it ran (KIP-226).
        public static let dynamicBroker = ConfigSource(rawValue: 2)
        /// Set for all brokers while they ran (KIP-226).
        public static let dynamicDefaultBroker = ConfigSource(rawValue: 3)
        /// From the file that the broker was started with.
        public static let staticBroker = ConfigSource(rawValue: 4)
        /// Kafka's own default.
        public static let standard = ConfigSource(rawValue: 5)
        /// Set for the loggers of that broker (KIP-412).
        public static let dynamicBrokerLogger = ConfigSource(rawValue: 6)
        /// Set for that subscription to clients' metrics (KIP-714).
        public static let clientMetrics = ConfigSource(rawValue: 7)
        /// Set for that group (KIP-848).
        public static let group = ConfigSource(rawValue: 8)

        private static let names = [
            "UNKNOWN", "DYNAMIC_TOPIC_CONFIG", "DYNAMIC_BROKER_CONFIG", "DYNAMIC_DEFAULT_BROKER_CONFIG",
            "STATIC_BROKER_CONFIG", "DEFAULT_CONFIG", "DYNAMIC_BROKER_LOGGER_CONFIG", "DYNAMIC_CLIENT_METRICS_CONFIG",
            "DYNAMIC_GROUP_CONFIG",
        ]
        /// Kafka's name, such as `DYNAMIC_TOPIC_CONFIG`.
        public var description: String {
            Self.names.indices.contains(Int(rawValue)) ? Self.names[Int(rawValue)] : "UNKNOWN_\(rawValue)"
        }
    }

    /// A setting.
    public struct ConfigEntry: Sendable, Equatable {
        /// The name, such as `retention.ms`.
        public var name: String
        /// The value; nil where it has none, or where it is sensitive.
        public var value: String?
        /// Where it comes from.
        public var source: ConfigSource
        /// Whether it cannot be changed while the broker runs.
        public var isReadOnly: Bool
        /// Whether it is a secret, whose value brokers do not tell.
        public var isSensitive: Bool
        /// Where it would come from otherwise, first what holds; asked for with `synonyms` (KIP-226).
        public var synonyms: [Synonym] = []
        /// Kafka's number of the value's type, from 1: boolean, string, int, short, long, double, list, class, password
        /// (KIP-569); 0 where the broker does not tell.
        public var type: Int8 = 0
        /// What it is good for; asked for with `documentation` (KIP-569), nil where the broker does not tell.
        public var documentation: String?

        /// One of the places that a setting's value can come from.
        public struct Synonym: Sendable, Equatable {
            /// Its name there, such as `log.retention.ms`.
            public var name: String
            /// Its value there; nil where it is sensitive.
            public var value: String?
            /// The place.
            public var source: ConfigSource
        }
    }

    /// The settings of resources (DescribeConfigs), in the order of their names. `names` are the settings wanted, nil is
    /// all of them. `documentation` needs Kafka 2.6.
    public func describeConfigs(
        _ resources: [ConfigResource], names: [String]? = nil, synonyms: Bool = false, documentation: Bool = false
    ) async -> Results<ConfigResource, [ConfigEntry]> {
        let call = AdminCall<ConfigResource, DescribeConfigsRequest, [ConfigEntry]>(
            what: "describe the configuration of", route: .each(\.target), subject: \.subject,
            final: [.unknownTopicOrPartition],
            build: { resources, version in
                .with {
                    $0.includeSynonyms = synonyms
                    $0.includeDocumentation = documentation && version >= 3
                    $0.resources = resources.map { resource in
                        .with {
                            $0.resourceType = resource.kind.rawValue
                            $0.resourceName = resource.name
                            $0.configurationKeys = names
                        }
                    }
                }
            },
            read: { response, _, _ in
                response.results.map { result in
                    let resource = ConfigResource(.init(rawValue: result.resourceType), result.resourceName)
                    return AdminReply(
                        resource, result.errorCode, result.errorMessage,
                        result.configs.map { Self.entry($0, of: resource.kind) }.sorted { $0.name < $1.name })
                }
            })
        return await cluster.perform(call, about: resources)
    }

    static func entry(
        _ config: DescribeConfigsResponse.DescribeConfigsResult.DescribeConfigsResourceResult,
        of kind: ConfigResource.Kind
    ) -> ConfigEntry {
        // Kafka leaves such values out; another broker may not. What a logger writes is no secret, whatever its class is about.
        let isSensitive = config.isSensitive || kind != .brokerLogger && SensitiveSettings.contains(config.name)
        return ConfigEntry(
            name: config.name, value: isSensitive ? nil : config.value,
            source: ConfigSource(rawValue: config.configSource), isReadOnly: config.readOnly, isSensitive: isSensitive,
            synonyms: config.synonyms.map {
                .init(name: $0.name, value: isSensitive ? nil : $0.value, source: ConfigSource(rawValue: $0.source))
            }, type: config.configType, documentation: config.documentation.flatMap { $0.isEmpty ? nil : $0 })
    }

    /// A change of one setting.
    public enum ConfigChange: Sendable, Equatable {
        /// Sets it.
        case set(String)
        /// Takes it away, so that the default holds again.
        case delete
        /// Adds values, with commas between them, to a list.
        case append(String)
        /// Takes values out of a list.
        case subtract(String)

        fileprivate var operation: (Int8, String?) {
            switch self {
            case .set(let value): (0, value)
            case .delete: (1, nil)
            case .append(let value): (2, value)
            case .subtract(let value): (3, value)
            }
        }
    }

    /// Changes settings, and no others (IncrementalAlterConfigs, KIP-339, Kafka 2.3). All changes of a resource are made or
    /// none. Errors are, among others, INVALID_CONFIG, UNKNOWN_TOPIC_OR_PARTITION and INVALID_REQUEST. With `validateOnly`
    /// nothing is changed.
    public func alterConfigs(
        _ changes: [ConfigResource: [String: ConfigChange]], validateOnly: Bool = false
    ) async -> Results<ConfigResource, Void> {
        let call = AdminCall<ConfigResource, IncrementalAlterConfigsRequest, Void>(
            what: "alter the configuration of", route: .each(\.target), subject: \.subject,
            final: .finalFromController,
            build: { resources, _ in
                .with {
                    $0.validateOnly = validateOnly
                    $0.resources = resources.map { resource in
                        .with {
                            $0.resourceType = resource.kind.rawValue
                            $0.resourceName = resource.name
                            $0.configs = (changes[resource] ?? [:]).sorted { $0.key < $1.key }.map { name, change in
                                .with {
                                    $0.name = name
                                    ($0.configOperation, $0.value) = change.operation
                                }
                            }
                        }
                    }
                }
            },
            read: { response, _, _ in
                response.responses.map {
                    AdminReply(
                        ConfigResource(.init(rawValue: $0.resourceType), $0.resourceName), $0.errorCode, $0.errorMessage
                    )
                }
            })
        return await cluster.perform(call, about: changes.keys.sorted { "\($0)" < "\($1)" })
    }

    /// What has a configuration of its own: groups, client metrics and, from Kafka 4.1 on, topics and brokers
    /// (ListConfigResources, KIP-1142). No `kinds` are all of them; Kafka 3.7 to 4.0 list client metrics only, and refuse
    /// other kinds.
    public func listConfigResources(_ kinds: [ConfigResource.Kind] = []) async throws(KafkaError) -> [ConfigResource] {
        try await one("list what has a configuration", at: .any) { version throws(KafkaError) in
            guard version >= 1 || kinds.isEmpty || kinds == [.clientMetrics] else {
                throw Self.tooOld("lists kinds other than client metrics", api: .listConfigResources, since: "4.1")
            }
            return ListConfigResourcesRequest.with { if version >= 1 { $0.resourceTypes = kinds.map(\.rawValue) } }
        } whole: {
            ($0.errorCode, nil)
        } value: {
            $0.configResources.map { ConfigResource(.init(rawValue: $0.resourceType), $0.resourceName) }
        }
    }
}

extension KafkaAdmin.ConfigResource {
    fileprivate var subject: AdminSubject {
        kind == .topic ? .topic(name) : .other(description)
    }
}
