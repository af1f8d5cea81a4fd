import KafkaBroker
import KafkaWire

/// What `--secure` makes of a broker's configuration.
enum SecureSettings {
    /// Settings that say themselves who is let in.
    private static let prefixes = [
        "ssl.", "sasl.", "listener", "advertised.", "authorizer.", "super.users", "allow.everyone.",
    ]

    /// The first of these settings that says something else than `--secure`.
    static func conflict(among names: some Sequence<String>) -> String? {
        names.sorted().first { name in prefixes.contains { name.hasPrefix($0) } }
    }

    /// Lets nobody in but the users of the folder, over TLS.
    static func apply(_ folder: SecureFolder, to configuration: inout KafkaBroker.Configuration) {
        let server = folder.path(.server)
        var tls = TLSServerOptions(identity: .pemFiles(certificate: server, key: server, password: nil))
        // Nobody needs a certificate; who shows one has it looked at.
        tls.clientAuthentication = .requested
        tls.trust = .pemFile(folder.path(.trust))
        var security = ListenerSecurity(name: "SASL_SSL", .saslSSL)
        security.tls = tls
        for user in [SecureFolder.administrator, SecureFolder.developer] {
            security.users[user] = folder.password(of: user)
            configuration.scramUsers[user] = folder.password(of: user)
        }
        configuration.security = security
        configuration.authorization = .on(superUsers: [KafkaPrincipal(SecureFolder.administrator)])
        configuration.acls = developerRules
    }

    /// What developing needs: all with topics, groups and transactions; and the cluster may be looked at, not changed.
    static var developerRules: [KafkaAdmin.Acl] {
        let who = "User:\(SecureFolder.developer)"
        return [
            .init(.allow, who, .all, on: .topic, "*"), .init(.allow, who, .all, on: .group, "*"),
            .init(.allow, who, .all, on: .transactionalId, "*"),
            .init(.allow, who, .describe, on: .cluster, "kafka-cluster"),
            .init(.allow, who, .describeConfigs, on: .cluster, "kafka-cluster"),
        ]
    }
}
