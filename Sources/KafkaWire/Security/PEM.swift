/// Why bytes hold no certificates, or no key: the end of a sentence that begins with where they are from.
struct PEMTrouble: Error, Equatable {
    let words: String
    init(_ words: String) { self.words = words }
}

/// What a file of certificates is, by its first bytes.
enum KeyFileKind: Equatable {
    case javaKeyStore
    case der
    case text

    init(_ bytes: [UInt8]) {
        if bytes.starts(with: [0xFE, 0xED, 0xFE, 0xED]) || bytes.starts(with: [0xCE, 0xCE, 0xCE, 0xCE]) {
            self = .javaKeyStore
        } else {
            self = bytes.first == 0x30 ? .der : .text
        }
    }

    /// How a Java key store becomes one that is read here.
    static func conversion(of path: String) -> String {
        let target = path.hasSuffix(".jks") ? path.dropLast(4) + ".p12" : path + ".p12"
        return
            "is a Java key store (JKS), which only Java reads; convert it: keytool -importkeystore "
            + "-srckeystore \(path) -destkeystore \(target) -deststoretype PKCS12"
    }
}

#if Security
    import COpenSSL

    /// Certificates, keys and revocation lists in PEM (RFC 7468).
    enum PEM {
        /// More certificates, or lists, than any file has.
        private static let most = 10_000

        /// All certificates, at least one.
        static func certificates(_ bytes: [UInt8]) throws(PEMTrouble) -> X509List {
            var list = X509List()
            try read(bytes, "certificate", 0) { source in
                guard let next = PEM_read_bio_X509(source, nil, refusePassword, nil) else { return false }
                list.append(next)
                return true
            }
            return list
        }

        /// Puts all revocation lists into a store; at least one.
        static func addRevocationLists(_ bytes: [UInt8], to store: OpaquePointer) throws(PEMTrouble) {
            try read(bytes, "revocation list", 0) { source in
                guard let next = PEM_read_bio_X509_CRL(source, nil, refusePassword, nil) else { return false }
                defer { X509_CRL_free(next) }
                return X509_STORE_add_crl(store, next) == 1
            }
        }

        /// The text with the ends of lines that OpenSSL wants, where those around and within a block were lost, as in a settings file
        /// whose value is one line; nil where it has them. Java reads both.
        static func withLines(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
            let (begin, end, dashes) = (Array("-----BEGIN ".utf8), Array("-----END ".utf8), Array("-----".utf8))
            let newline = UInt8(ascii: "\n")
            var out: [UInt8] = []
            var rest = bytes[...]
            var hasChanged = false
            while cut(&rest, before: begin) != nil, let label = cut(&rest, before: dashes) {
                out += begin + label + dashes + [newline]
                // What has no end is seen as damaged.
                guard let body = cut(&rest, before: end), let other = cut(&rest, before: dashes) else { break }
                // What has lines, or headers in front (RFC 1421), is as it was.
                if body.contains(newline) || body.contains(UInt8(ascii: ":")) {
                    out += body
                } else {
                    hasChanged = true
                    var column = 0
                    for byte in body where byte > 0x20 {
                        out.append(byte)
                        column += 1
                        if column.isMultiple(of: 64) { out.append(newline) }
                    }
                    out.append(newline)
                }
                out += end + other + dashes + [newline]
            }
            return hasChanged ? out : nil
        }

        /// Takes off what is in front of a word, and the word.
        private static func cut(
            _ rest: inout Slice<UnsafeRawBufferPointer>, before word: [UInt8]
        ) -> Slice<UnsafeRawBufferPointer>? {
            guard let found = rest.firstRange(of: word) else { return nil }
            defer { rest = rest[found.upperBound...] }
            return rest[..<found.lowerBound]
        }

        private static func read(
            _ bytes: [UInt8], _ what: String, _ start: Int, _ next: (OpaquePointer) -> Bool
        ) throws(PEMTrouble) {
            if KeyFileKind(bytes) == .der {
                throw PEMTrouble(
                    "is no PEM text; if it is PKCS12, say so (ssl.truststore.type or ssl.keystore.type), if it is DER, "
                        + "convert it: openssl x509 -inform DER")
            }
            OpenSSL.forgetErrors()
            let count: Int? = (bytes.withUnsafeBytes(withLines) ?? bytes).withUnsafeBytes { buffer in
                OpenSSL.withSource(buffer) { source in
                    var count = 0
                    while count < most, next(source) { count += 1 }
                    return count
                }
            }
            let failure = OpenSSL.takeFailure()
            guard let count, count < most else { throw PEMTrouble("is too large") }
            let isEnd = failure?.library == ERR_LIB_PEM && failure?.reason == PEM_R_NO_START_LINE
            if let failure, !isEnd {
                throw PEMTrouble("has a \(what) that cannot be read (\(failure.words)); it may be cut off or changed")
            }
            guard count > 0 else { throw PEMTrouble("has no \(what) in it") }
        }

        /// The first private key.
        static func key(_ secret: Secret, password: Secret?) throws(PEMTrouble) -> KeyHandle {
            // Closures of the standard library give nothing that cannot be copied.
            var handle: KeyHandle?
            var trouble: PEMTrouble?
            secret.withBytes { buffer in
                do throws(PEMTrouble) { handle = try key(buffer, password: password) } catch { trouble = error }
            }
            if let trouble { throw trouble }
            guard let found = handle.take() else { throw PEMTrouble("has no private key in it") }
            return found
        }

        /// The same of a file's bytes.
        static func key(_ bytes: [UInt8], password: Secret?) throws(PEMTrouble) -> KeyHandle {
            var handle: KeyHandle?
            var trouble: PEMTrouble?
            bytes.withUnsafeBytes { buffer in
                do throws(PEMTrouble) { handle = try key(buffer, password: password) } catch { trouble = error }
            }
            if let trouble { throw trouble }
            guard let found = handle.take() else { throw PEMTrouble("has no private key in it") }
            return found
        }

        private static func key(_ bytes: UnsafeRawBufferPointer, password: Secret?) throws(PEMTrouble) -> KeyHandle {
            if var lines = withLines(bytes) {
                defer { lines.withUnsafeMutableBytes { Secret.wipe($0) } }
                return try key(lines, password: password)
            }
            OpenSSL.forgetErrors()
            let key: OpaquePointer?? = OpenSSL.withPassword(password) { password in
                OpenSSL.withSource(bytes) { source in
                    PEM_read_bio_PrivateKey(source, nil, givePassword, UnsafeMutableRawPointer(mutating: password))
                }
            }
            let failure = OpenSSL.takeFailure()
            if let key, let key { return KeyHandle(key) }
            if contains(bytes, "ENCRYPTED") {
                throw PEMTrouble(
                    password == nil
                        ? "is encrypted, and no password is set (ssl.key.password)"
                        : "is not opened by the password in ssl.key.password")
            }
            if contains(bytes, "PRIVATE KEY-----") {
                throw PEMTrouble("has a private key that cannot be read (\(failure?.words ?? "no reason is given"))")
            }
            throw PEMTrouble("has no private key in it")
        }

        private static func contains(_ bytes: UnsafeRawBufferPointer, _ word: StaticString) -> Bool {
            let count = word.utf8CodeUnitCount
            guard bytes.count >= count else { return false }
            let word = UnsafeBufferPointer(start: word.utf8Start, count: count)
            return (0...(bytes.count - count)).contains { start in
                bytes[start] == word[0] && bytes[start..<start + count].elementsEqual(word)
            }
        }
    }

    /// What is not encrypted needs none. Without this OpenSSL would ask the user, at the terminal.
    private func refusePassword(
        _: UnsafeMutablePointer<CChar>?, _: Int32, _: Int32, _: UnsafeMutableRawPointer?
    ) -> Int32 { -1 }

    private func givePassword(
        _ buffer: UnsafeMutablePointer<CChar>?, _ size: Int32, _: Int32, _ password: UnsafeMutableRawPointer?
    ) -> Int32 {
        guard let buffer, let password, size > 0 else { return -1 }
        let text = UnsafePointer<CChar>(OpaquePointer(password))
        var count: Int32 = 0
        while text[Int(count)] != 0 {
            guard count < size else { return -1 }
            buffer[Int(count)] = text[Int(count)]
            count += 1
        }
        return count
    }

    /// What a PKCS12 file has in it (RFC 7292).
    struct PKCS12Content: ~Copyable {
        var certificate: X509Handle?
        var key: KeyHandle?
        var others = X509List()

        init(_ bytes: [UInt8], password: Secret?, setting: String) throws(PEMTrouble) {
            switch KeyFileKind(bytes) {
            case .der: break
            case .text:
                throw PEMTrouble("is no PKCS12; if it is PEM, say so (ssl.truststore.type or ssl.keystore.type)")
            case .javaKeyStore: throw PEMTrouble("is a Java key store")
            }
            OpenSSL.forgetErrors()
            let store = bytes.withUnsafeBytes { buffer -> OpaquePointer? in
                (OpenSSL.withSource(buffer) { d2i_PKCS12_bio($0, nil) }).flatMap { $0 }
            }
            guard let store else { throw PEMTrouble("is no PKCS12, or cut off (\(OpenSSL.takeWords()))") }
            defer { PKCS12_free(store) }
            var key: OpaquePointer?
            var certificate: OpaquePointer?
            var others: OpaquePointer?
            let code = OpenSSL.withPassword(password) { PKCS12_parse(store, $0, &key, &certificate, &others) }
            guard code == 1 else {
                let failure = OpenSSL.takeFailure()
                guard failure?.library == ERR_LIB_PKCS12, failure?.reason == PKCS12_R_MAC_VERIFY_FAILURE else {
                    let words = failure?.words ?? "no reason is given"
                    throw PEMTrouble(
                        "cannot be read (\(words)); if it is encrypted as Java 8 did it, which OpenSSL 3 has given up, "
                            + "make it anew with keytool -importkeystore of a newer Java")
                }
                throw PEMTrouble(
                    password == nil
                        ? "has a password, and none is set (\(setting))" : "is not opened by the password in \(setting)"
                )
            }
            self.key = key.map { KeyHandle($0) }
            self.certificate = certificate.map { X509Handle($0) }
            for other in OpenSSL.members(others) { self.others.append(other) }
            // The members are owned now; the stack alone is not.
            OPENSSL_sk_free(others)
        }
    }
#endif
