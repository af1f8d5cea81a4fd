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
        /// What secures the connection has ended it; its whole sentence.
        case unsecured(String)
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
        case .unsecured(let sentence): sentence
        }
    }
}

extension NetError {
    /// What an error says about the way to the other side.
    package enum Cause: Equatable, Sendable {
        /// The name does not resolve.
        case unresolved
        /// The host answered that nobody listens on the port.
        case refused
        /// Nothing came back in time.
        case noAnswer
        /// This machine, or a router, knows no way there.
        case unreachable
        /// The other side, or something in between, ended the connection.
        case ended
        /// This machine does not let the process do it: a firewall's rule, or no descriptors left.
        case other
    }

    /// What the error says about the way to the other side.
    package var cause: Cause {
        switch reason {
        case .unresolved: .unresolved
        case .closed, .unsecured, .system(ECONNRESET), .system(EPIPE), .system(ECONNABORTED): .ended
        case .system(ECONNREFUSED): .refused
        case .system(ETIMEDOUT): .noAnswer
        case .system(EHOSTUNREACH), .system(ENETUNREACH), .system(ENETDOWN), .system(EADDRNOTAVAIL): .unreachable
        case .system: .other
        }
    }

    /// The system's, or the resolver's, words.
    package var words: String {
        switch reason {
        case .system(let code): String(cString: strerror(code))
        case .unresolved(let words): words
        case .closed: "the other side closed the connection"
        case .unsecured(let sentence): sentence
        }
    }
}
