import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// What the documentation says of rules ("Authorization and ACLs" and KIP-11, KIP-290), written down once more and as simply as
/// it goes: every rule is looked at for every question.
private struct Oracle {
    var rules: [AclBinding] = []
    var superUsers: [String] = []
    var allowsWithoutAcl = false

    func isAbout(_ rule: AclBinding, _ resource: AclResourceType, _ name: String) -> Bool {
        let pattern = rule.pattern
        guard pattern.resource == resource else { return false }
        let bytes = Array(name.utf8)
        if pattern.kind == .prefixed { return bytes.starts(with: pattern.name.bytes) }
        return pattern.name.bytes == bytes || pattern.name.bytes == Array("*".utf8)
    }

    func isFor(_ rule: AclBinding, _ principal: String, _ host: String) -> Bool {
        ["User:*", principal].contains("\(rule.principal)") && ["*", host].contains("\(rule.host)")
    }

    func allows(
        _ operation: AclOperation, _ resource: AclResourceType, _ name: String, _ principal: String, _ host: String
    )
        -> Bool
    {
        if superUsers.contains(principal) { return true }
        let about = rules.filter { isAbout($0, resource, name) }
        let own = about.filter { isFor($0, principal, host) }
        for rule in own where rule.permission == .deny && (rule.operation == .all || rule.operation == operation) {
            return false
        }
        let sufficient: [AclOperation] =
            switch operation {
            case .describe: [.all, .describe, .read, .write, .delete, .alter]
            case .describeConfigs: [.all, .describeConfigs, .alterConfigs]
            default: [.all, operation]
            }
        if own.contains(where: { $0.permission == .allow && sufficient.contains($0.operation) }) { return true }
        return about.isEmpty && allowsWithoutAcl
    }
}

/// The authorizer against an oracle, in thousands of random sets of rules.
@Suite(.turn) struct AclDecisionTests {
    private static let names = ["*", "a", "ab", "abc", "b", "ba", "é", "e\u{301}", "a\u{FFFD}", "a😀"]
    private static let principals = ["User:alice", "User:bob", "User:*", "Group:alice", "User:a:b"]
    private static let hosts = ["*", "127.0.0.1", "10.0.0.1", "::1"]
    private static let operations = (2...15).map { AclOperation(rawValue: $0) }

    private struct Draw {
        var random: RandomSource
        mutating func one<T>(of values: [T]) -> T { values[Int(random.next() % UInt64(values.count))] }
        mutating func rule(_ names: [String] = AclDecisionTests.names) -> AclBinding {
            AclBinding(
                pattern: .init(
                    resource: one(of: [.topic, .topic, .group, .cluster]),
                    kind: one(of: [.literal, .prefixed]), name: ExactName(one(of: names))),
                principal: ExactName(one(of: AclDecisionTests.principals)),
                host: ExactName(one(of: AclDecisionTests.hosts)),
                operation: one(of: AclDecisionTests.operations), permission: one(of: [.allow, .allow, .deny]))
        }
    }

    @Test(arguments: 0..<8) func everyDecisionIsThatOfTheOracle(seed: UInt64) {
        var draw = Draw(random: RandomSource(seed: seed))
        var allowed = 0
        var denied = 0
        for round in 0..<500 {
            let allowsWithoutAcl = round % 3 == 0
            var oracle = Oracle(allowsWithoutAcl: allowsWithoutAcl)
            if round % 7 == 0 { oracle.superUsers = ["User:bob"] }
            var authorizer = Authorizer(
                superUsers: round % 7 == 0 ? [KafkaPrincipal("bob")] : [], allowsWithoutAcl: allowsWithoutAcl)
            for number in 0..<Int(draw.random.next() % 24) {
                let rule = draw.rule()
                let isNew = authorizer.acls.add(rule, id: Uuid(high: 1, low: UInt64(number)))
                #expect(isNew == !oracle.rules.contains(rule))
                if isNew { oracle.rules.append(rule) }
            }
            // Some go again.
            for _ in 0..<Int(draw.random.next() % 8) where !oracle.rules.isEmpty {
                let rule = oracle.rules.remove(at: Int(draw.random.next() % UInt64(oracle.rules.count)))
                #expect(authorizer.acls.remove(rule) != nil)
                #expect(authorizer.acls.remove(rule) == nil)
            }
            #expect(authorizer.acls.sorted == oracle.rules.sorted())
            #expect(authorizer.acls.size == oracle.rules.reduce(0) { $0 + $1.size })
            for _ in 0..<60 {
                let resource: AclResourceType = draw.one(of: [.topic, .group, .cluster])
                let name = draw.one(of: Self.names + ["abcd", "c", ""])
                let operation = draw.one(of: Self.operations.filter { $0 != .all })
                let principal = draw.one(of: [
                    KafkaPrincipal("alice"), KafkaPrincipal("bob"), KafkaPrincipal(type: "Group", "alice"),
                    KafkaPrincipal("a:b"), KafkaPrincipal("*"),
                ])
                let host = draw.one(of: ["127.0.0.1", "10.0.0.1", "::1"])
                let decision = authorizer.allows(
                    operation, on: resource, name, by: .init(principal, host: "/\(host)"))
                let expected = oracle.allows(operation, resource, name, "\(principal)", host)
                #expect(
                    decision == expected,
                    "\(principal) from \(host): \(operation) on \(resource) \(name) with \(oracle.rules)")
                if expected { allowed += 1 } else { denied += 1 }
            }
        }
        #expect(allowed > 2000 && denied > 2000)
    }

    /// To do something with any resource of a kind is to do it with one that there may be.
    @Test(arguments: 0..<4) func anyResourceIsOneThatThereIs(seed: UInt64) {
        let letters = ["a", "b", "c"]
        var universe = [""]
        for _ in 0..<4 { universe += universe.flatMap { name in letters.map { name + $0 } } }
        universe = Set(universe).subtracting([""]).sorted() + ["hardcode"]
        var draw = Draw(random: RandomSource(seed: seed))
        var found = [true: 0, false: 0]
        for round in 0..<400 {
            var oracle = Oracle(allowsWithoutAcl: round % 5 == 0)
            var authorizer = Authorizer(allowsWithoutAcl: round % 5 == 0)
            for number in 0..<Int(draw.random.next() % 7) {
                var rule = draw.rule(["*", "a", "ab", "abc", "b", "ba"])
                rule.pattern.resource = .topic
                // A beginning with a star is no beginning of a topic.
                if rule.pattern.name == .wildcard { rule.pattern.kind = .literal }
                rule.operation = draw.one(of: [.write, .write, .all, .read])
                rule.principal = draw.one(of: ["User:alice", "User:*", "User:bob"])
                if authorizer.acls.add(rule, id: Uuid(high: 1, low: UInt64(number))) { oracle.rules.append(rule) }
            }
            let decision = authorizer.allowsAny(
                .write, of: .topic, by: .init(KafkaPrincipal("alice"), host: "127.0.0.1"))
            let expected = universe.contains { oracle.allows(.write, .topic, $0, "User:alice", "127.0.0.1") }
            #expect(decision == expected, "\(oracle.rules)")
            found[expected, default: 0] += 1
        }
        #expect(found[true, default: 0] > 50 && found[false, default: 0] > 50)
    }

    @Test func aSuperUserMayDoWhatIsDenied() {
        var authorizer = Authorizer(superUsers: [KafkaPrincipal("root")])
        authorizer.acls.add(
            AclBinding(
                pattern: .init(resource: .topic, name: "*"), principal: "User:*", operation: .all, permission: .deny),
            id: Uuid(high: 0, low: 1))
        let root = Authorizer.Caller(KafkaPrincipal("root"), host: "/10.0.0.1")
        #expect(authorizer.allows(.write, on: .topic, "t", by: root))
        #expect(authorizer.allowsAny(.write, of: .topic, by: root))
        #expect(
            authorizer.operations(on: .cluster, "kafka-cluster", by: root)
                == AclResourceType.cluster.supportedOperations)
        #expect(!authorizer.allows(.write, on: .topic, "t", by: .init(KafkaPrincipal("rooty"), host: "/10.0.0.1")))
    }

    /// Among ten thousand rules only those of the name, of beginnings of it, and of every name are looked at.
    @Test func aDecisionLooksAtFewOfManyRules() {
        var authorizer = Authorizer()
        for number in 0..<10_000 {
            authorizer.acls.add(
                AclBinding(
                    pattern: .init(
                        resource: .topic, kind: number % 2 == 0 ? .literal : .prefixed,
                        name: ExactName("topic-\(number)")),
                    principal: ExactName("User:u\(number)"), operation: .read), id: Uuid(high: 2, low: UInt64(number)))
        }
        var patterns = 0
        authorizer.acls.forEachPattern(of: .topic, "topic-1235-x") { _ in
            patterns += 1
            return false
        }
        // topic-1, topic-123, topic-1235.
        #expect(patterns == 3)
        let caller = Authorizer.Caller(KafkaPrincipal("u123"), host: "/127.0.0.1")
        #expect(authorizer.allows(.describe, on: .topic, "topic-1235-x", by: caller))
        #expect(!authorizer.allows(.describe, on: .topic, "topic-1", by: caller))
    }

    // MARK: - Filters

    struct FilterRow: Sendable, CustomTestStringConvertible {
        var filter: AclFilter
        var found: [Int]
        var testDescription: String { "\(filter)" }
    }

    private static let kept: [AclBinding] = [
        AclBinding(pattern: .init(resource: .topic, name: "abc"), principal: "User:alice", operation: .read),
        AclBinding(
            pattern: .init(resource: .topic, kind: .prefixed, name: "ab"), principal: "User:bob", operation: .write,
            permission: .deny),
        AclBinding(pattern: .init(resource: .topic, name: "*"), principal: "User:*", host: "10.0.0.1", operation: .all),
        AclBinding(pattern: .init(resource: .group, name: "abc"), principal: "User:alice", operation: .read),
        AclBinding(
            pattern: .init(resource: .topic, kind: .prefixed, name: "abc"), principal: "User:alice", operation: .read),
    ]

    @Test(arguments: [
        FilterRow(filter: AclFilter(), found: [0, 1, 2, 3, 4]),
        FilterRow(filter: AclFilter(resource: .group), found: [3]),
        FilterRow(filter: AclFilter(kind: .any, name: "abc"), found: [0, 3, 4]),
        FilterRow(filter: AclFilter(kind: .literal, name: "abc"), found: [0, 3]),
        FilterRow(filter: AclFilter(resource: .topic, kind: .literal, name: "abc"), found: [0]),
        FilterRow(filter: AclFilter(resource: .topic, kind: .prefixed, name: "abc"), found: [4]),
        FilterRow(filter: AclFilter(resource: .topic, kind: .match, name: "abc"), found: [0, 1, 2, 4]),
        FilterRow(filter: AclFilter(resource: .topic, kind: .match, name: "abx"), found: [1, 2]),
        FilterRow(filter: AclFilter(resource: .topic, kind: .match), found: [0, 1, 2, 4]),
        FilterRow(filter: AclFilter(kind: .literal), found: [0, 2, 3]),
        FilterRow(filter: AclFilter(principal: "User:alice"), found: [0, 3, 4]),
        FilterRow(filter: AclFilter(host: "*"), found: [0, 1, 3, 4]),
        FilterRow(filter: AclFilter(operation: .all), found: [2]),
        FilterRow(filter: AclFilter(permission: .deny), found: [1]),
        FilterRow(filter: AclFilter(resource: .topic, kind: .literal, name: "abc", operation: .write), found: []),
    ]) func aFilterFindsWhatItMatches(row: FilterRow) {
        var acls = Acls()
        for (number, rule) in Self.kept.enumerated() { acls.add(rule, id: Uuid(high: 3, low: UInt64(number))) }
        #expect(acls.matching(row.filter) == row.found.map { Self.kept[$0] }.sorted())
    }

    @Test func rulesAreBounded() {
        var acls = Acls()
        let long = String(repeating: "x", count: 32_000)
        var number: UInt64 = 0
        while number < 10_000 {
            let rule = AclBinding(
                pattern: .init(resource: .topic, name: ExactName("\(long)\(number)")), principal: "User:a",
                operation: .read)
            if let objection = acls.objection(toFurther: rule) {
                #expect(objection.code == .policyViolation)
                break
            }
            acls.add(rule, id: Uuid(high: 4, low: number))
            number += 1
        }
        #expect(number > 1000 && number < 3000)
        #expect(acls.size <= Acls.sizeLimit)
    }
}
