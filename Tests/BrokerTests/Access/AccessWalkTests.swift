import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Every field of every request that is served, at the ends of what it can hold, from somebody for whom there is no rule:
/// nothing changes, whatever he sends. And rules of every form, made by somebody who may, are the same after a restart.
@Suite(.serialized, .heavy) struct AccessWalkTests {
    private static func request<R: WireRequest>(
        _: R.Type, _ version: Int16, _ target: Int, _ choice: Int, _ known: PlaceFiller.Known
    ) throws -> (request: any WireRequest, filler: PlaceFiller) {
        var filler = PlaceFiller(
            version: version, flexible: R.flexible.contains(version), target: target, choice: choice, known)
        var message = R()
        try filler.visit(&message)
        return (message, filler)
    }

    /// Sends every such request; gives how many there were.
    private static func walk(
        _ key: APIKey, _ version: Int16, _ known: PlaceFiller.Known, _ node: AccessNode, as who: KafkaPrincipal
    ) throws -> Int {
        let type = try #require(API.of(key)).request
        var sent = 0
        var target = 0
        var places = 1
        while target < places {
            var choice = 0
            var choices = 1
            while choice < choices {
                let made = try request(type, version, target, choice, known)
                (places, choices) = (made.filler.places, max(1, made.filler.choices))
                _ = try send(made.request, version, node, as: who)
                sent += 1
                choice += 1
            }
            target += 1
        }
        return sent
    }

    private static func send<R: WireRequest>(_ request: R, _ version: Int16, _ node: AccessNode, as who: KafkaPrincipal)
        throws -> Outcome
    { try node.outcome(request, version: version, as: who) }

    @Test(arguments: ServedAPI.all.map(\.key)) func whoHasNoRuleChangesNothingWhateverIsSent(key: APIKey) throws {
        let api = try #require(ServedAPI.of(key))
        for version in Set([api.versions.lowerBound, api.versions.upperBound]).sorted() {
            let node = try AccessNode()
            let known = try node.populate()
            let before = node.state
            let sent = try Self.walk(key, version, known, node, as: AccessNode.alice)
            #expect(sent > 0)
            #expect(node.state == before, "\(key) v\(version)")
        }
    }

    @Test func rulesOfEveryFormAreTheSameAfterARestart() throws {
        let folder = TemporaryFolder()
        func start() throws -> AccessNode {
            try AccessNode(topics: [:]) { $0.dataDirectory = folder.path }
        }
        var before: [AclBinding] = []
        do {
            let node = try start()
            _ = try Self.walk(.createAcls, 3, .init(), node, as: AccessNode.root)
            // The filler's numbers of permissions are none; these have one.
            for (number, name) in ["", "*", "é", "e\u{301}", String(repeating: "a", count: 32_000)].enumerated() {
                _ = try node.ask(
                    CreateAclsRequest.with {
                        $0.creations = (Int8(2)...7).flatMap { resource in
                            [Int8(3), 4].map { pattern in
                                .with {
                                    $0.resourceType = resource
                                    $0.resourcePatternType = pattern
                                    $0.resourceName = resource == 4 ? "kafka-cluster" : name
                                    $0.principal = "User:\(name)"
                                    $0.host = name
                                    $0.operation = Int8(2 + number)
                                    $0.permissionType = 2
                                }
                            }
                        }
                    }, as: AccessNode.root)
            }
            before = node.node.authorizer?.acls.sorted ?? []
            #expect(before.count > 40)
        }
        let again = try start()
        #expect(again.node.authorizer?.acls.sorted == before)
    }
}
