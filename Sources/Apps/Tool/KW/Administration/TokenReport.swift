import AppSupport
import ClientSetup
import JSONLines
import KafkaWire
import ToolKit

/// Tokens as `kw tokens` shows them.
struct TokenReport {
    /// Whether the HMACs are shown.
    var showsSecrets: Bool

    private static let titles: [(title: String, width: Int)] = [
        ("TOKENID", 15), ("HMAC", 30), ("OWNER", 15), ("REQUESTER", 15), ("RENEWERS", 25), ("ISSUEDATE", 15),
        ("EXPIRYDATE", 15), ("MAXDATE", 15),
    ]

    /// In the columns of Kafka's tool, with an empty line in front of each row where nobody looks on.
    func print(_ tokens: [KafkaAdmin.DelegationToken], _ tool: Tool) {
        let table = table(tokens)
        guard tool.width == nil else { return table.print(tool) }
        for line in table.lines {
            tool.console.line("")
            tool.console.line(line)
        }
    }

    func table(_ tokens: [KafkaAdmin.DelegationToken]) -> KafkaTable {
        var table = KafkaTable(Self.titles.map { .text($0.title, $0.width) })
        table.rows = tokens.map { token in
            [
                token.id, showsSecrets ? token.passwordText : "\(token.hmac)", token.owner, token.requester ?? ":",
                token.renewers.joined(separator: ","), Self.date(token.issued), Self.date(token.expires),
                Self.date(token.latest),
            ]
        }
        return table
    }

    func json(_ token: KafkaAdmin.DelegationToken) -> String {
        JSONText.object([
            ("tokenId", JSONText.string(token.id)),
            ("hmac", JSONText.string(showsSecrets ? token.passwordText : nil)),
            ("owner", JSONText.string(token.owner)), ("requester", JSONText.string(token.requester)),
            ("renewers", JSONText.array(token.renewers.map { JSONText.string($0) })),
            ("issueTimestampMs", "\(token.issued)"), ("expiryTimestampMs", "\(token.expires)"),
            ("maxTimestampMs", "\(token.latest)"),
        ])
    }

    static func json(expires: Int64) -> String { JSONText.object([("expiryTimestampMs", "\(expires)")]) }

    /// A moment in milliseconds since 1970 as Kafka's tool writes it, in local time: `2026-01-07T22:15`.
    static func date(_ milliseconds: Int64) -> String {
        let (micros, overflow) = milliseconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return "\(milliseconds) ms since 1970" }
        let text = Timestamp(microseconds: micros).description
        // A year that no calendar has is told in seconds.
        guard text.count == 26 else { return text }
        return text.prefix(10) + "T" + text.dropFirst(11).prefix(5)
    }
}

/// The settings with which clients log in with a token.
struct TokenProperties {
    /// A properties file.
    let text: String

    /// - Parameter settings: Those of who has asked for the token: how the brokers are reached and known is taken from
    ///   them, who the owner is, with certificate and passwords, is not.
    init(_ token: KafkaAdmin.DelegationToken, _ settings: NamedSettings, bootstrap: [String]) {
        let mechanism = settings.value("sasl.mechanism") ?? settings.value("sasl.mechanisms") ?? ""
        let isSecured = settings.value("security.protocol")?.uppercased().hasSuffix("SSL") ?? false
        var lines = [
            "# A delegation token of \(Self.comment(token.owner)), written by kw tokens: whoever has it can act for its owner.",
            "# It is good until \(TokenReport.date(token.expires)), and can be renewed until \(TokenReport.date(token.latest)).",
            PropertiesFile.line("bootstrap.servers", bootstrap.joined(separator: ",")),
            PropertiesFile.line("security.protocol", isSecured ? "SASL_SSL" : "SASL_PLAINTEXT"),
        ]
        for entry in settings.keeping({ Self.isOfTheBrokers($0.name) }).entries {
            lines.append(PropertiesFile.line(entry.name, entry.value))
        }
        lines.append(PropertiesFile.line("sasl.mechanism", mechanism.hasPrefix("SCRAM-") ? mechanism : "SCRAM-SHA-256"))
        let line = JAASLine.scram(user: token.id, password: token.password, isToken: true)
        lines.append(PropertiesFile.line("sasl.jaas.config", line.text))
        text = lines.joined(separator: "\n") + "\n"
    }

    /// Whether a setting says how brokers are known, and not who the client is.
    private static func isOfTheBrokers(_ name: String) -> Bool {
        let names = [
            "ssl.truststore.", "ssl.ca.", "ssl.endpoint.identification.algorithm", "ssl.crl.", "ssl.enabled.protocols",
            "ssl.cipher.suites", "ssl.curves.list", "ssl.sigalgs.list", "enable.ssl.certificate.verification",
        ]
        return names.contains { name.hasPrefix($0) }
    }

    private static func comment(_ text: String) -> String { SafeText.line(text) }

    /// The HMAC in a text: in base 64, or as the password of a token in client settings.
    ///
    /// - Throws: A sentence without the text.
    static func hmac(_ text: Secret, from place: String) throws(ToolFailure) -> Secret {
        let plain = NamedSettings.trimmed(text.text)
        if !plain.isEmpty, let bytes = Base64.decode(plain.utf8) { return Secret(bytes) }
        if place != "--hmac", let file = try? PropertiesFile(text.copied(), path: place),
            let line = file.values["sasl.jaas.config"]
        {
            let entries = (try? JAASLine(Secret(line)))?.entries ?? []
            let password = entries.first { $0.options["tokenauth"]?.text.lowercased() == "true" }?.options["password"]
            if let bytes = password.flatMap({ Base64.decode($0.copied()) }), !bytes.isEmpty { return Secret(bytes) }
        }
        throw ToolFailure(
            place == "--hmac"
                ? "--hmac is no base 64; it is what --create has shown as HMAC"
                : "\(place) has no token's HMAC: it takes one in base 64 and nothing else, or the settings that kw tokens "
                    + "--create --write has written")
    }
}
