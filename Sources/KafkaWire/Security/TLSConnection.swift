#if Security
    import COpenSSL

    /// One connection of OpenSSL's with the way to its socket: what a ``TLSSocket`` has behind its lock.
    struct TLSConnection: ~Copyable {
        let connection: OpaquePointer
        let transport: TLSTransport
        private let side: TLSError.Side
        private let peer: String
        private let host: String?
        private(set) var details: TLSDetails?
        private(set) var failure: TLSError?
        private var netFailure: NetError?
        /// Whether the other side has said, or shown, that nothing more comes.
        private var hasEnded = false
        private var hasReceived = false
        private var hasShutDown = false
        private var isClosed = false
        private var shutsDownSocket = false
        /// Whether OpenSSL was looked into since bytes came, and has nothing whole.
        private var holdsOnlyParts = false

        /// Owns the connection from now on.
        init(
            _ connection: OpaquePointer, _ transport: TLSTransport, side: TLSError.Side, peer: String, host: String?
        ) {
            self.connection = connection
            self.transport = transport
            self.side = side
            self.peer = peer
            self.host = host
            SSL_set_ex_data(connection, 0, Unmanaged.passUnretained(transport).toOpaque())
            if let channel = TLSChannel.make(transport) { SSL_set_bio(connection, channel, channel) }
        }

        deinit { SSL_free(connection) }

        // MARK: - Handshake

        mutating func handshake() throws(TLSError) -> HandshakeStep {
            if let failure { throw failure }
            if details == nil {
                transport.mayRead = true
                OpenSSL.forgetErrors()
                let code = SSL_do_handshake(connection)
                let outcome = outcome(code)
                transport.flush()
                switch outcome {
                case .done: details = makeDetails()
                case .nothing:
                    if transport.writeFailure != nil { throw fail(afterWriting: true) }
                    return transport.output.isEmpty ? .wantsRead : .wantsWrite
                case .ended: throw fail(.closed)
                case .failed(let reason): throw fail(reason ?? .closed)
                }
            }
            transport.flush()
            return transport.output.isEmpty ? .done : .wantsWrite
        }

        /// Who cannot write any more may have been told why.
        private mutating func fail(afterWriting: Bool) -> TLSError {
            transport.mayRead = true
            OpenSSL.forgetErrors()
            let code = SSL_do_handshake(connection)
            if case .failed(let reason?) = outcome(code) { return fail(reason) }
            let error = transport.writeFailure
            return fail(error.map { $0.cause == .ended ? .closed : .connection("\($0)") } ?? .closed)
        }

        private mutating func fail(_ reason: TLSError.Reason) -> TLSError {
            let error = TLSError(reason, side: side, peer: peer)
            failure = error
            return error
        }

        private func makeDetails() -> TLSDetails {
            var certificate: CertificateSummary?
            if let held = SSL_get1_peer_certificate(connection) {
                certificate = CertificateSummary(held)
                X509_free(held)
            }
            let verifies = SSL_get_verify_mode(connection) & SSL_VERIFY_PEER != 0
            return TLSDetails(
                version: SSL_get_version(connection).map { String(cString: $0) } ?? "",
                cipher: SSL_CIPHER_get_name(SSL_get_current_cipher(connection)).map { String(cString: $0) } ?? "",
                peer: certificate, isResumed: SSL_session_reused(connection) == 1,
                isVerified: verifies && certificate != nil && SSL_get_verify_result(connection) == Int(X509_V_OK))
        }

        /// The other side's certificates, its own first: with the authority that is believed where they were verified,
        /// else those that it has sent.
        var chain: [CertificateSummary] {
            let isVerified = details?.isVerified == true
            let verified = isVerified ? OpenSSL.members(SSL_get0_verified_chain(connection)) : []
            let chain = verified.isEmpty ? OpenSSL.members(SSL_get_peer_cert_chain(connection)) : verified
            return chain.prefix(20).map { CertificateSummary($0) }
        }

        // MARK: - What a call has come to

        private enum Outcome {
            case done
            /// The socket has to give, or take, something first.
            case nothing
            case ended
            /// Nil where the other side is just gone.
            case failed(TLSError.Reason?)
        }

        private func outcome(_ code: Int32) -> Outcome {
            switch SSL_get_error(connection, code) {
            case SSL_ERROR_NONE: return .done
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .nothing
            case SSL_ERROR_ZERO_RETURN: return .ended
            default:
                var failure = TLSFailure(side: side, failure: OpenSSL.takeFailure(), host: host)
                failure.refusal = transport.refusal
                failure.firstByte = transport.firstByte
                failure.wasAskedForCertificate = transport.wasAskedForCertificate
                if let own = SSL_get_certificate(connection) {
                    failure.hasCertificate = true
                    let isOver = X509_cmp_current_time(X509_get0_notAfter(own)) < 0
                    if isOver, transport.wasAskedForCertificate { failure.ended = CertificateSummary(own) }
                }
                failure.net = transport.readFailure
                failure.hasEnded = transport.hasEnded
                return .failed(failure.reason)
            }
        }

        // MARK: - Reading

        mutating func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int? {
            try throwFailure()
            if hasEnded { return 0 }
            guard let base = buffer.baseAddress, buffer.count > 0 else { return nil }
            transport.mayRead = true
            holdsOnlyParts = false
            var total = 0
            // What goes well leaves no errors behind.
            OpenSSL.forgetErrors()
            reading: while total < buffer.count {
                var count = 0
                let code = SSL_read_ex(connection, base + total, buffer.count - total, &count)
                if code == 1 {
                    total += count
                    continue
                }
                switch outcome(code) {
                case .done: break reading
                case .nothing:
                    holdsOnlyParts = !isHeldUp
                    break reading
                case .ended:
                    hasEnded = true
                    break reading
                case .failed(let reason):
                    note(reason)
                    break reading
                }
            }
            hasReceived = hasReceived || total > 0
            // What OpenSSL answers by itself: to a change of keys, or as it gives up.
            if !transport.output.isEmpty { transport.flush() }
            if total > 0 { return total }
            try throwFailure()
            return hasEnded ? 0 : nil
        }

        /// Why reading has ended. An end without a word is an end: the frames tell whether something is missing.
        private mutating func note(_ reason: TLSError.Reason?) {
            if let reason, transport.readFailure == nil || !isConnection(reason) {
                let error = fail(reason)
                netFailure = NetError(.unsecured("\(error)"), doing: "read from the connection")
            } else if let error = transport.readFailure {
                netFailure = error
            } else {
                hasEnded = true
            }
        }

        private func isConnection(_ reason: TLSError.Reason) -> Bool {
            if case .connection = reason { true } else { false }
        }

        private func throwFailure() throws(NetError) {
            if let netFailure { throw netFailure }
            if let failure { throw NetError(.unsecured("\(failure)"), doing: "use the connection") }
        }

        /// OpenSSL is asked without being let read on: a part of a record is nothing yet.
        var holdsInput: Bool {
            mutating get {
                if netFailure != nil || hasEnded { return true }
                if details == nil || failure != nil { return false }
                if SSL_pending(connection) > 0 { return true }
                guard !holdsOnlyParts, SSL_has_pending(connection) == 1 else { return false }
                transport.mayRead = false
                OpenSSL.forgetErrors()
                var byte: UInt8 = 0
                var count = 0
                let code = SSL_peek_ex(connection, &byte, 1, &count)
                if code == 1 { return true }
                switch outcome(code) {
                case .done: return true
                case .nothing:
                    holdsOnlyParts = !isHeldUp
                    return false
                case .ended: hasEnded = true
                case .failed(let reason): note(reason)
                }
                return true
            }
        }

        /// Whether OpenSSL has to write before it reads on: the other side asks for answers and takes none.
        private var isHeldUp: Bool { SSL_want(connection) == SSL_WRITING }

        // MARK: - Writing

        var wantsToWrite: Bool { !transport.output.isEmpty }

        mutating func write(_ parts: [UnsafeRawBufferPointer], isMore: Bool) throws(NetError) -> Int {
            try throwFailure()
            guard !isClosed else { throw NetError(.closed, doing: "write to the connection") }
            // OpenSSL would begin the handshake by itself.
            guard details != nil else { return 0 }
            if transport.isBlocked || parts.allSatisfy(\.isEmpty) {
                transport.flush()
                try throwWriteFailure()
                if transport.isBlocked { return 0 }
            }
            var pieces = PlainPieces(parts)
            while let piece = pieces.next() {
                if transport.output.count > TLSOutput.gathered - TLSOutput.recordRoom {
                    transport.flush()
                    if transport.isBlocked || transport.writeFailure != nil { break }
                }
                transport.mayRead = true
                OpenSSL.forgetErrors()
                var count = 0
                let code = piece.withBytes(of: parts) { SSL_write_ex(connection, $0.baseAddress, $0.count, &count) }
                guard code == 1 else {
                    if case .failed(let reason) = outcome(code) { note(reason) }
                    break
                }
                pieces.advance(count)
            }
            // Where more follows at once, it goes with that.
            if !isMore || transport.output.count > TLSOutput.gathered / 2 { transport.flush() }
            finishShutdown()
            try throwWriteFailure()
            if pieces.taken == 0 { try throwFailure() }
            return pieces.taken
        }

        /// Who cannot write any more may have been told why, such as that his certificate is not believed.
        private mutating func throwWriteFailure() throws(NetError) {
            guard let error = transport.writeFailure else { return }
            if details != nil, !hasReceived {
                transport.mayRead = true
                OpenSSL.forgetErrors()
                var byte: UInt8 = 0
                var count = 0
                let code = SSL_peek_ex(connection, &byte, 1, &count)
                if code != 1, case .failed(let reason?) = outcome(code), !isConnection(reason) {
                    note(reason)
                    try throwFailure()
                }
            }
            netFailure = error
            throw error
        }

        // MARK: - The end

        mutating func shutdownWriting() {
            sayGoodbye()
            shutsDownSocket = true
            finishShutdown()
        }

        mutating func end() {
            sayGoodbye()
            transport.flush()
            hasEnded = true
            isClosed = true
            if details == nil, failure == nil { _ = fail(.closed) }
        }

        private mutating func sayGoodbye() {
            guard details != nil, failure == nil, netFailure == nil, !hasShutDown else { return }
            hasShutDown = true
            OpenSSL.forgetErrors()
            SSL_shutdown(connection)
            OpenSSL.forgetErrors()
            transport.flush()
        }

        /// The socket's own end is told behind all that was written.
        private mutating func finishShutdown() {
            guard shutsDownSocket, transport.output.isEmpty else { return }
            shutsDownSocket = false
            transport.inner.shutdownWriting()
        }
    }

    /// What is to be encrypted, in pieces: long parts from where they are, short ones together in one record.
    struct PlainPieces {
        /// The most that a record holds (RFC 8446, 5.1).
        static let record = 16 << 10

        /// Bytes that lie in one part, or in this copy.
        enum Piece {
            case part(Int, Int)
            case copied([UInt8])

            func withBytes<R>(of parts: [UnsafeRawBufferPointer], _ body: (UnsafeRawBufferPointer) -> R) -> R {
                switch self {
                case .part(let index, let offset): body(UnsafeRawBufferPointer(rebasing: parts[index][offset...]))
                case .copied(let bytes): bytes.withUnsafeBytes(body)
                }
            }
        }

        private let parts: [UnsafeRawBufferPointer]
        private var index = 0
        private var offset = 0
        private(set) var taken = 0

        init(_ parts: [UnsafeRawBufferPointer]) { self.parts = parts }

        /// What comes next, without taking it.
        mutating func next() -> Piece? {
            while index < parts.count, offset >= parts[index].count { (index, offset) = (index + 1, 0) }
            guard index < parts.count else { return nil }
            let isLast = !parts[(index + 1)...].contains { !$0.isEmpty }
            if isLast || parts[index].count - offset >= Self.record { return .part(index, offset) }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(Self.record)
            var from = offset
            for part in parts[index...] {
                bytes.append(contentsOf: part[from...].prefix(Self.record - bytes.count))
                from = 0
                if bytes.count == Self.record { break }
            }
            return .copied(bytes)
        }

        /// So many bytes are done with.
        mutating func advance(_ count: Int) {
            taken += count
            var left = count
            while left > 0, index < parts.count {
                let step = min(left, parts[index].count - offset)
                offset += step
                left -= step
                if offset >= parts[index].count { (index, offset) = (index + 1, 0) }
            }
        }
    }
#endif
