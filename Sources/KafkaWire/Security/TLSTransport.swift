#if Security
    import COpenSSL

    /// The way between OpenSSL and the socket below: it reads straight from there, and gathers what is written. It
    /// belongs to one connection, and is touched behind its lock.
    final class TLSTransport {
        let inner: any LoopSocket
        let keyLog: KeyLog?
        private(set) var output = TLSOutput()
        /// Whether OpenSSL may read from the socket now, or only use what it has.
        var mayRead = true
        private(set) var hasEnded = false
        /// The first byte that came, which tells TLS from other things.
        private(set) var firstByte: UInt8?
        /// Why the socket cannot be read from, or written to.
        private(set) var readFailure: NetError?
        private(set) var writeFailure: NetError?
        /// Whether the socket took less than it was to.
        private(set) var isBlocked = false
        var refusal: CertificateRefusal?
        var wasAskedForCertificate = false
        private var sessions: [OpaquePointer] = []

        init(_ inner: any LoopSocket, keyLog: KeyLog?) {
            self.inner = inner
            self.keyLog = keyLog
        }

        deinit {
            output.release()
            for session in sessions { SSL_SESSION_free(session) }
        }

        /// Keeps the newest two; a server may send any number.
        func keep(_ session: OpaquePointer) -> Bool {
            if sessions.count >= 2 { SSL_SESSION_free(sessions.removeFirst()) }
            sessions.append(session)
            return true
        }

        /// The sessions that came; they are the caller's.
        func takeSessions() -> [OpaquePointer] {
            guard !sessions.isEmpty else { return [] }
            defer { sessions = [] }
            return sessions
        }

        /// Reads from the socket: nil where nothing waits, 0 at the end.
        fileprivate func read(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
            guard mayRead, !hasEnded, readFailure == nil else { return hasEnded || readFailure != nil ? 0 : nil }
            do throws(NetError) {
                guard let count = try inner.read(into: buffer) else { return nil }
                // Nothing more waits: the next attempt would be a system call for nothing.
                if count < buffer.count { mayRead = false }
                if count == 0 { hasEnded = true }
                if firstByte == nil { firstByte = buffer.prefix(count).first }
                return count
            } catch {
                readFailure = error
                return 0
            }
        }

        fileprivate func write(_ bytes: UnsafeRawBufferPointer) -> Int? {
            guard writeFailure == nil else { return bytes.count }
            return output.append(bytes) ? bytes.count : nil
        }

        /// Writes what was gathered, as far as the socket takes it.
        func flush() {
            while !output.isEmpty, writeFailure == nil {
                do throws(NetError) {
                    let count = try inner.write(output.bytes)
                    output.remove(count)
                    isBlocked = count == 0
                    if isBlocked { return }
                } catch {
                    writeFailure = error
                    output.release()
                }
            }
            isBlocked = false
        }
    }

    /// Encrypted bytes on their way out. The memory is taken from a few pieces that all connections share, which stay
    /// warm, and is given back as soon as nothing is in it: a thousand connections that are idle hold none.
    struct TLSOutput {
        /// What is gathered at most before the socket has to take it.
        static let gathered = 256 << 10
        /// Above that there is room for answers that OpenSSL gives by itself.
        private static let size = gathered + (64 << 10)
        /// A record with all that is around it, and some more.
        static let recordRoom = (16 << 10) + 512
        private static let idle = Locked<[UnsafeMutableRawPointer]>([])
        private static let mostIdle = 4

        private var memory: UnsafeMutableRawPointer?
        private var start = 0
        private var end = 0

        var count: Int { end - start }
        var isEmpty: Bool { start == end }
        var bytes: UnsafeRawBufferPointer {
            UnsafeRawBufferPointer(start: memory.map { UnsafeRawPointer($0 + start) }, count: count)
        }

        /// False where there is no room.
        mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
            guard let source = bytes.baseAddress else { return true }
            guard bytes.count <= Self.size - count else { return false }
            let target = memory ?? Self.take()
            memory = target
            if bytes.count > Self.size - end {
                target.copyMemory(from: target + start, byteCount: count)
                (start, end) = (0, count)
            }
            (target + end).copyMemory(from: source, byteCount: bytes.count)
            end += bytes.count
            return true
        }

        mutating func remove(_ count: Int) {
            start += min(max(count, 0), self.count)
            if isEmpty { release() }
        }

        /// Forgets what is there, and gives the memory back.
        mutating func release() {
            (start, end) = (0, 0)
            guard let memory else { return }
            self.memory = nil
            let isKept = Self.idle.withLock { idle in
                guard idle.count < Self.mostIdle else { return false }
                idle.append(memory)
                return true
            }
            if !isKept { memory.deallocate() }
        }

        private static func take() -> UnsafeMutableRawPointer {
            idle.withLock { $0.popLast() } ?? .allocate(byteCount: size, alignment: 64)
        }
    }

    /// OpenSSL's view of a transport (a BIO).
    enum TLSChannel {
        /// All that say what to wait for.
        private static let retryFlags = BIO_FLAGS_READ | BIO_FLAGS_WRITE | BIO_FLAGS_IO_SPECIAL | BIO_FLAGS_SHOULD_RETRY
        private static let method = Locked(makeMethod())

        /// Made for one connection, which frees it; the transport has to live longer. Nil where there is no memory.
        static func make(_ transport: TLSTransport) -> OpaquePointer? {
            guard let method = method.withLock({ $0 }), let channel = BIO_new(method) else { return nil }
            BIO_set_data(channel, Unmanaged.passUnretained(transport).toOpaque())
            BIO_set_init(channel, 1)
            return channel
        }

        private static func makeMethod() -> OpaquePointer? {
            let kind = BIO_get_new_index() | BIO_TYPE_SOURCE_SINK
            guard let method = BIO_meth_new(kind, "KafkaWire") else { return nil }
            BIO_meth_set_read_ex(method) { channel, buffer, size, taken in
                guard let channel, let buffer, let transport = TLSChannel.transport(channel) else { return 0 }
                BIO_clear_flags(channel, TLSChannel.retryFlags)
                let count = transport.read(UnsafeMutableRawBufferPointer(start: buffer, count: size))
                taken?.pointee = count ?? 0
                if count == nil { BIO_set_flags(channel, BIO_FLAGS_READ | BIO_FLAGS_SHOULD_RETRY) }
                return (count ?? 0) > 0 ? 1 : 0
            }
            BIO_meth_set_write_ex(method) { channel, bytes, size, taken in
                guard let channel, let bytes, let transport = TLSChannel.transport(channel) else { return 0 }
                BIO_clear_flags(channel, TLSChannel.retryFlags)
                let count = transport.write(UnsafeRawBufferPointer(start: bytes, count: size))
                taken?.pointee = count ?? 0
                if count == nil { BIO_set_flags(channel, BIO_FLAGS_WRITE | BIO_FLAGS_SHOULD_RETRY) }
                return count == nil ? 0 : 1
            }
            // Flushing is the connection's own. That the stream has ended is not told: OpenSSL would make an error of
            // an end without close_notify, and Kafka's frames tell by themselves whether something is missing.
            BIO_meth_set_ctrl(method) { _, command, _, _ in command == BIO_CTRL_FLUSH ? 1 : 0 }
            return method
        }

        private static func transport(_ channel: OpaquePointer) -> TLSTransport? {
            BIO_get_data(channel).map { Unmanaged<TLSTransport>.fromOpaque($0).takeUnretainedValue() }
        }
    }
#endif
