import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// What stands in sentences and names: values alone.
@Suite(.turn) struct TLSValueTests {
    private typealias Part = DistinguishedName.Part

    /// As Java's `new X500Principal(DER).getName()` prints them; `javaPrintsTheSame` holds a whole certificate against
    /// Java itself.
    @Test(arguments: [
        ([Part("2.5.4.6", "DE"), Part("2.5.4.3", "a")], "CN=a,C=DE"),
        ([Part("2.5.4.3", "a,b+c\"d\\e<f>g;h=i#j")], ##"CN=a\,b\+c\"d\\e\<f\>g\;h\=i\#j"##),
        ([Part("2.5.4.3", "  a b ")], #"CN=\ \ a b\ "#),
        ([Part("2.5.4.3", " ")], #"CN=\ "#),
        ([Part("2.5.4.3", "Süd")], "CN=Süd"),
        ([Part("2.5.4.10", "x"), Part("2.5.4.11", "y", isJoined: true), Part("2.5.4.3", "z")], "CN=z,O=x+OU=y"),
        (
            [Part("1.2.840.113549.1.9.1", "a@b", encoded: [0x16, 3, 0x61, 0x40, 0x62])],
            "1.2.840.113549.1.9.1=#1603614062"
        ),
        ([Part("2.5.4.3", nil, encoded: [0x03, 1, 0])], "2.5.4.3=#030100"),
        ([Part("0.9.2342.19200300.100.1.25", "org"), Part("0.9.2342.19200300.100.1.1", "me")], "UID=me,DC=org"),
        ([], ""),
    ])
    func namesAreWritten(_ parts: [DistinguishedName.Part], _ text: String) {
        #expect(DistinguishedName.text(parts) == text)
    }

    @Test(arguments: [
        (0, "1970-01-01 00:00:00 UTC"), (951_782_399, "2000-02-28 23:59:59 UTC"),
        (951_782_400, "2000-02-29 00:00:00 UTC"),
        (4_107_542_400, "2100-03-01 00:00:00 UTC"), (-1, "1969-12-31 23:59:59 UTC"),
        (Int64.max, "9999-12-31 23:59:59 UTC"), (Int64.min, "0000-01-01 00:00:00 UTC"),
    ])
    func timesAreWritten(_ seconds: Int64, _ text: String) { #expect(UTCTime(seconds: seconds).text == text) }

    @Test func timesAreTheCalendars() {
        let format = ISO8601DateFormatter()
        for step in 0..<2000 {
            let seconds = Int64(step) * 31_557_600 / 7 + Int64(step)
            let text = format.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(UTCTime(seconds: seconds).text == text.replacing("T", with: " ").replacing("Z", with: " UTC"))
        }
    }

    @Test(arguments: [
        ("the key's file /x (ssl.keystore.location) cannot be read", "ssl.keystore.location"),
        ("the authorities' file /x (ssl.truststore.location) cannot be read", "ssl.truststore.location"),
        ("the key is not opened by the password in ssl.key.password", "ssl.key.password"),
        ("ssl.keystore.certificate.chain has no certificate in it", "ssl.keystore.certificate.chain"),
        ("something else", "ssl.truststore.location"),
    ]) func theSettingIsTheOneThatTheSentenceNames(sentence: String, setting: String) {
        #expect(TLSError(.setting(sentence)).setting == setting)
    }

    /// Every sentence says who and what to do, and ends without a full stop, as all errors.
    @Test func errorsAreSentences() {
        let certificate = CertificateSummary(
            subject: "CN=x", issuer: "CN=y", hostNames: ["a", "b"], addresses: [], serialNumber: "01", validFrom: 0,
            validUntil: 1, isAuthority: false, key: "EC 256", fingerprint: "")
        let reasons: [TLSError.Reason] = [
            .expired(certificate), .notYetValid(certificate), .unknownAuthority(certificate), .selfSigned(certificate),
            .nameMismatch(wanted: "h", certificate), .revoked(certificate), .revocationUnknown("w", certificate),
            .untrusted("w", certificate), .untrusted("w", nil), .plainPeer, .noCommonVersion, .noCommonCipher,
            .certificateRequired, .certificateRefused(TLSAlert(48)), .ownExpired(certificate), .alert(TLSAlert(80)),
            .alert(TLSAlert(40)),
            .closed,
            .timedOut, .connection("w"), .broken("w"),
        ]
        for side in [TLSError.Side.client, .server] {
            var seen: Set<String> = []
            for reason in reasons {
                let text = "\(TLSError(reason, side: side, peer: "h:9093"))"
                #expect(
                    text.hasPrefix("the connection \(side == .client ? "to" : "from") h:9093 could not be secured: "))
                #expect(!text.hasSuffix(".") && !text.hasSuffix(": ") && text.utf8.count < 400)
                #expect(seen.insert(text).inserted, "\(text)")
            }
        }
        #expect("\(TLSError(.expired(certificate), peer: "h:1"))".contains("1970-01-01 00:00:01 UTC"))
        #expect("\(TLSError(.setting("a file is missing")))" == "a file is missing")
        #expect("\(TLSAlert(48))" == "unknown_ca" && "\(TLSAlert(200))" == "alert 200")
    }

    @Test func manyNamesAreCutShort() {
        var certificate = CertificateSummary(
            subject: "", issuer: "", hostNames: (1...30).map { "h\($0)" }, addresses: ["10.0.0.1"], serialNumber: "",
            validFrom: 0, validUntil: 0, isAuthority: false, key: "", fingerprint: "")
        #expect(certificate.nameList.hasSuffix("h10 and 21 more") && certificate.title == "h1")
        certificate.hostNames = []
        certificate.addresses = []
        #expect(certificate.nameList == "none" && certificate.title == "without a name")
    }

    #if Security
        /// Pieces cover all bytes once, in their order, and short ones share a record.
        @Test(arguments: [
            [10, 20, 30], [0, 0, 5], [20_000], [100, 40_000, 3], [16_384, 1], [1, 16_384], [], [0], [30, 0, 0],
        ])
        func piecesCoverAllBytes(_ sizes: [Int]) {
            var next: UInt8 = 0
            let arrays = sizes.map { size in
                (0..<size).map { _ -> UInt8 in
                    next &+= 7
                    return next
                }
            }
            let memory = arrays.map { array in
                let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, array.count), alignment: 1)
                buffer.copyBytes(from: array)
                return (buffer, array.count)
            }
            defer { for (buffer, _) in memory { buffer.deallocate() } }
            let parts = memory.map { UnsafeRawBufferPointer(rebasing: $0.0[..<$0.1]) }
            for step in [1 << 20, 16_384, 7] {
                var pieces = PlainPieces(parts)
                var seen: [UInt8] = []
                var count = 0
                while let piece = pieces.next() {
                    let taken = piece.withBytes(of: parts) { bytes in
                        #expect(!bytes.isEmpty)
                        seen += bytes.prefix(step)
                        return min(bytes.count, step)
                    }
                    pieces.advance(taken)
                    count += 1
                }
                #expect(seen == arrays.flatMap(\.self) && pieces.taken == seen.count)
                if step == 1 << 20, sizes.reduce(0, +) <= 16_384, sizes.contains(where: { $0 > 0 }) {
                    #expect(count == 1)
                }
            }
        }

        /// Names of the registry (RFC 5288, RFC 8422) beside OpenSSL's (its manual of ciphers(1)).
        @Test(
            arguments: [
                ("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", nil, "ECDHE-RSA-AES128-GCM-SHA256", nil),
                (
                    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, AES128-SHA", nil,
                    "ECDHE-ECDSA-AES256-GCM-SHA384:AES128-SHA", nil
                ),
                ("DEFAULT:!aNULL", nil, "DEFAULT:!aNULL", nil),
                (
                    "TLS_AES_256_GCM_SHA384,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", nil, "ECDHE-RSA-AES128-GCM-SHA256",
                    "TLS_AES_256_GCM_SHA384"
                ),
                (
                    "TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256", nil, nil,
                    "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"
                ),
                ("TLS_AES_256_GCM_SHA384:AES128-SHA", "TLS_AES_128_GCM_SHA256", "AES128-SHA", "TLS_AES_128_GCM_SHA256"),
                (nil, nil, nil, nil), ("", nil, "", nil),
            ] as [(String?, String?, String?, String?)])
        func javasCiphersAreKnown(_ list: String?, _ suites: String?, _ old: String?, _ new: String?) {
            let names = TLSCipherNames(ciphers: list, suites: suites)
            #expect(names.ciphers == old && names.suites == new)
        }
    #endif
}
