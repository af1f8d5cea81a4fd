#if Security
    /// A socket whose bytes are encrypted on their way through another one. One thread at a time uses it, not always
    /// the same one. What is not handed to OpenSSL (waiting, names, addresses) is the socket's below.
    package final class TLSSocket: LoopSocket {
        /// Who is on the other side, in sentences.
        package let peerName: String
        private let inner: any LoopSocket
        private let context: TLSContext
        private let state: Locked<TLSConnection>

        /// Owns the connection from now on, and the socket: closing this closes it.
        init(
            _ inner: any LoopSocket, _ connection: OpaquePointer, _ context: TLSContext, peer: String, host: String?,
            keyLog: KeyLog?
        ) {
            self.inner = inner
            self.context = context
            peerName = peer
            state = Locked(
                TLSConnection(
                    connection, TLSTransport(inner, keyLog: keyLog), side: context.side, peer: peer, host: host))
        }

        /// Takes the handshake as far as it gets now. After an error the socket can only be closed.
        package func handshake() throws(TLSError) -> HandshakeStep {
            try state.withLock { state throws(TLSError) in
                defer { hand(&state) }
                return try state.handshake()
            }
        }

        /// What was agreed on; nil before the handshake has ended.
        package var details: TLSDetails? { state.withLock { $0.details } }

        /// The other side's certificates as far as they are known, its own first; empty before the handshake has ended.
        package var chain: [CertificateSummary] { state.withLock { $0.details == nil ? [] : $0.chain } }

        /// Why nothing more comes out of it, where that is TLS's doing.
        package var failure: TLSError? { state.withLock { $0.failure } }

        /// Whether this side is the client's.
        package var side: TLSError.Side { context.side }

        /// Sessions go to where further connections find them.
        private func hand(_ state: inout TLSConnection) {
            let sessions = state.transport.takeSessions()
            if !sessions.isEmpty { context.keep(sessions, of: state.connection, for: peerName) }
        }

        package func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int? {
            try state.withLock { state throws(NetError) in
                defer { hand(&state) }
                return try state.read(into: buffer)
            }
        }

        package func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) -> Int {
            try state.withLock { state throws(NetError) in try state.write([bytes], isMore: false) }
        }

        package func write(_ parts: [UnsafeRawBufferPointer], isMore: Bool) throws(NetError) -> Int {
            try state.withLock { state throws(NetError) in try state.write(parts, isMore: isMore) }
        }

        /// Nil: what is encrypted has to be read.
        package func write(_ part: FilePart) throws(NetError) -> Int? { nil }

        package var holdsInput: Bool { state.withLock { $0.holdsInput } }
        package var wantsToWrite: Bool { state.withLock { $0.wantsToWrite } }

        /// Says to the other side that nothing more comes (close_notify).
        package func shutdownWriting() { state.withLock { $0.shutdownWriting() } }

        /// Says good-bye, as far as the socket takes it at once, and closes it.
        package func close() {
            state.withLock { $0.end() }
            inner.close()
        }

        package var id: Int32 { inner.id }
        package func connectError(to address: SocketAddress) -> NetError? { inner.connectError(to: address) }
        /// Nil: what listens is the socket below.
        package func accept() throws(NetError) -> (any LoopSocket)? { nil }
        package var localPort: UInt16 { inner.localPort }
        package var peer: SocketAddress? { inner.peer }
        package var local: SocketAddress? { inner.local }
    }
#endif
