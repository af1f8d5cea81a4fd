import KafkaWire

/// A request that a hook looks at, before the broker does.
public struct BrokerHookedRequest: Sendable {
    /// The API, such as `.fetch`.
    public let api: APIKey
    /// The version of the request, and so of its answer.
    public let version: Int16
    /// What the client calls itself.
    public let clientId: String
    /// The node that it came to.
    public let node: BrokerID
    /// The number of its connection; see ``KafkaBroker/connections``.
    public let connection: UInt64
    /// The request itself, such as a `FetchRequest`.
    public let message: any WireMessage
}

/// What becomes of a request that a hook has looked at.
public enum BrokerVerdict: Sendable {
    /// The next hook decides, and where there is none the broker answers as usual.
    case pass
    /// This is the answer; nothing of the request is done. A message of another API than the request's closes the
    /// connection.
    case answer(any WireMessage)
    /// An answer of the right form with this code in every place where the API carries errors: at the top, or with
    /// each topic or partition of the request. Nothing of the request is done.
    case fail(ErrorCode)
    /// The request is handled as usual, but so much later, by the broker's clock. Later requests of its connection
    /// wait behind it.
    case delay(Duration)
    /// The request is handled as usual, and answered with this throttle time; the connection is then held back for so long,
    /// as Kafka does with a client that is over its quota (KIP-219). What the client sends meanwhile is handled
    /// afterwards, also where it has closed the connection since.
    case throttle(Duration)
    /// Nothing is done and nothing answered, also not what follows in the connection: answers have the order of
    /// their requests, so that the client waits until its time-out ends the connection.
    case drop
    /// Nothing is done, and the connection is closed.
    case disconnect
    /// The request is handled, and the connection is closed in place of its answer: what a client sees of a broker
    /// that fails after it has written.
    case disconnectAfterwards
}
