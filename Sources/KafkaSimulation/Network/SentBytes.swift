/// Bytes that one side of a connection has sent, as the network took them; whether they arrive is another matter.
public struct SentBytes: Sendable, Equatable {
    /// When, since the simulation began.
    public var time: Duration
    /// The connection's number.
    public var connection: Int
    /// Whether who opened the connection has sent them.
    public var isFromClient: Bool
    /// Who opened the connection, and from which port: `member-1:32768`.
    public var client: String
    /// To whom.
    public var broker: String
    /// What was sent: the bytes of one write, which need not be a whole message.
    public var bytes: [UInt8]

    /// Bytes that one side has sent.
    public init(
        time: Duration, connection: Int, isFromClient: Bool, client: String, broker: String, bytes: [UInt8]
    ) {
        (self.time, self.connection, self.isFromClient) = (time, connection, isFromClient)
        (self.client, self.broker, self.bytes) = (client, broker, bytes)
    }
}
