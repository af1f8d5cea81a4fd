/// `AWS_MSK_IAM`: Amazon MSK's own mechanism, a presigned request as JSON (github.com/aws/aws-msk-iam-auth).
public struct AWSMSKIAMMechanism: SASLMechanism {
    /// `AWS_MSK_IAM`.
    public var name: String { "AWS_MSK_IAM" }
    private let provider: AWSCredentialsProvider
    private let region: String?

    /// A key of `provider`, in a region: the one that the broker's name says unless it is given.
    public init(_ provider: AWSCredentialsProvider, region: String? = nil) {
        self.provider = provider
        self.region = region
    }

    /// An exchange of one message and an answer.
    /// - Throws: what the provider throws; ``SASLError`` when the region is not known.
    public nonisolated(nonsending) func begin(_ call: SASLCall) async throws -> any SASLExchange {
        let region = try AWSRegion.of(call.host, given: region)
        let credentials = try await provider.credentials(call)
        let signature = AWSSignature(
            credentials: credentials, region: region, service: "kafka-cluster", milliseconds: call.wallMilliseconds)
        let query = try signature.presigned(host: call.host, query: [AWSRegion.action], expiresSeconds: 900)
        return AWSMSKIAMExchange(host: call.host, query: query)
    }
}

/// The client's side of AWS_MSK_IAM.
struct AWSMSKIAMExchange: SASLExchange {
    private let payload: Secret
    private var isSent = false
    private(set) var isComplete = false

    init(host: String, query: [(name: String, value: String)]) {
        var members = [("version", "2020_10_22"), ("host", host), ("user-agent", "KafkaWire")]
        members += query.map { ($0.name.lowercased(), $0.value) }
        let pairs = members.map { "\(JSONValue.quoted($0)):\(JSONValue.quoted($1))" }
        payload = Secret("{\(pairs.joined(separator: ","))}")
    }

    mutating func start() throws -> [UInt8] {
        isSent = true
        return payload.copied()
    }

    /// MSK's answer to a request that it accepts is an object with a version and an id; to others, an error code.
    mutating func respond(to challenge: [UInt8]) throws -> [UInt8]? {
        let answer = try? JSONValue(challenge, maximumDepth: 4, maximumSize: 16 << 10)
        guard isSent, !isComplete, answer?["version"]?.text == "2020_10_22" else {
            throw SASLError(
                .malformed, mechanism: "AWS_MSK_IAM",
                challenge.isEmpty
                    ? "the server's answer is empty, where MSK names its version"
                    : "the server's answer is not that of MSK: \(SASLError.shown(challenge))")
        }
        isComplete = true
        return nil
    }
}

/// Tokens for `OAUTHBEARER` on Amazon MSK: a presigned request in base 64, as AWS's signers for other languages make them.
public struct AWSMSKTokenProvider: OAuthTokenProvider {
    /// How long a token is good for, in seconds, which is the most that MSK takes.
    static let lifetimeSeconds = 900
    private let provider: AWSCredentialsProvider
    private let region: String?

    /// A key of `provider`, in a region: the one that the broker's name says unless it is given.
    public init(_ provider: AWSCredentialsProvider, region: String? = nil) {
        self.provider = provider
        self.region = region
    }

    /// A token that begins now, and is good for 15 minutes.
    public nonisolated(nonsending) func token(for call: SASLCall) async throws -> OAuthToken {
        let region = try AWSRegion.of(call.host, given: region)
        let credentials = try await provider.credentials(call)
        let host = "kafka.\(region).amazonaws.com"
        let signature = AWSSignature(
            credentials: credentials, region: region, service: "kafka-cluster", milliseconds: call.wallMilliseconds)
        let query = try signature.presigned(
            host: host, query: [AWSRegion.action], expiresSeconds: Self.lifetimeSeconds)
        var pairs = query.map { "\(AWSSignature.encoded($0.name))=\(AWSSignature.encoded($0.value))" }
        // Beside what is signed, as AWS's own signers do.
        pairs.append("User-Agent=KafkaWire")
        let address = "https://\(host)/?\(pairs.joined(separator: "&"))"
        let start = call.wallMilliseconds / 1000 * 1000
        return OAuthToken(
            value: Secret(Base64.encode(Array(address.utf8), .urlSafe)), principal: credentials.accessKeyID,
            expiresAtMilliseconds: start.addingReportingOverflow(Int64(Self.lifetimeSeconds) * 1000).partialValue,
            startsAtMilliseconds: start)
    }
}

/// Which of AWS's regions a broker is in.
enum AWSRegion {
    /// What is asked for: to connect.
    static let action = ("Action", "kafka-cluster:Connect")

    /// `b-1.name.abc123.c2.kafka.us-east-1.amazonaws.com` is in us-east-1.
    static func of(_ host: String, given: String?) throws(SASLError) -> String {
        if let given, !given.isEmpty { return given }
        let labels = host.split(separator: ".")
        if let place = labels.lastIndex(of: "amazonaws"), place >= 2 { return String(labels[place - 1]) }
        throw SASLError(
            .settings, mechanism: "AWS_MSK_IAM",
            "the name \(SASLError.shown(host.utf8)) does not say in which of AWS's regions the broker is: set the region"
        )
    }
}
