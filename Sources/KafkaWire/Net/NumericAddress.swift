#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Addresses as text, which has one form for each: clients and settings write IPv6 in several.
package enum NumericAddress {
    /// The one form of an IPv4 or IPv6 address in numbers; nil where it is none. An IPv4 address inside of IPv6
    /// (`::ffff:127.0.0.1`) is that address, as in Java.
    package static func canonical(_ text: String) -> String? {
        let mapped = text.lowercased().hasPrefix("::ffff:") ? String(text.dropFirst(7)) : text
        return form(mapped, AF_INET, 4) ?? form(text, AF_INET6, 16)
    }

    /// The addresses of a host that need not be asked of a name server.
    package static func all(_ host: String) -> [String]? {
        if host.lowercased() == "localhost" { return ["127.0.0.1", "::1"] }
        return canonical(host).map { [$0] }
    }

    private static func form(_ text: String, _ family: Int32, _ size: Int) -> String? {
        guard !text.utf8.contains(0) else { return nil }
        return withUnsafeTemporaryAllocation(byteCount: size, alignment: 4) { address in
            guard inet_pton(family, text, address.baseAddress) == 1 else { return nil }
            return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
                inet_ntop(family, address.baseAddress, buffer.baseAddress, 64).map { String(cString: $0) }
            }
        }
    }
}
