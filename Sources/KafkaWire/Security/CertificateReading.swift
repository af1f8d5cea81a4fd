#if Security
    import COpenSSL

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Musl)
        import Musl
    #else
        import Darwin
    #endif

    extension CertificateSummary {
        /// More names than anybody has to look at.
        private static let mostNames = 1000

        /// Of a certificate of OpenSSL's.
        init(_ certificate: OpaquePointer) {
            subject = DistinguishedName.text(Self.parts(X509_get_subject_name(certificate)))
            issuer = DistinguishedName.text(Self.parts(X509_get_issuer_name(certificate)))
            (hostNames, addresses) = Self.names(certificate)
            serialNumber = Self.serialNumber(certificate)
            validFrom = Self.seconds(X509_get0_notBefore(certificate)) ?? .min
            validUntil = Self.seconds(X509_get0_notAfter(certificate)) ?? .max
            isAuthority = X509_check_ca(certificate) > 0
            key = Self.key(X509_get0_pubkey(certificate))
            fingerprint = Self.fingerprint(certificate)
        }

        private static func parts(_ name: OpaquePointer?) -> [DistinguishedName.Part] {
            guard let name else { return [] }
            var last: Int32 = -1
            return (0..<max(0, X509_NAME_entry_count(name))).compactMap { index in
                guard let entry = X509_NAME_get_entry(name, index) else { return nil }
                let set = X509_NAME_ENTRY_set(entry)
                defer { last = set }
                return part(entry, isJoined: set == last)
            }
        }

        private static func part(_ entry: OpaquePointer, isJoined: Bool) -> DistinguishedName.Part? {
            guard let value = X509_NAME_ENTRY_get_data(entry) else { return nil }
            var kind = [CChar](repeating: 0, count: 128)
            OBJ_obj2txt(&kind, Int32(kind.count), X509_NAME_ENTRY_get_object(entry), 1)
            let type = ASN1_STRING_type(value)
            let texts = [
                V_ASN1_UTF8STRING, V_ASN1_PRINTABLESTRING, V_ASN1_IA5STRING, V_ASN1_T61STRING, V_ASN1_BMPSTRING,
                V_ASN1_GENERALSTRING,
            ]
            return DistinguishedName.Part(
                text(kind), texts.contains(type) ? text(value) : nil, encoded: encoded(value, type), isJoined: isJoined)
        }

        private static func text(_ value: UnsafePointer<ASN1_STRING>) -> String? {
            var bytes: UnsafeMutablePointer<UInt8>?
            let count = ASN1_STRING_to_UTF8(&bytes, value)
            defer { CRYPTO_free(bytes, "", 0) }
            guard count >= 0, let bytes else { return nil }
            return String(decoding: UnsafeBufferPointer(start: bytes, count: Int(count)), as: UTF8.self)
        }

        private static func text(_ characters: [CChar]) -> String {
            characters.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        }

        /// Tag, length and bytes of a text (X.690, 8.1).
        private static func encoded(_ value: UnsafePointer<ASN1_STRING>, _ type: Int32) -> [UInt8] {
            let bytes = bytes(value)
            var head = [UInt8(truncatingIfNeeded: type)]
            if bytes.count < 0x80 {
                head.append(UInt8(truncatingIfNeeded: bytes.count))
            } else {
                let length = withUnsafeBytes(of: UInt64(bytes.count).bigEndian) { Array($0.drop { $0 == 0 }) }
                head.append(0x80 | UInt8(truncatingIfNeeded: length.count))
                head += length
            }
            return head + bytes
        }

        private static func bytes(_ value: UnsafePointer<ASN1_STRING>) -> [UInt8] {
            Array(
                UnsafeBufferPointer(start: ASN1_STRING_get0_data(value), count: Int(max(0, ASN1_STRING_length(value)))))
        }

        private static func names(_ certificate: OpaquePointer) -> ([String], [String]) {
            var hosts: [String] = []
            var addresses: [String] = []
            if let list = X509_get_ext_d2i(certificate, NID_subject_alt_name, nil, nil) {
                let list = OpaquePointer(list)
                defer { GENERAL_NAMES_free(list) }
                for member in OpenSSL.members(list).prefix(mostNames) {
                    var type: Int32 = 0
                    let name = UnsafePointer<GENERAL_NAME>(member)
                    guard let value = GENERAL_NAME_get0_value(name, &type) else { continue }
                    let bytes = bytes(UnsafePointer<ASN1_STRING>(OpaquePointer(value)), ofNameType: type)
                    if type == GEN_DNS { hosts.append(String(decoding: bytes, as: UTF8.self)) }
                    if type == GEN_IPADD, let text = address(bytes) { addresses.append(text) }
                }
            }
            if hosts.isEmpty, addresses.isEmpty, let name = X509_get_subject_name(certificate) {
                let place = X509_NAME_get_index_by_NID(name, NID_commonName, -1)
                if place >= 0, let entry = X509_NAME_get_entry(name, place),
                    let value = X509_NAME_ENTRY_get_data(entry), let text = text(value)
                {
                    hosts.append(text)
                }
            }
            return (hosts, addresses)
        }

        /// Only names and addresses are texts; others are of other kinds.
        private static func bytes(_ value: UnsafePointer<ASN1_STRING>, ofNameType type: Int32) -> [UInt8] {
            type == GEN_DNS || type == GEN_IPADD ? bytes(value) : []
        }

        private static func address(_ bytes: [UInt8]) -> String? {
            guard bytes.count == 4 || bytes.count == 16 else { return nil }
            var text = [CChar](repeating: 0, count: 64)
            let family = bytes.count == 4 ? AF_INET : AF_INET6
            guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return nil }
            return Self.text(text)
        }

        private static func serialNumber(_ certificate: OpaquePointer) -> String {
            guard let number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nil) else { return "" }
            defer { BN_free(number) }
            guard let text = BN_bn2hex(number) else { return "" }
            defer { CRYPTO_free(text, "", 0) }
            return String(cString: text)
        }

        private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
            var parts = tm()
            guard let time, ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
            return Int64(timegm(&parts))
        }

        private static func key(_ key: OpaquePointer?) -> String {
            guard let key else { return "unknown" }
            let name = EVP_PKEY_get0_type_name(key).map { String(cString: $0) } ?? "unknown"
            return "\(name) \(EVP_PKEY_get_bits(key))"
        }

        private static func fingerprint(_ certificate: OpaquePointer) -> String {
            var digest = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
            var count: UInt32 = 0
            guard X509_digest(certificate, EVP_sha256(), &digest, &count) == 1 else { return "" }
            return Hex.encode(digest.prefix(Int(count)))
        }
    }

    /// The certificates of a PEM text, in its order; other things in it are passed over.
    ///
    /// - Throws: where there is none, or one cannot be read.
    package func certificates(pem: String) throws(TLSError) -> [CertificateSummary] {
        let list: X509List
        do throws(PEMTrouble) { list = try PEM.certificates(Array(pem.utf8)) } catch {
            throw .setting("the text \(error.words)", side: .client)
        }
        return list.pointers.map { CertificateSummary($0) }
    }
#endif
