import KafkaWire

/// A request that was handled, and what came of it, as `Configuration.observer` is told.
package struct RequestObservation: Sendable {
    /// What came of a request.
    package enum Result: Sendable, Equatable {
        /// It was answered; the bytes of the answer with the size in front, and the error codes in it, each once, in
        /// the order of the message.
        case answered(bytes: Int, errors: [ErrorCode])
        /// It wants no answer (Produce with acks=0).
        case silent
        /// The connection was closed, for that reason.
        case hungUp(String)
    }

    /// The connection's number, from 1.
    package let connection: UInt64
    /// The client's address and port.
    package let peer: String
    /// What the client calls itself.
    package let clientId: String?
    package let api: APIKey
    package let version: Int16
    package let correlationId: Int32
    /// The bytes of the request with the size in front.
    package let requestBytes: Int
    /// When it was taken, in milliseconds since 1970.
    package let timestamp: Int64
    /// From when the request was taken until its answer stood in the connection's output.
    package private(set) var duration = Duration.zero
    package private(set) var result = Result.silent
    private let began: Instant

    /// A request that was taken at `timestamp`, in milliseconds since 1970, which is `now`.
    init(
        _ header: RequestHeader, bytes: Int, connection: UInt64, peer: String, timestamp: Int64, now: Instant
    ) {
        self.connection = connection
        self.peer = peer
        clientId = header.clientId
        api = APIKey(rawValue: header.requestApiKey)
        version = header.requestApiVersion
        correlationId = header.correlationId
        requestBytes = bytes + 4
        self.timestamp = timestamp
        began = now
    }

    /// The same with its result, which is there at `now`.
    func ended(_ result: Result, now: Instant) -> RequestObservation {
        var ended = self
        ended.result = result
        ended.duration = now - began
        return ended
    }

    /// The same with its answer.
    func ended(_ response: any WireMessage, version: Int16, bytes: Int, now: Instant) -> RequestObservation {
        ended(.answered(bytes: bytes, errors: ErrorCodes.of(response, version: version)), now: now)
    }
}

/// The visitor that collects a message's error codes.
package struct ErrorCodes: MessageWalk {
    package let version: Int16
    package var flexible: Bool
    private(set) var codes: [ErrorCode] = []

    /// The codes other than NONE in a message of that version, each once.
    package static func of(_ message: some WireMessage, version: Int16) -> [ErrorCode] {
        var visitor = ErrorCodes(version: version, flexible: true)
        var message = message
        // The visitor itself throws nothing.
        try? visitor.visit(&message)
        return visitor.codes
    }

    package mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        guard field.versions.contains(version) else { return false }
        guard let code = value as? ErrorCode else { return true }
        if code != .none, !codes.contains(code) { codes.append(code) }
        return false
    }

}
