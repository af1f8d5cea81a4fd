import AppSupport
import KafkaWire

extension Tool {
    /// How long a broker that cannot be reached is waited for, where the settings do not say otherwise: a person waits.
    private static let patience = Duration.seconds(4)

    /// An admin client that is connected. Throws in a sentence, within five seconds, where no broker can be reached; a
    /// broker that is named by the cluster and cannot be reached fails its calls as soon.
    ///
    /// ```swift
    /// let admin = try await tool.admin(cluster)
    /// ```
    package func admin(_ cluster: ClusterOptions) async throws -> KafkaAdmin {
        try await admin(try configuration(cluster))
    }

    /// The same with a configuration of one's own.
    package func admin(_ configuration: ClientConfiguration) async throws -> KafkaAdmin {
        let admin = try KafkaAdmin(configuration)
        do { try await admin.connect() } catch {
            await admin.close()
            throw error
        }
        return admin
    }

    /// What the options and their file say of the cluster, for any client: admin, producer, consumer.
    package func configuration(_ cluster: ClusterOptions) throws -> ClientConfiguration {
        let settings = try cluster.settings()
        var configuration = client(cluster.bootstrap(settings))
        try settings.apply(to: &configuration, self)
        return configuration
    }

    /// What every client of a tool begins with: its name, and no more patience than a person has.
    package func client(_ bootstrapServers: [String]) -> ClientConfiguration {
        var configuration = ClientConfiguration(bootstrapServers: bootstrapServers)
        configuration.clientId = "kw"
        configuration.reachTimeout = Self.patience
        configuration.connectTimeout = max(.seconds(1), Self.patience / max(1, bootstrapServers.count))
        return configuration
    }
}
