/// What a client wants of the system's sockets. A value; a loop whose sockets have none of it passes it over.
package struct SocketOptions: Equatable, Sendable {
    /// Whether the system asks now and then whether the other side is still there.
    package var keepsAlive = false
    /// After how long bytes that nobody confirms end the connection, in milliseconds; nil leaves it to the system.
    package var userTimeoutMilliseconds: Int32?
    /// The sizes of the system's buffers, in bytes; nil leaves them to the system.
    package var sendBuffer: Int32?
    package var receiveBuffer: Int32?

    package init() {}
}
