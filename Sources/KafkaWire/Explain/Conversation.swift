/// What goes over connections between clients and brokers: it is fed frames in the order in which they were seen, and
/// tells what each is. A response does not say what it answers; that is known here from the requests in flight.
///
/// ```swift
/// var conversation = Conversation()
/// for (side, bytes) in frames {
///     let frame = conversation.read(bytes, from: side)
///     print(frame.label)                        // Fetch v13 request, correlation 5
///     for row in frame.explanation().rows { … }
/// }
/// ```
public struct Conversation: Sendable {
    /// The two ends of a connection.
    public enum Side: String, Sendable {
        /// Who opened the connection: requests come from here.
        case client
        /// Who accepted it: responses come from here.
        case broker
    }

    /// An API in a version, as a request names it.
    public struct Call: Equatable, Sendable {
        /// The number of the API, which this library may not know.
        public var key: Int16
        /// The version.
        public var version: Int16

        /// The API's name, or its number where it is not known, with the version: `Fetch v13`.
        public var name: String {
            (API.of(APIKey(rawValue: key))?.name ?? "API \(key)") + " v\(version)"
        }
    }

    /// What a frame turned out to be.
    public enum Content: Equatable, Sendable {
        /// A request, and the number that its response will carry.
        case request(Call, correlation: Int32)
        /// The response to a request that was seen, and the number of both.
        case response(to: Call, correlation: Int32)
        /// A response whose request was not seen, so that nothing says what its body is.
        case unmatchedResponse(correlation: Int32)
        /// A token of a SASL exchange that SaslHandshake v0 began: bytes without a header.
        case token
        /// Too few bytes for a header.
        case fragment
        /// Bytes of another protocol, which the text names.
        case foreign(String)
    }

    private var connections: [Int: Connection] = [:]

    /// A conversation of which nothing was seen yet.
    public init() {}

    /// Takes the next frame of a connection, size prefix included. Bytes that are no whole frame are taken too.
    public mutating func read(_ bytes: Bytes, from side: Side, connection: Int = 0) -> ConversationFrame {
        if let name = ForeignProtocol.name(bytes) {
            return ConversationFrame(bytes: bytes, side: side, connection: connection, content: .foreign(name))
        }
        let content =
            switch side {
            case .client: connections[connection, default: Connection()].request(bytes)
            case .broker: connections[connection, default: Connection()].response(bytes)
            }
        return ConversationFrame(bytes: bytes, side: side, connection: connection, content: content)
    }

    /// Forgets a connection, whose number may then mean another one.
    public mutating func close(connection: Int) { connections[connection] = nil }
}

/// One connection's requests that were not answered yet.
private struct Connection {
    /// More than any client keeps in flight. What is older was never going to be answered: a produce request with
    /// `acks` 0, or one whose answer was not recorded.
    private static let limit = 4096

    private var inFlight: [(correlation: Int32, call: Conversation.Call)] = []
    /// Whether frames without headers may come: SaslHandshake v0 is followed by bare tokens of the mechanism.
    private var mayHoldTokens = false

    mutating func request(_ bytes: Bytes) -> Conversation.Content {
        var reader = ByteReader(bytes)
        guard
            (try? reader.skip(4)) != nil, let key: Int16 = try? reader.integer(),
            let version: Int16 = try? reader.integer(), let correlation: Int32 = try? reader.integer()
        else { return mayHoldTokens ? .token : .fragment }
        let call = Conversation.Call(key: key, version: version)
        if mayHoldTokens {
            // The exchange is over when a request comes. A token is hardly ever one by accident: its first two bytes
            // are text or ASN.1, and would have to be the number of an API, the next two a version of it.
            guard Self.isKnown(call), (try? Frame.decodeRequestHeader(bytes[4..<bytes.count])) != nil else {
                return .token
            }
            mayHoldTokens = false
        }
        if call == .init(key: APIKey.saslHandshake.rawValue, version: 0) { mayHoldTokens = true }
        if inFlight.count == Self.limit { inFlight.removeFirst(Self.limit / 2) }
        inFlight.append((correlation, call))
        return .request(call, correlation: correlation)
    }

    mutating func response(_ bytes: Bytes) -> Conversation.Content {
        var reader = ByteReader(bytes)
        let correlation = (try? reader.skip(4)).flatMap { try? reader.integer(Int32.self) }
        if let correlation, let index = inFlight.firstIndex(where: { $0.correlation == correlation }) {
            return .response(to: inFlight.remove(at: index).call, correlation: correlation)
        }
        if mayHoldTokens { return .token }
        return correlation.map { .unmatchedResponse(correlation: $0) } ?? .fragment
    }

    private static func isKnown(_ call: Conversation.Call) -> Bool {
        API.of(APIKey(rawValue: call.key))?.request.versions.contains(call.version) ?? false
    }
}

/// A frame of a ``Conversation``, and what it is.
public struct ConversationFrame: Sendable {
    /// The bytes, size prefix included.
    public let bytes: Bytes
    /// Who sent it.
    public let side: Conversation.Side
    /// The connection's number, as it was given.
    public let connection: Int
    /// What it turned out to be.
    public let content: Conversation.Content

    /// What it is in a few words: `Fetch v13 request, correlation 5`.
    public var label: String {
        switch content {
        case .request(let call, let correlation): "\(call.name) request, correlation \(correlation)"
        case .response(let call, let correlation): "\(call.name) response, correlation \(correlation)"
        case .unmatchedResponse(let correlation): "response to a request that was not seen, correlation \(correlation)"
        case .token: "SASL token"
        case .fragment: "part of a \(side == .client ? "request" : "response")"
        case .foreign(let name): "no frame but \(name)"
        }
    }

    /// What every byte means. For `showsSecrets`, see ``Explanation/init(body:of:version:showsSecrets:)``.
    public func explanation(showsSecrets: Bool = false) -> Explanation {
        switch content {
        case .request: return Explanation(requestFrame: bytes, showsSecrets: showsSecrets)
        case .response(let call, _):
            if let api = API.of(APIKey(rawValue: call.key)) {
                return Explanation(
                    responseFrame: bytes, of: api.response, version: call.version, showsSecrets: showsSecrets)
            }
            return Explanation(
                responseFrame: bytes, title: "\(call.name) response",
                unreadBecause: "the request was of API \(call.key), which this build does not know",
                showsSecrets: showsSecrets)
        case .unmatchedResponse:
            return Explanation(
                responseFrame: bytes, title: "response",
                unreadBecause: "what it answers was not seen: no request with this correlation id is in flight",
                showsSecrets: showsSecrets)
        case .token:
            return Explanation(
                opaqueFrame: bytes, "SASL token", note: "of the mechanism that SaslHandshake v0 chose: no header",
                showsSecrets: showsSecrets)
        case .fragment, .foreign:
            return side == .client
                ? Explanation(requestFrame: bytes, showsSecrets: showsSecrets)
                : Explanation(responseFrame: bytes, title: "response", unreadBecause: "", showsSecrets: showsSecrets)
        }
    }
}
