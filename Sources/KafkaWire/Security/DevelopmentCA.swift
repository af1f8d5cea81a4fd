/// Certificates for a broker and its clients on a developer's machine: an authority of one's own, made on the spot.
/// Keys are of the curve P-256.
package enum DevelopmentCA {
    /// A certificate with its key.
    package struct Issued: Sendable {
        /// The certificate, and behind it that of its authority where it is not one itself.
        package var certificate: String
        /// The private key (PKCS8), not encrypted.
        package var key: Secret
        /// Both, and the chain, as PKCS12 under the password that was asked for; nil where none was.
        package var pkcs12: [UInt8]?

        /// One that there is, such as from a file.
        package init(certificate: String, key: Secret, pkcs12: [UInt8]? = nil) {
            (self.certificate, self.key, self.pkcs12) = (certificate, key, pkcs12)
        }

        /// As what it is used.
        package var identity: TLSIdentity { .pem(certificate: certificate, key: key, password: nil) }
    }

    /// Seconds from when, and up to when, a certificate is valid.
    package struct Validity: Sendable {
        package var from: Int64
        package var until: Int64

        /// So many days from now, and an hour before, since clocks differ. Times are seconds since 1970.
        package init(days: Int, now: Int64) {
            from = now.saturatingAdd(-3600)
            // Years have four digits: more days than these there are not.
            until = now.saturatingAdd(Int64(min(max(days, 0), 3_000_000)) * 86_400)
        }

        package init(from: Int64, until: Int64) { (self.from, self.until) = (from, until) }
    }

    /// What a certificate is for.
    package enum Purpose: Sendable {
        case authority
        /// A server under these hosts' names and IP addresses.
        case server(names: [String])
        /// A client.
        case client
    }
}

extension Int64 {
    fileprivate func saturatingAdd(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }
}

#if Security
    import COpenSSL

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    extension DevelopmentCA {
        /// Makes an authority.
        package static func authority(
            named commonName: String, _ validity: Validity, password: Secret? = nil
        ) throws(TLSError) -> Issued {
            try issue(commonName, .authority, validity, by: nil, password: password)
        }

        /// Makes a certificate that the authority has signed.
        package static func issue(
            _ commonName: String, _ purpose: Purpose, _ validity: Validity, by authority: Issued?,
            password: Secret? = nil
        ) throws(TLSError) -> Issued {
            OpenSSL.forgetErrors()
            guard let made = generateKey(), let certificate = X509_new() else { throw failure("make a key") }
            let key = KeyHandle(made)
            let own = X509Handle(certificate)
            var parents = X509List()
            var parentKey: KeyHandle?
            if let authority {
                do throws(PEMTrouble) {
                    parents = try PEM.certificates(Array(authority.certificate.utf8))
                    parentKey = try PEM.key(authority.key, password: nil)
                } catch {
                    throw .setting("the authority's certificate or key \(error.words)", side: .server)
                }
            }
            let parent = parents.pointers.first ?? own.pointer
            try fill(own.pointer, commonName, validity, key.pointer, parent)
            try addExtensions(own.pointer, parent, purpose)
            let signer = parentKey?.pointer ?? key.pointer
            guard X509_sign(own.pointer, signer, EVP_sha256()) > 0 else { throw failure("sign a certificate") }
            return try issued(own.pointer, key.pointer, parents, commonName, password)
        }

        static func failure(_ action: String) -> TLSError {
            .setting("OpenSSL could not \(action): \(OpenSSL.takeWords())", side: .server)
        }

        /// What `EVP_EC_gen` is, which is a macro.
        private static func generateKey() -> OpaquePointer? {
            guard let maker = EVP_PKEY_CTX_new_from_name(nil, "EC", nil) else { return nil }
            defer { EVP_PKEY_CTX_free(maker) }
            var key: OpaquePointer?
            guard EVP_PKEY_keygen_init(maker) == 1,
                EVP_PKEY_CTX_set_group_name(maker, "P-256") == 1, EVP_PKEY_generate(maker, &key) == 1
            else { return nil }
            return key
        }

        private static func fill(
            _ certificate: OpaquePointer, _ commonName: String, _ validity: Validity, _ key: OpaquePointer,
            _ parent: OpaquePointer
        ) throws(TLSError) {
            guard X509_set_version(certificate, 2) == 1, setSerialNumber(certificate),
                X509_set_pubkey(certificate, key) == 1, let name = X509_get_subject_name(certificate)
            else { throw failure("fill in a certificate") }
            let text = Array(commonName.utf8)
            guard
                X509_NAME_add_entry_by_txt(name, "O", MBSTRING_ASC | 0, "KafkaWire development", -1, -1, 0) == 1,
                X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_FLAG, text, Int32(clamping: text.count), -1, 0) == 1
            else { throw failure("name a certificate \(commonName)") }
            guard X509_set_issuer_name(certificate, X509_get_subject_name(parent)) == 1,
                setTime(X509_getm_notBefore(certificate), validity.from),
                setTime(X509_getm_notAfter(certificate), validity.until)
            else { throw failure("date a certificate") }
        }

        private static func setTime(_ time: UnsafeMutablePointer<ASN1_TIME>?, _ seconds: Int64) -> Bool {
            // Years from 1950 to 9999 have a form.
            let seconds = min(max(seconds, -631_152_000), 253_402_300_799)
            return ASN1_TIME_set(time, time_t(seconds)) != nil
        }

        /// Chance, of which nobody makes the same again (RFC 5280, 4.1.2.2: positive, at most 20 bytes).
        private static func setSerialNumber(_ certificate: OpaquePointer) -> Bool {
            guard let number = BN_new() else { return false }
            defer { BN_free(number) }
            return BN_rand(number, 159, 0, 0) == 1
                && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nil
        }

        private static func addExtensions(
            _ certificate: OpaquePointer, _ parent: OpaquePointer, _ purpose: Purpose
        ) throws(TLSError) {
            var extensions: [(Int32, String)] = []
            switch purpose {
            case .authority:
                extensions = [
                    (NID_basic_constraints, "critical,CA:TRUE"), (NID_key_usage, "critical,keyCertSign,cRLSign"),
                ]
            case .server(let names):
                extensions = [
                    (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                    (NID_ext_key_usage, "serverAuth"), (NID_subject_alt_name, try alternativeNames(names)),
                ]
            case .client:
                extensions = [
                    (NID_basic_constraints, "critical,CA:FALSE"), (NID_key_usage, "critical,digitalSignature"),
                    (NID_ext_key_usage, "clientAuth"),
                ]
            }
            extensions.append((NID_subject_key_identifier, "hash"))
            if certificate != parent { extensions.append((NID_authority_key_identifier, "keyid:always")) }
            var about = X509V3_CTX()
            X509V3_set_ctx(&about, parent, certificate, nil, nil, 0)
            for (kind, value) in extensions {
                guard let made = X509V3_EXT_conf_nid(nil, &about, kind, value) else {
                    throw failure("make an extension")
                }
                defer { X509_EXTENSION_free(made) }
                guard X509_add_ext(certificate, made, -1) == 1 else { throw failure("add an extension") }
            }
        }

        /// In OpenSSL's notation, in which a comma begins the next one.
        private static func alternativeNames(_ names: [String]) throws(TLSError) -> String {
            guard !names.isEmpty else {
                throw .setting("a server's certificate needs the names of its host", side: .server)
            }
            var parts: [String] = []
            for name in names {
                let isPlain = name.utf8.allSatisfy { byte in
                    (0x30...0x3A).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                        || byte == 0x2D || byte == 0x2E || byte == 0x2A || byte == 0x5F
                }
                guard isPlain, !name.isEmpty, name.utf8.count < 256 else {
                    throw .setting("\(name) is no name of a host, and no certificate can be made for it", side: .server)
                }
                var bytes = in6_addr()
                let isAddress = inet_pton(AF_INET, name, &bytes) == 1 || inet_pton(AF_INET6, name, &bytes) == 1
                guard isAddress || !name.contains(":") else {
                    throw .setting("\(name) is no name of a host: leave the port away", side: .server)
                }
                parts.append((isAddress ? "IP:" : "DNS:") + name)
            }
            return parts.joined(separator: ",")
        }

        private static func issued(
            _ certificate: OpaquePointer, _ key: OpaquePointer, _ parents: borrowing X509List, _ name: String,
            _ password: Secret?
        ) throws(TLSError) -> Issued {
            let all = [certificate] + parents.pointers
            let text = OpenSSL.written { sink in all.allSatisfy { PEM_write_bio_X509(sink, $0) == 1 } }
            let keyText = OpenSSL.written { PEM_write_bio_PKCS8PrivateKey($0, key, nil, nil, 0, nil, nil) == 1 }
            guard let text, var keyText else { throw failure("write a certificate") }
            defer { keyText.withUnsafeMutableBytes { OPENSSL_cleanse($0.baseAddress, $0.count) } }
            var issued = Issued(
                certificate: String(decoding: text, as: UTF8.self),
                key: Secret(String(decoding: keyText, as: UTF8.self)))
            if let password { issued.pkcs12 = try store(certificate, key, parents, name, password) }
            return issued
        }

        private static func store(
            _ certificate: OpaquePointer, _ key: OpaquePointer, _ parents: borrowing X509List, _ name: String,
            _ password: Secret
        ) throws(TLSError) -> [UInt8] {
            guard let others = OPENSSL_sk_new_null() else { throw failure("make a PKCS12 store") }
            // The stack alone: its members are held elsewhere.
            defer { OPENSSL_sk_free(others) }
            for parent in parents.pointers { OPENSSL_sk_push(others, UnsafeRawPointer(parent)) }
            let made = OpenSSL.withPassword(password) {
                PKCS12_create($0, name, key, certificate, others, 0, 0, 0, 0, 0)
            }
            guard let made else { throw failure("make a PKCS12 store") }
            defer { PKCS12_free(made) }
            guard let bytes = OpenSSL.written({ i2d_PKCS12_bio($0, made) == 1 }) else {
                throw failure("write a PKCS12 store")
            }
            return bytes
        }
    }
#endif
