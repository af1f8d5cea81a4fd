#if Security
    import COpenSSL

    extension DevelopmentCA {
        /// What the JVM asks of a certificate in a PKCS12 store that is to be believed: a mark, which tools of others do not
        /// set (Oracle's `trustedKeyUsage`), with what it is believed for: all (RFC 5280, 4.2.1.12).
        private static let trustedKeyUsage = "2.16.840.1.113894.746875.1.1"

        /// A store of certificates that are to be believed, as PKCS12 that Java reads too.
        package static func trustStore(
            of certificates: String, named name: String, password: Secret
        ) throws(TLSError) -> [UInt8] {
            let list: X509List
            do throws(PEMTrouble) { list = try PEM.certificates(Array(certificates.utf8)) } catch {
                throw .setting("the store's certificate \(error.words)", side: .server)
            }
            OpenSSL.forgetErrors()
            var bags: OpaquePointer?
            var safes: OpaquePointer?
            defer {
                freeStack(bags) { PKCS12_SAFEBAG_free($0) }
                freeStack(safes) { PKCS7_free(UnsafeMutablePointer($0)) }
            }
            for certificate in list.pointers {
                let text = Array(name.utf8)
                guard X509_alias_set1(certificate, text, Int32(clamping: text.count)) == 1,
                    let bag = PKCS12_add_cert(&bags, certificate), markAsTrusted(bag)
                else { throw failure("put a certificate into a store") }
            }
            let made = OpenSSL.withPassword(password) { password -> OpaquePointer? in
                guard PKCS12_add_safe(&safes, bags, NID_aes_256_cbc, iterations, password) == 1,
                    let store = PKCS12_add_safes(safes, 0)
                else { return nil }
                guard PKCS12_set_mac(store, password, -1, nil, 0, iterations, EVP_sha256()) == 1 else {
                    PKCS12_free(store)
                    return nil
                }
                return store
            }
            guard let made else { throw failure("make a PKCS12 store") }
            defer { PKCS12_free(made) }
            guard let bytes = OpenSSL.written({ i2d_PKCS12_bio($0, made) == 1 }) else {
                throw failure("write a PKCS12 store")
            }
            return bytes
        }

        /// What makes a password slow to guess; Java's own stores have as many.
        private static let iterations: Int32 = 10_000

        private static func markAsTrusted(_ bag: OpaquePointer) -> Bool {
            guard let everything = OBJ_nid2obj(NID_anyExtendedKeyUsage) else { return false }
            // An object is handed over as itself, which the length of -1 says (X509_ATTRIBUTE_set1_data).
            return PKCS12_add1_attr_by_txt(
                bag, trustedKeyUsage, V_ASN1_OBJECT,
                UnsafeRawPointer(everything).assumingMemoryBound(to: UInt8.self), -1) == 1
        }

        /// A stack and its members.
        private static func freeStack(_ stack: OpaquePointer?, _ free: (OpaquePointer) -> Void) {
            guard let stack else { return }
            OpenSSL.members(stack).forEach { free($0) }
            OPENSSL_sk_free(stack)
        }
    }
#endif
