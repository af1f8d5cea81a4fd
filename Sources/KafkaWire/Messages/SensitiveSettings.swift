/// Which settings hold secrets, by their names: those that Kafka's definitions call passwords, on any listener, and of
/// names that are none of Kafka's (plugins, connectors) those that say so. Everything that shows settings asks here.
package enum SensitiveSettings {
    /// The settings of type PASSWORD in Kafka 4.3's brokers, clients and Connect workers; and one of ours.
    private static let passwords: [[UInt8]] = [
        "ssl.keystore.password", "ssl.key.password", "ssl.truststore.password", "ssl.keystore.key",
        "ssl.keystore.certificate.chain", "ssl.key.pem", "ssl.truststore.certificates", "sasl.jaas.config",
        "sasl.oauthbearer.client.credentials.client.secret", "sasl.oauthbearer.assertion.private.key.passphrase",
        "delegation.token.secret.key", "delegation.token.master.key", "password.encoder.secret",
        "password.encoder.old.secret", "zookeeper.ssl.keystore.password", "zookeeper.ssl.truststore.password",
        "proxy.url",
    ].map { Array($0.utf8) }
    private static let words: [[UInt8]] = [
        "password", "passwd", "passphrase", "secret", "credential", "jaas.config", "private.key", "api.key", "apikey",
        "access.key", "token", "basic.auth.user.info", "keystore.key",
    ].map { Array($0.utf8) }
    /// Where or how something is kept, and for how long, is no secret.
    private static let harmlessEnds: [[UInt8]] = [
        ".location", ".file", ".provider", ".url", ".source", ".alias", ".ms", ".algorithm", ".iterations", ".length",
        ".client.id", ".scope", ".type", ".class",
    ].map { Array($0.utf8) }

    /// Whether the value of the setting with that name is nobody's business. Of a setting without a name nobody knows.
    ///
    /// It is asked for every setting of every topic: letters are compared as bytes, since Swift's search in strings takes
    /// tens of microseconds for a name.
    package static func contains(_ name: String) -> Bool {
        if name.isEmpty { return true }
        let name = Array(name.lowercased().utf8)
        // `listener.name.internal.ssl.key.password`, `producer.override.sasl.jaas.config`
        if passwords.contains(where: { name == $0 || name.ends(in: [UInt8(ascii: ".")] + $0) }) { return true }
        if harmlessEnds.contains(where: name.ends(in:)) { return false }
        return words.contains { word in name.indices.contains { name[$0...].starts(with: word) } }
    }
}

extension FieldVisitor where Self: ~Copyable {
    /// Whether the value of the setting with that name is a secret, for visitors that ask.
    @inline(__always)
    func hides(setting name: String) -> Bool { Self.asksForSecrets && SensitiveSettings.contains(name) }
}

extension [UInt8] {
    fileprivate func ends(in end: [UInt8]) -> Bool { reversed().starts(with: end.reversed()) }
}
