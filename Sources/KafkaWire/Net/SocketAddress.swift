#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// An IPv4 or IPv6 address with a port, or the path of a Unix socket.
package struct SocketAddress: Sendable, Hashable {
    /// The bytes of a `sockaddr_in`, `sockaddr_in6` or `sockaddr_un`.
    private let bytes: [UInt8]

    fileprivate init(_ bytes: [UInt8]) { self.bytes = bytes }

    var family: Int32 { withPointer { address, _ in Int32(address.pointee.sa_family) } }

    /// This machine's own address for itself, over IPv4.
    package static func loopback(port: UInt16) -> SocketAddress { ipv4(0x7F00_0001, port: port) }

    /// The IPv4 address with these 32 bits.
    package static func ipv4(_ bits: UInt32, port: UInt16) -> SocketAddress {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        #if canImport(Darwin)
            address.sin_len = UInt8(MemoryLayout<sockaddr_in>.size)
        #endif
        address.sin_addr = in_addr(s_addr: bits.bigEndian)
        return SocketAddress(withUnsafeBytes(of: address) { Array($0) })
    }

    /// The 32 bits of an IPv4 address; nil where it is none.
    package var ipv4: UInt32? {
        guard family == AF_INET else { return nil }
        return bytes[4..<8].reduce(0) { $0 << 8 | UInt32($1) }
    }

    package var isIPv6: Bool { family == AF_INET6 }
    package var isIPv4: Bool { family == AF_INET }

    /// The Unix socket at a path; nil where the system takes no path of that length.
    package static func unix(_ path: String) -> SocketAddress? {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        #if canImport(Darwin)
            address.sun_len = UInt8(MemoryLayout<sockaddr_un>.size)
        #endif
        let bytes = Array(path.utf8)
        // A zero ends it.
        guard !bytes.isEmpty, !bytes.contains(0), bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
            return nil
        }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return SocketAddress(withUnsafeBytes(of: address) { Array($0) })
    }

    /// The path of a Unix socket; nil where it is none.
    package var path: String? {
        guard family == AF_UNIX, let start = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) else { return nil }
        return String(decoding: bytes.dropFirst(start).prefix { $0 != 0 }, as: UTF8.self)
    }

    /// The port; 0 where there are none.
    package var port: UInt16 {
        guard family != AF_UNIX else { return 0 }
        // Two bytes behind the family, big-endian, in both kinds of address.
        return UInt16(bytes[2]) << 8 | UInt16(bytes[3])
    }

    /// The same host at another port.
    package func at(port: UInt16) -> SocketAddress {
        guard family != AF_UNIX else { return self }
        var bytes = bytes
        (bytes[2], bytes[3]) = (UInt8(truncatingIfNeeded: port >> 8), UInt8(truncatingIfNeeded: port))
        return SocketAddress(bytes)
    }

    func withPointer<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        // A sockaddr wants an alignment that an array of bytes does not promise.
        withUnsafeTemporaryAllocation(byteCount: max(bytes.count, MemoryLayout<sockaddr>.size), alignment: 16) { copy in
            copy.copyBytes(from: bytes)
            guard let base = copy.baseAddress else { preconditionFailure("an allocation has an address") }
            return body(base.assumingMemoryBound(to: sockaddr.self), socklen_t(bytes.count))
        }
    }

    static func read(
        _ call: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Int32
    ) -> SocketAddress? {
        withUnsafeTemporaryAllocation(byteCount: MemoryLayout<sockaddr_storage>.size, alignment: 16) { buffer in
            var size = socklen_t(buffer.count)
            guard let base = buffer.baseAddress, call(base.assumingMemoryBound(to: sockaddr.self), &size) == 0,
                size >= 4
            else { return nil }
            return SocketAddress(Array(buffer.prefix(Int(size))))
        }
    }

    /// The addresses of `host`, in the order in which the system would try them. Blocks while a name server is asked;
    /// see ``Resolver``. An empty host means every local address.
    static func resolve(host: String, port: UInt16, passive: Bool = false) throws(NetError) -> [SocketAddress] {
        var hints = addrinfo()
        #if canImport(Darwin)
            hints.ai_socktype = SOCK_STREAM
        #else
            hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #endif
        hints.ai_flags = passive ? AI_PASSIVE : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host.isEmpty ? nil : host, "\(port)", &hints, &list)
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            throw NetError(.unresolved(String(cString: gai_strerror(code))), doing: "resolve \(host)")
        }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let address = entry.pointee.ai_addr {
                let bytes = UnsafeRawBufferPointer(start: address, count: Int(entry.pointee.ai_addrlen))
                let socketAddress = SocketAddress(Array(bytes))
                if !found.contains(socketAddress) { found.append(socketAddress) }
            }
            next = entry.pointee.ai_next
        }
        return found
    }
}

extension SocketAddress: CustomStringConvertible {
    /// The address without its port, in numbers.
    package var host: String { path ?? name(NI_NUMERICHOST) }

    /// The name that the system has for the address, which is asked of a name server; its numbers where it has none.
    var canonicalName: String { path ?? name(0) }

    private func name(_ flags: Int32) -> String {
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        let code = withPointer { getnameinfo($0, $1, &host, socklen_t(host.count), nil, 0, flags) }
        return code == 0 ? host.withUnsafeBytes { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) } : "?"
    }

    /// Whether it is this machine's own, which no other machine can mean (127.0.0.0/8, ::1).
    package var isLoopback: Bool { host.hasPrefix("127.") || host == "::1" || host.hasPrefix("::ffff:127.") }

    package var description: String {
        if let path { return "unix:\(path)" }
        let text = host
        return family == AF_INET6 ? "[\(text)]:\(port)" : "\(text):\(port)"
    }
}
