import Testing

@testable import KafkaWire

/// What the cluster offers; a test that is about something else is skipped, and says what is missing.
extension ClusterScope {
    func requireAPI(_ api: APIKey, version: Int16 = 0, _ what: String) async throws {
        let answer = try await admin.send(
            ApiVersionsRequest.with {
                $0.clientSoftwareName = "kafkawire"
                $0.clientSoftwareVersion = "test"
            }, to: .any)
        guard let range = answer.response.apiKeys.first(where: { $0.apiKey == api.rawValue }) else {
            try Test.cancel("the cluster has no \(what): its brokers do not serve \(api)")
        }
        guard range.maxVersion >= version else {
            try Test.cancel(
                "the cluster has no \(what): its brokers speak \(api) up to version \(range.maxVersion), which came with \(version)"
            )
        }
    }

    func requireFeature(_ name: String, _ level: Int16, _ what: String) async throws {
        let found = try await admin.describeFeatures().finalized[name]?.upperBound ?? 0
        guard found >= level else {
            try Test.cancel(
                "the cluster has no \(what): its feature \(name) is at level \(found), and \(level) is needed")
        }
    }

    /// Groups that the coordinator forms (KIP-848).
    func requireConsumerProtocol(version: Int16 = 0) async throws {
        let what = version == 0 ? "groups of KIP-848" : "groups of KIP-848 in which it matches patterns"
        try await requireAPI(.consumerGroupHeartbeat, version: version, what)
        try await requireFeature("group.version", 1, what)
    }

    /// A broker's setting; nil where it is not told.
    func brokerSetting(_ name: String) async throws -> String? {
        let broker = KafkaAdmin.ConfigResource.broker(try await brokers()[0].id)
        return try await admin.describeConfigs([broker]).get()[broker]?.first { $0.name == name }?.value
    }

    /// A broker of each rack.
    func requireRacks() async throws -> [String: BrokerID] {
        let brokers = try await brokers()
        let racks = Dictionary(brokers.compactMap { broker in broker.rack.map { ($0, broker.id) } }) { first, _ in first
        }
        guard racks.count >= 2 else {
            try Test.cancel("the cluster has brokers in \(racks.count) racks (broker.rack), and 2 are needed")
        }
        return racks
    }

    func requireClient(_ client: ClusterPeer.Client) throws {
        if let missing = client.missing { try Test.cancel("\(missing)") }
    }
}
