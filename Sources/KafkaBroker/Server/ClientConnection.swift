import KafkaWire

/// A client's connection, as the server sees it: what was received, what is to be sent, and the request that is being
/// handled. Lives on the loop.
final class ClientConnection {
    let id: UInt64
    /// The bytes of requests and answers; under TLS those that it protects.
    var socket: any LoopSocket
    /// The node, and which of its listeners it came in by.
    let place: ListenerPlace
    var node: BrokerID { place.node }
    /// What that listener asks of clients, and how far this one has come.
    let security: ListenerSecurity
    var authentication: ConnectionAuthentication
    /// Whether another thread works on its TLS handshake.
    var isShaking = false
    /// Whether another thread holds what it says of itself against what is known, and the key that was made for it there.
    var isBeingChecked = false
    var derived: Locked<DelegationTokens.Derived?>?
    /// Ends it, unless it has said who it is before.
    var loginEnd: TimerID?
    /// The other side, for the log.
    let peer: String
    /// The address of the other side, as Kafka shows it: a slash and the number.
    let clientHost: String
    /// The same in its canonical form, as limits count it.
    let address: String
    var input: FrameAssembler
    /// The request whose answer comes later. Later requests of the connection wait for it: answers have the order of
    /// their requests, as in Kafka, which handles one request of a connection at a time.
    var pending: PendingRequest?
    /// Whether the input has no room until a request is taken from it.
    var inputIsFull = false
    /// Whether a whole request may have arrived that was not taken yet.
    var mayHaveMore = false
    /// Whether the client sends nothing more.
    var hasEnded = false
    /// Whether its last turn took long.
    var isSlow = false
    /// When it last took bytes of an answer, or a whole request was there.
    var lastProgress: Instant
    /// Whether the output holds something that was not offered to the system yet.
    var needsFlush = false
    /// Whether it is closed in place of its next answer.
    var isToBeClosed = false
    /// For how long it is held back once its request is answered.
    var throttle: Duration?
    /// Whether it is held back, and what ends that.
    var isMuted = false
    var unmuting: TimerID?
    /// How many requests it has sent.
    private(set) var requestCount: UInt64 = 0
    /// What was received in requests and sent in answers, in bytes.
    private(set) var bytesIn = 0
    private(set) var bytesOut = 0
    /// What the client called itself last, and what it said of its library (KIP-511).
    private(set) var clientId: String?
    private(set) var software: (name: String, version: String)?
    private var output = OutputQueue()

    init(
        id: UInt64, socket: any LoopSocket, place: ListenerPlace, security: ListenerSecurity, address: String,
        requestLimit: Int, now: Instant
    ) {
        self.id = id
        lastProgress = now
        self.place = place
        self.security = security
        authentication = ConnectionAuthentication(security)
        self.socket = socket
        let peer = socket.peer.map { "\($0)" } ?? "?"
        self.peer = peer
        clientHost = "/" + Self.host(peer)
        self.address = address
        input = FrameAssembler(limit: requestLimit)
    }

    /// The other side without the port, and without the brackets of IPv6.
    private static func host(_ peer: String) -> String {
        let host = peer.lastIndex(of: ":").map { peer[..<$0] } ?? peer[...]
        return host.filter { $0 != "[" && $0 != "]" }
    }

    /// The address of a socket's other side, in its canonical form where it is one of the Internet.
    static func address(of socket: any LoopSocket) -> String {
        let host = host(socket.peer.map { "\($0)" } ?? "?")
        return NumericAddress.canonical(host) ?? host
    }

    /// Whether its next request may be handled.
    var mayBegin: Bool { pending == nil && !isMuted && !isBeingChecked }
    /// How many bytes of answers the client has not taken yet.
    var unsent: Int { output.unsent }
    /// How many bytes of requests and answers there have been.
    var traffic: Int { bytesIn + bytesOut + unsent }
    /// How many bytes of memory were last counted for it.
    private(set) var counted = 0

    /// Counts the memory that requests and answers take; gives by how much it has changed.
    func count() -> Int {
        let before = counted
        counted = input.buffered + output.held
        return counted - before
    }

    /// Lets go of the memory of its buffers, where nothing has happened since this was last called: there may be thousands
    /// of connections that are idle.
    func restIfIdle() {
        if traffic == trafficBefore {
            input.rest()
            output.rest()
        }
        trafficBefore = traffic
    }
    private var trafficBefore = 0

    /// The name of the connection's next request.
    func nextTicket() -> RequestTicket {
        requestCount += 1
        return RequestTicket(connection: id, number: requestCount)
    }

    /// Notes what a request tells of its client.
    func note(_ request: IncomingRequest, _ frame: Bytes) throws(WireError) {
        // With the four bytes of the size.
        bytesIn += frame.count + 4
        clientId = request.header.clientId
        guard request.api.key == .apiVersions, request.pending.version >= 3 else { return }
        let asked = try ApiVersionsRequest.decode(request.body, version: request.pending.version)
        // Kept as long as the connection is there, so no more than anybody wants to read.
        software = (String(asked.clientSoftwareName.prefix(255)), String(asked.clientSoftwareVersion.prefix(255)))
    }

    /// Appends an answer to the output. Throws where the answer does not fit its version: then nothing of the output
    /// is left, and the connection has to be closed.
    func append(_ response: any WireMessage, for request: PendingRequest) throws(WireError) {
        try output.append(
            response, of: request.api.response, version: request.version, correlationId: request.correlationId)
    }

    /// Appends a frame that is no answer to a request: what a mechanism says to a client that began with SaslHandshake v0.
    func append(raw bytes: [UInt8]) { output.append(raw: bytes) }

    /// Offers the output to the system. Throws also where a file cannot be read that belongs to an answer.
    func flush(on loop: any EventLoop) throws(NetError) {
        needsFlush = false
        let socket = socket
        let before = unsent
        let progress = try output.flush { (parts, isMore) throws(NetError) in
            try socket.write(parts, isMore: isMore)
        } sendFile: { (part) throws(NetError) in
            try socket.write(part)
        }
        // What a socket has taken and holds itself.
        if unsent == 0, socket.wantsToWrite { _ = try socket.write([], isMore: false) }
        bytesOut += before - unsent
        if unsent < before { lastProgress = loop.now }
        if progress == .broken { throw NetError(.closed, doing: "read a file of the log") }
    }
}
