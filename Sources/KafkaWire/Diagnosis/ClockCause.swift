/// Whether a clock is why something was refused for its dates: a certificate, or a token. Facts in, findings out.
///
/// Before the client is let in, few things tell another clock: whoever answers at a port without SASL gives the controller's
/// (``ClockJudgement``), and what is dated later than now was dated by a clock that is ahead of this one.
enum ClockCause {
    static let advice =
        "Look which clock is wrong (timedatectl), and let all machines keep time with NTP (chrony, systemd-timesyncd)."
    /// Less than that is not told, in seconds.
    private static let tolerance = ClockJudgement.tolerance / 1000

    // MARK: - Certificates

    /// What the clocks say of a certificate that was refused for its dates.
    static func findings(_ tls: TLSFacts, _ name: String, _ own: OwnSecurity) -> [DiagnosisFinding] {
        let certificate: CertificateSummary
        switch tls.failure?.reason {
        case .expired(let found)?, .notYetValid(let found)?: certificate = found
        default:
            // What was refused for its name as well.
            guard let found = tls.chain.first, found.isOutOfDate(own.now) else { return [] }
            certificate = found
        }
        if let reading = tls.clock { return [judge(reading, certificate, name, own)] }
        // One certificate that begins later may have been made so; several were made when their clock said so.
        var beginnings: [String: CertificateSummary] = [:]
        for found in tls.chain + [certificate, own.certificate].compactMap(\.self) where found.validFrom > own.now {
            beginnings[found.fingerprint] = found
        }
        guard beginnings.count > 1, let latest = beginnings.values.map(\.validFrom).max() else { return [] }
        return [
            DiagnosisFinding(
                .problem, .clockSkew, .client,
                "\(says(own)); \(beginnings.count) certificates that were seen here begin later, the last of them on "
                    + "\(UTCTime(seconds: latest).text): this clock is behind, by \(span(latest, own.now)) at least.",
                advice: advice)
        ]
    }

    private static func judge(
        _ reading: ClockJudgement.Facts.Reading, _ certificate: CertificateSummary, _ name: String, _ own: OwnSecurity
    ) -> DiagnosisFinding {
        let theirs = reading.time / 1000
        let who = "that of controller \(reading.broker), which was asked at \(name) without a look at who answers"
        let difference = max(distance(reading.time, reading.latest), distance(reading.earliest, reading.time))
        guard difference > ClockJudgement.tolerance else {
            return DiagnosisFinding(
                .ok, .clocksAgree, .client,
                "\(says(own)), and \(who), says the same: the certificate's dates are what is wrong.")
        }
        let way = reading.time > reading.latest ? "behind" : "ahead of"
        let isValid = (certificate.validFrom...max(certificate.validFrom, certificate.validUntil)).contains(theirs)
        return DiagnosisFinding(
            isValid ? .problem : .warning, .clockSkew, .client,
            "\(says(own)); \(who), says \(UTCTime(seconds: theirs).text): this clock is "
                + "\(DiagnosisText.span(difference / 1000)) \(way) it. "
                + (isValid
                    ? "By the other one the certificate is valid, so that the clock is what stands in the way."
                    : "The certificate is not valid by the other one either."),
            advice: advice)
    }

    // MARK: - Tokens

    /// What this machine's clock says of the token that a broker did not take.
    static func findings(
        after access: BrokerContact.Access, _ name: String, _ own: OwnSecurity
    ) -> [DiagnosisFinding] {
        let words: String
        switch access {
        case .refusesLogin(let said): words = said
        case .loginFails(let said): words = said
        default: return []
        }
        guard own.mechanism == "OAUTHBEARER", let token = own.token else { return [] }
        if let begins = token.begins, begins > own.now, distance(begins, own.now) > tolerance {
            return [
                DiagnosisFinding(
                    .problem, .clockSkew, .client,
                    "\(says(own)); the token begins on \(UTCTime(seconds: begins).text): this clock is behind that of who has "
                        + "issued it, by \(span(begins, own.now)) at least.", advice: advice)
            ]
        }
        guard let ends = token.ends else { return [] }
        if ends <= own.now {
            return [
                DiagnosisFinding(
                    .problem, .clockSkew, .client,
                    "\(says(own)); the token has ended on \(UTCTime(seconds: ends).text), \(span(own.now, ends)) before: it is an "
                        + "old one, or this clock is ahead of that of who has issued it.",
                    advice: "Have a new token made; where that one is over at once too: \(lowercased(advice))")
            ]
        }
        let good =
            "\(says(own)), by which the token is good until \(UTCTime(seconds: ends).text), for another \(span(ends, own.now))"
        switch complaint(words) {
        case .ended:
            return [
                DiagnosisFinding(
                    .problem, .clockSkew, .client,
                    "\(good); \(name) takes it for one that has ended: its clock is ahead of this one by about as much, at least.",
                    advice: advice)
            ]
        case .notYet:
            return [
                DiagnosisFinding(
                    .problem, .clockSkew, .client,
                    "\(good); to \(name) it has not begun yet: its clock is behind that of who has issued the token.",
                    advice: advice)
            ]
        case nil:
            return [DiagnosisFinding(.ok, .tokenInTime, .client, "\(good).")]
        }
    }

    private enum Complaint {
        case ended
        case notYet
    }

    /// Of which of a token's dates a broker complains.
    private static func complaint(_ words: String) -> Complaint? {
        let words = words.lowercased()
        if ["it ended ", "expired", "expiration"].contains(where: words.contains) { return .ended }
        if ["it begins ", "not yet", "not before", "issued in the future"].contains(where: words.contains) {
            return .notYet
        }
        return nil
    }

    // MARK: - Words

    private static func says(_ own: OwnSecurity) -> String {
        "This machine's clock says \(UTCTime(seconds: own.now).text)"
    }

    private static func distance(_ later: Int64, _ earlier: Int64) -> Int64 {
        let (difference, overflow) = later.subtractingReportingOverflow(earlier)
        return overflow ? (later > earlier ? .max : .min) : difference
    }

    private static func span(_ later: Int64, _ earlier: Int64) -> String {
        DiagnosisText.span(distance(later, earlier))
    }

    private static func lowercased(_ sentence: String) -> String {
        sentence.prefix(1).lowercased() + sentence.dropFirst()
    }
}
