extension CertificateSummary {
    /// Whether it is for a host, by its name or its address (RFC 9525): a star stands for one label, the first.
    package func covers(_ host: String) -> Bool {
        var host = host.lowercased()
        if UnixPath.read(host) != nil { host = "localhost" }
        if host.hasPrefix("["), host.hasSuffix("]") { host = String(host.dropFirst().dropLast()) }
        if addresses.contains(where: { $0.lowercased() == host }) { return true }
        if host.hasSuffix("."), host.utf8.count > 1 { host.removeLast() }
        // A name is never held against an address (RFC 9525, 6.2).
        let isAddress = host.contains(":") || !host.contains { !$0.isNumber && $0 != "." }
        return !isAddress && hostNames.contains { Self.matches(host, $0.lowercased()) }
    }

    private static func matches(_ host: String, _ pattern: String) -> Bool {
        guard pattern.hasPrefix("*.") else { return host == pattern }
        guard let dot = host.firstIndex(of: "."), dot > host.startIndex else { return false }
        return host[dot...] == pattern.dropFirst()
    }
}
