import KafkaWire

/// A request as far as its answer needs it: not its bytes, since it may wait for long.
struct PendingRequest {
    let ticket: RequestTicket
    let api: ServedAPI
    /// The version of the answer.
    let version: Int16
    let correlationId: Int32
    /// Where the configuration has an observer: what it will be told.
    var observation: RequestObservation?
    /// Where clients are held to quotas: what the request has cost so far.
    var charge: RequestCharge?
}

/// A request as it was cut out of a frame: which API it is for, whether that is served, and what its answer needs. The
/// same with sockets and without.
struct IncomingRequest {
    let header: RequestHeader
    let body: Bytes
    var pending: PendingRequest
    /// ApiVersions in a version that is not served is answered all the same, in the oldest (KIP-511).
    let isUnknownVersion: Bool

    var api: ServedAPI { pending.api }

    /// Why a connection ends whose request cannot be answered, in a sentence.
    struct Refusal: Error, CustomStringConvertible {
        let description: String
    }

    /// Reads a frame, by what a broker that is held to speak as `release` serves.
    init(_ frame: Bytes, _ ticket: RequestTicket, speaking release: KafkaRelease?) throws(Refusal) {
        let key: APIKey
        do throws(WireError) {
            (header, body) = try Frame.decodeRequestHeader(frame)
            key = APIKey(rawValue: header.requestApiKey)
        } catch {
            throw Refusal(description: "\(error)")
        }
        guard let api = ServedAPI.of(key), let versions = Self.versions(of: api, release) else {
            throw Refusal(description: "\(key) is not served; ApiVersions tells what is")
        }
        let asked = header.requestApiVersion
        isUnknownVersion = !versions.contains(asked)
        guard !isUnknownVersion || key == .apiVersions else {
            throw Refusal(
                description: "\(key) v\(asked) is not served; \(versions.lowerBound) to \(versions.upperBound) are")
        }
        pending = PendingRequest(
            ticket: ticket, api: api, version: isUnknownVersion ? 0 : asked, correlationId: header.correlationId)
    }

    /// The versions of an API that are served, or nil where none is.
    private static func versions(of api: ServedAPI, _ release: KafkaRelease?) -> ClosedRange<Int16>? {
        guard let release else { return api.versions }
        return release.cap(api.versions, of: api.key)
    }

    /// What its handler knows besides the body.
    func context(_ time: BrokerTime, clientHost: String, node: BrokerID) -> RequestContext {
        RequestContext(
            ticket: pending.ticket, version: pending.version, clientId: header.clientId ?? "", now: time.now(),
            timestamp: time.timestamp(), clientHost: clientHost, node: node)
    }

    /// The same of a request that came over a connection.
    func context(_ time: BrokerTime, _ connection: ClientConnection) -> RequestContext {
        var context = context(time, clientHost: connection.clientHost, node: connection.node)
        context.listener = connection.place.listener
        context.principal = connection.authentication.principal
        context.isTokenAuthenticated = connection.authentication.isToken
        return context
    }
}
