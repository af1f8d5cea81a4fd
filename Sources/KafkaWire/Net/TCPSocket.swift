#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A non-blocking stream socket of the system, over TCP or within the machine: a plain descriptor, so that it is kept where a ``LoopSocket`` is without memory
/// of its own.
package struct TCPSocket: LoopSocket, Hashable {
    let descriptor: Int32
    package var id: Int32 { descriptor }

    #if canImport(Darwin)
        private static let stream = SOCK_STREAM
        private static let noSignal: Int32 = 0
    #else
        private static let stream = Int32(SOCK_STREAM.rawValue)
        /// A closed peer is an error and never SIGPIPE.
        private static let noSignal = Int32(MSG_NOSIGNAL)
    #endif

    /// Owns the descriptor from now on.
    init(_ descriptor: Int32) {
        self.descriptor = descriptor
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        set(Int32(IPPROTO_TCP), TCP_NODELAY, 1)
        #if canImport(Darwin)
            set(SOL_SOCKET, SO_NOSIGPIPE, 1)
        #endif
    }

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    /// Where the system does not have an option, or refuses the value, the connection is made without it.
    private func set(_ options: SocketOptions) {
        if options.keepsAlive { set(SOL_SOCKET, SO_KEEPALIVE, 1) }
        if let bytes = options.sendBuffer { set(SOL_SOCKET, SO_SNDBUF, bytes) }
        if let bytes = options.receiveBuffer { set(SOL_SOCKET, SO_RCVBUF, bytes) }
        #if !canImport(Darwin)
            if let time = options.userTimeoutMilliseconds { set(Int32(IPPROTO_TCP), Int32(TCP_USER_TIMEOUT), time) }
        #endif
    }

    /// Begins to connect. Buffers are set before, since the window's scale is agreed on while connecting.
    static func connecting(
        to address: SocketAddress, _ options: SocketOptions = SocketOptions()
    ) throws(NetError) -> TCPSocket {
        let descriptor = socket(address.family, stream, 0)
        guard descriptor >= 0 else { throw .last(doing: "open a socket") }
        let socket = TCPSocket(descriptor)
        socket.set(options)
        let code = address.withPointer { connect(descriptor, $0, $1) }
        guard code == 0 || errno == EINPROGRESS else {
            let error = NetError.last(doing: "connect to \(address)")
            socket.close()
            throw error
        }
        return socket
    }

    package func connectError(to address: SocketAddress) -> NetError? {
        var code: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size)
        return code == 0 ? nil : NetError(.system(code), doing: "connect to \(address)")
    }

    /// Opens a listening socket.
    static func listening(on address: SocketAddress, backlog: Int32 = 1024) throws(NetError) -> TCPSocket {
        let descriptor = socket(address.family, stream, 0)
        guard descriptor >= 0 else { throw .last(doing: "open a socket") }
        let socket = TCPSocket(descriptor)
        socket.set(SOL_SOCKET, SO_REUSEADDR, 1)
        guard address.withPointer({ bind(descriptor, $0, $1) }) == 0, listen(descriptor, backlog) == 0 else {
            let error = NetError.last(doing: "listen on \(address)")
            socket.close()
            throw error
        }
        return socket
    }

    /// Two sockets that are connected to each other, within this process.
    static func pair() throws(NetError) -> (TCPSocket, TCPSocket) {
        var descriptors: (Int32, Int32) = (-1, -1)
        let code = withUnsafeMutableBytes(of: &descriptors) {
            socketpair(AF_UNIX, stream, 0, $0.bindMemory(to: Int32.self).baseAddress)
        }
        guard code == 0 else { throw .last(doing: "open a pair of sockets") }
        return (TCPSocket(descriptors.0), TCPSocket(descriptors.1))
    }

    package func accept() throws(NetError) -> (any LoopSocket)? {
        while true {
            let descriptor = acceptDescriptor(self.descriptor)
            if descriptor >= 0 { return TCPSocket(descriptor) }
            switch errno {
            case EINTR, ECONNABORTED: continue
            case EAGAIN, EWOULDBLOCK: return nil
            default: throw .last(doing: "accept a connection")
            }
        }
    }

    package func read(into buffer: UnsafeMutableRawBufferPointer) throws(NetError) -> Int? {
        while true {
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return nil
            default: throw .last(doing: "read from the connection")
            }
        }
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws(NetError) -> Int {
        while true {
            let count = send(descriptor, bytes.baseAddress, bytes.count, Self.noSignal)
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return 0
            default: throw .last(doing: "write to the connection")
            }
        }
    }

    package func write(_ parts: [UnsafeRawBufferPointer], isMore: Bool) throws(NetError) -> Int {
        if parts.count == 1, !isMore { return try write(parts[0]) }
        #if canImport(Darwin)
            let flags = Self.noSignal
        #else
            let flags = isMore ? Self.noSignal | Int32(MSG_MORE) : Self.noSignal
        #endif
        var vectors = parts.map {
            iovec(iov_base: UnsafeMutableRawPointer(mutating: $0.baseAddress), iov_len: $0.count)
        }
        while true {
            let count = vectors.withUnsafeMutableBufferPointer { vectors in
                var message = msghdr()
                message.msg_iov = vectors.baseAddress
                message.msg_iovlen = numericCast(vectors.count)
                return sendmsg(descriptor, &message, flags)
            }
            if count >= 0 { return count }
            switch errno {
            case EINTR: continue
            case EAGAIN, EWOULDBLOCK: return 0
            default: throw .last(doing: "write to the connection")
            }
        }
    }

    /// By sendfile(2). Nil where the system has no such call, or not for this file, or the file ends early.
    package func write(_ part: FilePart) throws(NetError) -> Int? {
        #if canImport(Darwin)
            return nil
        #else
            while true {
                var offset = off_t(part.offset)
                let count = sendfile(descriptor, part.descriptor, &offset, part.count)
                if count > 0 { return count }
                if count == 0 { return nil }
                switch errno {
                case EINTR: continue
                case EAGAIN, EWOULDBLOCK: return 0
                case EINVAL, ENOSYS, EOPNOTSUPP, EOVERFLOW: return nil
                default: throw .last(doing: "write to the connection")
                }
            }
        #endif
    }

    package var localPort: UInt16 {
        SocketAddress.read { getsockname(descriptor, $0, $1) }?.port ?? 0
    }

    package var peer: SocketAddress? { SocketAddress.read { getpeername(descriptor, $0, $1) } }

    package var local: SocketAddress? { SocketAddress.read { getsockname(descriptor, $0, $1) } }

    package func shutdownWriting() { _ = shutdown(descriptor, Int32(SHUT_WR)) }

    package func close() { _ = closeDescriptor(descriptor) }
}

private func acceptDescriptor(_ listener: Int32) -> Int32 { accept(listener, nil, nil) }
