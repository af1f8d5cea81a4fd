/// What the client's own settings of TLS and SASL say, and how it came in with them. Facts in, findings out.
package enum SecurityJudgement {
    /// In half a sentence, for the step's line.
    package static func summary(_ own: OwnSecurity, _ visits: [Visit]) -> String {
        if own.failure != nil { return "the client's own settings cannot be used" }
        let sasl = own.mechanism.map { "SASL by \($0)" }
        guard own.securityProtocol.hasTLS else {
            return sasl.map { "no TLS; \($0)" } ?? "neither TLS nor SASL (security.protocol=PLAINTEXT)"
        }
        let agreed = visits.filter { $0.tls?.failure == nil && $0.tls?.details != nil }
        guard let details = agreed.first?.tls?.details else { return "TLS could not be agreed on" }
        let count = agreed.count < visits.count ? " with \(agreed.count) of \(visits.count)" : ""
        let belief = own.verifiesCertificates ? "" : ", certificates not looked at"
        return "\(details.version)\(count)\(belief)\(sasl.map { "; \($0)" } ?? "")"
    }

    /// What the settings say by themselves.
    package static func findings(_ own: OwnSecurity) -> [DiagnosisFinding] {
        var found: [DiagnosisFinding] = []
        if let failure = own.failure {
            found.append(
                DiagnosisFinding(
                    .problem, .invalidConfiguration, .client,
                    "No client can be made with these settings: \(failure.message).",
                    advice: failure.setting.map { "Look at \($0)." }))
        }
        if own.securityProtocol.hasTLS { found += tls(own) }
        found += own.remarks.map { remark in
            DiagnosisFinding(
                .warning, .exposedSecret, .client, "\(remark.prefix(1).uppercased())\(remark.dropFirst()).")
        }
        return found
    }

    private static func tls(_ own: OwnSecurity) -> [DiagnosisFinding] {
        var found: [DiagnosisFinding] = []
        if !own.verifiesCertificates {
            found.append(
                DiagnosisFinding(
                    .warning, .verificationOff, .client,
                    "The brokers' certificates are not looked at (enable.ssl.certificate.verification=false): whoever is "
                        + "on the way can pass himself off as the broker, and read and change everything.",
                    advice: "Name the brokers' authority in ssl.truststore.location, and take that setting away."))
        } else if !own.verifiesHostName {
            found.append(
                DiagnosisFinding(
                    .warning, .verificationOff, .client,
                    "The names in the brokers' certificates are not looked at (ssl.endpoint.identification.algorithm): "
                        + "whoever has any certificate of a trusted authority can pass himself off as the broker.",
                    advice:
                        "Have certificates whose subjectAltName has the names that brokers advertise, and take that "
                        + "setting away."))
        }
        if let file = own.keyLog {
            found.append(
                DiagnosisFinding(
                    .warning, .exposedSecret, .client,
                    "The connections' keys are written to \(file) (ssl.key.log.location): who has that file can read all "
                        + "that was sent.",
                    advice: "Take the setting away, and remove the file, when you are done."))
        }
        if let certificate = own.certificate { found += judge(certificate, own) }
        return found
    }

    private static func judge(_ certificate: CertificateSummary, _ own: OwnSecurity) -> [DiagnosisFinding] {
        let title = "The client's own certificate (\(certificate.title))"
        let until = UTCTime(seconds: certificate.validUntil).text
        let (left, overflow) = certificate.validUntil.subtractingReportingOverflow(own.now)
        guard !overflow else { return [] }
        if left < 0 {
            return [
                DiagnosisFinding(
                    .problem, .certificateExpired, .client,
                    "\(title) has ended on \(until): brokers that ask for one refuse it.",
                    advice:
                        "Renew it (ssl.keystore.location); connections that follow use the new one, without a restart.")
            ]
        }
        if certificate.validFrom > own.now {
            return [
                DiagnosisFinding(
                    .problem, .certificateNotYetValid, .client,
                    "\(title) begins on \(UTCTime(seconds: certificate.validFrom).text), and this machine's clock says "
                        + "\(UTCTime(seconds: own.now).text): one clock is wrong.",
                    advice: "Look which clock is wrong (timedatectl), and let all machines keep time with NTP.")
            ]
        }
        guard left < CertificateJudgement.notice else { return [] }
        return [
            DiagnosisFinding(
                .warning, .certificateEndsSoon, .client,
                "\(title) ends in \(DiagnosisText.span(left)), on \(until): from then on brokers that ask for one refuse it.",
                advice:
                    "Renew it (ssl.keystore.location) before that; connections that follow use the new one, without a "
                    + "restart.")
        ]
    }

    /// What others can hear on the way to a host.
    package static func findings(_ visit: Visit, _ own: OwnSecurity) -> [DiagnosisFinding] {
        guard own.securityProtocol == .saslPlaintext, !visit.host.isLoopback,
            let mechanism = own.mechanism, ["PLAIN", "OAUTHBEARER"].contains(mechanism)
        else { return [] }
        let what = mechanism == "PLAIN" ? "the password" : "the token"
        return [
            DiagnosisFinding(
                .warning, .credentialsInTheClear, .host("\(visit.host.address)"),
                "\(mechanism) sends \(what) itself, and security.protocol=SASL_PLAINTEXT protects nothing on the way to "
                    + "\(visit.host.address): everybody on it can read it.",
                advice: mechanism == "PLAIN"
                    ? "Use a SASL_SSL listener, or SCRAM-SHA-512, which never sends the password."
                    : "Use a SASL_SSL listener.")
        ]
    }
}
