/// What the thing behind a port says when it is talked to. Facts in, findings out.
package enum ContactJudgement {
    /// What a bootstrap server's port said.
    package static func findings(_ visit: Visit, _ own: OwnSecurity) -> [DiagnosisFinding] {
        guard let contact = visit.contact else { return [] }
        let address = visit.host.address
        let name = "\(address)"
        let place = DiagnosisFinding.Place.host(name)
        switch contact {
        case .kafka(let broker): return kafka(broker, name, place, own)
        case .other(.tls):
            let seen = visit.tls?.chain.first.map {
                " Its certificate is for \($0.nameList), signed by \($0.isSelfIssued ? "itself" : $0.issuer)."
            }
            let wanted =
                own.securityProtocol.hasSASL ? "SASL_SSL" : "SSL (or SASL_SSL where the broker wants a user as well)"
            return [
                DiagnosisFinding(
                    .problem, .tlsPort, place,
                    "\(name) speaks TLS, and the client speaks plain: the broker takes a request for a broken handshake "
                        + "and closes the connection, which clients report as a disconnect or a time-out.\(seen ?? "")",
                    advice: "Set security.protocol=\(wanted) with the certificate authority to trust "
                        + "(ssl.truststore.location), or use the port of a plain listener.")
            ]
        case .other(let other):
            return [
                DiagnosisFinding(
                    .problem, .notKafka, place, "\(name) is no Kafka broker: \(words(other)).",
                    advice: advice(other, address))
            ]
        case .hangsUp:
            return [
                DiagnosisFinding(
                    .problem, .hangsUp, place,
                    "\(name) takes connections and closes them at once, whatever is said, TLS included: mostly a proxy or "
                        + "a published container port with nobody behind it, or a broker that has enough connections.",
                    advice:
                        "Look whether the broker behind the port runs, and listens on the address that the container "
                        + "or load balancer hands connections to; then at max.connections and max.connections.per.ip, "
                        + "and at the broker's log.")
            ]
        case .silent:
            let what =
                visit.tls?.details == nil
                ? "takes connections and then says nothing, to Kafka's first request as little as to TLS or HTTP"
                : "agrees on TLS and then says nothing to Kafka's first request"
            return [
                DiagnosisFinding(
                    .problem, .silentPort, place,
                    "\(name) \(what): a broker that hangs or is still starting, or a server that waits for something else.",
                    advice: "Look at the broker's log and load; if another program has the port (ss -ltnp), look at "
                        + "bootstrap.servers.")
            ]
        case .unknown(let bytes):
            let shown = bytes.prefix(8).map { byte in
                let digits = String(byte, radix: 16)
                return digits.count == 1 ? "0" + digits : digits
            }.joined(separator: " ")
            return [
                DiagnosisFinding(
                    .problem, .notKafka, place,
                    "What listens on \(name) is no Kafka broker: it answers with bytes of a protocol that is not known "
                        + "here (\(shown) …).",
                    advice: "Look which program has the port (ss -ltnp on its host), and at bootstrap.servers.")
            ]
        case .fails(let words):
            return [
                DiagnosisFinding(
                    .problem, .brokerFails, place,
                    "\(name) speaks Kafka's protocol, but not in a way that a client could go on with: \(words).",
                    advice: "Look at the broker's release, \(ReleaseHistory.oldest) or later is needed, and at its log."
                )
            ]
        }
    }

    private static func kafka(
        _ broker: BrokerContact, _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity
    ) -> [DiagnosisFinding] {
        if broker.guess == .controller {
            return [
                DiagnosisFinding(
                    .problem, .controllerPort, place,
                    "\(name) is the port of a KRaft controller: it keeps the cluster's metadata and serves no topics, so "
                        + "that producers and consumers get nowhere.",
                    advice:
                        "Use a broker's port: one of listeners that is not in controller.listener.names, mostly 9092 "
                        + "(KIP-500; controllers answer admin clients alone, through bootstrap.controllers, KIP-919).")
            ]
        }
        if let finding = LoginJudgement.finding(broker.access, name, place, own) {
            return [finding] + ClockCause.findings(after: broker.access, name, own)
        }
        switch broker.access {
        case .plain(let wantsSASL):
            return [
                DiagnosisFinding(
                    .problem, .plainPort, place,
                    "\(name) speaks plain, and security.protocol=\(own.securityProtocol.rawValue) makes the client begin "
                        + "with TLS: the broker takes that for a request of 369 MB (0x16030100 bytes), logs an "
                        + "InvalidReceiveException, and closes the connection.",
                    advice:
                        "Set security.protocol=\(wantsSASL ? "SASL_PLAINTEXT" : "PLAINTEXT") for this port, where nobody "
                        + "else can listen on the way, or use the port of the broker's TLS listener.")
            ]
        case .fails(let words):
            return [
                DiagnosisFinding(
                    .problem, .brokerFails, place,
                    "\(name) tells its versions, and fails at the first question about the cluster: \(words).",
                    advice: "Look at the broker's log at this time.")
            ]
        default:
            let id = broker.cluster?.clusterId
            let spoken = DiagnosisFinding(
                .ok, .speaksKafka, place, "\(name) speaks Kafka's protocol\(id.map { "; its cluster is \($0)" } ?? "")."
            )
            return [spoken] + (broker.login.map { [LoginJudgement.success($0, name, place, own)] } ?? [])
        }
    }

    private static func words(_ peer: PeerProtocol) -> String {
        switch peer {
        case .kafka: "it speaks another form of the protocol"
        case .tls: "it speaks TLS"
        case .http(let server): "an HTTP server answers\(server.map { " (\($0))" } ?? "")"
        case .ssh(let line): "an SSH server answers (\(line))"
        case .postgreSQL: "a PostgreSQL server answers"
        case .zooKeeper: "a ZooKeeper server answers"
        case .redis: "a Redis server answers"
        case .amqp: "a message broker of the AMQP kind answers (RabbitMQ, ActiveMQ)"
        case .mySQL: "a MySQL or MariaDB server answers"
        case .greeting(let line): "a mail or file server answers (\(line))"
        }
    }

    private static func advice(_ peer: PeerProtocol, _ address: BrokerAddress) -> String {
        switch peer {
        case .http:
            "Name a broker's port, mostly 9092. HTTP are Kafka Connect (8083), the Schema Registry (8081), REST proxies "
                + "and web pages such as a Kafka UI (8080)."
        case .zooKeeper:
            "Name a broker's port, mostly 9092: since Kafka 4.0 there is no ZooKeeper any more, and before that only brokers "
                + "spoke with it (--zookeeper is gone since 3.0)."
        case .postgreSQL, .mySQL:
            "Name a broker's port, mostly 9092; \(address.port) is the database's, which belongs into the settings of Debezium "
                + "or of your application."
        default: "Look at host and port in bootstrap.servers; a broker's port is mostly 9092."
        }
    }

    /// What a visit to an advertised address found instead of a usable broker, in half a sentence; nil where it found one.
    package static func objection(_ contact: Contact) -> String? {
        switch contact {
        case .kafka(let broker):
            switch broker.access {
            case .open: nil
            case .wantsSASL: "it wants SASL there, unlike at the address of the beginning"
            case .wantsNoSASL: "it has no SASL there, unlike at the address of the beginning"
            case .lacksMechanism(let name, let offered):
                "it has no SASL mechanism \(name) there, but \(offered.isEmpty ? "none" : DiagnosisText.list(offered))"
            case .refusesLogin(let words):
                "it does not take the client's credentials there\(words.isEmpty ? "" : " (\(words))")"
            case .loginFails(let words): "the client cannot say there who it is (\(words))"
            case .plain: "it speaks plain there, unlike at the address of the beginning"
            case .fails(let words): "it fails at the first question (\(words))"
            }
        case .other(let peer): words(peer)
        case .hangsUp: "connections are taken and closed at once"
        case .silent: "connections are taken, and nothing is answered"
        case .unknown: "what answers there is no Kafka broker"
        case .fails(let words): words
        }
    }
}
