import KafkaWire

/// A host and a port, as brokers advertise them and people write them: `broker:9092`, `[::1]:9092`.
package struct HostPort: Hashable, Sendable {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host:port`; without a port it is `standardPort`. Nil where the text is neither.
    package init?(_ text: String, standardPort: UInt16? = nil) {
        var host = text[...]
        var port = standardPort
        if let colon = text.lastIndex(of: ":"), !text.hasSuffix("]"),
            text.hasPrefix("[") || text.firstIndex(of: ":") == colon
        {
            host = text[..<colon]
            port = UInt16(text[text.index(after: colon)...])
            if port == nil { return nil }
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard let port, !host.contains("[") else { return nil }
        self.init(host: String(host), port: port)
    }

    /// Whether it stands for every address of the machine, and is none that a client could connect to.
    package var isWildcard: Bool { ["", "0.0.0.0", "::"].contains(host) }
}

extension HostPort: CustomStringConvertible {
    package var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}
