import KafkaWire

/// Who spends: a client of a node. Each broker of a Kafka cluster counts for itself.
struct QuotaClient: Hashable {
    var node: BrokerID
    /// The name of the client's principal.
    var user: String
    /// What the client calls itself.
    var clientId: String
}

extension RequestContext {
    /// Who spends what the request costs.
    var quotaClient: QuotaClient { QuotaClient(node: node, user: principal.name, clientId: clientId) }
}

/// What is counted of a request until it is answered.
struct RequestCharge {
    let client: QuotaClient
    /// The bytes of the request, without those of its size.
    let bytes: Int
    /// How long it was worked on.
    private(set) var spent = Duration.zero
    private var began: Instant?

    /// A request that is worked on from `now` on.
    init(_ client: QuotaClient, bytes: Int, now: Instant) {
        self.client = client
        self.bytes = bytes
        began = now
    }

    /// It is not worked on any more, at least for now.
    mutating func pause(_ now: Instant) {
        if let began { spent += max(.zero, now - began) }
        began = nil
    }

    /// It was worked on elsewhere.
    mutating func add(_ time: Duration) { spent += time }
}
