import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Who is held to what, and what is counted of whom.
@Suite(.turn) struct QuotaLedgerTests {
    private static let now = Instant(nanoseconds: 77_000_000_000)

    private static func entity(_ user: String?, _ client: String?) -> ClientQuotas.Entity {
        var entity: ClientQuotas.Entity = [:]
        if let user { entity.updateValue(user == "*" ? nil : user, forKey: "user") }
        if let client { entity.updateValue(client == "*" ? nil : client, forKey: "client-id") }
        return entity
    }

    private static func client(_ user: String, _ clientId: String, at node: BrokerID = 1) -> QuotaClient {
        QuotaClient(node: node, user: user, clientId: clientId)
    }

    /// Kafka's `testQuotaConfigPrecedence`, step by step: bounds, and what is spent together. An asterisk is everybody.
    @Test func precedenceIsKafkas() {
        var ledger = QuotaLedger()
        func set(_ user: String?, _ client: String?, _ bound: Double?) {
            ledger.set(bound.map { ["producer_byte_rate": $0] } ?? [:], of: Self.entity(user, client))
        }
        func check(
            _ user: String, _ client: String, _ bound: Double, _ value: Int, _ isThrottled: Bool,
            _ place: SourceLocation = #_sourceLocation
        ) {
            let client = Self.client(user, client)
            #expect(ledger.bound(.produced, of: client)?.bound == bound, sourceLocation: place)
            // Eleven times what it takes in a second, as Kafka's test does.
            let time = ledger.produced(value * 11, client, Self.now)
            #expect((time > 0) == isThrottled, sourceLocation: place)
        }
        set("*", nil, 1000)
        set(nil, "*", 2000)
        set("*", "*", 3000)
        set("userA", nil, 4000)
        set("userA", "client1", 5000)
        set("userB", nil, 6000)
        set("userB", "client1", 7000)
        set("userB", "*", 8000)
        set("userC", nil, 10_000)
        set(nil, "client1", 9000)
        check("userA", "client1", 5000, 4500, false)
        check("userA", "client2", 4000, 4500, true)
        check("userA", "client3", 4000, 0, true)
        check("userA", "client1", 5000, 0, false)
        check("userB", "client1", 7000, 8000, true)
        check("userB", "client2", 8000, 7000, false)
        check("userB", "client3", 8000, 7000, false)
        check("userD", "client1", 3000, 3500, true)
        check("userD", "client2", 3000, 2500, false)
        check("userE", "client1", 3000, 2500, false)
        set("*", "*", nil)
        check("userD", "client1", 1000, 0, false)
        check("userE", "client4", 1000, 1500, true)
        check("userF", "client4", 1000, 800, false)
        check("userF", "client5", 1000, 800, true)
        set("*", nil, nil)
        check("userF", "client4", 2000, 0, false)
        check("userF", "client5", 2000, 0, false)
        check("userF", "client5", 2000, 2500, true)
        check("userG", "client5", 2000, 0, true)
        set("userA", nil, 8000)
        set("userA", "client1", 10_000)
        check("userA", "client2", 8000, 0, false)
        check("userA", "client2", 8000, 4500, true)
        check("userA", "client1", 10_000, 0, false)
        check("userA", "client1", 10_000, 6000, true)
        set("userA", "client1", nil)
        check("userA", "client6", 8000, 0, true)
        set("userA", "client6", 11_000)
        check("userA", "client6", 11_000, 8500, false)
        set("userA", "*", 12_000)
        set("userA", "client6", nil)
        check("userA", "client6", 12_000, 4000, true)
    }

    /// Which quota holds where those are set, and for whom it is counted together.
    @Test(
        arguments: [
            (["u/c", "u/*", "u/", "*/c", "*/*", "*/", "/c", "/*"], "u", "c", "u/c", "u/c"),
            (["u/*", "u/", "*/c", "*/*", "*/", "/c", "/*"], "u", "c", "u/*", "u/c"),
            (["u/", "*/c", "*/*", "*/", "/c", "/*"], "u", "c", "u/", "u/"),
            (["*/c", "*/*", "*/", "/c", "/*"], "u", "c", "*/c", "u/c"),
            (["*/*", "*/", "/c", "/*"], "u", "c", "*/*", "u/c"),
            (["*/", "/c", "/*"], "u", "c", "*/", "u/"),
            (["/c", "/*"], "u", "c", "/c", "/c"),
            (["/*"], "u", "c", "/*", "/c"),
            (["v/c", "/d"], "u", "c", nil, nil),
            // Of a client without an id: what its user has, and nothing of everybody's client id.
            (["u/*", "u/"], "u", "", "u/", "u/"), (["u/*"], "u", "", nil, nil), (["/*"], "u", "", nil, nil),
        ] as [([String], String, String, String?, String?)])
    func theNarrowestCounts(_ set: [String], _ user: String, _ client: String, _ found: String?, _ shared: String?) {
        var bounds = QuotaBounds()
        for (index, text) in set.enumerated() {
            let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
            bounds.set(
                Double(index + 1),
                of: Self.entity(parts[0].isEmpty ? nil : parts[0], parts[1].isEmpty ? nil : parts[1]))
        }
        let result = bounds.bound(of: Self.client(user, client))
        #expect(result.map { set[Int($0.bound) - 1] } == found)
        #expect(result.map { "\($0.shared.user)/\($0.shared.clientId)" } == shared)
    }

    /// 12,000 bytes over 10 s are 1200: (1200 - 1000) / 1000 · 10 s. What is not sent is not counted.
    @Test func aFetchThatIsHeldBackIsNotCounted() {
        var ledger = QuotaLedger()
        ledger.set(["consumer_byte_rate": 1000], of: Self.entity(nil, "c"))
        let client = Self.client("u", "c")
        #expect(ledger.fetched(12_000, client, isHeldBack: false, Self.now) == 2000)
        #expect(ledger.fetched(9000, client, isHeldBack: true, Self.now) == 0)
        #expect(ledger.fetched(9000, client, isHeldBack: false, Self.now) == 0)
        #expect(ledger.fetched(3000, client, isHeldBack: false, Self.now) == 2000)
        #expect(ledger.fetched(1000, client, isHeldBack: false, Self.now) == 0)
        #expect(ledger.largestFetch(client) == 10_000)
        #expect(ledger.largestFetch(Self.client("u", "d")) == nil)
        #expect(ledger.produced(1 << 40, client, Self.now) == 0)
        // Each node counts for itself.
        #expect(ledger.fetched(9000, Self.client("u", "c", at: 2), isHeldBack: false, Self.now) == 0)
    }

    /// Kafka's `testRequestPercentageQuotaViolation`: (10.2 - 10) / 10 · 10.5 s = 210 ms; and no more than a second.
    @Test func workIsCountedInPercentOfASecond() {
        var ledger = QuotaLedger()
        ledger.set(["request_percentage": 1], of: Self.entity("u", "c"))
        let client = Self.client("u", "c")
        var now = Self.now
        for _ in 0..<10 {
            #expect(ledger.worked(.milliseconds(4), client, now) == 0)
            now = now + .seconds(1)
        }
        now = now + .milliseconds(500)
        #expect(ledger.worked(.microseconds(67_100), client, now) == 210)
        #expect(ledger.workThrottle(client, now) == 210)
        #expect(ledger.worked(.seconds(5), client, now) == 1000)
        #expect(ledger.workThrottle(client, now) == 1000)
        #expect(ledger.workThrottle(Self.client("v", "c"), now) == 0)
        #expect(ledger.worked(.seconds(5), Self.client("v", "c"), now) == 0)
    }

    /// Kafka's `testControllerMutationQuotaViolation`, and the permissive kind.
    @Test func mutationsAreStrictOrHeldBackAfterwards() {
        var ledger = QuotaLedger(mutationWindow: QuotaWindow(samples: 10))
        ledger.set(["controller_mutation_rate": 10], of: Self.entity("u", nil))
        let client = Self.client("u", "c")
        var now = Self.now
        for _ in 0..<10 {
            #expect(ledger.mutate(10, client, isStrict: true, now) == (true, 0))
            now = now + .seconds(1)
        }
        #expect(ledger.mutate(110, client, isStrict: true, now) == (true, 0))
        #expect(ledger.mutate(110, client, isStrict: true, now) == (false, 1000))
        #expect(ledger.mutate(10, client, isStrict: false, now) == (true, 2000))
        now = now + .seconds(2)
        #expect(ledger.mutate(110, client, isStrict: true, now) == (true, 0))
        // Of all nodes together, and what has passed since counts for a request that took long.
        var charge = MutationCharge(
            RequestContext(
                ticket: .init(connection: 1, number: 1), version: 5, clientId: "c", now: now, node: 7,
                principal: KafkaPrincipal("u")), strictFrom: 6)
        for count in [110, 90] { #expect(charge.allows(count, &ledger, now)) }
        // 100 - 200 are owed, at 10 in a second.
        #expect(charge.throttle(now) == 10_000)
        #expect(charge.throttle(now + .seconds(4)) == 6000)
        #expect(charge.throttle(now + .seconds(40)) == 0)
    }

    @Test func quotasComeAndGo() {
        var ledger = QuotaLedger()
        let client = Self.client("u", "c")
        #expect(!ledger.isInForce)
        ledger.set(["producer_byte_rate": 10, "request_percentage": 5], of: Self.entity("u", nil))
        #expect(ledger.isInForce && ledger.produced(1000, client, Self.now) == 90_000)
        ledger.set(["request_percentage": 5], of: Self.entity("u", nil))
        #expect(ledger.isInForce && ledger.produced(1000, client, Self.now) == 0)
        ledger.set([:], of: Self.entity("u", nil))
        #expect(!ledger.isInForce && ledger.bound(.requestTime, of: client) == nil)
    }

    @Test func addressesHaveTheirOwn() {
        var ledger = QuotaLedger()
        #expect(ledger.connectionRate(of: "127.0.0.1") == nil)
        ledger.set(["connection_creation_rate": 5], of: ["ip": nil])
        ledger.set(["connection_creation_rate": 7], of: ["ip": "0:0:0:0:0:0:0:1"])
        #expect(!ledger.isInForce)
        #expect(ledger.connectionRate(of: "127.0.0.1") == 5 && ledger.connectionRate(of: "::1") == 7)
        ledger.set(["connection_creation_rate": 9], of: ["ip": "localhost"])
        #expect(ledger.connectionRate(of: "127.0.0.1") == 9 && ledger.connectionRate(of: "::1") == 9)
        ledger.set([:], of: ["ip": "localhost"])
        ledger.set(["connection_creation_rate": 7], of: ["ip": "0:0:0:0:0:0:0:1"])
        ledger.set([:], of: ["ip": nil])
        #expect(ledger.connectionRate(of: "127.0.0.1") == nil && ledger.connectionRate(of: "::1") == 7)
    }

    /// What Kafka refuses for addresses (`ClientQuotaControlManager`); of names, those that would have to be looked up.
    @Test(
        arguments: [
            ("127.0.0.1", 5, true), ("::1", 5, true), ("localhost", 5, true), (nil, 5, true), ("a.example", 5, false),
            ("127.0.0.1", 5.5, false), ("127.0.0.1", 2_147_483_648, false), ("127.0.0.1", 2_147_483_647, true),
        ] as [(String?, Double, Bool)])
    func quotasOfAddressesAreChecked(_ name: String?, _ rate: Double, _ isTaken: Bool) {
        var quotas = ClientQuotas()
        let change = ClientQuotas.Change(key: "connection_creation_rate", value: rate)
        do throws(ClientQuotas.Refusal) {
            try quotas.alter([("ip", name)], [change], validateOnly: false)
            #expect(isTaken)
        } catch {
            #expect(!isTaken && error.code == .invalidRequest)
        }
    }

    /// After an hour, and those first that were silent for longest.
    @Test func whoIsSilentIsForgotten() {
        var sensors = QuotaSensors<Int, Int>(limit: 3)
        func add(_ key: Int, _ seconds: Int) -> Int {
            sensors.change(key, now: Instant(nanoseconds: 0) + .seconds(seconds), new: 0) { meter in
                meter += 1
                return meter
            }
        }
        #expect([add(1, 0), add(2, 1), add(1, 2), add(3, 3)] == [1, 1, 2, 1])
        #expect(add(4, 4) == 1 && sensors.count == 3)
        #expect(sensors.look(2) { $0 } == nil && sensors.look(1) { $0 } == 2)
        #expect(add(3, 3000) == 2)
        #expect(add(3, 3604) == 3 && sensors.count == 1)
        #expect(add(3, 7204) == 1)
    }

    /// Over a long time who sends as fast as he may comes to his quota, whatever the sizes are, as long as none of them is
    /// much of what the window gives; what was given at once in the beginning is not counted here. Who fetches stays somewhat
    /// below, since an answer that would be too much is not given in part. The clock is moved.
    @Test(
        arguments: [1, 2, 3, 4], [(50_000.0, 25_000), (1_000_000.0, 600_000), (3000.0, 3000)] as [(Double, Int)])
    func theRateComesToTheQuota(_ seed: UInt64, _ quota: (rate: Double, largest: Int)) {
        var random = RandomSource(seed: seed)
        for kind in [QuotaLedger.Kind.produced, .fetched] {
            var ledger = QuotaLedger()
            let clock = ManualClock()
            ledger.set([kind.rawValue: quota.rate], of: Self.entity("u", nil))
            let client = Self.client("u", "c")
            let (begin, end) = (clock.now + .seconds(60), clock.now + .seconds(1060))
            var admitted = 0
            while clock.now < end {
                let size = Int.random(in: 1...quota.largest, using: &random)
                var time =
                    kind == .produced
                    ? ledger.produced(size, client, clock.now)
                    : ledger.fetched(size, client, isHeldBack: false, clock.now)
                if kind == .produced || time == 0, clock.now >= begin { admitted += size }
                // What a request takes besides.
                time += Int.random(in: 0...3, using: &random)
                clock.move(to: clock.now + .milliseconds(time))
            }
            let rate = Double(admitted) / 1000
            let least = kind == .produced ? 0.96 : 0.92
            #expect(rate > least * quota.rate && rate < 1.04 * quota.rate, "\(kind): \(rate) of \(quota.rate)")
        }
    }
}
