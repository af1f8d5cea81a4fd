import AppSupport
import KafkaWire

/// The files with which clients of five kinds log in to `kw broker --secure`: what they need, and no more.
struct SecureClients {
    let folder: SecureFolder
    /// Where clients begin.
    let bootstrap: String

    /// Writes all of them anew: the port may be another one.
    func write() throws(PrivateFolder.Failure) {
        for file in SecureFolder.File.allCases {
            guard let text = text(file) else { continue }
            try folder.folder.write(file.rawValue, text.utf8)
        }
    }

    /// What stands in a file for clients; nil for the others.
    func text(_ file: SecureFolder.File) -> String? {
        switch file {
        case .java: java
        case .librdkafka: librdkafka
        case .python: python
        case .swift: swift
        case .tool: tool(SecureFolder.developer)
        case .administrator: tool(SecureFolder.administrator)
        case .trust, .javaTrust, .authority, .server, .client, .passwords: nil
        }
    }

    // MARK: - Texts

    private static let head = "Written by kw broker --secure at each start. It has a password in it."

    private func jaas(_ user: String) -> String {
        JAASLine.scram(user: user, password: folder.password(of: user)).text
    }

    private var java: String {
        properties([
            ("bootstrap.servers", bootstrap), ("security.protocol", "SASL_SSL"),
            ("ssl.truststore.type", "PKCS12"), ("ssl.truststore.location", folder.path(.javaTrust)),
            ("ssl.truststore.password", folder.trustPassword.text), ("sasl.mechanism", "SCRAM-SHA-512"),
            ("sasl.jaas.config", jaas(SecureFolder.developer)),
        ])
    }

    private func tool(_ user: String) -> String {
        properties([
            ("bootstrap.servers", bootstrap), ("security.protocol", "SASL_SSL"),
            ("ssl.truststore.type", "PEM"), ("ssl.truststore.location", folder.path(.trust)),
            ("sasl.mechanism", "SCRAM-SHA-512"), ("sasl.jaas.config", jaas(user)),
        ])
    }

    private func properties(_ settings: [(name: String, value: String)]) -> String {
        "# \(Self.head)\n" + settings.map { PropertiesFile.line($0.name, $0.value) + "\n" }.joined()
    }

    /// librdkafka's own files know no escapes. With PLAIN, which TLS protects: before version 2.6.1, as Debian has it,
    /// librdkafka repeats a nonce of SCRAM, which this broker refuses, as Kafka 4 does.
    private var librdkafka: String {
        """
        # \(Self.head)
        bootstrap.servers=\(bootstrap)
        security.protocol=sasl_ssl
        ssl.ca.location=\(folder.path(.trust))
        sasl.mechanisms=PLAIN
        sasl.username=\(SecureFolder.developer)
        sasl.password=\(folder.password(of: SecureFolder.developer).text)

        """
    }

    private var python: String {
        let trust = JAASLine.quoted(folder.path(.trust))
        let user = JAASLine.quoted(SecureFolder.developer)
        let password = JAASLine.quoted(folder.password(of: SecureFolder.developer).text)
        let servers = bootstrap.split(separator: ",").map { JAASLine.quoted(String($0)) }.joined(separator: ", ")
        return """
            # \(Self.head)
            # kafka-python: KafkaProducer(**KAFKA_PYTHON); confluent-kafka: Producer(CONFLUENT)

            KAFKA_PYTHON = {
                "bootstrap_servers": [\(servers)],
                "security_protocol": "SASL_SSL",
                "ssl_cafile": \(trust),
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_plain_username": \(user),
                "sasl_plain_password": \(password),
            }

            CONFLUENT = {
                "bootstrap.servers": \(JAASLine.quoted(bootstrap)),
                "security.protocol": "SASL_SSL",
                "ssl.ca.location": \(trust),
                "sasl.mechanisms": "PLAIN",
                "sasl.username": \(user),
                "sasl.password": \(password),
            }

            """
    }

    private var swift: String {
        let servers = bootstrap.split(separator: ",").map { JAASLine.quoted(String($0)) }.joined(separator: ", ")
        return """
            // \(Self.head)

            import KafkaWire

            extension ClientConfiguration {
                /// For `KafkaAdmin(.secured)`, or as the `client` of a producer's or a consumer's configuration.
                static var secured: ClientConfiguration {
                    var client = ClientConfiguration(bootstrapServers: [\(servers)])
                    client.security.securityProtocol = .saslSSL
                    client.security.tls.trust = .pemFile(\(JAASLine.quoted(folder.path(.trust))))
                    client.security.sasl = ScramMechanism(
                        .sha512, user: \(JAASLine.quoted(SecureFolder.developer)),
                        password: \(JAASLine.quoted(folder.password(of: SecureFolder.developer).text)))
                    return client
                }
            }

            """
    }
}

extension SecureClients {
    /// What is said of the files: paths, and no secrets.
    var lines: [String] {
        func path(_ file: SecureFolder.File) -> String { folder.path(file) }
        return [
            "Clients log in over SASL_SSL as \(SecureFolder.developer), with these files, which nobody else on this machine "
                + "can read:",
            "  Java        kafka-topics.sh --list --bootstrap-server \(bootstrap) --command-config \(path(.java))",
            "  librdkafka  kcat -L -F \(path(.librdkafka))",
            "  Python      PYTHONPATH=\(folder.folder.path), then: from kafka_clients import KAFKA_PYTHON, CONFLUENT",
            "  Swift       \(path(.swift))",
            "  kw          kw topics --list --command-config \(path(.tool))",
            "  as \(SecureFolder.administrator), who may do everything: --command-config \(path(.administrator))",
        ]
    }

    /// The same for programs.
    var paths: [(name: String, path: String)] {
        [
            ("directory", folder.folder.path), ("ca", folder.path(.trust)), ("truststore", folder.path(.javaTrust)),
            ("clientCertificate", folder.path(.client)), ("java", folder.path(.java)),
            ("librdkafka", folder.path(.librdkafka)), ("python", folder.path(.python)),
            ("swift", folder.path(.swift)), ("kw", folder.path(.tool)), ("admin", folder.path(.administrator)),
        ]
    }
}
