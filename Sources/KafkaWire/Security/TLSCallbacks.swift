#if Security
    import COpenSSL

    /// What OpenSSL calls while it works for a connection, whose transport it holds.
    enum TLSCallbacks {
        private static func transport(_ connection: OpaquePointer?) -> TLSTransport? {
            guard let connection, let held = SSL_get_ex_data(connection, 0) else { return nil }
            return Unmanaged<TLSTransport>.fromOpaque(held).takeUnretainedValue()
        }

        /// Keeps what is wrong with a certificate, as OpenSSL lets go of it.
        static func verified(_ isGood: Int32, _ store: OpaquePointer?) -> Int32 {
            guard isGood == 0, let store else { return isGood }
            let connection = X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx())
            guard let transport = transport(connection.map { OpaquePointer($0) }), transport.refusal == nil else {
                return 0
            }
            let certificate = X509_STORE_CTX_get_current_cert(store) ?? X509_STORE_CTX_get0_cert(store)
            transport.refusal = CertificateRefusal(
                code: X509_STORE_CTX_get_error(store), certificate: certificate.map { CertificateSummary($0) })
            return 0
        }

        /// Called where this side could show a certificate.
        static func askedForCertificate(_ connection: OpaquePointer?) -> Int32 {
            transport(connection)?.wasAskedForCertificate = true
            return 1
        }

        /// Takes a session; 1 says that it is owned from now on.
        static func newSession(_ connection: OpaquePointer?, _ session: OpaquePointer?) -> Int32 {
            guard let session, let transport = transport(connection) else { return 0 }
            return transport.keep(session) ? 1 : 0
        }

        static func keyLog(_ connection: OpaquePointer?, _ line: UnsafePointer<CChar>?) {
            guard let line, let log = transport(connection)?.keyLog else { return }
            (String(cString: line) + "\n").utf8.withContiguousStorageIfAvailable {
                log.append(UnsafeRawBufferPointer($0))
            }
        }
    }

    /// What OpenSSL's check has found.
    struct CertificateRefusal: Equatable, Sendable {
        var code: Int32
        var certificate: CertificateSummary?
    }
#endif
