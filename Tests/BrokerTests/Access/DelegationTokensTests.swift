import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Delegation tokens as a value: who may do what with which, and until when.
@Suite(.turn) struct DelegationTokensTests {
    typealias Refusal = DelegationTokens.Refusal
    typealias Caller = DelegationTokens.Caller
    typealias Permission = DelegationTokens.Permission

    private static let day: Int64 = 86_400_000
    private static let ann = KafkaPrincipal("ann")
    private static let bob = KafkaPrincipal("bob")
    private static let cid = KafkaPrincipal("cid")
    private static let group = KafkaPrincipal(type: "Group", "ann")

    private static func tokens(
        _ configure: (inout DelegationTokens.Policy) -> Void = { _ in }, seed: UInt64 = 1
    ) -> DelegationTokens {
        var policy = DelegationTokens.Policy(secretKey: "a secret key")
        configure(&policy)
        return DelegationTokens(policy, random: RandomSource(seed: seed))
    }

    /// What comes of it in a word: the times, or the code.
    private static func told<R>(_ body: () throws(Refusal) -> R, _ text: (R) -> String) -> String {
        do throws(Refusal) { return text(try body()) } catch { return "\(error.code)" }
    }

    // MARK: - Creating

    struct Creation: CustomTestStringConvertible {
        var by: Caller
        var owner: KafkaPrincipal?
        var renewers: [KafkaPrincipal] = []
        var isAllowed = true
        var isEnabled = true
        var told: String

        var testDescription: String { "\(by) \(owner.map { "\($0)" } ?? "-") \(renewers)" }
    }

    @Test(
        arguments: [
            .init(by: .init(principal: ann), told: "User:ann by User:ann"),
            .init(by: .init(principal: ann), isAllowed: false, told: "User:ann by User:ann"),
            .init(by: .init(principal: ann), owner: ann, isAllowed: false, told: "User:ann by User:ann"),
            .init(by: .init(principal: ann), owner: bob, told: "User:bob by User:ann"),
            .init(by: .init(principal: ann), owner: group, told: "Group:ann by User:ann"),
            .init(by: .init(principal: ann), renewers: [bob, cid], told: "User:ann by User:ann"),
            .init(by: .init(principal: .anonymous), told: "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"),
            .init(
                by: .init(principal: ann, isTokenAuthenticated: true), told: "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"),
            .init(
                by: .init(principal: ann), owner: bob, isAllowed: false, told: "DELEGATION_TOKEN_AUTHORIZATION_FAILED"),
            .init(
                by: .init(principal: ann), owner: group, isAllowed: false, told: "DELEGATION_TOKEN_AUTHORIZATION_FAILED"
            ),
            .init(by: .init(principal: ann), renewers: [bob, group], told: "INVALID_PRINCIPAL_TYPE"),
            .init(by: .init(principal: ann), owner: .init(type: "", "bob"), told: "INVALID_PRINCIPAL_TYPE"),
            .init(by: .init(principal: ann), owner: .init(type: "a:b", "bob"), told: "INVALID_PRINCIPAL_TYPE"),
            .init(by: .init(principal: ann), isEnabled: false, told: "DELEGATION_TOKEN_AUTH_DISABLED"),
            // What brokers look at comes before what the controller looks at.
            .init(by: .init(principal: ann), renewers: [group], isEnabled: false, told: "INVALID_PRINCIPAL_TYPE"),
            .init(
                by: .init(principal: .anonymous), renewers: [group], isEnabled: false,
                told: "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"),
            .init(
                by: .init(principal: ann), owner: bob, renewers: [group], isAllowed: false,
                told: "DELEGATION_TOKEN_AUTHORIZATION_FAILED"),
        ] as [Creation])
    func whoMayHaveOneMade(row: Creation) {
        var tokens = row.isEnabled ? Self.tokens() : DelegationTokens(nil, random: RandomSource(seed: 1))
        var asked: [Permission] = []
        let told = Self.told {
            () throws(Refusal) in
            try tokens.create(owner: row.owner, renewers: row.renewers, lifetime: -1, by: row.by, now: 0) {
                asked.append($0)
                return row.isAllowed
            }
        } _: {
            #expect($0.token.renewers == row.renewers)
            return "\($0.token.owner) by \($0.token.requester)"
        }
        #expect(told == row.told)
        #expect(tokens.count == (told.contains(" by ") ? 1 : 0) && tokens.isEnabled == row.isEnabled)
        // Nobody is asked about one's own.
        for permission in asked { #expect(permission == row.owner.map { .createTokens(of: $0) }) }
        #expect(asked.isEmpty || row.owner?.exactName != row.by.principal.exactName)
    }

    /// An empty key is none.
    @Test func withoutAKeyThereAreNone() {
        #expect(!Self.tokens { $0.secretKey = "" }.isEnabled)
        #expect(Self.tokens().isEnabled)
    }

    @Test(
        arguments: [
            // Issued at 1000; asked for, the latest and the next end.
            (-1, 7 * day + 1000, day + 1000), (0, 7 * day + 1000, day + 1000), (.min, 7 * day + 1000, day + 1000),
            (5000, 6000, 6000), (2 * day, 2 * day + 1000, day + 1000), (.max, 7 * day + 1000, day + 1000),
            (1, 1001, 1001),
        ] as [(Int64, Int64, Int64)])
    func howLongItLives(lifetime: Int64, latest: Int64, expiry: Int64) throws {
        var tokens = Self.tokens()
        let (token, code) = try tokens.create(
            owner: nil, renewers: [], lifetime: lifetime, by: .init(principal: Self.ann), now: 1000
        ) { _ in false }
        #expect(token.issued == 1000 && token.latest == latest && token.expiry == expiry)
        #expect(token.id.utf8.count == 22 && code.count == 64)
        #expect(tokens[token.id]?.token == token && tokens[token.id]?.code == code)
    }

    @Test func timesDoNotGoOverTheEnd() throws {
        var tokens = Self.tokens {
            $0.maximumLifetime = .seconds(Int64.max)
            $0.expiryTime = .seconds(Int64.max)
        }
        let (token, code) = try tokens.create(
            owner: nil, renewers: [], lifetime: .max, by: .init(principal: Self.ann), now: .max - 5
        ) { _ in false }
        #expect(token.latest == .max && token.expiry == .max)
        #expect(try tokens.renew(code, period: .max, by: .init(principal: Self.ann), now: .max).expiry == .max)
        let end = try tokens.expire(code, period: .max, by: .init(principal: Self.ann), now: .max)
        #expect(end == .changed(token))
        #expect(tokens.removeExpired(.max).isEmpty)
    }

    // MARK: - Renewing and ending

    /// A token of ann's, made by bob at 0, which cid may renew: for a day, and seven at most.
    private static func made() throws -> (tokens: DelegationTokens, code: [UInt8], id: String) {
        var tokens = Self.tokens()
        let (token, code) = try tokens.create(
            owner: ann, renewers: [cid], lifetime: -1, by: .init(principal: bob), now: 0
        ) { _ in true }
        return (tokens, code, token.id)
    }

    struct Change: CustomTestStringConvertible {
        var by: Caller
        var now: Int64 = 1000
        var period: Int64
        /// Of another token.
        var isForeign = false
        var renewed: String
        var ended: String

        var testDescription: String { "\(by) \(now) \(period)" }
    }

    private static let mismatch = "DELEGATION_TOKEN_OWNER_MISMATCH"
    private static let notAllowed = "DELEGATION_TOKEN_REQUEST_NOT_ALLOWED"
    private static let notFound = "DELEGATION_TOKEN_NOT_FOUND"
    private static let expired = "DELEGATION_TOKEN_EXPIRED"

    @Test(
        arguments: [
            .init(by: .init(principal: ann), period: 5000, renewed: "6000", ended: "6000"),
            .init(by: .init(principal: cid), period: 5000, renewed: "6000", ended: "6000"),
            // To renew is for a day at most, to end later is not bound by that.
            .init(
                by: .init(principal: ann), period: 3 * day, renewed: "\(day + 1000)", ended: "\(3 * day + 1000)"),
            .init(by: .init(principal: ann), period: .max, renewed: "\(day + 1000)", ended: "\(7 * day)"),
            .init(by: .init(principal: ann), period: -1, renewed: "\(day + 1000)", ended: "gone"),
            .init(by: .init(principal: ann), period: .min, renewed: "\(day + 1000)", ended: "gone"),
            .init(by: .init(principal: ann), period: 0, renewed: "\(day + 1000)", ended: "1000"),
            // Who asked for another's token has no more to do with it.
            .init(by: .init(principal: bob), period: 5000, renewed: mismatch, ended: mismatch),
            .init(by: .init(principal: bob), period: -1, renewed: mismatch, ended: mismatch),
            .init(by: .init(principal: group), period: 5000, renewed: mismatch, ended: mismatch),
            .init(by: .init(principal: ann), period: 5000, isForeign: true, renewed: notFound, ended: notFound),
            .init(by: .init(principal: bob), period: 5000, isForeign: true, renewed: notFound, ended: notFound),
            .init(by: .init(principal: .anonymous), period: 5000, renewed: notAllowed, ended: notAllowed),
            .init(
                by: .init(principal: ann, isTokenAuthenticated: true), period: 5000, renewed: notAllowed,
                ended: notAllowed),
            // The last millisecond counts. What is over can be taken away, and nobody else learns that it is over but by renewing.
            .init(by: .init(principal: ann), now: day, period: 5000, renewed: "\(day + 5000)", ended: "\(day + 5000)"),
            .init(by: .init(principal: ann), now: day + 1, period: 5000, renewed: expired, ended: expired),
            .init(by: .init(principal: ann), now: day + 1, period: -1, renewed: expired, ended: "gone"),
            .init(by: .init(principal: bob), now: day + 1, period: 5000, renewed: expired, ended: mismatch),
        ] as [Change])
    func whoMayRenewAndEndIt(row: Change) throws {
        var (tokens, code, id) = try Self.made()
        if row.isForeign { code[0] ^= 1 }
        let before = try #require(tokens[id]).token
        let renewed = Self.told { () throws(Refusal) in
            try tokens.renew(code, period: row.period, by: row.by, now: row.now)
        } _: {
            "\($0.expiry)"
        }
        #expect(renewed == row.renewed)
        if let end = Int64(renewed) {
            #expect(tokens[id]?.token.expiry == end && tokens[id]?.token.latest == before.latest)
        } else {
            #expect(tokens[id]?.token == before)
        }

        (tokens, _, id) = try Self.made()
        let ended = Self.told { () throws(Refusal) in
            try tokens.expire(code, period: row.period, by: row.by, now: row.now)
        } _: {
            switch $0 {
            case .removed(let gone): gone == id ? "gone" : "another"
            case .changed(let token): "\(token.expiry)"
            }
        }
        #expect(ended == row.ended)
        #expect((tokens[id] == nil) == (ended == "gone") && (tokens.size == 0) == (ended == "gone"))
        if let end = Int64(ended) { #expect(tokens[id]?.token.expiry == end) }
    }

    @Test func withoutAKeyNothingIsRenewedOrSeen() {
        var tokens = DelegationTokens(nil, random: RandomSource(seed: 1))
        let caller = Caller(principal: Self.ann)
        let disabled = Refusal(code: .delegationTokenAuthDisabled)
        #expect(throws: disabled) { _ = try tokens.renew([1], period: 1, by: caller, now: 0) }
        #expect(throws: disabled) { _ = try tokens.expire([1], period: -1, by: caller, now: 0) }
        #expect(throws: disabled) { _ = try tokens.ids(by: caller) }
        #expect(throws: Refusal(code: .delegationTokenRequestNotAllowed)) {
            _ = try tokens.ids(by: .init(principal: .anonymous))
        }
    }

    @Test func aCodeIsOfNoUseAfterItsToken() throws {
        var (tokens, code, _) = try Self.made()
        _ = try tokens.expire(code, period: -1, by: .init(principal: Self.ann), now: 5)
        #expect(throws: Refusal(code: .delegationTokenNotFound)) {
            _ = try tokens.renew(code, period: 1, by: .init(principal: Self.ann), now: 5)
        }
        #expect(tokens.count == 0 && tokens.size == 0)
    }

    @Test func whatIsOverGoes() throws {
        var tokens = Self.tokens()
        var ids: [String] = []
        for lifetime in [10, 20, 30] as [Int64] {
            ids.append(
                try tokens.create(
                    owner: nil, renewers: [], lifetime: lifetime, by: .init(principal: Self.ann), now: 0,
                    isAllowed: { _ in false }
                ).token.id)
        }
        #expect(tokens.removeExpired(10).isEmpty)
        #expect(tokens.removeExpired(11) == [ids[0]])
        #expect(tokens.removeExpired(31) == [ids[1], ids[2]].sorted())
        #expect(tokens.count == 0 && tokens.size == 0)
    }

    // MARK: - Descriptions

    @Test(
        arguments: [
            // Who asks, whose tokens, what one is allowed; whether ann's token, by bob, for cid, is seen.
            (ann, nil, nil, true), (bob, nil, nil, true), (cid, nil, nil, true),
            (KafkaPrincipal("eve"), nil, nil, false),
            (group, nil, nil, false),
            (ann, [ann], nil, true), (ann, [bob], nil, true), (ann, [cid], nil, true), (ann, [group], nil, false),
            (ann, [], nil, false), (ann, [KafkaPrincipal("eve"), ann], nil, true),
            (KafkaPrincipal("eve"), nil, "token", true), (KafkaPrincipal("eve"), nil, "owner", true),
            (KafkaPrincipal("eve"), [ann], "token", true), (KafkaPrincipal("eve"), [group], "owner", false),
        ] as [(KafkaPrincipal, [KafkaPrincipal]?, String?, Bool)])
    func whoSeesIt(principal: KafkaPrincipal, owners: [KafkaPrincipal]?, allowed: String?, isSeen: Bool) throws {
        let (tokens, _, id) = try Self.made()
        #expect(try tokens.ids(by: .init(principal: principal)) == [id])
        let token = try #require(tokens[id]).token
        var asked: [Permission] = []
        let seen = DelegationTokens.isVisible(
            token, to: .init(principal: principal), owners: owners.map { Set($0.map(\.exactName)) }
        ) { permission in
            asked.append(permission)
            switch permission {
            case .describeToken(id): return allowed == "token"
            case .describeTokens(of: Self.ann): return allowed == "owner"
            default: return false
            }
        }
        #expect(seen == isSeen)
        #expect(asked.isEmpty || principal == KafkaPrincipal("eve") || principal == Self.group)
    }

    @Test func twoSpellingsAreTwoPrincipals() throws {
        var tokens = Self.tokens()
        let (kim, kelvin) = (KafkaPrincipal("Kim"), KafkaPrincipal("\u{212A}im"))
        for (owner, renewer) in [(kim, Self.ann), (Self.ann, kim)] {
            let (token, code) = try tokens.create(
                owner: nil, renewers: [renewer], lifetime: 9, by: .init(principal: owner), now: 0
            ) { _ in false }
            #expect(throws: Refusal(code: .delegationTokenOwnerMismatch)) {
                _ = try tokens.renew(code, period: 1, by: .init(principal: kelvin), now: 0)
            }
            #expect(throws: Refusal(code: .delegationTokenOwnerMismatch)) {
                _ = try tokens.expire(code, period: -1, by: .init(principal: kelvin), now: 0)
            }
            for principal in [kim, kelvin] {
                let sees = DelegationTokens.isVisible(
                    token, to: .init(principal: principal), owners: nil
                ) { _ in false }
                #expect(sees == (principal.exactName == kim.exactName))
                let isMeant = DelegationTokens.isVisible(
                    token, to: .init(principal: kim), owners: [principal.exactName]
                ) { _ in false }
                #expect(isMeant == (principal.exactName == kim.exactName))
            }
        }
    }

    // MARK: - Codes and logins

    /// `printf kwZhQVWcTXSFzNzzjE3eGg | openssl dgst -sha512 -hmac 'a secret key'`.
    @Test func theCodeIsThatOfOthers() throws {
        #expect(
            Hex.encode(try CredentialHashes.tokenCode(of: "kwZhQVWcTXSFzNzzjE3eGg", "a secret key"))
                == "674cb8a0b213368ceaf0b4e3bd3e6d0797c90ed05d2f41c51cdcea10f9deae49"
                + "a60c1136f9bcd9cd231d62dd87ce33fd5ac8a5cf500ac9ea8e5c4a9033aa461b")
    }

    /// A login's password is the code in base 64: Kafka's `DelegationTokenManager.prepareScramCredentials`.
    @Test(arguments: ScramUsers.Mechanism.allCases)
    func aTokenLogsInWithItsCode(mechanism: ScramUsers.Mechanism) throws {
        var (tokens, code, id) = try Self.made()
        func login(_ id: String, _ mechanism: ScramUsers.Mechanism, now: Int64) -> DelegationTokens.Login? {
            tokens.login(id, mechanism, nonce: [1, 2, 3], now: now)?.login
        }
        let (found, made) = try #require(tokens.login(id, mechanism, nonce: [4], now: 0))
        #expect(found.owner == Self.ann && found.expiry == Self.day)
        #expect(found.credential.iterations == 4096 && found.credential.salt.count == 32)
        let password = Array(Base64.encode(code).utf8)
        #expect(password.count == 88)
        let expected = try CredentialHashes.credential(
            mechanism, password: password, salt: found.credential.salt, iterations: 4096)
        #expect(found.credential == expected)
        // The next one is held against the same, which costs nothing, once it is kept.
        #expect(login(id, mechanism, now: Self.day)?.credential != expected)
        tokens.keep(try #require(made))
        #expect(login(id, mechanism, now: Self.day) == found)
        let next = try #require(tokens.login(id, mechanism, nonce: [5], now: 0))
        #expect(next.made == nil)
        let other: ScramUsers.Mechanism = mechanism == .sha256 ? .sha512 : .sha256
        #expect(login(id, other, now: 0)?.credential.salt != found.credential.salt)
        #expect(login(id, mechanism, now: Self.day + 1) == nil)
        #expect(login("another", mechanism, now: 0) == nil)
        _ = try tokens.renew(code, period: 7 * Self.day, by: .init(principal: Self.ann), now: Self.day)
        #expect(login(id, mechanism, now: Self.day + 1)?.expiry == 2 * Self.day)
        // Of a token that is gone nothing is kept.
        let late = try #require(tokens.login(id, other, nonce: [6], now: 0)?.made)
        _ = try tokens.expire(code, period: -1, by: .init(principal: Self.ann), now: 0)
        tokens.keep(late)
        #expect(tokens.login(id, other, nonce: [7], now: 0) == nil)
    }

    @Test func whatWasKeptIsTheSame() throws {
        let (tokens, code, id) = try Self.made()
        let token = try #require(tokens[id]).token
        var again = Self.tokens()
        #expect(again.restore(token) == true)
        #expect(again[id]?.token == token && again[id]?.code == code && again.size == tokens.size)
        // The same seed draws the same id, which is taken.
        let made = try again.create(
            owner: nil, renewers: [], lifetime: 1, by: .init(principal: Self.ann), now: 0
        ) { _ in false }
        #expect(made.token.id != id && again.count == 2)
        // With another key the code is another one.
        var other = Self.tokens { $0.secretKey = "another key" }
        #expect(other.restore(token) == true)
        #expect(throws: Refusal(code: .delegationTokenNotFound)) {
            _ = try other.renew(code, period: 1, by: .init(principal: Self.ann), now: 0)
        }
        var none = DelegationTokens(nil, random: RandomSource(seed: 1))
        #expect(none.restore(token) == false && none.count == 0)
    }

    @Test func thereIsRoomForSoManyAndNoMore() throws {
        var tokens = Self.tokens()
        let renewers = (0..<1000).map { KafkaPrincipal(String(repeating: "r", count: 1000) + "\($0)") }
        var refused = 0
        for _ in 0..<40 {
            let told = Self.told { () throws(Refusal) in
                try tokens.create(
                    owner: nil, renewers: renewers, lifetime: 1, by: .init(principal: Self.ann), now: 0,
                    isAllowed: { _ in false })
            } _: { _ in
                "made"
            }
            if told != "made" {
                #expect(told == "POLICY_VIOLATION")
                refused += 1
            }
        }
        #expect(refused > 0 && tokens.count > 10 && tokens.size <= DelegationTokens.sizeLimit)
        tokens = Self.tokens()
        for number in 0..<DelegationTokens.limit {
            _ = tokens.restore(
                .init(
                    id: "\(number)", owner: Self.ann, requester: Self.ann, renewers: [], issued: 0, latest: 10,
                    expiry: 10))
        }
        #expect(throws: Refusal(code: .policyViolation)) {
            _ = try tokens.create(
                owner: nil, renewers: [], lifetime: 1, by: .init(principal: Self.ann), now: 0,
                isAllowed: { _ in false })
        }
        #expect(tokens.removeExpired(11).count == DelegationTokens.limit && tokens.size == 0)
    }
}
