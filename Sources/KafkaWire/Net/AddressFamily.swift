/// Which addresses of a host are taken.
public enum AddressFamily: Sendable, Equatable {
    /// All, in the order in which the system would try them.
    case any
    /// Those of IPv4 alone.
    case v4
    /// Those of IPv6 alone.
    case v6

    /// The addresses that are taken; an error that says so where a host has none of them.
    package func taken(_ addresses: [SocketAddress], of host: String) throws(NetError) -> [SocketAddress] {
        let kept = addresses.filter { self == .any || (self == .v4 ? $0.isIPv4 : $0.isIPv6) }
        guard kept.isEmpty else { return kept }
        let what = addresses.isEmpty ? "the name has no address" : "the name has no address of IP\(self)"
        throw NetError(.unresolved(what), doing: "resolve \(host)")
    }
}
