import KafkaWire

/// Names one request of one connection, so that an answer that comes later finds its way, and one that comes too late
/// does not.
struct RequestTicket: Hashable, Sendable {
    /// The connection's number.
    var connection: UInt64
    /// The request's place among those of its connection.
    var number: UInt64
}

/// What a handler knows of a request besides its body.
struct RequestContext: Sendable {
    var ticket: RequestTicket
    /// The version of the request, and so of the answer.
    var version: Int16
    /// What the client calls itself.
    var clientId: String
    /// The time at which the request is handled.
    var now: Instant
    /// The same time for records, in milliseconds since 1970.
    var timestamp: Int64 = 0
    /// The client's address, as Kafka shows it: a slash and the number.
    var clientHost = ""
    /// The node whose listener the connection came in by.
    var node: BrokerID = 1
    /// The listener of the node: 0, or one more than its place among the further ones.
    var listener = 0
    /// Who the client is.
    var principal = KafkaPrincipal.anonymous
    /// Whether the client has logged in with a delegation token, which is not to bring forth others (KIP-48).
    var isTokenAuthenticated = false
}
