/// Makes a client's connections in its own way: through a proxy, over a Unix socket, with a socket that something else has
/// opened. ``ConnectionOptions/dialer`` takes it; without one a client connects as ``SystemDialer`` does.
///
/// ```swift
/// /// Through a relay that wants to be told a word first. For a proxy that knows HTTP's CONNECT there is `HTTPProxyDialer`.
/// struct ThroughRelay: Dialer {
///     func dial(_ call: DialedCall) async throws -> DialedStream {
///         let stream = try await call.connect(host: "relay.internal", port: 3128)
///         try await stream.write(Array("\(call.host):\(call.port)\n".utf8))
///         return stream
///     }
/// }
/// ```
public protocol Dialer: Sendable {
    /// Connects to a broker. What it throws ends the attempt, and the client tries again as it does for any broker that
    /// cannot be reached; its description is in the error's message. It is cancelled when its time is over.
    func dial(_ call: DialedCall) async throws -> DialedStream
}

/// Whom a client wants to reach, and what a dialer may use for that.
public struct DialedCall: Sendable {
    /// The host, as the cluster or the bootstrap servers name it.
    public let host: String
    /// The port.
    public let port: UInt16
    /// How long connecting may take at most.
    public let timeout: Duration
    let connector: Connector
    let deadline: Instant

    package init(host: String, port: UInt16, connector: Connector, deadline: Instant) {
        self.host = host
        self.port = port
        self.connector = connector
        self.deadline = deadline
        timeout = max(.zero, deadline - connector.loop.now)
    }

    /// Connects over TCP with the client's settings: each address of the host, of the family that is set, in turn.
    ///
    /// - Throws: what the system says, with the address, or that the time is over.
    public func connect(host: String, port: UInt16) async throws -> DialedStream {
        DialedStream(try await connector.connect(host: host, port: port, until: deadline), self)
    }

    /// Connects to a Unix socket.
    ///
    /// - Throws: what the system says, with the path.
    public func connect(unixPath path: String) async throws -> DialedStream {
        DialedStream(try await connector.connect(host: UnixPath.prefix + path, port: 0, until: deadline), self)
    }
}

/// A stream of bytes to a broker.
public struct DialedStream: Sendable {
    package let socket: any LoopSocket
    private let call: DialedCall?

    init(_ socket: any LoopSocket, _ call: DialedCall) {
        self.socket = socket
        self.call = call
    }

    /// A connected stream socket of the system, whose descriptor belongs to the client from now on: it makes it
    /// non-blocking, and closes it.
    public init(descriptor: Int32) {
        socket = TCPSocket(descriptor)
        call = nil
    }

    /// Writes all of these bytes.
    ///
    /// - Throws: what the system says, or that the time is over. A stream from a descriptor cannot: use that one.
    public func write(_ bytes: [UInt8]) async throws {
        let call = try own()
        try await call.connector.write(bytes, to: socket, until: call.deadline)
    }

    /// Reads what comes next, at most so many bytes (64 KiB at a time); none at the end of the stream. What is read here
    /// the client does not see: read no further than what is the dialer's.
    ///
    /// - Throws: what the system says, or that the time is over. A stream from a descriptor cannot: use that one.
    public func read(atMost count: Int) async throws -> [UInt8] {
        let call = try own()
        return try await call.connector.read(atMost: count, from: socket, until: call.deadline)
    }

    /// Reads the head of a proxy's answer, and nothing of what is behind it.
    func readHead() async throws -> HTTPProxyAnswer {
        let call = try own()
        return try await call.connector.readHead(from: socket, until: call.deadline)
    }

    /// Closes it: for a dialer that gives up what it has opened.
    public func close() { socket.close() }

    private func own() throws(NetError) -> DialedCall {
        guard let call else {
            throw NetError(.unresolved("it was made from a descriptor"), doing: "use the stream")
        }
        return call
    }
}

/// Connects as a client without a dialer does, for dialers that do something before or behind it.
public struct SystemDialer: Dialer {
    /// A dialer without settings.
    public init() {}

    /// Connects to the host and port of the call.
    public func dial(_ call: DialedCall) async throws -> DialedStream {
        try await call.connect(host: call.host, port: call.port)
    }
}

/// Reaches every broker over the Unix socket at one path, such as that of a proxy beside the program, or each over its own.
///
/// A single broker needs none: `unix:/run/kafka.sock` is a bootstrap server, and may be what a broker advertises as its
/// host.
public struct UnixSocketDialer: Dialer {
    private let path: @Sendable (_ host: String, _ port: UInt16) -> String

    /// Every broker behind one path.
    public init(path: String) { self.path = { _, _ in path } }

    /// The path of each broker by the host and port that the cluster has for it.
    public init(path: @escaping @Sendable (_ host: String, _ port: UInt16) -> String) { self.path = path }

    /// Connects to the path for the host and port of the call.
    public func dial(_ call: DialedCall) async throws -> DialedStream {
        try await call.connect(unixPath: path(call.host, call.port))
    }
}
