import KafkaWire

/// Somebody who wants to look at everything in the broker, by a user's name and password, without Kafka's protocol: for the web
/// page.
package struct Viewer: Sendable {
    /// Whether the user may see everything that there is: it is a super user, or has a rule for all of it (DESCRIBE on the
    /// cluster, groups and transactional ids, READ on topics); or the broker has no authorizer.
    package let maySeeAll: Bool
    private let passwords: [Secret]
    private let credentials: [(variant: ScramVariant, credential: ScramCredential)]

    /// What the node knows of a user who asks from that address.
    init(_ user: String, from address: String, in node: BrokerNode) {
        let securities = node.configuration.securities.filter(\.securityProtocol.hasSASL)
        passwords = securities.filter { $0.mechanisms.contains("PLAIN") }.compactMap { security in
            // Texts are equal to Swift when they look the same; to Kafka when their bytes are.
            security.users.first { $0.key.utf8.elementsEqual(user.utf8) }?.value
        }
        credentials = [(ScramVariant.sha256, ScramUsers.Mechanism.sha256), (.sha512, .sha512)].compactMap {
            variant, mechanism in
            guard securities.contains(where: { $0.mechanisms.contains(variant.name) }) else { return nil }
            return node.scramUsers[user, mechanism].map { (variant, ScramCredential($0)) }
        }
        let caller = Authorizer.Caller(KafkaPrincipal(user), host: address)
        maySeeAll = node.authorizer.map { node.maySeeAll(caller, $0) } ?? true
    }

    /// Whether that is the user's password, as PLAIN or SCRAM would find. It costs what SCRAM's hashes do, some milliseconds, for a
    /// user that there is not as well: not for the broker's loop.
    package func hasPassword(_ password: Secret) -> Bool {
        var isRight = false
        for known in passwords where known == password { isRight = true }
        for (variant, credential) in credentials where Self.belongs(password, to: credential, variant) {
            isRight = true
        }
        if credentials.isEmpty { _ = Self.belongs(password, to: Self.nobody, .sha512) }
        return isRight
    }

    private static let nobody = ScramCredential(
        salt: [UInt8](repeating: 7, count: 16), iterations: ScramVariant.minimumIterations, storedKey: "", serverKey: ""
    )

    private static func belongs(_ password: Secret, to credential: ScramCredential, _ variant: ScramVariant) -> Bool {
        let made = try? ScramCredential.make(
            password: password, salt: credential.salt, iterations: credential.iterations, variant: variant)
        return made?.storedKey == credential.storedKey
    }
}

extension BrokerNode {
    fileprivate func maySeeAll(_ caller: Authorizer.Caller, _ authorizer: Authorizer) -> Bool {
        authorizer.allows(.describe, on: .cluster, AclResourceType.clusterName, by: caller)
            && topics.sorted.allSatisfy { authorizer.allows(.read, on: .topic, $0.name, by: caller) }
            && groups.groups.keys.allSatisfy { authorizer.allows(.describe, on: .group, $0, by: caller) }
            && transactions.transactions.keys.allSatisfy {
                authorizer.allows(.describe, on: .transactionalId, $0, by: caller)
            }
    }
}

extension KafkaBroker {
    /// What is known of somebody who says to be that user, and asks from that address.
    package func viewer(_ user: String, from address: String) async -> Viewer {
        await server.withNode { Viewer(user, from: address, in: $0) }
    }

    /// The certificate of the first listener with TLS, for somebody who asks without Kafka's protocol; nil where no listener has
    /// TLS, or none has users with passwords.
    package var viewerTLS: TLSServerOptions? {
        get async {
            await server.withNode { node in
                let securities = node.configuration.securities
                let haveUsers = securities.contains {
                    $0.securityProtocol.hasSASL && $0.mechanisms.contains { $0 != "OAUTHBEARER" }
                }
                guard haveUsers, var tls = securities.lazy.compactMap(\.tls).first else { return nil }
                tls.clientAuthentication = .none
                return tls
            }
        }
    }
}
