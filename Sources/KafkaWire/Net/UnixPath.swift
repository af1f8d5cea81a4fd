/// What a host's name says that is no name: `unix:/run/kafka.sock` is the path of a Unix socket.
package enum UnixPath {
    package static let prefix = "unix:"

    /// The path, where the host is one.
    package static func read(_ host: String) -> String? {
        host.hasPrefix(prefix) ? String(host.dropFirst(prefix.count)) : nil
    }
}
