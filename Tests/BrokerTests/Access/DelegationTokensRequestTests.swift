import FoundationEssentials
import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// A broker without sockets, to which requests come from clients that have logged in.
final class UserNode {
    let node: BrokerNode
    let clock: ManualClock
    private var number: UInt64 = 0

    /// A broker whose time begins at 1,000,000; with `path` on a disk.
    init(_ path: String? = nil, key: Secret? = "a secret key", clock: ManualClock = ManualClock(startingAt: 1_000_000))
        throws
    {
        var configuration = KafkaBroker.Configuration()
        configuration.clock = .manual(clock)
        configuration.dataDirectory = path
        configuration.seed = 7
        configuration.delegationTokens = key.map { .init(secretKey: $0) }
        self.clock = clock
        node = try BrokerNode(configuration, port: 9092)
    }

    /// Lets time pass, without a look at what is due.
    func advance(by duration: Duration) { clock.move(to: node.time.now() + duration) }

    func context(_ version: Int16, _ principal: KafkaPrincipal) -> RequestContext {
        number += 1
        var context = RequestContext(
            ticket: .init(connection: 1, number: number), version: version, clientId: "c", now: node.time.now())
        context.timestamp = node.time.timestamp()
        context.principal = principal
        return context
    }

    /// Handles a request through its API's handler, in its bytes; the answer is read from its bytes.
    func call<R: WireRequest>(_ request: R, version: Int16, as principal: KafkaPrincipal) throws -> R.Response {
        let api = try #require(ServedAPI.of(R.api))
        let context = context(version, principal)
        var outcome = try node.handle(api, Bytes(try request.encode(version: version)), context)
        if case .later = outcome {
            while node.works.count > 0 { node.work(now: node.time.now()) }
            outcome = try #require(node.takeAnswers().first { $0.ticket == context.ticket }).outcome
        }
        guard case .answer(let answer) = outcome else { throw Unanswered(reason: "\(outcome)") }
        #expect(node.objections(pending: []) == [])
        return try R.Response.decode(Bytes(try answer.encode(version: version)), version: version)
    }

    struct Unanswered: Error {
        var reason: String
    }
}

/// Delegation tokens through the handlers.
@Suite(.turn) struct DelegationTokensRequestTests {
    private static let ann = KafkaPrincipal("ann")
    private static let bob = KafkaPrincipal("bob")

    private static func creation(owner: String? = nil, renewers: [String] = ["cid"]) -> CreateDelegationTokenRequest {
        .with {
            $0.ownerPrincipalType = owner == nil ? nil : "User"
            $0.ownerPrincipalName = owner
            $0.renewers = renewers.map { name in
                .with {
                    $0.principalType = "User"
                    $0.principalName = name
                }
            }
            $0.maxLifetimeMs = -1
        }
    }

    private static func describe(_ owners: [String]?) -> DescribeDelegationTokenRequest {
        .with {
            $0.owners = owners?.map { name in
                .with {
                    $0.principalType = "User"
                    $0.principalName = name
                }
            }
        }
    }

    @Test(arguments: Int16(1)...3) func aTokenLivesItsLife(version: Int16) throws {
        let broker = try UserNode()
        let day: Int64 = 86_400_000
        // Before v3 nobody asks for another's.
        var request = Self.creation(owner: version >= 3 ? "bob" : nil)
        if version < 3 { (request.ownerPrincipalType, request.ownerPrincipalName) = ("", "") }
        let made = try broker.call(request, version: version, as: Self.ann)
        let owner = version >= 3 ? "bob" : "ann"
        #expect(made.errorCode == .none && made.principalName == owner && made.principalType == "User")
        #expect(made.tokenRequesterPrincipalName == (version >= 3 ? "ann" : ""))
        #expect(made.issueTimestampMs == 1_000_000 && made.expiryTimestampMs == day + 1_000_000)
        #expect(made.maxTimestampMs == 7 * day + 1_000_000 && made.hmac.count == 64)

        let found = try broker.call(Self.describe(nil), version: version, as: .init(owner))
        let token = try #require(found.tokens.first)
        #expect(found.errorCode == .none && found.tokens.count == 1 && token.tokenId == made.tokenId)
        #expect(token.hmac == made.hmac && token.principalName == owner && token.principalType == "User")
        #expect(token.tokenRequesterPrincipalName == (version >= 3 ? "ann" : ""))
        #expect(token.renewers.map(\.principalName) == ["cid"] && token.renewers.map(\.principalType) == ["User"])
        #expect(token.issueTimestamp == made.issueTimestampMs && token.expiryTimestamp == made.expiryTimestampMs)
        #expect(token.maxTimestamp == made.maxTimestampMs)
        // No owner is none, and not all.
        #expect(try broker.call(Self.describe([]), version: version, as: Self.ann).tokens.isEmpty)
        #expect(try broker.call(Self.describe(["eve"]), version: version, as: Self.ann).tokens.isEmpty)
        #expect(try broker.call(Self.describe(["cid"]), version: version, as: Self.ann).tokens.count == 1)

        let shorter = min(version, 2)
        let renewed = try broker.call(
            RenewDelegationTokenRequest.with {
                $0.hmac = made.hmac
                $0.renewPeriodMs = 5000
            }, version: shorter, as: .init("cid"))
        #expect(renewed.errorCode == .none && renewed.expiryTimestampMs == 1_005_000)
        let ended = try broker.call(
            ExpireDelegationTokenRequest.with {
                $0.hmac = made.hmac
                $0.expiryTimePeriodMs = -1
            }, version: shorter, as: .init(owner))
        #expect(ended.errorCode == .none && ended.expiryTimestampMs == 1_000_000)
        #expect(try broker.call(Self.describe(nil), version: version, as: Self.ann).tokens.isEmpty)
    }

    /// What is refused, with the times that Kafka gives then.
    @Test func whatIsRefusedSaysSo() throws {
        let broker = try UserNode()
        let without = try UserNode(key: nil)
        for (node, principal, code, time) in [
            (broker, .anonymous, .delegationTokenRequestNotAllowed, -1),
            (without, .anonymous, .delegationTokenRequestNotAllowed, -1),
            (without, Self.ann, .delegationTokenAuthDisabled, 0),
        ] as [(UserNode, KafkaPrincipal, ErrorCode, Int64)] {
            let made = try node.call(Self.creation(owner: "bob"), version: 3, as: principal)
            #expect(made.errorCode == code && made.issueTimestampMs == time && made.expiryTimestampMs == time)
            #expect(made.maxTimestampMs == time && made.tokenId.isEmpty && made.hmac.isEmpty)
            #expect(made.principalName == "bob" && made.tokenRequesterPrincipalName == principal.name)
            let renewed = try node.call(
                RenewDelegationTokenRequest.with { $0.hmac = [1] }, version: 2, as: principal)
            #expect(renewed.errorCode == code && renewed.expiryTimestampMs == time)
            let ended = try node.call(
                ExpireDelegationTokenRequest.with { $0.hmac = [1] }, version: 2, as: principal)
            #expect(ended.errorCode == code && ended.expiryTimestampMs == time)
            let described = try node.call(Self.describe(nil), version: 3, as: principal)
            #expect(described.errorCode == code && described.tokens.isEmpty)
        }
        let group = CreateDelegationTokenRequest.with {
            $0.ownerPrincipalName = nil
            $0.ownerPrincipalType = nil
            $0.renewers = [
                .with {
                    $0.principalType = "Group"
                    $0.principalName = "g"
                }
            ]
        }
        let refused = try broker.call(group, version: 3, as: Self.ann)
        #expect(refused.errorCode == .invalidPrincipalType && refused.issueTimestampMs == -1)
        let unknown = try broker.call(
            RenewDelegationTokenRequest.with { $0.hmac = [1, 2] }, version: 2, as: Self.ann)
        #expect(unknown.errorCode == .delegationTokenNotFound && unknown.expiryTimestampMs == 0)
        var typeless = Self.creation(owner: "bob")
        typeless.ownerPrincipalType = nil
        #expect(try broker.call(typeless, version: 3, as: Self.ann).errorCode == .invalidPrincipalType)
    }

    /// A client that has come with a token gets none, and sees none.
    @Test func aTokenBringsForthNoOther() throws {
        let broker = try UserNode()
        let api = try #require(ServedAPI.of(.createDelegationToken))
        var context = broker.context(3, Self.ann)
        context.isTokenAuthenticated = true
        let body = Bytes(try Self.creation().encode(version: 3))
        guard case .answer(let answer) = try broker.node.handle(api, body, context) else {
            Issue.record("no answer")
            return
        }
        #expect((answer as? CreateDelegationTokenResponse)?.errorCode == .delegationTokenRequestNotAllowed)
        #expect(broker.node.delegationTokens.count == 0)
    }

    @Test func tokensAreLookedThroughAtTheirInterval() async throws {
        let broker = try UserNode()
        var request = Self.creation()
        request.maxLifetimeMs = 60_000
        _ = try broker.call(request, version: 3, as: Self.ann)
        let start = broker.node.time.now()
        broker.advance(by: .seconds(3599))
        broker.node.tick(now: start + .seconds(3599))
        #expect(broker.node.delegationTokens.count == 1)
        let next = try #require(broker.node.nextDeadline)
        #expect(next <= start + .seconds(3600))
        broker.advance(by: .seconds(1))
        broker.node.tick(now: start + .seconds(3600))
        #expect(broker.node.delegationTokens.count == 0)
        #expect(broker.node.objections(pending: []) == [])
    }

    @Test(arguments: [Duration.milliseconds(20), .seconds(100)])
    func theIntervalIsThatOfTheSetting(interval: Duration) {
        let start = Instant(nanoseconds: 0)
        var schedule = MaintenanceSchedule(
            now: start, flush: .never, producersExpireAfter: .seconds(86_400), tokensCheckedEvery: interval)
        if interval < .seconds(15) { #expect(schedule.nextDeadline == start + interval) }
        #expect(schedule.areTokensDue(start + (interval - .milliseconds(1))) == false)
        #expect(schedule.areTokensDue(start + interval) == true)
        #expect(schedule.areTokensDue(start + interval) == false)
        #expect(schedule.areTokensDue(start + interval + interval) == true)
        var without = MaintenanceSchedule(now: start, flush: .never, producersExpireAfter: .seconds(86_400))
        #expect(without.areTokensDue(start + .seconds(1_000_000)) == false)
    }

    /// The Java client's requests, random as they are, by somebody who may ask: each is answered in its version.
    @Test(arguments: ["038-Create", "039-Renew", "040-Expire", "041-Describe"])
    func randomRequestsAreAnswered(file: String) throws {
        struct Vector: Decodable {
            var kind: String
            var version: Int16
            var hex: String
        }
        let broker = try UserNode()
        _ = try broker.call(Self.creation(), version: 3, as: Self.ann)
        let root = "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/")
        let path = root + "/Fixtures/golden/\(file)DelegationToken.jsonl"
        let api = try #require(ServedAPI.of(APIKey(rawValue: Int16(file.prefix(3)) ?? -1)))
        var answered = 0
        for line in String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self).split(separator: "\n") {
            let vector = try JSONDecoder().decode(Vector.self, from: Data(line.utf8))
            guard vector.kind == "request", api.versions.contains(vector.version), let body = Hex.decode(vector.hex)
            else { continue }
            let context = broker.context(vector.version, Self.ann)
            guard case .answer(let answer) = try broker.node.handle(api, Bytes(body), context) else { continue }
            #expect(try !answer.encode(version: vector.version).isEmpty)
            #expect(broker.node.objections(pending: []) == [])
            answered += 1
        }
        #expect(answered > 3)
    }

    // MARK: - Settings

    @Test func settingsUnderKafkasNames() throws {
        let configuration = try KafkaBroker.Configuration(properties: [
            "delegation.token.secret.key": " a secret key ", "delegation.token.max.lifetime.ms": "5000",
            "delegation.token.expiry.time.ms": "4000", "delegation.token.expiry.check.interval.ms": "3000",
        ])
        let policy = try #require(configuration.delegationTokens)
        #expect(policy.secretKey == "a secret key" && policy.maximumLifetime == .seconds(5))
        #expect(policy.expiryTime == .seconds(4) && policy.expiryCheckInterval == .seconds(3))
        // The key is nowhere else, and is not shown.
        #expect(configuration.properties["delegation.token.secret.key"] == nil)
        var text = "\(configuration)"
        dump(configuration, to: &text)
        #expect(!text.contains("a secret key"))
        let settings = configuration.settings(host: "h", port: 1, rack: nil)
        #expect(settings["delegation.token.secret.key"] == "<hidden>")
        #expect(settings["delegation.token.max.lifetime.ms"] == "5000")
        #expect(settings["delegation.token.expiry.time.ms"] == "4000")
        #expect(settings["delegation.token.expiry.check.interval.ms"] == "3000")
        #expect(KafkaBroker.Configuration().delegationTokens == nil)

        var read = KafkaBroker.Configuration()
        var report = try read.apply(["delegation.token.master.key": "old", "delegation.token.max.lifetime.ms": "7"])
        #expect(read.delegationTokens?.secretKey == "old" && read.delegationTokens?.maximumLifetime == .milliseconds(7))
        #expect(report.withoutEffect.isEmpty && report.remarks.count == 1)
        report = try read.apply(["delegation.token.master.key": "old", "delegation.token.secret.key": "new"])
        #expect(read.delegationTokens?.secretKey == "new" && read.delegationTokens?.maximumLifetime == .milliseconds(7))
        // Without a key the times have nothing to act on.
        read = KafkaBroker.Configuration()
        report = try read.apply(["delegation.token.secret.key": "", "delegation.token.max.lifetime.ms": "7"])
        #expect(read.delegationTokens == nil && report.withoutEffect.contains("delegation.token.max.lifetime.ms"))
        for name in ["max.lifetime.ms", "expiry.time.ms", "expiry.check.interval.ms"] {
            #expect(throws: BrokerConfiguration.PropertyError.self) {
                try read.apply(["delegation.token.\(name)": "0"])
            }
        }
    }
}
