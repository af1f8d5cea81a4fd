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
        let admin = try KafkaAdmin(try configuration(cluster))
        do { try await admin.connect() } catch {
            await admin.close()
            throw error
        }
        return admin
    }

    /// What the options and their file say of the cluster, for any client: admin, producer, consumer.
    package func configuration(_ cluster: ClusterOptions) throws -> ClientConfiguration {
        let settings = try cluster.settings()
        var configuration = ClientConfiguration(bootstrapServers: cluster.bootstrap(settings))
        configuration.clientId = "kw"
        configuration.reachTimeout = Self.patience
        configuration.connectTimeout = max(.seconds(1), Self.patience / configuration.bootstrapServers.count)
        try settings.apply(to: &configuration, self)
        return configuration
    }
}
