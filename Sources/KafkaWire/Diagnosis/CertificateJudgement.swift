/// What TLS with a broker's port, and the certificates seen there, say. Facts in, findings out.
package enum CertificateJudgement {
    /// A certificate that ends within that time is told, in seconds: 30 days.
    static let notice: Int64 = 30 * 86_400

    package static func findings(_ visit: Visit, _ own: OwnSecurity) -> [DiagnosisFinding] {
        guard own.securityProtocol.hasTLS, let tls = visit.tls else { return [] }
        let place = DiagnosisFinding.Place.host("\(visit.host.address)")
        // What speaks something else is told by that.
        if tls.failure != nil, visit.contact != nil { return [] }
        let found = findings(tls, "\(visit.host.address)", place, own, setting: "bootstrap.servers")
        guard found.allSatisfy({ $0.severity < .problem }), let details = tls.details else { return found }
        let leaf = tls.chain.first
        let dates = leaf.map {
            "; its certificate is for \($0.nameList), and valid until \(UTCTime(seconds: $0.validUntil).text)"
        }
        return found + [
            DiagnosisFinding(
                .ok, .tlsAgreed, place,
                "\(visit.host.address) speaks \(details.version) (\(details.cipher))\(dates ?? "")\(issuer(leaf)).")
        ]
    }

    private static func issuer(_ leaf: CertificateSummary?) -> String {
        guard let leaf, !leaf.issuer.isEmpty else { return "" }
        return leaf.isSelfIssued ? ", signed by itself" : ", signed by \(leaf.issuer)"
    }

    /// What hinders clients, or will. `setting` is where the host's name is from.
    package static func findings(
        _ tls: TLSFacts, _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity, setting: String
    ) -> [DiagnosisFinding] {
        var found = tls.failure.map { [failure($0, tls, name, place, own, setting)] } ?? []
        for finding in faults(tls, name, place, own, setting) where !found.contains(where: { $0.code == finding.code })
        {
            found.append(finding)
        }
        found += ClockCause.findings(tls, name, own)
        if let details = tls.details, tls.failure == nil, details.version != TLSVersion.v13.rawValue {
            let reason =
                own.highestVersion < .v13
                ? "the client is set to take nothing newer (ssl.enabled.protocols, ssl.protocol)"
                : "the broker has nothing newer (ssl.enabled.protocols there; Java has TLS 1.3 since 11)"
            found.append(
                DiagnosisFinding(
                    .ok, .olderTLS, place,
                    "\(name) speaks \(details.version): that is safe with today's ciphers, and \(reason)."))
        }
        return found
    }

    // MARK: - What is seen of certificates

    /// What is wrong with the certificates themselves, whatever OpenSSL has told first.
    private static func faults(
        _ tls: TLSFacts, _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity, _ setting: String
    ) -> [DiagnosisFinding] {
        guard let leaf = tls.chain.first else { return [] }
        let severity: DiagnosisFinding.Severity =
            tls.failure == nil && !own.verifiesCertificates ? .warning : .problem
        var found: [DiagnosisFinding] = []
        if leaf.validUntil < own.now { found.append(expired(leaf, leaf, name, place, own, severity)) }
        if leaf.validFrom > own.now { found.append(notYetValid(leaf, name, place, own, severity)) }
        let looksAtNames = own.verifiesHostName && own.verifiesCertificates
        // Where it was verified, OpenSSL has looked.
        if tls.details?.isVerified != true || !looksAtNames, !leaf.covers(tls.host) {
            found.append(mismatch(leaf, tls.host, name, place, setting, looksAtNames ? .problem : .warning))
        }
        var told: Set<String> = []
        for certificate in tls.chain where told.insert(certificate.fingerprint).inserted {
            let (left, overflow) = certificate.validUntil.subtractingReportingOverflow(own.now)
            guard !overflow, (0..<notice).contains(left) else { continue }
            let whose =
                certificate == leaf ? "The certificate of \(name)" : "An authority's certificate behind \(name)'s"
            found.append(
                DiagnosisFinding(
                    .warning, .certificateEndsSoon, place,
                    "\(whose) (\(certificate.title)) ends in \(DiagnosisText.span(left)), on "
                        + "\(UTCTime(seconds: certificate.validUntil).text): from then on every client that looks at it "
                        + "is refused its connection.",
                    advice: certificate == leaf
                        ? "Renew it on the broker (ssl.keystore.location) before that."
                        : "Have that authority's certificate renewed, and given to brokers and clients "
                            + "(ssl.truststore.location), before that."))
        }
        return found
    }

    private static func clock(_ own: OwnSecurity) -> String {
        "by this machine's clock, which says \(UTCTime(seconds: own.now).text)"
    }

    private static let clockAdvice = "look which clock is wrong (timedatectl), and let all machines keep time with NTP"

    private static func expired(
        _ certificate: CertificateSummary, _ leaf: CertificateSummary?, _ name: String,
        _ place: DiagnosisFinding.Place, _ own: OwnSecurity, _ severity: DiagnosisFinding.Severity
    ) -> DiagnosisFinding {
        let (age, overflow) = own.now.subtractingReportingOverflow(certificate.validUntil)
        let isOther = leaf.map { $0 != certificate } ?? false
        let whose = isOther ? "An authority's certificate behind \(name)'s" : "The certificate of \(name)"
        return DiagnosisFinding(
            severity, .certificateExpired, place,
            "\(whose) (\(certificate.title)) has ended on \(UTCTime(seconds: certificate.validUntil).text), "
                + "\(DiagnosisText.span(overflow ? .max : age)) ago \(clock(own)).",
            advice: "Renew it on the broker (ssl.keystore.location). If it is valid elsewhere, \(clockAdvice).")
    }

    private static func notYetValid(
        _ certificate: CertificateSummary, _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity,
        _ severity: DiagnosisFinding.Severity
    ) -> DiagnosisFinding {
        let (wait, overflow) = certificate.validFrom.subtractingReportingOverflow(own.now)
        return DiagnosisFinding(
            severity, .certificateNotYetValid, place,
            "The certificate of \(name) (\(certificate.title)) begins on "
                + "\(UTCTime(seconds: certificate.validFrom).text), "
                + "\(DiagnosisText.span(overflow ? .max : wait)) from now \(clock(own)): this clock is behind, or that of "
                + "the machine where the certificate was made is ahead.",
            advice: "First \(clockAdvice); if this one is right, wait, or have the certificate made anew.")
    }

    private static func mismatch(
        _ leaf: CertificateSummary, _ host: String, _ name: String, _ place: DiagnosisFinding.Place,
        _ setting: String, _ severity: DiagnosisFinding.Severity
    ) -> DiagnosisFinding {
        let first = leaf.hostNames.first { !$0.contains("*") } ?? leaf.addresses.first
        let way = first.map { "Let \(setting) name the broker as its certificate does (\($0)), or issue" } ?? "Issue"
        return DiagnosisFinding(
            severity, .certificateNameMismatch, place,
            "The certificate of \(name) is not for \(host); it is for \(leaf.nameList). Whoever has another certificate of "
                + "the same authority could stand in between, so clients refuse the connection.",
            advice: "\(way) one whose subjectAltName has \(host). Switching the look at names off "
                + "(ssl.endpoint.identification.algorithm=) gives that protection up.")
    }

    // MARK: - Why there is no connection

    static func failure(
        _ error: TLSError, _ tls: TLSFacts, _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity,
        _ setting: String
    ) -> DiagnosisFinding {
        switch error.reason {
        case .expired(let certificate): return expired(certificate, tls.chain.first, name, place, own, .problem)
        case .notYetValid(let certificate): return notYetValid(certificate, name, place, own, .problem)
        case .nameMismatch(let wanted, let certificate):
            return mismatch(certificate, wanted, name, place, setting, .problem)
        case .selfSigned(let certificate): return untrusted(certificate, tls, name, place, own)
        case .unknownAuthority(let certificate): return untrusted(certificate, tls, name, place, own)
        case .revoked, .revocationUnknown:
            return DiagnosisFinding(
                .problem, .certificateRevoked, place, "With \(name), \(error).",
                advice: "Renew the broker's certificate, or the lists in ssl.crl.location where they are old.")
        case .certificateRequired:
            return DiagnosisFinding(
                .problem, .clientCertificateRequired, place,
                "\(name) wants clients to show a certificate (ssl.client.auth=required), and none is set here.",
                advice: "Set ssl.keystore.location to a certificate with its key that an authority of the broker's "
                    + "ssl.truststore.location has signed.")
        case .certificateRefused(let alert):
            return DiagnosisFinding(
                .problem, .clientCertificateRefused, place,
                "\(name) does not take the client's certificate\(own.certificate.map { " (\($0.title))" } ?? "") "
                    + "and says \(alert).",
                advice: refusedAdvice(own))
        case .ownExpired:
            return DiagnosisFinding(
                .problem, .clientCertificateRefused, place, "With \(name), \(error).", advice: refusedAdvice(own))
        case .unavailable, .setting:
            return DiagnosisFinding(.problem, .unsupportedSecurity, place, "\(error).")
        default:
            return DiagnosisFinding(
                .problem, .tlsFailed, place, "With \(name), \(error).",
                advice: "Look at ssl.enabled.protocols and ssl.cipher.suites on both sides, and at the broker's log.")
        }
    }

    private static func refusedAdvice(_ own: OwnSecurity) -> String {
        if let certificate = own.certificate, certificate.validUntil < own.now {
            return "It has ended on \(UTCTime(seconds: certificate.validUntil).text): renew it (ssl.keystore.location)."
        }
        let issuer = own.certificate.map { ", \($0.issuer)," } ?? ""
        return "Look whether its authority\(issuer) is in the broker's ssl.truststore.location, whether the chain is "
            + "complete in ssl.keystore.location, and at the broker's log."
    }

    private static func untrusted(
        _ end: CertificateSummary, _ tls: TLSFacts, _ name: String, _ place: DiagnosisFinding.Place, _ own: OwnSecurity
    ) -> DiagnosisFinding {
        let leaf = tls.chain.first ?? end
        let what: String
        let missing: String
        if leaf == end, leaf.isSelfIssued {
            what = "The certificate of \(name) (\(leaf.title)) has signed itself, and is not among \(own.trust)"
            missing = "this certificate"
        } else {
            let root = end.isSelfIssued ? end.title : end.issuer
            what = "The certificate of \(name) (\(leaf.title)) leads to \(root), which is not among \(own.trust)"
            missing = "the certificate of \(root)"
        }
        return DiagnosisFinding(
            .problem, .certificateNotTrusted, place,
            "\(what): anybody could have made it, so clients refuse the connection.",
            advice: "Get \(missing) from whoever runs the brokers, not from this connection, and name it in "
                + "ssl.truststore.location (librdkafka: ssl.ca.location). To compare: the SHA-256 of what was seen here is "
                + "\((leaf == end || end.isSelfIssued ? end : leaf).fingerprint).")
    }
}
