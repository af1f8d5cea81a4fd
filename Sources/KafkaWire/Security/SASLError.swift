/// Why an authentication with SASL did not succeed: a sentence without any secret in it.
public struct SASLError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What kind of trouble it is, for what has to tell them apart.
    public enum Kind: Sendable {
        /// The server does not accept these credentials.
        case refused
        /// What the server sent is not what the mechanism says.
        case malformed
        /// The server does not know the password either, so it may be somebody else's.
        case unproven
        /// There is nothing to authenticate with: a token that cannot be had, a file that cannot be read.
        case credentials
        /// What was set cannot be used: characters, names, iterations.
        case settings
        /// The library was built without its trait `Security`.
        case unavailable
    }

    /// What kind of trouble it is.
    public var kind: Kind
    /// The mechanism's name, such as `SCRAM-SHA-256`; empty where none is concerned.
    public var mechanism: String
    /// What happened, and what to do.
    public var message: String

    /// An error of a mechanism; for mechanisms and token providers of one's own too.
    public init(_ kind: Kind, mechanism: String, _ message: String) {
        self.kind = kind
        self.mechanism = mechanism
        self.message = message
    }

    /// The mechanism and the sentence.
    public var description: String { mechanism.isEmpty ? message : "\(mechanism): \(message)" }

    /// What a build without the trait `Security` says.
    static func unavailable(_ what: String) -> SASLError {
        SASLError(
            .unavailable, mechanism: "",
            "\(what) needs OpenSSL: build the package KafkaWire with its trait Security, which is on by default")
    }

    /// The other side's words as they may be shown: at most 200 of its bytes, and nothing that steers a terminal.
    package static func shown(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes.prefix(200), as: UTF8.self)
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
                out.append("\u{FFFD}")
            default: out.append(scalar)
            }
        }
        return String(out) + (bytes.count > 200 ? "…" : "")
    }
}
