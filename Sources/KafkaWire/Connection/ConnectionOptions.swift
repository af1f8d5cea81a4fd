/// How a client makes its connections, and what it keeps of them.
public struct ConnectionOptions: Sendable {
    /// Which addresses of a broker's name are taken (librdkafka's `broker.address.family`). Default any.
    public var addressFamily = AddressFamily.any
    /// How bootstrap servers' names are looked up (`client.dns.lookup`, KIP-235, KIP-602). Default: all their addresses
    /// are tried. Names are looked up anew for each connection.
    public var nameLookup = NameLookup.allAddresses
    /// The pause before a broker is connected to again after a connection to it failed or broke
    /// (`reconnect.backoff.ms`), doubled each time (KIP-144) and shaken by a fifth. Default 50 ms, as in Java.
    public var reconnectBackoff: Duration = .milliseconds(50)
    /// The longest such pause (`reconnect.backoff.max.ms`). Default 1 s, as in Java.
    public var maximumReconnectBackoff: Duration = .seconds(1)
    /// To how much the time for opening a connection, ``ClientConfiguration/connectTimeout``, grows while a broker cannot
    /// be connected to (`socket.connection.setup.timeout.max.ms`, KIP-601). Default 30 s, as in Java.
    public var maximumConnectTimeout: Duration = .seconds(30)
    /// After how long without a request or an answer a connection is closed (`connections.max.idle.ms`), so that it is the
    /// client that closes it and not a broker, or a router that tells nobody; nil never closes one. Default 9 minutes, as
    /// in Java; brokers close after 10.
    public var maximumIdleTime: Duration? = .seconds(540)
    /// Whether the system asks now and then whether the other side of a quiet connection is still there, and keeps it from
    /// being forgotten on the way (librdkafka's `socket.keepalive.enable`; SO_KEEPALIVE). Default true, as in Java.
    public var keepsAlive = true
    /// After how long bytes that the other side does not confirm end a connection (`socket.user.timeout.ms`, a name of this
    /// client's; TCP_USER_TIMEOUT, RFC 5482); nil leaves it to the system, where it takes some 15 minutes. Without effect
    /// on macOS. Default nil: ``ClientConfiguration/requestTimeout`` ends a connection that does not answer.
    public var userTimeout: Duration?
    /// The size of the system's buffer for what is sent, in bytes (`send.buffer.bytes`; SO_SNDBUF); nil leaves it to the
    /// system, which adapts it. Default nil; Java has 128 KiB.
    public var sendBuffer: Int?
    /// The size of the system's buffer for what is received, in bytes (`receive.buffer.bytes`; SO_RCVBUF); nil leaves it
    /// to the system, which adapts it. Default nil; Java has 64 KiB for consumers and 32 KiB for producers.
    public var receiveBuffer: Int?
    /// The largest answer that is taken, in bytes (librdkafka's `receive.message.max.bytes`); a larger one ends the
    /// connection before memory is taken for it. It has to have room for `fetch.max.bytes` and one batch more. Default
    /// 100 MiB.
    public var maximumAnswerSize = Frame.defaultLimit
    /// Makes the connections; nil lets the client do it. ``HTTPProxyDialer`` is the one of `proxy.url`. Default nil.
    public var dialer: (any Dialer)?

    /// The defaults.
    public init() {}

    /// How names of bootstrap servers are looked up.
    public enum NameLookup: Sendable, Equatable {
        /// Each connection tries all addresses of the name (`use_all_dns_ips`).
        case allAddresses
        /// Each bootstrap server stands for the names of all its addresses, and is connected to by those
        /// (`resolve_canonical_bootstrap_servers_only`, KIP-235): what Kerberos needs behind an alias of many brokers.
        case canonicalBootstrapNames
    }

    /// What of it the system's sockets are told.
    package var socket: SocketOptions {
        var options = SocketOptions()
        options.keepsAlive = keepsAlive
        options.userTimeoutMilliseconds = userTimeout.map { max(1, Milliseconds($0).rawValue) }
        options.sendBuffer = sendBuffer.map { Int32(clamping: max(1, $0)) }
        options.receiveBuffer = receiveBuffer.map { Int32(clamping: max(1, $0)) }
        return options
    }
}
