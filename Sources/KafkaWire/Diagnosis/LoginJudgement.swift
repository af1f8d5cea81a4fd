/// How brokers took the client's saying who it is. Facts in, findings out.
enum LoginJudgement {
    /// What became of it; nil where SASL is not what stands in the way.
    static func finding(
        _ access: BrokerContact.Access, _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity
    ) -> DiagnosisFinding? {
        switch access {
        case .open, .plain, .fails: return nil
        case .wantsSASL(let offered): return required(offered, name, place, own)
        case .wantsNoSASL:
            let plain = own.securityProtocol.hasTLS ? "SSL" : "PLAINTEXT"
            return DiagnosisFinding(
                .problem, .noAuthentication, place,
                "\(name) lets everybody in without a user, and security.protocol=\(own.securityProtocol.rawValue) makes the "
                    + "client say who it is: the broker answers SaslHandshake with ILLEGAL_SASL_STATE.",
                advice: "Set security.protocol=\(plain), or use the port of the listener that wants SASL.")
        case .lacksMechanism(let mechanism, let offered):
            let list = offered.isEmpty ? "none that it tells" : DiagnosisText.list(offered)
            let choice = offered.first { $0.hasPrefix("SCRAM") } ?? offered.first
            return DiagnosisFinding(
                .problem, .mechanismNotOffered, place,
                "\(name) does not have the SASL mechanism \(mechanism) on that port; it has \(list).",
                advice: (choice.map { "Set sasl.mechanism=\($0), with credentials for it, or" }
                    ?? "Look at sasl.mechanism, or")
                    + " have \(mechanism) added to sasl.enabled.mechanisms of that listener.")
        case .refusesLogin(let words):
            let who = own.principal.map { " as \($0)" } ?? ""
            let said = words.isEmpty ? "" : "; it says: \(words)"
            return DiagnosisFinding(
                .problem, .credentialsRefused, place,
                "\(name) does not let the client in\(who) by \(own.mechanism ?? "SASL")\(said).",
                advice: advice(own))
        case .loginFails(let words):
            return DiagnosisFinding(
                .problem, .loginFailed, place, "The client could not say to \(name) who it is: \(words).",
                advice: advice(own))
        }
    }

    private static func required(
        _ mechanisms: [String], _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity
    ) -> DiagnosisFinding {
        let offered = mechanisms.isEmpty ? "" : " It offers \(DiagnosisText.list(mechanisms))."
        let choice = mechanisms.first { $0.hasPrefix("SCRAM") } ?? mechanisms.first ?? "SCRAM-SHA-512"
        let wanted = own.securityProtocol.hasTLS ? "SASL_SSL" : "SASL_PLAINTEXT"
        return DiagnosisFinding(
            .problem, .authenticationRequired, place,
            "\(name) wants clients to say who they are (SASL): it tells its versions and closes the connection at the first "
                + "other request.\(offered)",
            advice:
                "Set security.protocol=\(wanted), sasl.mechanism=\(choice) and sasl.jaas.config with user and password, "
                + "or use a listener without authentication.")
    }

    private static func advice(_ own: OwnSecurity) -> String {
        switch own.mechanism {
        case _ where own.isDelegationToken:
            "Look at the token: its id and HMAC in sasl.jaas.config, and whether it has ended (kw tokens --describe); kw tokens "
                + "--create makes another."
        case "PLAIN":
            "Look at user and password in sasl.jaas.config (sasl.username, sasl.password), and whether the broker has the "
                + "user: user_NAME in the listener's plain.sasl.jaas.config."
        case "SCRAM-SHA-256"?, "SCRAM-SHA-512"?:
            "Look at user and password in sasl.jaas.config (sasl.username, sasl.password), and whether the user has a "
                + "password for this very mechanism (kafka-configs.sh --describe --entity-type users)."
        case "OAUTHBEARER":
            "Look at the token: its end (exp), audience and issuer against the broker's settings, its key against the "
                + "broker's key set, and the clocks of both machines."
        case "AWS_MSK_IAM":
            "Look at the credentials' end and rights (kafka-cluster:Connect), the region, and this machine's clock."
        default: "Look at the credentials, and at the broker's log."
        }
    }

    /// That the client is in.
    static func success(
        _ login: LoginFacts, _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity
    ) -> DiagnosisFinding {
        let who = own.principal.map { " as \($0)" } ?? ""
        let session =
            login.lifetime.map {
                "; the session lasts \(DiagnosisText.time($0)) (connections.max.reauth.ms), and clients say anew who they "
                    + "are before that (KIP-368)"
            } ?? ""
        return DiagnosisFinding(
            .ok, .authenticated, place, "\(name) lets the client in\(who) by \(login.mechanism)\(session).")
    }
}
