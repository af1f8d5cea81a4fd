extension SettingName {
    /// The settings of ``SecurityOptions``.
    static let ofSecurity: [SettingName] = [
        .init(
            "security.protocol", .client, "security.securityProtocol",
            .choice(["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]), "PLAINTEXT",
            "whether the brokers' port speaks TLS (SSL) and wants to know who the client is (SASL)"),
        .init(
            "ssl.truststore.location", .client, "security.tls.trust", .text, "", .none,
            "a file of the authorities whose certificates are believed: PEM or PKCS12; else the system's are"),
        .init(
            "ssl.truststore.type", .client, "security.tls.trust", .choice(["pem", "pkcs12"]), "", .none,
            "what ssl.truststore.location is; else its name says it"),
        .init("ssl.truststore.password", .client, "security.tls.trust", .text, "", .none, "the password of that file"),
        .init(
            "ssl.truststore.certificates", .client, "security.tls.trust", .text, "", .alias("ssl.ca.pem"),
            "the authorities' certificates themselves, as PEM"),
        .init(
            "ssl.ca.location", .client, "security.tls.trust", .text, "",
            "a PEM file of the authorities whose certificates are believed; probe is the system's"),
        .init(
            "ssl.crl.location", .client, "security.tls.revocationLists", .text, "",
            "a PEM file of revocation lists, which then has to have one for each authority"),
        .init(
            "ssl.keystore.location", .client, "security.tls.identity", .text, "",
            "a file of the client's certificate, its chain and key: PKCS12 or PEM"),
        .init(
            "ssl.keystore.type", .client, "security.tls.identity", .choice(["pem", "pkcs12"]), "", .none,
            "what ssl.keystore.location is; else its name says it"),
        .init("ssl.keystore.password", .client, "security.tls.identity", .text, "", "the password of that file"),
        .init(
            "ssl.keystore.certificate.chain", .client, "security.tls.identity", .text, "",
            .alias("ssl.certificate.pem"),
            "the client's certificate and its chain themselves, as PEM"),
        .init(
            "ssl.keystore.key", .client, "security.tls.identity", .text, "", .alias("ssl.key.pem"),
            "the client's key itself, as PEM"),
        .init(
            "ssl.certificate.location", .client, "security.tls.identity", .text, "",
            "a PEM file of the client's certificate and its chain"),
        .init(
            "ssl.key.location", .client, "security.tls.identity", .text, "",
            "a PEM file of the client's key; else it is in ssl.certificate.location"),
        .init("ssl.key.password", .client, "security.tls.identity", .text, "", "the password of an encrypted key"),
        .init(
            "ssl.endpoint.identification.algorithm", .client, "security.tls.verifiesHostName",
            .choice(["https", "none"]),
            "https", "whether the broker's certificate has to be for the host that was connected to"),
        .init(
            "enable.ssl.certificate.verification", .client, "security.tls.verifiesCertificates", .flag, "true",
            "false believes any certificate: whoever is on the way can then read everything"),
        .init(
            "ssl.enabled.protocols", .client, "security.tls.lowestVersion", .list, "TLSv1.2,TLSv1.3", .none,
            "the versions of TLS that are spoken"),
        .init(
            "ssl.protocol", .client, "security.tls.highestVersion", .choice(["tlsv1.2", "tlsv1.3"]), "TLSv1.3", .none,
            "the highest version of TLS, where ssl.enabled.protocols says nothing"),
        .init(
            "ssl.cipher.suites", .client, "security.tls.algorithms", .list, "",
            "the ciphers, by OpenSSL's names or Java's"),
        .init(
            "ssl.curves.list", .client, "security.tls.algorithms", .text, "", "the groups for keys, by OpenSSL's names"),
        .init("ssl.sigalgs.list", .client, "security.tls.algorithms", .text, "", "the signatures, by OpenSSL's names"),
        .init(
            "ssl.key.log.location", .client, "security.tls.keyLog", .text, "", .none,
            "a file that the connections' keys are written to, for Wireshark: who has it can read everything"),
        .init(
            "sasl.mechanism", .client, "security.sasl", .text, "", .alias("sasl.mechanisms"),
            "how the client says who it is: PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER or AWS_MSK_IAM"),
        .init(
            "sasl.jaas.config", .client, "security.sasl", .text, "", .none,
            "who the client is, as Java writes it: a login module with username and password, or with a token's claims"),
        .init("sasl.username", .client, "security.sasl", .text, "", "the user, for PLAIN and SCRAM"),
        .init("sasl.password", .client, "security.sasl", .text, "", "the password, for PLAIN and SCRAM"),
        .init(
            "sasl.oauthbearer.token.endpoint.url", .client, "security.sasl", .text, "",
            .differs("sasl.oauthbearer.token.endpoint.url", "an address that is asked over HTTP"),
            "the file of a token that is renewed there, as file:///run/token"),
        .init(
            "sasl.oauthbearer.config", .client, "security.sasl", .text, "",
            "an unsigned token for tests: principal=alice scope=a,b lifeSeconds=600"),
        .init(
            "sasl.login.refresh.window.factor", .client, "security.sasl", .text, "0.8", .none,
            "after which part of its life a token is fetched anew, 0.5 to 1"),
        .init(
            "sasl.login.refresh.window.jitter", .client, "security.sasl", .text, "0.05", .none,
            "by which part of its life that is shaken, 0 to 0.25"),
        .init(
            "sasl.login.refresh.min.period.seconds", .client, "security.sasl", .number(0...900), "60", .none,
            "how long it waits at least before a token is fetched anew"),
        .init(
            "sasl.login.refresh.buffer.seconds", .client, "security.sasl", .number(0...3600), "300", .none,
            "how long before a token's end it is fetched anew at the latest"),
    ]
}
