extension ScenarioPlan {
    /// How clients say who they are, by SASL, and for how long that holds.
    public struct AuthenticationSettings: Sendable, Equatable, CustomStringConvertible {
        /// In which way they do, under its name on the wire.
        public enum Mechanism: String, Sendable, CaseIterable {
            /// With the password itself.
            case plain = "PLAIN"
            /// With a proof that they know it, by SHA-256.
            case scramSHA256 = "SCRAM-SHA-256"
            /// The same by SHA-512.
            case scramSHA512 = "SCRAM-SHA-512"
            /// With a token, which nobody has signed.
            case oauthBearer = "OAUTHBEARER"
        }

        /// In which way they do.
        public var mechanism: Mechanism
        /// After how long they have to do so anew, on connections in use (`connections.max.reauth.ms`); nil is never.
        public var sessionLifetime: Duration?

        /// A mechanism, and how long a session lasts with it.
        public init(_ mechanism: Mechanism, sessionLifetime: Duration? = nil) {
            (self.mechanism, self.sessionLifetime) = (mechanism, sessionLifetime)
        }

        /// `PLAIN`, `SCRAM-SHA-256 with sessions of 5 s`.
        public var description: String {
            mechanism.rawValue + (sessionLifetime.map { " with sessions of \($0.text)" } ?? "")
        }
    }
}
