import KafkaWire

/// The delegation tokens that were given out (KIP-48, KIP-373). The rules and codes are those of Kafka's controller
/// (`DelegationTokenControlManager`), and of its brokers for what is asked before (`KafkaApis`).
struct DelegationTokens {
    typealias Policy = BrokerConfiguration.DelegationTokenPolicy

    /// A token: who it is for, and until when. Times are in milliseconds since 1970.
    struct Token: Equatable, Sendable {
        /// What a client logs in with as its name; no secret.
        var id: String
        /// Whom the token stands for.
        var owner: KafkaPrincipal
        /// Who asked for it.
        var requester: KafkaPrincipal
        /// Who else may renew it, and end it.
        var renewers: [KafkaPrincipal]
        var issued: Int64
        /// From when on it cannot be renewed.
        var latest: Int64
        /// Until when it is good, unless it is renewed.
        var expiry: Int64

        /// Whether it is over at `now`: its last millisecond still counts.
        func isExpired(_ now: Int64) -> Bool { latest < now || expiry < now }

        /// Whether the principal may renew the token, or end it. Who asked for another's token may not.
        func mayBeChanged(by principal: KafkaPrincipal) -> Bool {
            let name = principal.exactName
            return owner.exactName == name || renewers.contains { $0.exactName == name }
        }

        /// Whether one of the principals of these names has to do with the token: owns it, has asked for it or may renew it.
        func concerns(_ names: Set<ExactName>) -> Bool {
            ([owner, requester] + renewers).contains { names.contains($0.exactName) }
        }

        /// About how many bytes it takes, with what the tables around it do.
        fileprivate var size: Int {
            ([owner, requester] + renewers).reduce(500) { $0 + 64 + $1.type.utf8.count + $1.name.utf8.count }
        }
    }

    /// Who asks.
    struct Caller {
        var principal: KafkaPrincipal
        /// Whether it has logged in with a token, which is not to bring forth others.
        var isTokenAuthenticated = false

        /// Whether it may ask for anything about tokens: one of whom nobody knows who it is may not.
        var isAllowed: Bool { !isTokenAuthenticated && principal != .anonymous }
    }

    /// What somebody has to be allowed beyond what concerns himself; ACLs decide.
    enum Permission: Equatable {
        /// To have a token made for another principal: CREATE_TOKENS on the resource USER of its name (`User:alice`).
        case createTokens(of: KafkaPrincipal)
        /// To see another principal's tokens: DESCRIBE_TOKENS on the resource USER.
        case describeTokens(of: KafkaPrincipal)
        /// To see a token: DESCRIBE on the resource DELEGATION_TOKEN of that id.
        case describeToken(id: String)
    }

    /// Why a request is refused. Kafka has no words for it beside the code.
    struct Refusal: Error, Equatable {
        var code: ErrorCode
    }

    /// How many tokens are kept at most, and how many bytes they take together; Kafka has no such limits.
    static let limit = 20_000
    static let sizeLimit = 16 << 20

    private struct Kept {
        var token: Token
        /// What the token is known by, and logged in with: a secret.
        var code: [UInt8]
        /// Made with the first login of each mechanism, which costs 4096 rounds.
        var credentials: [ScramUsers.Mechanism: ScramUsers.Credential] = [:]
    }

    /// Nil where there are no tokens.
    private let policy: Policy?
    private var tokens: [String: Kept] = [:]
    private var idsByCode: [[UInt8]: String] = [:]
    private var random: RandomSource
    /// How many bytes the tokens take.
    private(set) var size = 0

    /// `random` makes ids, which are no secrets.
    init(_ policy: Policy?, random: RandomSource) {
        self.policy = policy?.isEnabled == true ? policy : nil
        self.random = random
    }

    /// Whether there are tokens at all.
    var isEnabled: Bool { policy != nil }
    /// How many tokens there are.
    var count: Int { tokens.count }

    /// The token of that id, and its code.
    subscript(id: String) -> (token: Token, code: [UInt8])? { tokens[id].map { ($0.token, $0.code) } }

    // MARK: - Requests

    /// Makes a token of `owner`, or of the caller without one, which lives at most `lifetime` milliseconds, or as long as
    /// the policy allows where that is not positive.
    mutating func create(
        owner: KafkaPrincipal?, renewers: [KafkaPrincipal], lifetime: Int64, by caller: Caller, now: Int64,
        isAllowed: (Permission) -> Bool
    ) throws(Refusal) -> (token: Token, code: [UInt8]) {
        guard caller.isAllowed else { throw Refusal(code: .delegationTokenRequestNotAllowed) }
        let owner = owner ?? caller.principal
        // A kind without a name, or with a colon, could not be read back from `kind:name`, which is how KRaft keeps it.
        guard !owner.type.isEmpty, !owner.type.contains(":") else { throw Refusal(code: .invalidPrincipalType) }
        guard owner.exactName == caller.principal.exactName || isAllowed(.createTokens(of: owner)) else {
            throw Refusal(code: .delegationTokenAuthorizationFailed)
        }
        guard renewers.allSatisfy({ $0.type == "User" }) else { throw Refusal(code: .invalidPrincipalType) }
        guard let policy else { throw Refusal(code: .delegationTokenAuthDisabled) }
        let longest = Self.milliseconds(policy.maximumLifetime)
        let latest = now.clamped(adding: lifetime > 0 ? min(longest, lifetime) : longest)
        let expiry = min(latest, now.clamped(adding: Self.milliseconds(policy.expiryTime)))
        let token = Token(
            id: newId(), owner: owner, requester: caller.principal, renewers: renewers, issued: now, latest: latest,
            expiry: expiry)
        guard tokens.count < Self.limit, size + token.size <= Self.sizeLimit else {
            throw Refusal(code: .policyViolation)
        }
        guard let code = keep(token) else { throw Refusal(code: .delegationTokenAuthDisabled) }
        return (token, code)
    }

    /// Lets the token with that code live `period` milliseconds from now on, or as long as the policy says where that is
    /// not positive, but never beyond its latest time.
    mutating func renew(_ code: [UInt8], period: Int64, by caller: Caller, now: Int64) throws(Refusal) -> Token {
        guard caller.isAllowed else { throw Refusal(code: .delegationTokenRequestNotAllowed) }
        guard let policy else { throw Refusal(code: .delegationTokenAuthDisabled) }
        guard var token = token(ofCode: code) else { throw Refusal(code: .delegationTokenNotFound) }
        guard !token.isExpired(now) else { throw Refusal(code: .delegationTokenExpired) }
        guard token.mayBeChanged(by: caller.principal) else { throw Refusal(code: .delegationTokenOwnerMismatch) }
        let longest = Self.milliseconds(policy.expiryTime)
        token.expiry = min(token.latest, now.clamped(adding: period > 0 ? min(longest, period) : longest))
        tokens[token.id]?.token = token
        return token
    }

    /// What became of a token that was to end.
    enum End: Equatable {
        /// It is gone.
        case removed(id: String)
        /// It ends later.
        case changed(Token)
    }

    /// Ends the token with that code in `period` milliseconds, or at once where that is negative.
    mutating func expire(_ code: [UInt8], period: Int64, by caller: Caller, now: Int64) throws(Refusal) -> End {
        guard caller.isAllowed else { throw Refusal(code: .delegationTokenRequestNotAllowed) }
        guard isEnabled else { throw Refusal(code: .delegationTokenAuthDisabled) }
        guard var token = token(ofCode: code) else { throw Refusal(code: .delegationTokenNotFound) }
        guard token.mayBeChanged(by: caller.principal) else { throw Refusal(code: .delegationTokenOwnerMismatch) }
        guard period >= 0 else {
            remove(token.id)
            return .removed(id: token.id)
        }
        guard !token.isExpired(now) else { throw Refusal(code: .delegationTokenExpired) }
        token.expiry = min(token.latest, now.clamped(adding: period))
        tokens[token.id]?.token = token
        return .changed(token)
    }

    /// The ids of all tokens, in their order, for who asks to see some; ``isVisible(_:to:owners:isAllowed:)`` says which.
    func ids(by caller: Caller) throws(Refusal) -> [String] {
        guard caller.isAllowed else { throw Refusal(code: .delegationTokenRequestNotAllowed) }
        guard isEnabled else { throw Refusal(code: .delegationTokenAuthDisabled) }
        return tokens.keys.sorted()
    }

    /// Whether the caller is shown a token, asking for those that concern `owners`, or for all with nil: one's own, and
    /// those that one is allowed to see.
    static func isVisible(
        _ token: Token, to caller: Caller, owners: Set<ExactName>?, isAllowed: (Permission) -> Bool
    ) -> Bool {
        if let owners, !token.concerns(owners) { return false }
        return token.concerns([caller.principal.exactName]) || isAllowed(.describeToken(id: token.id))
            || isAllowed(.describeTokens(of: token.owner))
    }

    // MARK: - Time and logins

    /// Takes away the tokens that are over at `now`; gives their ids, in their order.
    mutating func removeExpired(_ now: Int64) -> [String] {
        let over = tokens.inOrder.filter { $0.value.token.isExpired(now) }.map(\.key)
        for id in over { remove(id) }
        return over
    }

    /// What a login by token is held against.
    struct Login: Equatable {
        /// Whom the client acts for.
        var owner: KafkaPrincipal
        /// Of the password that the token is: its code in base 64.
        var credential: ScramUsers.Credential
        /// Until when the token is good, in milliseconds since 1970: the session ends then (KIP-368).
        var expiry: Int64
    }

    /// A token's credential, which costs 4096 rounds; kept, so that they are done once.
    struct Derived: Sendable {
        fileprivate var id: String
        fileprivate var code: [UInt8]
        fileprivate var mechanism: ScramUsers.Mechanism
        fileprivate var credential: ScramUsers.Credential
    }

    /// What the login of a client is held against that gives a token's id as its name, with `tokenauth=true`, and what had to
    /// be made for it; nil where there is no such token. As Kafka makes it, with 4096 rounds and a salt of the broker's, which
    /// follows from the login's nonce. Kafka takes a token that is over until it is looked through next; here it is none.
    func login(
        _ id: String, _ mechanism: ScramUsers.Mechanism, nonce: [UInt8], now: Int64
    ) -> (login: Login, made: Derived?)? {
        guard let kept = tokens[id], !kept.token.isExpired(now) else { return nil }
        func login(_ credential: ScramUsers.Credential) -> Login {
            Login(owner: kept.token.owner, credential: credential, expiry: kept.token.expiry)
        }
        if let known = kept.credentials[mechanism] { return (login(known), nil) }
        do throws(SASLError) {
            let made = try CredentialHashes.credential(
                mechanism, password: Array(Base64.encode(kept.code).utf8),
                salt: try HashFunction.sha256.hash(Array(mechanism.name.utf8) + nonce),
                iterations: ScramUsers.iterations.lowerBound)
            return (login(made), Derived(id: id, code: kept.code, mechanism: mechanism, credential: made))
        } catch { return nil }
    }

    /// Keeps what was made for a login, where there is the token still.
    mutating func keep(_ derived: Derived) {
        guard tokens[derived.id]?.code == derived.code else { return }
        tokens[derived.id]?.credentials[derived.mechanism] = derived.credential
    }

    // MARK: - What is kept

    /// Takes over a token from before the broker was started; gives whether it could.
    mutating func restore(_ token: Token) -> Bool { keep(token) != nil }

    /// Keeps a token; gives its code, or nil where there can be none.
    private mutating func keep(_ token: Token) -> [UInt8]? {
        guard let policy, let code = try? CredentialHashes.tokenCode(of: token.id, policy.secretKey) else { return nil }
        remove(token.id)
        tokens[token.id] = Kept(token: token, code: code)
        idsByCode[code] = token.id
        size += token.size
        return code
    }

    private mutating func remove(_ id: String) {
        guard let kept = tokens.removeValue(forKey: id) else { return }
        idsByCode[kept.code] = nil
        size -= kept.token.size
    }

    private func token(ofCode code: [UInt8]) -> Token? { idsByCode[code].flatMap { tokens[$0]?.token } }

    /// An id that no token has: a broker that is started with the same seed again draws the same ones.
    private mutating func newId() -> String {
        var id = Uuid.random(using: &random).description
        while tokens[id] != nil { id = Uuid.random(using: &random).description }
        return id
    }

    /// At least one, as Kafka demands of these settings.
    private static func milliseconds(_ duration: Duration) -> Int64 { max(1, LongMilliseconds(duration).rawValue) }
}

extension KafkaPrincipal {
    /// The principal as the bytes that it is written with, by which principals are told apart.
    var exactName: ExactName { ExactName(description) }
}

extension Int64 {
    /// The sum with what is not negative, or the largest number.
    fileprivate func clamped(adding other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
