/// The broker's side of PLAIN, with Kafka's sentences.
package struct PlainServer: SASLServerExchange {
    private let isRight: @Sendable (_ user: String, _ password: Secret) -> Bool
    package private(set) var detail: String?

    /// A server that asks whether a user has that password.
    package init(check: @escaping @Sendable (_ user: String, _ password: Secret) -> Bool) { isRight = check }

    /// A server with these users.
    package init(users: [String: Secret]) {
        self.init { user, password in
            // Somebody unknown takes as long as somebody with another password.
            let place = users.index(forKey: user)
            let isRight = (place.map { users[$0].value } ?? "nobody") == password
            // Texts are equal to Swift when they look the same; to Kafka when their bytes are.
            return place.map { users[$0].key.utf8.elementsEqual(user.utf8) } == true && isRight
        }
    }

    package mutating func take(_ response: [UInt8]) -> SASLServerStep {
        let parts = response.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count == 3 else {
            return refuse("Invalid SASL/PLAIN response: expected 3 tokens, got \(parts.count)")
        }
        guard let authorization = String(validating: parts[0], as: UTF8.self),
            let user = String(validating: parts[1], as: UTF8.self)
        else { return refuse("Authentication failed: Invalid username or password", "the name is no UTF-8") }
        guard !user.isEmpty else { return refuse("Authentication failed: username not specified") }
        guard !parts[2].isEmpty else { return refuse("Authentication failed: password not specified") }
        guard isRight(user, Secret(parts[2])) else {
            return refuse("Authentication failed: Invalid username or password", "user \(SASLError.shown(parts[1]))")
        }
        guard authorization.isEmpty || authorization.utf8.elementsEqual(user.utf8) else {
            return refuse(SASLRefusal.foreignAuthorization, "user \(SASLError.shown(parts[1]))")
        }
        return .done([], SASLIdentity(name: user))
    }

    private mutating func refuse(_ reason: String, _ detail: String? = nil) -> SASLServerStep {
        self.detail = detail
        return .refused(bytes: nil, reason: reason)
    }
}
