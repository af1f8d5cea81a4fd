import KafkaBroker
import KafkaWire

/// All that is read before anybody has said who he is: the first byte chooses what of it, and the rest is that.
///
/// It is read or refused, in bounded memory; nobody is let in who does not know a password; and no sentence about it has a
/// secret in it, or what steers a terminal.
enum LoginCheck {
    /// What an input's first byte chooses, modulo their number.
    enum Kind: UInt8, CaseIterable {
        /// Steps of a client before a broker's listener: see ``LoginScript``.
        case broker
        /// What a server answers to a client's exchange: a byte for the mechanism, then messages, each behind its size.
        case challenges
        /// A JAAS line.
        case jaas
        /// A text of JSON.
        case json
        /// A set of keys.
        case keys
        /// A token for somebody who believes keys.
        case signed
        /// A token's claims for somebody who believes all.
        case claims
        /// Rules for the names in certificates, and behind a NUL such a name.
        case rules
        /// A text that is prepared for a hash.
        case prepared
    }

    static let user = "alice"
    static let password = "a password of nobody's"

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard input.count > 1, let kind = Kind(rawValue: input[0] % UInt8(Kind.allCases.count)) else { return }
        let rest = input[1..<input.count]
        let work: () -> Result<Void, Finding> = {
            do throws(Finding) {
                try read(kind, rest)
                return .success(())
            } catch { return .failure(error) }
        }
        // Those to whom steps are taken make exchanges of their own, with their hashes, at each.
        let perByte = kind == .broker || kind == .challenges ? 16 << 10 : 1 << 10
        try memory.bound("\(kind)", rest.count, perByte: perByte, base: 1 << 20, work).get()
    }

    private static func read(_ kind: Kind, _ input: Bytes) throws(Finding) {
        let bytes = input.copy()
        switch kind {
        case .broker: try LoginScript.run(input)
        case .challenges: try answer(input)
        case .jaas: try readLine(bytes)
        case .json: try readJSON(bytes)
        case .keys:
            do throws(JSONWebKeys.Failure) { _ = try JSONWebKeys(bytes) } catch { try isSentence("\(error)") }
        case .signed: try hold(bytes, by: signed, "a token that nobody has signed is believed")
        case .claims:
            let token = "eyJhbGciOiJub25lIn0.\(Base64.encode(bytes, .urlSafe))."
            try hold(Array(token.utf8), by: UnsecuredTokenValidator(), nil)
        case .rules: try name(bytes)
        case .prepared:
            let text = String(decoding: bytes, as: UTF8.self)
            let prepared: String
            do throws(SASLPrep.Failure) { prepared = try SASLPrep.prepare(text) } catch {
                return try isSentence("\(error)")
            }
            // The longest decomposition has 18 code points.
            let most = 18 * text.unicodeScalars.count
            try claim(prepared.unicodeScalars.count <= most, "it grows to \(prepared.unicodeScalars.count)")
        }
    }

    /// What a log or a terminal shows.
    static func isSentence(_ text: String) throws(Finding) {
        try TerminalCheck.isHarmless(text)
        try claim(text.utf8.count < 4096, "a sentence of \(text.utf8.count) bytes")
        try claim(!text.contains(password), "a password is told")
    }

    // MARK: - The client's side

    /// The exchanges of a client, before their first message.
    static let exchanges: [any SASLExchange] = {
        let call = SASLCall(
            host: "broker.example", port: 9092, wallMilliseconds: 1_700_000_000_000,
            nonce: (0..<24).map { UInt8($0) })
        // So that chance does not spend its time on hashes.
        var options = ScramMechanism.Options()
        options.maximumIterations = ScramVariant.minimumIterations
        let secret = Secret(password)
        let mechanisms: [any SASLMechanism] = [
            PlainMechanism(user: user, password: secret),
            ScramMechanism(.sha256, user: user, password: secret, options: options),
            ScramMechanism(.sha512, user: user, password: secret, options: options),
            OAuthBearerMechanism(UnsecuredTokenProvider(principal: user)),
        ]
        return mechanisms.compactMap { mechanism in
            try? Waiting.result("a mechanism") { try? await mechanism.begin(call) }
        }
    }()

    private static func answer(_ input: Bytes) throws(Finding) {
        var source = ByteSource(input)
        let number = Int(source.next())
        guard !exchanges.isEmpty else { return }
        var exchange = exchanges[number % exchanges.count]
        let isProven = (1...2).contains(number % exchanges.count)
        guard (try? exchange.start()) != nil else { throw Finding("an exchange does not begin") }
        for _ in 0..<4 where !source.isEmpty {
            let message = source.slice(Int(source.next())).copy()
            do {
                if let next = try exchange.respond(to: message) {
                    try claim(next.count <= message.count + 1024, "\(next.count) bytes answer \(message.count)")
                }
            } catch let error as Finding {
                throw error
            } catch { try isSentence("\(error)") }
            if let refusal = exchange.refusal { try isSentence("\(refusal)") }
        }
        try claim(!isProven || !exchange.isComplete, "a server that does not know the password is believed")
    }

    // MARK: - Texts

    private static func readLine(_ bytes: [UInt8]) throws(Finding) {
        let line: JAASLine
        do throws(JAASLine.Failure) { line = try JAASLine(Secret(bytes)) } catch { return try isSentence("\(error)") }
        for entry in line.entries {
            for mechanism in ["PLAIN", "SCRAM-SHA-256", "OAUTHBEARER"] {
                do throws(SASLError) { _ = try entry.mechanism(named: mechanism) } catch { try isSentence("\(error)") }
            }
            try claim(entry.users.count <= bytes.count, "more users than bytes")
        }
    }

    private static func readJSON(_ bytes: [UInt8]) throws(Finding) {
        let value: JSONValue
        do throws(JSONValue.Failure) { value = try JSONValue(bytes) } catch { return try isSentence("\(error)") }
        try count(value, bytes.count)
    }

    private static func count(_ value: JSONValue, _ limit: Int) throws(Finding) {
        var waiting = [value]
        var count = 0
        while let next = waiting.popLast() {
            count += 1
            switch next {
            case .array(let elements): waiting += elements
            case .object(let members): waiting += members.values
            default: break
            }
        }
        try claim(count <= limit, "\(count) values of \(limit) bytes")
    }

    private static let signed: JWTValidator? = {
        let key =
            #"{"keys":[{"kty":"EC","crv":"P-256","kid":"a","#
            + #""x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#
        return (try? JSONWebKeys(Array(key.utf8))).map { JWTValidator(keys: $0) }
    }()

    private static func hold(
        _ token: [UInt8], by validator: (any OAuthTokenValidator)?, _ otherwise: String?
    ) throws(Finding) {
        guard let validator else { return }
        for time in [Int64.min, 0, 1_700_000_000_000, .max] {
            let identity: SASLIdentity
            do throws(TokenRefusal) { identity = try validator.identity(of: token, nowMilliseconds: time) } catch {
                try isSentence(error.reason)
                continue
            }
            if let otherwise { throw Finding("\(otherwise): \(identity.name)") }
            try claim(!identity.name.isEmpty, "a token of nobody is believed")
        }
    }

    private static let rules = try? PrincipalRules(
        #"RULE:^CN=(.*?),OU=(.*?),.*$/$1@$2/L,RULE:CN=([^,]+).*/$1/U,RULE:^.*[Cc][Nn]=([a-zA-Z0-9.]*).*$/$1/,DEFAULT"#)

    private static func name(_ bytes: [UInt8]) throws(Finding) {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false)
        let text = String(decoding: parts[0], as: UTF8.self)
        do throws(PrincipalRules.Refusal) { _ = try PrincipalRules(text) } catch { try isSentence("\(error)") }
        guard parts.count > 1 else { return }
        let name = String(decoding: parts[1], as: UTF8.self)
        try claim(rules?.name(of: name) != nil, "no name of \(name)")
    }
}
