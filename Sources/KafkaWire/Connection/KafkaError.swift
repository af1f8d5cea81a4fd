/// Why something with Kafka did not work: an addressed letter that says what failed, who refused, where, and what to
/// do about it.
public struct KafkaError: Error, Equatable, Sendable {
    /// What failed. Open: new codes may come with new versions.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The code in words, such as `connection_failed`, or Kafka's own name of a broker's error.
        public let description: String
        /// The broker's error code, where a broker refused.
        public let broker: ErrorCode?

        private init(_ description: String, _ broker: ErrorCode? = nil) {
            self.description = description
            self.broker = broker
        }

        /// A broker answered with an error code.
        public static func broker(_ code: ErrorCode) -> Code { Code(code.name, code) }
        /// No connection could be made, or one broke.
        public static let connectionFailed = Code("connection_failed")
        /// A host name does not resolve.
        public static let unresolvedHost = Code("unresolved_host")
        /// No answer came in time.
        public static let timedOut = Code("timed_out")
        /// TLS could not be agreed on with a broker: a certificate, a name, a version, or a port without TLS.
        public static let tlsFailed = Code("tls_failed")
        /// The client could not say who it is, or found out that the broker is none. Where the broker refused, its own code
        /// is told (`SASL_AUTHENTICATION_FAILED`).
        public static let authenticationFailed = Code("authentication_failed")
        /// Client and broker have no version of the API in common.
        public static let unsupportedVersion = Code("unsupported_version")
        /// The other side sent bytes that are not Kafka's protocol, or damaged ones.
        public static let malformedResponse = Code("malformed_response")
        /// A record batch is damaged: its checksum is wrong, or what it holds cannot be read.
        public static let corruptBatch = Code("corrupt_batch")
        /// A partition's log has lost records that were read: another leader was elected that did not have them.
        public static let logTruncated = Code("log_truncated")
        /// The client refused a record that is larger than its own limit.
        public static let recordTooLarge = Code("record_too_large")
        /// A setting, or a combination of settings, makes no sense.
        public static let invalidConfiguration = Code("invalid_configuration")
        /// The client was closed before, or while, it was used.
        public static let closed = Code("closed")
        /// The task was cancelled.
        public static let cancelled = Code("cancelled")
        /// A record was not stored since the broker refused others of its batch (KIP-467).
        public static let refusedBatch = Code("refused_batch")
        /// The program gave records up before they were sent, or before their answer came.
        public static let purged = Code("purged")
        /// A request holds a value that the version spoken with the broker cannot carry.
        public static let invalidRequest = Code("invalid_request")
        /// A transactional producer was asked for what does not fit where its transaction stands.
        public static let invalidTransactionState = Code("invalid_transaction_state")
    }

    /// What failed.
    public var code: Code
    /// One sentence: what, where, and what to do.
    public var message: String
    /// The broker that refused, as `host:port`; nil where this client refused.
    public var broker: String?
    /// The API of the request.
    public var api: APIKey?
    /// The topic concerned.
    public var topic: String?
    /// The partition concerned.
    public var partition: PartitionID?
    /// The setting to look at, by Kafka's name.
    public var setting: String?
    /// Whether the same call may succeed later without any change.
    public var isRetriable: Bool
    /// What the error means for the transaction of the producer that throws it; nil where it means nothing.
    public var transaction: TransactionTrouble?

    package init(
        _ code: Code, _ message: String, broker: String? = nil, api: APIKey? = nil, topic: String? = nil,
        partition: PartitionID? = nil, setting: String? = nil, isRetriable: Bool? = nil
    ) {
        self.code = code
        self.message = message
        self.broker = broker
        self.api = api
        self.topic = topic
        self.partition = partition
        self.setting = setting
        self.isRetriable =
            isRetriable ?? code.broker?.isRetriable
            ?? [.connectionFailed, .timedOut, .unresolvedHost].contains(code)
    }
}

extension KafkaError: CustomStringConvertible {
    /// What failed, where, and what to do: ``message``.
    public var description: String { message }
}

extension KafkaError {
    /// Whether no connection to the broker could be made, or it broke.
    var isOfReaching: Bool { code == .connectionFailed || code == .unresolvedHost }

    /// Whether the broker does not take the client for who it says it is, or one of both does not trust the other: no waiting
    /// changes that. Java's AuthenticationException, of which SslAuthenticationException is one.
    package var isOfLogin: Bool {
        if let code = code.broker {
            return [.saslAuthenticationFailed, .unsupportedSaslMechanism, .illegalSaslState].contains(code)
        }
        // TLS that breaks later names no setting: it may be an accident.
        return code == .authenticationFailed && !isRetriable || code == .tlsFailed && !isRetriable && setting != nil
    }

    /// Whether the broker's answer is larger than this client takes: the same question has the same answer.
    var isOfSize: Bool { code == .malformedResponse && setting == "receive.message.max.bytes" }

    /// A broker's refusal, in words; `resource` is the group or transactional id that it is about.
    static func refused(
        _ code: ErrorCode, _ what: String, by broker: String? = nil, api: APIKey? = nil, topic: String? = nil,
        partition: PartitionID? = nil, of resource: String? = nil, advice: String? = nil
    ) -> KafkaError {
        let who = broker.map { "broker \($0)" } ?? "the broker"
        let hint = advice ?? RequiredOperation.advice(code, api: api, of: topic, resource) ?? Self.advice(for: code)
        return KafkaError(
            .broker(code), "\(what): \(who) answered \(code.name)\(hint.map { "; \($0)" } ?? "")",
            broker: broker, api: api, topic: topic, partition: partition)
    }

    /// As who uses a client so is told.
    func told(for use: RequiredOperation.Use) -> KafkaError {
        guard let code = code.broker else { return self }
        var error = self
        error.message = RequiredOperation.sentence(message, for: use, code)
        return error
    }

    /// An answer that says nothing of what was asked: that is not to say that there is nothing.
    static func leftOut(
        _ what: String, by broker: String? = nil, api: APIKey, topic: String? = nil, _ partition: PartitionID? = nil
    ) -> KafkaError {
        let who = broker.map { "broker \($0)" } ?? "the broker"
        return KafkaError(
            .malformedResponse, "\(what): \(who) left it out of its answer", broker: broker, api: api,
            topic: topic, partition: partition, isRetriable: true)
    }

    /// What a broker says besides a code, as it stands behind what failed; empty where that says nothing. Kafka's controller
    /// answers what is not allowed with a dump of its own request object, which is for nobody.
    static func words(of message: String?) -> String {
        guard let message, !message.isEmpty, !message.hasPrefix("Request Request(") else { return "" }
        return " (\(message))"
    }

    private static func advice(for code: ErrorCode) -> String? {
        switch code {
        case .unknownTopicOrPartition, .unknownTopicId: "create the topic, or look at its spelling"
        case .topicAlreadyExists: "choose another name, or use the topic that is there"
        case .messageTooLarge: "raise max.message.bytes of the topic, or send smaller batches (batch.size)"
        case .invalidTopicException: "a topic's name has 1 to 249 letters, digits, dots, dashes or underscores"
        case .fencedInstanceId: "another member uses the same group.instance.id"
        case .inconsistentGroupProtocol:
            "the group's members have no assignor in common; set the same partition.assignment.strategy everywhere"
        case .invalidSessionTimeout: "choose a session.timeout.ms within the broker's limits"
        case .offsetOutOfRange: "the offset is not in the log any more, or not yet"
        case .corruptMessage: "the batch was damaged on its way"
        case .delegationTokenAuthDisabled:
            "the cluster gives out no tokens unless its brokers have delegation.token.secret.key"
        case .delegationTokenRequestNotAllowed:
            "log in with credentials of your own, over SASL or with a certificate: who comes in without, or with a token, "
                + "cannot ask for tokens"
        case .delegationTokenNotFound: "it has ended, or is another cluster's; look at its HMAC"
        case .delegationTokenOwnerMismatch: "its owner may, and its renewers"
        case .delegationTokenExpired: "it has ended; create another one"
        case .delegationTokenAuthorizationFailed:
            "it takes CREATE_TOKENS on the user who is to own it, which an administrator has to grant (ACL)"
        case .invalidPrincipalType: "owners and renewers are of the type User, as in User:alice"
        case .policyViolation, .invalidReplicationFactor, .invalidPartitions, .invalidConfig: "change the request"
        default: nil
        }
    }

    static func net(_ error: NetError, broker: String) -> KafkaError {
        switch error.reason {
        case .unsecured(let sentence): KafkaError(.tlsFailed, "broker \(broker): \(sentence)", broker: broker)
        case .unresolved:
            KafkaError(
                .unresolvedHost,
                "\(error); look at the spelling of bootstrap.servers, or at what the broker advertises",
                broker: broker, setting: "bootstrap.servers")
        case .closed:
            KafkaError(
                .connectionFailed,
                "broker \(broker) closed the connection; it may be stopping, want TLS or authentication, or not be Kafka",
                broker: broker)
        case .system:
            KafkaError(
                .connectionFailed, "\(error); look whether a broker listens on \(broker) and can be reached from here",
                broker: broker, setting: "bootstrap.servers")
        }
    }

    static func wire(_ error: WireError, broker: String, api: APIKey?) -> KafkaError {
        let code: Code
        switch error.reason {
        case .unsupportedVersion: code = .unsupportedVersion
        case .notInVersion,
            .unexpectedNull where error.offset < 0:
            code = .invalidRequest
        default: code = .malformedResponse
        }
        let hint =
            error.message == "Frame"
            ? "; what answers there may not be Kafka (an HTTP server?), or may want TLS; look at bootstrap.servers" : ""
        return KafkaError(code, "broker \(broker), \(error)\(hint)", broker: broker, api: api, isRetriable: false)
    }
}
