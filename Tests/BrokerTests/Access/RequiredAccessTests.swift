import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// The table of which API asks for what, over all that is served: who has no rule is refused as it says and changes nothing;
/// with the rules that it names, and no others, everything passes; without any one of them it is refused again, and so it is
/// where a rule denies.
@Suite(.heavy) struct RequiredAccessTests {
    private static let keys = ServedAPI.all.map(\.key)
    private static let codes: Set<ErrorCode> = [
        .topicAuthorizationFailed, .groupAuthorizationFailed, .clusterAuthorizationFailed,
        .transactionalIdAuthorizationFailed, .delegationTokenAuthorizationFailed,
    ]

    @Test func everyServedApiIsInTheTable() {
        for key in Self.keys { #expect(RequiredAccess.of(key) != nil, "\(key)") }
        for key in RequiredAccess.apis { #expect(API.of(key) != nil, "\(key)") }
    }

    /// The names that the table speaks of are fields of the messages, in every version that the question is for.
    @Test(arguments: RequiredAccess.apis.sorted()) func theTableNamesFields(key: APIKey) throws {
        let api = try #require(API.of(key))
        for question in RequiredAccess.of(key)?.questions ?? [] {
            guard question.resource != .cluster else {
                #expect(question.field.isEmpty)
                continue
            }
            var found = 0
            for version in api.request.versions where question.versions.contains(version) {
                let fields = try Self.fields(of: api.request, version) + Self.fields(of: api.response, version)
                if fields.contains(question.field) { found += 1 }
            }
            #expect(found > 0, "\(key) has no field \(question.field)")
        }
    }

    private static func fields<M: WireMessage>(of _: M.Type, _ version: Int16) throws -> [String] {
        var paths = FieldPaths(version: version, flexible: true)
        var message = M()
        try paths.visit(&message)
        return paths.found
    }

    // MARK: - Requests of every API

    /// A request of that version about what the broker has.
    private static func request<R: WireRequest>(_: R.Type, _ version: Int16, _ known: PlaceFiller.Known) throws
        -> any WireRequest
    {
        var filler = PlaceFiller(
            version: version, flexible: R.flexible.contains(version), target: -1, choice: 0, known)
        var request = R()
        try filler.visit(&request)
        switch request {
        case var deletion as DeleteTopicsRequest:
            for index in deletion.topics.indices { deletion.topics[index].topicId = .zero }
            return deletion
        case var creation as CreateAclsRequest:
            creation.creations = [
                .with {
                    $0.resourceType = 2
                    $0.resourceName = "x"
                    $0.principal = "User:x"
                    $0.host = "*"
                    $0.operation = 3
                    $0.permissionType = 3
                }
            ]
            return creation
        case var token as CreateDelegationTokenRequest:
            if version >= 3 { token.ownerPrincipalType = "User" }
            token.renewers = []
            return token
        case var heartbeat as ConsumerGroupHeartbeatRequest:
            heartbeat.subscribedTopicRegex = nil
            return heartbeat
        case var election as ElectLeadersRequest:
            election.electionType = 0
            return election
        case var listing as ListGroupsRequest:
            listing.statesFilter = []
            listing.typesFilter = []
            return listing
        case var listing as ListTransactionsRequest:
            listing.stateFilters = []
            listing.producerIdFilters = []
            listing.durationFilter = -1
            listing.transactionalIdPattern = nil
            return listing
        case var metadata as MetadataRequest:
            // By name.
            metadata.topics = [.with { $0.name = "t" }]
            return metadata
        default: return request
        }
    }

    private static func send<R: WireRequest>(_ request: R, _ version: Int16, _ node: AccessNode, as who: KafkaPrincipal)
        throws -> Outcome
    {
        try node.outcome(request, version: version, as: who)
    }

    /// The error codes of an answer; none where it waits.
    private static func errors(_ outcome: Outcome, _ version: Int16) -> [ErrorCode] {
        guard case .answer(let answer) = outcome else { return [] }
        return ErrorCodes.of(answer, version: version)
    }

    /// Rules that answer the questions, but for one.
    private static func allow(_ questions: [RequiredAccess.Question], but missing: Int? = nil, _ node: AccessNode) {
        for (index, question) in questions.enumerated() where index != missing {
            guard let operation = question.operations.first else { continue }
            node.allow(operation, question.resource)
        }
    }

    private static func questions(_ key: APIKey, _ version: Int16) -> [RequiredAccess.Question] {
        (RequiredAccess.of(key)?.questions ?? []).filter { $0.versions.contains(version) }
    }

    /// Asked only where there is more to it than the request of this test has: those have tests of their own.
    private static func isAsked(_ question: RequiredAccess.Question, _ key: APIKey) -> Bool {
        switch key {
        case .metadata: question.operations != [.create]
        case .createTopics: question.operations != [.describeConfigs]
        case .initProducerId: question.resource != .cluster
        case .describeTransactions, .consumerGroupDescribe: question.resource != .topic
        // A group that does not exist, or is of the other kind.
        default: true
        }
    }

    @Test(arguments: keys) func whoHasNoRuleIsRefusedAndChangesNothing(key: APIKey) throws {
        let api = try #require(ServedAPI.of(key))
        let type = try #require(API.of(key)).request
        for version in api.versions {
            let node = try AccessNode()
            let known = try node.populate()
            let before = node.state
            let request = try Self.request(type, version, known)
            let outcome = try Self.send(request, version, node, as: AccessNode.alice)
            let errors = Self.errors(outcome, version)
            let what = "\(key) v\(version)"
            guard let first = Self.questions(key, version).first(where: { Self.isAsked($0, key) }) else {
                #expect(Self.codes.isDisjoint(with: errors), "\(what)")
                continue
            }
            #expect(node.state == before, "\(what)")
            if first.denial == .leftOut || key == .describeLogDirs && version < 3 {
                Self.expectEmpty(outcome, what)
            } else if key == .fetch, version < 4 {
                #expect(errors == [.topicAuthorizationFailed], "\(what)")
            } else {
                #expect(errors == [first.resource.refusal], "\(what)")
            }
        }
    }

    private static func expectEmpty(_ outcome: Outcome, _ what: String) {
        guard case .answer(let answer) = outcome else {
            Issue.record("\(what): no answer")
            return
        }
        switch answer {
        case let answer as ListGroupsResponse: #expect(answer.groups.isEmpty, "\(what)")
        case let answer as ListTransactionsResponse: #expect(answer.transactionStates.isEmpty, "\(what)")
        case let answer as DescribeLogDirsResponse: #expect(answer.results.isEmpty, "\(what)")
        case let answer as DescribeDelegationTokenResponse: #expect(answer.tokens.isEmpty, "\(what)")
        default: Issue.record("\(what): is no list")
        }
    }

    @Test(arguments: keys) func theRulesOfTheTableAreEnough(key: APIKey) throws {
        let api = try #require(ServedAPI.of(key))
        let type = try #require(API.of(key)).request
        for version in api.versions {
            let node = try AccessNode()
            let known = try node.populate()
            Self.allow(Self.questions(key, version), node)
            let request = try Self.request(type, version, known)
            let outcome = try Self.send(request, version, node, as: AccessNode.alice)
            #expect(Self.codes.isDisjoint(with: Self.errors(outcome, version)), "\(key) v\(version)")
            if case .hangUp(let reason) = outcome { Issue.record("\(key) v\(version): \(reason)") }
            if case .answer(let answer as ListGroupsResponse) = outcome {
                #expect(answer.groups.map(\.groupId) == ["g", "o"])
            }
            if case .answer(let answer as ListTransactionsResponse) = outcome {
                #expect(answer.transactionStates.map(\.transactionalId) == ["ty"])
            }
        }
    }

    @Test(arguments: keys) func eachRuleOfTheTableIsNeeded(key: APIKey) throws {
        let api = try #require(ServedAPI.of(key))
        let type = try #require(API.of(key)).request
        for version in api.versions {
            let questions = Self.questions(key, version)
            for (index, question) in questions.enumerated() where Self.isAsked(question, key) {
                guard question.denial != .leftOut, key != .describeLogDirs || version >= 3 else { continue }
                let node = try AccessNode()
                let known = try node.populate()
                Self.allow(questions, but: index, node)
                // What one of the others implies is there.
                let isImplied = node.node.allows(
                    question.operations[0], on: question.resource, "t",
                    RequestContext(
                        ticket: .init(connection: 1, number: 0), version: 0, clientId: "", now: Instant(nanoseconds: 0),
                        clientHost: "/127.0.0.1", principal: AccessNode.alice))
                guard !isImplied else { continue }
                let request = try Self.request(type, version, known)
                let outcome = try Self.send(request, version, node, as: AccessNode.alice)
                let errors = Self.errors(outcome, version)
                #expect(errors.contains(question.resource.refusal), "\(key) v\(version) without \(question)")
            }
        }
    }

    @Test(arguments: keys) func aDenialCountsBeforeWhatIsAllowed(key: APIKey) throws {
        let api = try #require(ServedAPI.of(key))
        let type = try #require(API.of(key)).request
        for version in api.versions {
            guard let first = Self.questions(key, version).first(where: { Self.isAsked($0, key) }) else { continue }
            let node = try AccessNode()
            let known = try node.populate()
            Self.allow(Self.questions(key, version), node)
            node.allow(.all, .cluster)
            node.allow(.all, first.resource, "*", .deny, to: "User:*")
            let unless = first.unless.map { [$0] } ?? []
            // What suffices on the cluster is denied as well.
            for operation in unless { node.allow(operation, .cluster, "", .deny) }
            let before = node.state
            let request = try Self.request(type, version, known)
            let outcome = try Self.send(request, version, node, as: AccessNode.alice)
            #expect(node.state == before, "\(key) v\(version)")
            if first.denial == .leftOut || key == .describeLogDirs && version < 3 {
                Self.expectEmpty(outcome, "\(key) v\(version)")
            } else {
                #expect(Self.errors(outcome, version).contains(first.resource.refusal), "\(key) v\(version)")
            }
        }
    }

    /// Without an authorizer nobody is asked, whoever it is.
    @Test(arguments: keys) func withoutAnAuthorizerNothingIsRefused(key: APIKey) throws {
        let api = try #require(ServedAPI.of(key))
        let type = try #require(API.of(key)).request
        for version in api.versions {
            let node = try AccessNode { $0.authorization = .off }
            let known = try node.populate()
            let request = try Self.request(type, version, known)
            let outcome = try Self.send(request, version, node, as: AccessNode.alice)
            #expect(Self.codes.isDisjoint(with: Self.errors(outcome, version)), "\(key) v\(version)")
        }
    }
}

/// The visitor that lists a message's fields by their paths, with one element in every array.
private struct FieldPaths: MessageWalk {
    let version: Int16
    var flexible: Bool
    private(set) var found: [String] = []
    private var path: [String] = []
    private var field = ""

    init(version: Int16, flexible: Bool) {
        self.version = version
        self.flexible = flexible
    }

    mutating func enter<T: WireType>(_ field: Field, _ value: T, default: T) throws(WireError) -> Bool {
        guard field.versions.contains(version) else { return false }
        self.field = "\(field.name)"
        found.append((path + [self.field]).joined(separator: "."))
        return true
    }

    mutating func visit<E: WireType>(_ value: inout [E]?) throws(WireError) {
        var element = E.zero
        path.append(field)
        try element.accept(&self)
        path.removeLast()
    }

    mutating func visit<S: WireStruct>(_ value: inout S?) throws(WireError) {
        var structure = S()
        try visit(&structure)
    }

    mutating func visit<S: WireStruct>(_ value: inout S) throws(WireError) {
        // An element of an array has the array's name already, and the message none.
        let isField = path.last != field && !field.isEmpty
        if isField { path.append(field) }
        try value.fields(&self)
        try value.taggedFields(&self)
        if isField { path.removeLast() }
    }
}
