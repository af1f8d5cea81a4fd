import DequeModule
import KafkaWire

/// One end of a connection, or a listener, as the network keeps it.
final class Endpoint {
    enum State: Equatable {
        case listening(backlog: Int)
        case connecting
        case connected
        /// The attempt to connect has ended with the system's error of that number.
        case failed(Int32)
        case closed
    }

    /// What is on its way to the other end.
    enum Segment {
        case bytes([UInt8])
        /// Nothing more comes.
        case end
        /// The connection is broken.
        case reset
    }

    let id: Int32
    /// The host that it is on, and the party that it belongs to.
    let host: Int
    let party: Int
    let local: SocketAddress
    let remote: SocketAddress?
    /// The connection's number; both ends have it.
    let connection: UInt64
    var state: State
    /// The other end, as long as there is one.
    var other: Endpoint?

    /// What has arrived and was not read yet.
    var input: Deque<ArraySlice<UInt8>> = []
    var unread = 0
    /// Whether nothing more comes.
    var hasEnd = false
    /// The system's number of the error that ended it.
    var error: Int32?
    /// Connections that wait to be accepted.
    var waiting: Deque<Int32> = []

    /// What is on its way to the other end, with the times when it arrives.
    var flight: Deque<(arrival: Instant, segment: Segment)> = []
    /// How many bytes that are.
    var inFlight = 0
    var lastArrival = Instant(nanoseconds: 0)
    /// Whether something waits until the link is there again, and since when.
    var stalledSince: Instant?
    /// Whether nothing that is sent arrives any more, and nobody is told.
    var isLost = false
    /// Whether it has said that nothing more comes.
    var hasShut = false
    /// Whether the other end takes no more until it has read.
    var isFull = false
    /// After how many bytes more the connection ends, and how.
    var cut: (left: Int, kind: CutKind)?
    /// How many bytes it has sent.
    var sent = 0

    init(
        id: Int32, host: Int, party: Int, local: SocketAddress, remote: SocketAddress?, connection: UInt64, state: State
    ) {
        (self.id, self.host, self.party, self.local, self.remote) = (id, host, party, local, remote)
        (self.connection, self.state) = (connection, state)
    }

    /// What it is ready for, as `poll` would tell.
    var readiness: Readiness {
        switch state {
        case .listening: return waiting.isEmpty ? [] : .readable
        case .connecting, .closed: return []
        case .failed: return [.writable, .failed]
        case .connected:
            var readiness: Readiness = []
            if unread > 0 || hasEnd || error != nil { readiness.insert(.readable) }
            if !isFull || error != nil { readiness.insert(.writable) }
            if error != nil || hasEnd && hasShut { readiness.insert(.failed) }
            return readiness
        }
    }
}
