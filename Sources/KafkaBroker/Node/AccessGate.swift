import KafkaWire

/// The gate in front of all handlers: it asks what ``RequiredAccess`` says of the API, refuses what may not be done, and
/// lets the rest through. Handlers see only what is allowed, but for what the table leaves to them.
struct AccessGate<Request: FailableRequest> {
    private let context: RequestContext
    private let node: BrokerNode
    private let caller: Authorizer.Caller
    /// Whether the client wants no answer.
    private let isSilent: Bool
    /// What is done with the answer of the handler, in this order.
    private var changes: [(inout Request.Response) -> Void] = []
    /// Whether parts were refused.
    private var refuses = false

    /// Passes a request on to `body`, as far as it is allowed.
    static func pass(
        _ request: Request, _ context: RequestContext, _ node: BrokerNode,
        _ body: (Request, RequestContext, BrokerNode) -> Outcome
    ) -> Outcome {
        guard node.authorizer != nil else { return body(request, context, node) }
        guard let access = RequiredAccess.of(Request.api) else {
            return Self.unknown
        }
        var gate = AccessGate(context: context, node: node, isSilent: (request as? ProduceRequest)?.acks == 0)
        var request = request
        for question in access.questions
        where question.place == .gate && question.versions.contains(context.version) {
            if let answer = gate.ask(question, &request) { return answer }
        }
        guard !gate.changes.isEmpty else { return body(request, context, node) }
        let outcome = body(request, context, node)
        if case .work(let work) = outcome { return .work(ChangedWork(work: work, change: gate.change)) }
        return gate.change(outcome)
    }

    /// Where the table and the requests do not fit together, which a test holds that they do, nobody is served.
    private static var unknown: Outcome { .hangUp("it is not known who may use \(Request.api): nobody does") }

    private init(context: RequestContext, node: BrokerNode, isSilent: Bool) {
        self.context = context
        self.node = node
        caller = Authorizer.Caller(context)
        self.isSilent = isSilent
    }

    /// Asks one question; gives the answer to the request where it has one.
    private mutating func ask(_ question: RequiredAccess.Question, _ request: inout Request) -> Outcome? {
        if let enough = question.unless, node.allowsOnCluster(enough, context) { return nil }
        switch question.denial {
        case .whole: return isDenied(question, request) ? refuse(request, question.resource(of: request)) : nil
        case .part:
            guard let parted = request as? any PartedRequest else { return Self.unknown }
            return part(parted, question, &request)
        case .leftOut:
            guard let listing = Request.self as? any ListingRequest.Type else { return Self.unknown }
            keep(listing, question)
            return nil
        }
    }

    // MARK: - Whole requests

    /// What a request does not name as the table says is denied, so that a mistake there lets nobody through.
    private func isDenied(_ question: RequiredAccess.Question, _ request: Request) -> Bool {
        let resource = question.resource(of: request)
        let name: String
        switch resource {
        case .any: return false
        case .cluster: name = AclResourceType.clusterName
        case .group:
            guard let named = request as? any NamesGroup else { return true }
            name = named.namedGroup
        case .transactionalId:
            guard let named = request as? any NamesTransactionalId else { return true }
            guard let id = named.namedTransactionalId else { return false }
            name = id
        default: return true
        }
        return !allowsAny(of: question.operations, on: resource, name)
    }

    /// Whether one of the operations is allowed; that none is, is told the log.
    private func allowsAny(of operations: [AclOperation], on resource: AclResourceType, _ name: String) -> Bool {
        guard let authorizer = node.authorizer else { return true }
        if operations.contains(where: { authorizer.allows($0, on: resource, name, by: caller) }) { return true }
        node.configuration.logger.debug(
            "\(caller.principal) from \(caller.host) is denied \(operations) on \(resource) \(name) by \(Request.api)")
        return false
    }

    private func refuse(_ request: Request, _ resource: AclResourceType) -> Outcome {
        var answer: any WireMessage = request.failed(resource.refusal, version: context.version)
        if var told = answer as? any ExplainedResponse {
            told.errorMessage = resource.refusalText
            answer = told
        } else if var told = answer as? DescribeLogDirsResponse {
            // Kafka tells no directories, not even that there are some.
            told.results = []
            answer = told
        }
        // Who wants no answer can be told in one way alone.
        if isSilent {
            return .hangUp("a Produce with acks=0 may not be done: \(resource.refusalText)")
        }
        return .answer(answer)
    }

    // MARK: - Parts

    private mutating func part<P: PartedRequest>(
        _ parted: P, _ question: RequiredAccess.Question, _ request: inout Request
    ) -> Outcome? {
        let layout = P.layout
        let order = parted[keyPath: layout.parts]
        var counts: [P.Key: Int] = [:]
        if layout.refusesRepetitions { for part in order { counts[part[keyPath: layout.key], default: 0] += 1 } }
        var allowed: [P.Part] = []
        var refused: [AclResourceType: [P.Part]] = [:]
        for part in order {
            let isRepeated = counts[part[keyPath: layout.key]].map { $0 > 1 } ?? false
            if !isRepeated, let found = parted.resource(of: part, context, node),
                !allowsAny(of: found.operations(question), on: found.resource, found.name)
            {
                refused[found.resource, default: []].append(part)
            } else {
                allowed.append(part)
            }
        }
        guard !refused.isEmpty else { return nil }
        refuses = true
        var answers: [P.Answer] = []
        for (resource, parts) in refused.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            var part = parted
            part[keyPath: layout.parts] = parts
            var refusals = part.failed(resource.refusal, version: context.version)[keyPath: layout.answers]
            if let explain = layout.explain { for index in refusals.indices { explain(&refusals[index], resource) } }
            answers += refusals
        }
        let places = Dictionary(order.enumerated().map { ($1[keyPath: layout.key], $0) }) { first, _ in first }
        func place(_ answer: P.Answer) -> Int { places[answer[keyPath: layout.answerKey]] ?? .max }
        let add: (inout Request.Response) -> Void = { response in
            guard var merged = response as? P.Response else { return }
            // In the order of the request, as far as the handler has kept that.
            let all = merged[keyPath: layout.answers] + answers
            merged[keyPath: layout.answers] = all.enumerated()
                .sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }.map(\.element)
            if let merged = merged as? Request.Response { response = merged }
        }
        var rest = parted
        rest[keyPath: layout.parts] = allowed
        guard let rest = rest as? Request else { return Self.unknown }
        request = rest
        changes.append(add)
        guard allowed.isEmpty else { return nil }
        // Nothing is left to be done.
        var part = parted
        part[keyPath: layout.parts] = []
        guard let empty = part.failed(.none, version: context.version) as? Request.Response else {
            return Self.unknown
        }
        return change(.answer(empty))
    }

    // MARK: - Lists

    private mutating func keep<L: ListingRequest>(_: L.Type, _ question: RequiredAccess.Question) {
        guard let authorizer = node.authorizer else { return }
        let caller = caller
        changes.append { response in
            guard var listed = response as? L.Response else { return }
            L.keep(&listed) { key in
                question.operations.contains { authorizer.allows($0, on: question.resource, key.id, by: caller) }
            }
            if let listed = listed as? Request.Response { response = listed }
        }
    }

    // MARK: - The answer

    private func change(_ outcome: Outcome) -> Outcome {
        switch outcome {
        case .answer(let message):
            guard var response = message as? Request.Response else { return outcome }
            for change in changes { change(&response) }
            if refuses, isSilent { return Self.refusedSilently }
            return .answer(response)
        case .silent where refuses: return Self.refusedSilently
        default: return outcome
        }
    }

    private static var refusedSilently: Outcome {
        .hangUp("topics of a Produce with acks=0 were refused: \(AclResourceType.topic.refusalText)")
    }
}

extension RequiredAccess.Question {
    /// The kind of the resource; a coordinator is asked for with a number that says what it is to coordinate.
    fileprivate func resource(of request: some FailableRequest) -> AclResourceType {
        (request as? FindCoordinatorRequest)?.coordinated ?? resource
    }
}
