// Features of the whole cluster, such as metadata.version (KIP-584).

extension KafkaAdmin {
    /// The features of a cluster.
    public struct Features: Sendable, Equatable {
        /// The levels that the broker asked can do, by feature.
        public var supported: [String: ClosedRange<Int16>]
        /// The levels that the cluster has agreed on, by feature.
        public var finalized: [String: ClosedRange<Int16>]
        /// How often that has changed; nil where the broker does not tell.
        public var finalizedEpoch: Int64?
    }

    /// The features (ApiVersions 3, Kafka 2.7; older brokers have none).
    public func describeFeatures() async throws(KafkaError) -> Features {
        try await one("describe the features", at: .any) { version in
            ApiVersionsRequest.with {
                guard version >= 3 else { return }
                $0.clientSoftwareName = "kafkawire"
                $0.clientSoftwareVersion = kafkaWireVersion
            }
        } whole: {
            ($0.errorCode, nil)
        } value: { response in
            var features = Features(
                supported: [:], finalized: [:],
                finalizedEpoch: response.finalizedFeaturesEpoch < 0 ? nil : response.finalizedFeaturesEpoch)
            for feature in response.supportedFeatures where feature.minVersion <= feature.maxVersion {
                features.supported[feature.name] = feature.minVersion...feature.maxVersion
            }
            for feature in response.finalizedFeatures where feature.minVersionLevel <= feature.maxVersionLevel {
                features.finalized[feature.name] = feature.minVersionLevel...feature.maxVersionLevel
            }
            return features
        }
    }

    /// A feature's new level.
    public struct FeatureUpdate: Sendable, Equatable {
        /// Which way it may go.
        public enum Direction: Int8, Sendable {
            /// Up only.
            case upgrade = 1
            /// Down, where nothing is lost.
            case safeDowngrade = 2
            /// Down, though something may be lost (KIP-778).
            case unsafeDowngrade = 3
        }

        /// The level; below 1 takes the feature away.
        public var level: Int16
        /// Which way it may go.
        public var direction: Direction

        /// A feature's new level.
        public init(level: Int16, _ direction: Direction = .upgrade) {
            self.level = level
            self.direction = direction
        }
    }

    /// Changes features (UpdateFeatures, KIP-584, Kafka 2.7). Newer brokers change all or none (KIP-1022). Errors are, among
    /// others, INVALID_UPDATE_VERSION and FEATURE_UPDATE_FAILED. With `validateOnly` (Kafka 3.3) nothing is changed.
    public func updateFeatures(
        _ updates: [String: FeatureUpdate], validateOnly: Bool = false
    ) async -> Results<String, Void> {
        let timeout = timeout
        let call = AdminCall<String, UpdateFeaturesRequest, Void>(
            what: "update feature", route: .all(.controller), subject: { .other($0) }, final: .finalFromController,
            build: { names, version throws(KafkaError) in
                guard version >= 1 || !validateOnly else {
                    throw Self.tooOld("only validates", api: .updateFeatures, since: "3.3")
                }
                return .with {
                    $0.timeoutMs = timeout
                    $0.validateOnly = validateOnly
                    $0.featureUpdates = names.map { name in
                        .with {
                            $0.feature = name
                            $0.maxVersionLevel = updates[name]?.level ?? 0
                            let direction = updates[name]?.direction ?? .upgrade
                            if version >= 1 {
                                $0.upgradeType = direction.rawValue
                            } else {
                                $0.allowDowngrade = direction != .upgrade
                            }
                        }
                    }
                }
            },
            whole: { ($0.errorCode, $0.errorMessage) },
            read: { response, names, version in
                // From version 2 on there is one code for all of them.
                if version >= 2 { return names.map { AdminReply($0, .none) } }
                return response.results.map { AdminReply($0.feature, $0.errorCode, $0.errorMessage) }
            })
        return await cluster.perform(call, about: updates.keys.sorted())
    }
}
