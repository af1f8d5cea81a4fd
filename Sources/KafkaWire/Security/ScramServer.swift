/// The broker's side of SCRAM, as Kafka's: somebody unknown is refused at the first message, with the sentence that a
/// wrong password has too. (Whoever measures may tell them apart, since the latter is refused at the second; so may he with
/// Kafka.)
package struct ScramServer: SASLServerExchange {
    /// A delegation token as its id finds it (KIP-48).
    package struct Token: Sendable {
        package var owner: String
        package var credential: ScramCredential
        package var expiresAtMilliseconds: Int64?

        package init(owner: String, credential: ScramCredential, expiresAtMilliseconds: Int64?) {
            self.owner = owner
            self.credential = credential
            self.expiresAtMilliseconds = expiresAtMilliseconds
        }
    }

    private enum State {
        case begun
        case sentFirst(first: ScramMessage.ClientFirst, message: [UInt8], nonce: [UInt8], ScramCredential, SASLIdentity)
        case ended
    }

    private let variant: ScramVariant
    private let nonce: String
    private let reauthenticating: Bool
    /// Who is known; let go of with the first message, since all users may hang on it.
    private var known: (credential: @Sendable (String) -> ScramCredential?, token: @Sendable (String) -> Token?)?
    private var state = State.begun
    package private(set) var detail: String?

    /// A server with these users and tokens.
    ///
    /// - Parameters:
    ///   - nonce: random bytes from the loop, 24 of them, which are its half of the exchange's nonce.
    ///   - credential: looks a name up by its bytes: texts that only look the same are others to Kafka.
    package init(
        _ variant: ScramVariant, nonce: [UInt8], reauthenticating: Bool = false,
        credential: @escaping @Sendable (_ user: String) -> ScramCredential?,
        token: @escaping @Sendable (_ id: String) -> Token? = { _ in nil }
    ) {
        self.init(
            variant, nonceText: Base64.encode(nonce), reauthenticating: reauthenticating, credential: credential,
            token: token)
    }

    init(
        _ variant: ScramVariant, nonceText: String, reauthenticating: Bool = false,
        credential: @escaping @Sendable (_ user: String) -> ScramCredential?,
        token: @escaping @Sendable (_ id: String) -> Token? = { _ in nil }
    ) {
        self.variant = variant
        nonce = nonceText
        self.reauthenticating = reauthenticating
        known = (credential, token)
    }

    package mutating func take(_ response: [UInt8]) -> SASLServerStep {
        let current = state
        state = .ended
        switch current {
        case .begun: return first(response)
        case .sentFirst(let first, let message, let nonce, let credential, let identity):
            return last(response, first, message, nonce, credential, identity)
        case .ended: return refuse("a message after the last one")
        }
    }

    private mutating func first(_ response: [UInt8]) -> SASLServerStep {
        guard let first = ScramMessage.ClientFirst(response) else {
            return refuse("the first message is not one of RFC 5802")
        }
        guard let (credential, token) = known.take() else { return refuse("nobody is known any more") }
        let shown = SASLError.shown(first.user.utf8)
        let found: ScramCredential
        let identity: SASLIdentity
        // As Java's Boolean reads it: in any case.
        if first.extensions["tokenauth"]?.lowercased() == "true" {
            guard let token = token(first.user) else { return refuse("no delegation token has the id \(shown)") }
            found = token.credential
            identity = SASLIdentity(
                name: token.owner, tokenID: first.user, expiresAtMilliseconds: token.expiresAtMilliseconds)
        } else {
            guard let known = credential(first.user) else { return refuse("no credential of user \(shown)") }
            found = known
            identity = SASLIdentity(name: first.user)
        }
        if let authorization = first.authorization, !authorization.utf8.elementsEqual(first.user.utf8) {
            detail = "user \(shown)"
            return .refused(bytes: nil, reason: SASLRefusal.foreignAuthorization)
        }
        guard found.iterations >= ScramVariant.minimumIterations else {
            return refuse("the credential of \(shown) has fewer than \(ScramVariant.minimumIterations) iterations")
        }
        let whole = first.nonce + Array(nonce.utf8)
        let message =
            Array("r=".utf8) + whole + Array(",s=\(Base64.encode(found.salt)),i=\(found.iterations)".utf8)
        state = .sentFirst(first: first, message: message, nonce: whole, found, identity)
        return .challenge(message)
    }

    private mutating func last(
        _ response: [UInt8], _ first: ScramMessage.ClientFirst, _ message: [UInt8], _ nonce: [UInt8],
        _ credential: ScramCredential, _ identity: SASLIdentity
    ) -> SASLServerStep {
        guard let final = ScramMessage.ClientFinal(response) else {
            return refuse("the last message is not one of RFC 5802")
        }
        guard final.nonce == nonce, final.header == first.header else {
            return refuse("the last message has another nonce or header than the exchange")
        }
        let comma = [UInt8(ascii: ",")]
        let signed = first.bare + comma + message + comma + final.withoutProof
        do throws(SASLError) {
            var stored = credential.storedKey.copied()
            var server = credential.serverKey.copied()
            defer {
                stored.withUnsafeMutableBytes { Secret.wipe($0) }
                server.withUnsafeMutableBytes { Secret.wipe($0) }
            }
            let signature = try variant.hash.authenticate(signed, key: stored)
            guard final.proof.count == signature.count else { return refuse("the proof has another length") }
            let shown = try variant.hash.hash(ScramKeys.xor(final.proof, signature))
            guard Secret.areEqual(shown, stored) else {
                return refuse("another password of \(SASLError.shown(first.user.utf8))")
            }
            let answer = try variant.hash.authenticate(signed, key: server)
            return .done(Array("v=\(Base64.encode(answer))".utf8), identity)
        } catch { return refuse(error.message) }
    }

    private mutating func refuse(_ detail: String) -> SASLServerStep {
        self.detail = detail
        return .refused(
            bytes: nil, reason: SASLRefusal.sentence(mechanism: variant.name, reauthenticating: reauthenticating))
    }
}
