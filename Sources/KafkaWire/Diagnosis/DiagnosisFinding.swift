/// Something that a ``KafkaDoctor`` has found: what it is, why it hurts, and what to change. A value.
public struct DiagnosisFinding: Sendable, Equatable {
    /// How much it stands in the way.
    public enum Severity: Int, Sendable, Comparable, CaseIterable {
        /// As it should be.
        case ok
        /// Clients work, but not as well or as safely as they could.
        case warning
        /// A client cannot do what it is for.
        case problem

        /// From ``ok`` to ``problem``.
        public static func < (a: Severity, b: Severity) -> Bool { a.rawValue < b.rawValue }
    }

    /// What kind of thing was found. Open: new codes may come with new versions; those that are there keep their names.
    public struct Code: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// The code as text, such as `advertised-address-unreachable`.
        public var rawValue: String
        /// The code of that text.
        public init(rawValue: String) { self.rawValue = rawValue }
        init(_ text: String) { rawValue = text }
        /// The text.
        public var description: String { rawValue }
    }

    /// What it is about.
    public enum Place: Sendable, Hashable, CustomStringConvertible {
        /// The client's own settings, or its machine.
        case client
        /// An address, as `host` or `host:port`.
        case host(String)
        /// A broker, by its id and the address that it advertises.
        case broker(BrokerID, address: String)
        /// The cluster as a whole.
        case cluster
        /// A topic, or some of its partitions.
        case topic(String)
        /// A consumer group.
        case group(String)

        /// In words, such as `broker 1 (kafka:9092)`.
        public var description: String {
            switch self {
            case .client: "this client"
            case .host(let name): name
            case .broker(let id, let address): "broker \(id) (\(address))"
            case .cluster: "the cluster"
            case .topic(let name): "topic \(name)"
            case .group(let id): "group \(id)"
            }
        }
    }

    /// How much it stands in the way.
    public var severity: Severity
    /// What kind of thing it is.
    public var code: Code
    /// What it is about.
    public var place: Place
    /// One or two sentences: what was found, and why it hurts.
    public var message: String
    /// What to change, in a sentence or two; nil where nothing is to be changed.
    public var advice: String?

    package init(
        _ severity: Severity, _ code: Code, _ place: Place, _ message: String, advice: String? = nil
    ) {
        self.severity = severity
        self.code = code
        self.place = place
        self.message = message
        self.advice = advice
    }
}

extension DiagnosisFinding: CustomStringConvertible {
    /// What was found, and the advice where there is one.
    public var description: String { advice.map { "\(message) \($0)" } ?? message }
}

extension DiagnosisFinding.Code {
    // Names and connections.
    /// A setting of the client makes no sense.
    public static let invalidConfiguration = Self("invalid-configuration")
    /// A host name does not resolve.
    public static let unresolvedHost = Self("unresolved-host")
    /// The name servers did not answer in time.
    public static let slowResolver = Self("slow-resolver")
    /// The host answers, but nobody listens on the port.
    public static let connectionRefused = Self("connection-refused")
    /// Nothing answers: a firewall that swallows packets, or a host that is off.
    public static let noAnswer = Self("no-answer")
    /// There is no way to the address from here.
    public static let networkUnreachable = Self("network-unreachable")
    /// The connection failed in another way.
    public static let connectionFailed = Self("connection-failed")
    /// A name has several addresses, and some of them do not answer.
    public static let someAddressesFail = Self("some-addresses-fail")
    /// A connection could be made.
    public static let connected = Self("connected")
    /// Opening connections, or a round trip, takes long.
    public static let slowNetwork = Self("slow-network")

    // What speaks there.
    /// The broker speaks Kafka's protocol.
    public static let speaksKafka = Self("speaks-kafka")
    /// The port wants TLS, the client speaks plain.
    public static let tlsPort = Self("tls-port")
    /// The client is to speak TLS, the port is plain.
    public static let plainPort = Self("plain-port")
    /// The client is to use something that it cannot.
    public static let unsupportedSecurity = Self("unsupported-security")
    /// Another kind of server listens on the port.
    public static let notKafka = Self("not-kafka")
    /// The port is that of a KRaft controller.
    public static let controllerPort = Self("controller-port")
    /// The connection is taken and closed, whatever is said.
    public static let hangsUp = Self("hangs-up")
    /// The connection is taken, and nothing is ever answered.
    public static let silentPort = Self("silent-port")
    /// The broker wants to know who the client is (SASL).
    public static let authenticationRequired = Self("authentication-required")
    /// The broker took the connection but failed at what every client asks.
    public static let brokerFails = Self("broker-fails")

    // TLS.
    /// TLS was agreed on, and the broker's certificate is believed.
    public static let tlsAgreed = Self("tls-agreed")
    /// TLS could not be agreed on, for a reason without a code of its own.
    public static let tlsFailed = Self("tls-failed")
    /// A version older than TLS 1.3 was agreed on.
    public static let olderTLS = Self("older-tls")
    /// A certificate is no longer valid.
    public static let certificateExpired = Self("certificate-expired")
    /// A certificate ends within 30 days.
    public static let certificateEndsSoon = Self("certificate-ends-soon")
    /// A certificate is not valid yet, by this machine's clock.
    public static let certificateNotYetValid = Self("certificate-not-yet-valid")
    /// The broker's certificate is not for the host that was connected to.
    public static let certificateNameMismatch = Self("certificate-name-mismatch")
    /// Nobody who is trusted here has signed the broker's certificate.
    public static let certificateNotTrusted = Self("certificate-not-trusted")
    /// A certificate was revoked, or nothing says that it was not.
    public static let certificateRevoked = Self("certificate-revoked")
    /// The broker wants a certificate of the client, which has none.
    public static let clientCertificateRequired = Self("client-certificate-required")
    /// The broker does not take the client's certificate.
    public static let clientCertificateRefused = Self("client-certificate-refused")
    /// The client does not look at certificates, or not at the names in them.
    public static let verificationOff = Self("verification-off")
    /// Others can read the client's secrets, or what it says.
    public static let exposedSecret = Self("exposed-secret")

    // SASL.
    /// The broker has taken the client for who it says it is.
    public static let authenticated = Self("authenticated")
    /// The client is to say who it is, and the broker's port asks nobody.
    public static let noAuthentication = Self("no-authentication")
    /// The broker does not have the client's mechanism.
    public static let mechanismNotOffered = Self("mechanism-not-offered")
    /// The broker does not take the client's credentials.
    public static let credentialsRefused = Self("credentials-refused")
    /// The client could not say who it is, or does not take the broker for one.
    public static let loginFailed = Self("login-failed")
    /// A password or a token goes over the network unprotected.
    public static let credentialsInTheClear = Self("credentials-in-the-clear")

    // Permissions.
    /// What the client may do, where that is all that clients need.
    public static let authorized = Self("authorized")
    /// The client may not do something that clients need.
    public static let notAuthorized = Self("not-authorized")

    // Brokers.
    /// Every broker can be reached under the address that it advertises.
    public static let brokersReachable = Self("brokers-reachable")
    /// A broker advertises an address that cannot be reached from here.
    public static let advertisedAddressUnreachable = Self("advertised-address-unreachable")
    /// A broker advertises a name that does not resolve here.
    public static let advertisedNameUnresolved = Self("advertised-name-unresolved")
    /// A broker advertises localhost to clients on other machines.
    public static let advertisedLoopback = Self("advertised-loopback")
    /// At an advertised address another cluster answers.
    public static let anotherCluster = Self("another-cluster")
    /// At an advertised address another broker answers.
    public static let anotherBroker = Self("another-broker")
    /// At an advertised address something answers that cannot be used as a broker.
    public static let advertisedAddressUnusable = Self("advertised-address-unusable")
    /// The bootstrap servers belong to several clusters.
    public static let severalClusters = Self("several-clusters")
    /// There is no controller, so that nothing can be created or elected.
    public static let noController = Self("no-controller")
    /// The cluster knows no broker.
    public static let noBrokers = Self("no-brokers")

    // Releases.
    /// Which release the brokers speak as.
    public static let release = Self("release")
    /// The broker lacks what producing or consuming needs.
    public static let brokerTooOld = Self("broker-too-old")
    /// The broker lacks something that only some clients need.
    public static let missingFeatures = Self("missing-features")
    /// The broker is no Apache Kafka, or not one that this library knows.
    public static let foreignBroker = Self("foreign-broker")
    /// Brokers of several releases stand side by side.
    public static let mixedReleases = Self("mixed-releases")

    // Topics.
    /// Every partition has a leader and all its replicas.
    public static let topicsHealthy = Self("topics-healthy")
    /// The topic is not there.
    public static let unknownTopic = Self("unknown-topic")
    /// Partitions have no leader: nothing can be written to or read from them.
    public static let noLeader = Self("no-leader")
    /// The leader cannot be reached from here.
    public static let leaderUnreachable = Self("leader-unreachable")
    /// Some replicas are not in sync.
    public static let underReplicated = Self("under-replicated")
    /// Fewer replicas are in sync than `min.insync.replicas` wants: acks=all fails.
    public static let belowMinimumInSync = Self("below-min-insync-replicas")
    /// The topic could not be looked at.
    public static let lookFailed = Self("look-failed")

    // Groups.
    /// The group is stable, and what it reads moves or is at its end.
    public static let groupHealthy = Self("group-healthy")
    /// There is no such group.
    public static let unknownGroup = Self("unknown-group")
    /// The group has no members.
    public static let groupWithoutMembers = Self("group-without-members")
    /// The group did not become, or stay, stable.
    public static let groupNotStable = Self("group-not-stable")
    /// A member holds up the group's rebalance.
    public static let memberHoldsUp = Self("member-holds-up-rebalance")
    /// More members than partitions.
    public static let idleMembers = Self("idle-members")
    /// A partition that the group reads is nobody's.
    public static let partitionNotAssigned = Self("partition-not-assigned")
    /// Members subscribe to different topics.
    public static let subscriptionsDiffer = Self("subscriptions-differ")
    /// The committed offset has left the log.
    public static let committedOffsetGone = Self("committed-offset-out-of-range")
    /// An open transaction holds readers of committed records back.
    public static let openTransaction = Self("open-transaction")
    /// There are records to read, and the committed offset stands still.
    public static let consumerStuck = Self("consumer-does-not-move")
    /// Records come faster than the group reads them.
    public static let consumerFallsBehind = Self("consumer-falls-behind")
    /// Nothing was ever committed for a partition that has records.
    public static let noCommittedOffset = Self("no-committed-offset")

    // Clocks.
    /// The clocks agree, as far as that can be seen.
    public static let clocksAgree = Self("clocks-agree")
    /// The broker's clock differs from ours.
    public static let clockSkew = Self("clock-skew")
    /// The client's token is in time by this machine's clock.
    public static let tokenInTime = Self("token-in-time")
    /// Records carry times that lie in the future.
    public static let recordsFromTheFuture = Self("records-from-the-future")
}
