import KafkaBroker
import KafkaWire
import PageServing

/// What a page asks of those who look at it, where other machines reach it: they come over TLS with the broker's certificate, and
/// are one of the broker's users, by name and password (RFC 7617).
struct PageDoor: Sendable {
    /// What becomes of somebody.
    enum Verdict: Equatable, Sendable {
        case welcome
        /// Nobody is named, or in no form that is known.
        case unknown
        /// There is no such user with that password.
        case wrong
        /// The user may not see everything that there is.
        case forbidden

        /// What is answered, where it is no welcome.
        var refusal: PageAnswer? {
            switch self {
            case .welcome: nil
            case .unknown: .refusal(401, "This page asks for a user of the broker, and the password.")
            case .wrong: .refusal(401, "The broker has no such user with that password.")
            case .forbidden:
                .refusal(
                    403,
                    "This page shows everything in the broker: it is for super users, and for who may read every topic and "
                        + "describe the cluster and every group and transactional id.")
            }
        }
    }

    let tls: TLSContext
    private let viewer: @Sendable (_ user: String, _ address: String) async -> Viewer

    init(_ tls: TLSContext, viewer: @escaping @Sendable (_ user: String, _ address: String) async -> Viewer) {
        self.tls = tls
        self.viewer = viewer
    }

    /// Who comes in from that address. It takes some milliseconds, on the caller's thread.
    func verdict(on login: PageLogin?, from address: String) async -> Verdict {
        guard let login else { return .unknown }
        let viewer = await viewer(login.user, address)
        guard viewer.hasPassword(login.password) else { return .wrong }
        return viewer.maySeeAll ? .welcome : .forbidden
    }
}
