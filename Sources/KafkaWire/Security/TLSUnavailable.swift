#if !Security
    /// In a build without the trait `Security` no context comes to be, and so no socket of this kind.
    package final class TLSContext: Sendable {
        package let side: TLSError.Side
        package let warnings: [String] = []
        package let ownCertificate: CertificateSummary? = nil

        package init(_ options: TLSOptions, onTrouble: @escaping @Sendable (String) -> Void = { _ in }) throws(TLSError)
        {
            throw TLSError(.unavailable, side: .client)
        }

        package init(
            server options: TLSServerOptions, onTrouble: @escaping @Sendable (String) -> Void = { _ in }
        ) throws(TLSError) {
            throw TLSError(.unavailable, side: .server)
        }

        package func connect(over inner: any LoopSocket, host: String, port: UInt16) throws(TLSError) -> TLSSocket {
            throw TLSError(.unavailable, side: side)
        }

        package func accept(over inner: any LoopSocket) throws(TLSError) -> TLSSocket {
            throw TLSError(.unavailable, side: side)
        }
    }

    /// A socket of which there is none.
    package final class TLSSocket: LoopSocket {
        private static let error = NetError(.unsecured("\(TLSError(.unavailable))"), doing: "use the connection")
        private init() {}
        package let peerName = ""
        package let side = TLSError.Side.client
        package let details: TLSDetails? = nil
        package let chain: [CertificateSummary] = []
        package let failure: TLSError? = nil
        package func handshake() throws(TLSError) -> HandshakeStep { throw TLSError(.unavailable) }
        package nonisolated(nonsending) func handshake(
            on loop: any EventLoop, until deadline: Instant
        ) async throws(TLSError) { throw TLSError(.unavailable) }
        package nonisolated(nonsending) func clientHandshake(
            on loop: any EventLoop, until deadline: Instant
        ) async throws(TLSError) { throw TLSError(.unavailable) }
        package let id: Int32 = -1
        package func connectError(to address: SocketAddress) -> NetError? { Self.error }
        package func accept() throws(NetError) -> (any LoopSocket)? { nil }
        package func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int? { throw Self.error }
        package func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) -> Int { throw Self.error }
        package func write(_ parts: [UnsafeRawBufferPointer], isMore: Bool) throws(NetError) -> Int { throw Self.error }
        package func write(_ part: FilePart) throws(NetError) -> Int? { nil }
        package let localPort: UInt16 = 0
        package let peer: SocketAddress? = nil
        package let local: SocketAddress? = nil
        package func shutdownWriting() {}
        package func close() {}
    }

    extension DevelopmentCA {
        package static func authority(
            named commonName: String, _ validity: Validity, password: Secret? = nil
        ) throws(TLSError) -> Issued { throw TLSError(.unavailable, side: .server) }

        package static func issue(
            _ commonName: String, _ purpose: Purpose, _ validity: Validity, by authority: Issued?,
            password: Secret? = nil
        ) throws(TLSError) -> Issued { throw TLSError(.unavailable, side: .server) }
    }

    /// The certificates of a PEM text.
    package func certificates(pem: String) throws(TLSError) -> [CertificateSummary] { throw TLSError(.unavailable) }
#endif
