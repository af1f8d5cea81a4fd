#if Security
    import COpenSSL

    /// What OpenSSL and the socket say after a call that failed, as the one reason that helps.
    struct TLSFailure {
        var side: TLSError.Side
        var failure: OpenSSL.Failure?
        var refusal: CertificateRefusal?
        /// The host that the certificate was to be for.
        var host: String?
        var firstByte: UInt8?
        /// Whether the other side wanted a certificate, and got one.
        var wasAskedForCertificate = false
        var hasCertificate = false
        /// The certificate that it got, where that is no longer valid.
        var ended: CertificateSummary?
        var net: NetError?
        var hasEnded = false

        /// Nil where the other side has just gone, and said nothing.
        var reason: TLSError.Reason? {
            if let failure, failure.library == ERR_LIB_SSL {
                if failure.reason == SSL_R_CERTIFICATE_VERIFY_FAILED, let refusal { return reason(refusal) }
                if let alert {
                    let reason = reason(alert)
                    if case .certificateRefused = reason, let ended { return .ownExpired(ended) }
                    return reason
                }
            }
            // The types of records are 20 to 24 (RFC 8446, B.1).
            if let firstByte, !(20...24).contains(firstByte) { return .plainPeer }
            if let failure, failure.library == ERR_LIB_SSL { return reason(failure) }
            if let failure { return .broken(failure.words) }
            if let net { return net.cause == .ended ? nil : .connection("\(net)") }
            return hasEnded ? nil : .broken("no reason is given")
        }

        /// OpenSSL counts what the other side has told from 1000.
        private var alert: TLSAlert? {
            guard let failure, failure.library == ERR_LIB_SSL, (1000..<1256).contains(failure.reason) else {
                return nil
            }
            return TLSAlert(UInt8(truncatingIfNeeded: failure.reason - 1000))
        }

        private func reason(_ alert: TLSAlert) -> TLSError.Reason {
            switch alert.code {
            // Java's brokers tell a client without a certificate that it is a bad one.
            case 116: return hasCertificate ? .certificateRefused(alert) : .certificateRequired
            case 40 where side == .client && wasAskedForCertificate && !hasCertificate: return .certificateRequired
            case 40 where side == .client && wasAskedForCertificate: return .certificateRefused(alert)
            case 40 where side == .server: return .alert(alert)
            case 70: return .noCommonVersion
            case 71: return .noCommonCipher
            case _ where alert.isAboutCertificate && side == .client && wasAskedForCertificate:
                return hasCertificate ? .certificateRefused(alert) : .certificateRequired
            case _ where alert.isAboutCertificate && side == .server: return .certificateRefused(alert)
            default: return .alert(alert)
            }
        }

        private func reason(_ failure: OpenSSL.Failure) -> TLSError.Reason {
            switch failure.reason {
            case SSL_R_WRONG_VERSION_NUMBER, SSL_R_HTTP_REQUEST, SSL_R_HTTPS_PROXY_REQUEST, SSL_R_UNKNOWN_PROTOCOL:
                // A version that is no version, behind the first byte of a record: chance, or something broken.
                return firstByte.map { (20...24).contains($0) } == true && failure.reason != SSL_R_HTTP_REQUEST
                    ? (failure.reason == SSL_R_UNKNOWN_PROTOCOL ? .noCommonVersion : .broken(failure.words))
                    : .plainPeer
            case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_NO_PROTOCOLS_AVAILABLE,
                SSL_R_VERSION_TOO_LOW,
                SSL_R_VERSION_TOO_HIGH:
                return .noCommonVersion
            case SSL_R_NO_SHARED_CIPHER, SSL_R_NO_CIPHERS_AVAILABLE, SSL_R_NO_SUITABLE_GROUPS,
                SSL_R_NO_SUITABLE_KEY_SHARE,
                SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SUITABLE_DIGEST_ALGORITHM:
                return .noCommonCipher
            case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE: return .certificateRequired
            default: return .broken(failure.words)
            }
        }

        private func reason(_ refusal: CertificateRefusal) -> TLSError.Reason {
            let words =
                X509_verify_cert_error_string(Int(refusal.code)).map { String(cString: $0) } ?? "no reason is given"
            guard let certificate = refusal.certificate else { return .untrusted(words, nil) }
            switch refusal.code {
            case X509_V_ERR_CERT_HAS_EXPIRED: return .expired(certificate)
            case X509_V_ERR_CERT_NOT_YET_VALID: return .notYetValid(certificate)
            case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
                return .selfSigned(certificate)
            case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
                X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
                return .unknownAuthority(certificate)
            case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
                return .nameMismatch(wanted: host ?? "this host", certificate)
            case X509_V_ERR_CERT_REVOKED: return .revoked(certificate)
            case X509_V_ERR_UNABLE_TO_GET_CRL, X509_V_ERR_CRL_HAS_EXPIRED, X509_V_ERR_CRL_NOT_YET_VALID,
                X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, X509_V_ERR_CRL_SIGNATURE_FAILURE:
                return .revocationUnknown(words, certificate)
            default: return .untrusted(words, certificate)
            }
        }
    }
#endif
