#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Why something with a socket did not work.
package struct NetError: Error, Equatable, Sendable {
    package enum Reason: Equatable, Sendable {
        /// The system's error number.
        case system(Int32)
        /// The name does not resolve; the resolver's words.
        case unresolved(String)
        /// The other side closed the connection.
        case closed
    }

    package var reason: Reason
    /// What was tried, such as "connect to 127.0.0.1:9092".
    package var action: String

    package init(_ reason: Reason, doing action: String) {
        self.reason = reason
        self.action = action
    }

    /// Nothing was heard in time.
    package static func timedOut(doing action: String) -> NetError { NetError(.system(ETIMEDOUT), doing: action) }

    /// The error that the last system call left behind.
    static func last(doing action: String) -> NetError { NetError(.system(errno), doing: action) }
}

extension NetError: CustomStringConvertible {
    package var description: String {
        switch reason {
        case .system(let code): "could not \(action): \(String(cString: strerror(code)))"
        case .unresolved(let words): "could not \(action): \(words)"
        case .closed: "could not \(action): the other side closed the connection"
        }
    }
}
