import KafkaWire

/// The handler of one API: a request's body in, what becomes of it out.
protocol RequestHandler: SendableMetatype {
    associatedtype Request: FailableRequest
    /// How the API is served.
    static var api: ServedAPI { get }
    /// Handles a request.
    static func handle(_ request: Request, _ context: RequestContext, _ node: BrokerNode) -> Outcome
    /// The answer that says `code` of everything that was asked for, without doing any of it.
    static func fail(_ request: Request, _ code: ErrorCode, _ context: RequestContext, _ node: BrokerNode)
        -> Request.Response
}

extension RequestHandler {
    static func fail(_ request: Request, _ code: ErrorCode, _ context: RequestContext, _ node: BrokerNode)
        -> Request.Response
    {
        request.failed(code, version: context.version)
    }
}

/// An API that this broker serves. ``all`` is the one list: requests are dispatched by it, and ApiVersions tells it.
struct ServedAPI: Sendable {
    let key: APIKey
    /// The versions that are served.
    let versions: ClosedRange<Int16>
    /// The versions that ApiVersions tells; wider only where clients need it.
    let advertised: ClosedRange<Int16>
    /// The response's type, which decides the form of the answer's header.
    let response: any WireMessage.Type
    /// Decodes a body and handles it; throws where the bytes are not a request of that version.
    let handle: @Sendable (Bytes, RequestContext, BrokerNode) throws(WireError) -> Outcome
    /// Decodes a body, for hooks; handling decodes it for itself.
    let decode: @Sendable (Bytes, Int16) throws(WireError) -> any WireMessage
    /// Decodes a body and refuses all that it asks for; see ``RequestHandler/fail(_:_:_:_:)``.
    let fail: @Sendable (Bytes, ErrorCode, RequestContext, BrokerNode) throws(WireError) -> any WireMessage

    /// An API that every node answers.
    init<H: RequestHandler>(_ handler: H.Type, advertisedFrom lowest: Int16? = nil) {
        self.init(handler, lowest, H.handle)
    }

    /// An API that a coordinator answers; other nodes say NOT_COORDINATOR.
    init<H: RequestHandler>(_ handler: H.Type) where H.Request: CoordinatedRequest {
        self.init(handler, nil) { request, context, node in
            if node.cluster.hasSeveralNodes, let key = request.coordinatorKey,
                node.cluster.coordinator(of: key) != context.node
            {
                return .answer(request.failed(.notCoordinator, version: context.version))
            }
            return H.handle(request, context, node)
        }
    }

    /// An API that asks about several groups or transactional ids, each of which has its coordinator.
    init<H: RequestHandler>(_ handler: H.Type) where H.Request: SharedRequest {
        self.init(handler, nil) { request, context, node in
            guard node.cluster.hasSeveralNodes else { return H.handle(request, context, node) }
            let parts = request.split(version: context.version) {
                node.cluster.coordinator(of: $0) == context.node
            }
            guard let elsewhere = parts.elsewhere else { return H.handle(request, context, node) }
            let refused = elsewhere.failed(.notCoordinator, version: context.version)
            guard let here = parts.here else { return .answer(refused) }
            func addRefused(_ outcome: Outcome) -> Outcome {
                guard case .answer(let message) = outcome, var answer = message as? H.Request.Response else {
                    return outcome
                }
                H.Request.add(refused, to: &answer)
                return .answer(answer)
            }
            let outcome = H.handle(here, context, node)
            if case .work(let work) = outcome { return .work(ChangedWork(work: work, change: addRefused)) }
            return addRefused(outcome)
        }
    }

    /// An API that lists what the node coordinates.
    init<H: RequestHandler>(_ handler: H.Type) where H.Request: ListingRequest {
        self.init(handler, nil) { request, context, node in
            let outcome = H.handle(request, context, node)
            guard node.cluster.hasSeveralNodes else { return outcome }
            func keepOwn(_ outcome: Outcome) -> Outcome {
                guard case .answer(let message) = outcome, var answer = message as? H.Request.Response else {
                    return outcome
                }
                H.Request.keep(&answer) { node.cluster.coordinator(of: $0) == context.node }
                return .answer(answer)
            }
            if case .work(let work) = outcome { return .work(ChangedWork(work: work, change: keepOwn)) }
            return keepOwn(outcome)
        }
    }

    private init<H: RequestHandler>(
        _: H.Type, _ lowest: Int16?, _ body: @escaping @Sendable (H.Request, RequestContext, BrokerNode) -> Outcome
    ) {
        key = H.Request.api
        let latest = API.of(key)?.latestStable ?? H.Request.versions.upperBound
        versions = H.Request.versions.lowerBound...latest
        advertised = (lowest ?? versions.lowerBound)...latest
        response = H.Request.Response.self
        handle = { (bytes, context, node) throws(WireError) in
            AccessGate.pass(try Self.decode(H.Request.self, bytes, context.version), context, node, body)
        }
        decode = { (bytes, version) throws(WireError) in try Self.decode(H.Request.self, bytes, version) }
        fail = { (bytes, code, context, node) throws(WireError) in
            H.fail(try Self.decode(H.Request.self, bytes, context.version), code, context, node)
        }
    }

    /// How many bytes a request other than Produce may have. Kafka has no such limit; two bytes of a request can become
    /// a hundred when it is decoded, and nothing but records needs so many.
    private static let bodyLimit = 32 << 20

    /// Bytes behind a request's end are passed over, as Kafka does: librdkafka 2.16 sends three more than the Metadata
    /// requests for all topics have from v9 on.
    private static func decode<R: WireRequest>(_: R.Type, _ body: Bytes, _ version: Int16) throws(WireError) -> R {
        guard R.api == .produce || body.count <= bodyLimit else {
            throw WireError(.tooLong(body.count, limit: bodyLimit), message: "\(R.self) v\(version)")
        }
        do throws(WireError) {
            return try R.decode(body, version: version)
        } catch {
            guard case .trailing(let count) = error.reason, (1..<body.count).contains(count) else { throw error }
            return try R.decode(body[0..<body.count - count], version: version)
        }
    }
}
