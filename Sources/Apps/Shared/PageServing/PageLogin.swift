import KafkaWire

/// A user's name and password, as `Authorization: Basic …` has them.
package struct PageLogin: Equatable {
    package var user: String
    package var password: Secret

    package init(user: String, password: Secret) {
        self.user = user
        self.password = password
    }

    /// Nil where the header's value is of another kind, or damaged.
    init?(_ value: String) {
        guard let space = value.firstIndex(of: " "), value[..<space].lowercased() == "basic",
            let bytes = Base64.decode(value[space...].utf8.filter { $0 != UInt8(ascii: " ") }, .standard)
        else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let name = parts.first, let user = String(validating: name, as: UTF8.self),
            let password = parts.last
        else { return nil }
        self.init(user: user, password: Secret(password))
    }
}
