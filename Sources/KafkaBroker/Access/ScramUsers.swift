import KafkaWire

/// Who can log in with SCRAM, and what is kept of the passwords (KIP-554). The rules, codes and sentences are those of
/// Kafka's controller (`ScramControlManager`, `ScramImage`).
struct ScramUsers {
    /// The hash that a password is kept with, under Kafka's number.
    enum Mechanism: Int8, CaseIterable, Comparable, Sendable {
        /// SCRAM-SHA-256 (RFC 7677).
        case sha256 = 1
        /// SCRAM-SHA-512.
        case sha512 = 2

        static func < (one: Mechanism, other: Mechanism) -> Bool { one.rawValue < other.rawValue }

        /// The name on the wire.
        var name: String {
            switch self {
            case .sha256: "SCRAM-SHA-256"
            case .sha512: "SCRAM-SHA-512"
            }
        }
    }

    /// One user's credential of one mechanism. Two spellings of one text are two users, as in Kafka: who logs in under the
    /// other one would pass by the rules for the first.
    struct Key: Hashable, Comparable, Sendable {
        var user: ExactName
        var mechanism: Mechanism

        static func < (one: Key, other: Key) -> Bool { (one.user, one.mechanism) < (other.user, other.mechanism) }
    }

    /// What a server keeps of a password (RFC 5802, section 3). Who has the keys cannot log in with them, but can try
    /// passwords, and pretend to be this server: so they are not shown.
    struct Credential: Equatable, Sendable, CustomStringConvertible, CustomReflectable {
        var salt: [UInt8]
        /// `H(HMAC(SaltedPassword, "Client Key"))`, against which the client's proof is held.
        var storedKey: [UInt8]
        /// `HMAC(SaltedPassword, "Server Key")`, by which the server proves itself.
        var serverKey: [UInt8]
        /// How often the password was hashed.
        var iterations: Int32

        var description: String { "<hidden>" }
        var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
    }

    /// A password as the admin client sends it: salted and hashed already.
    struct SaltedPassword: Equatable, CustomStringConvertible, CustomReflectable {
        var salt: [UInt8]
        /// `SaltedPassword` of RFC 5802. It is worth as much as the password, and is not kept.
        var bytes: [UInt8]
        var iterations: Int32

        var description: String { "<hidden>" }
        var customMirror: Mirror { Mirror(self, children: [], displayStyle: .struct) }
    }

    /// A change of one credential.
    struct Change: Equatable {
        var user: String
        /// Kafka's number of the mechanism, which may be one that nobody knows.
        var mechanism: Int8
        /// The new password; nil deletes the credential.
        var password: SaltedPassword?
    }

    /// Why credentials are not shown or not changed.
    struct Refusal: Error, Equatable {
        var code: ErrorCode
        var message: String
    }

    /// How many credentials are kept at most, and how many bytes they take together; Kafka has no such limits, but keeps
    /// them on a disk.
    static let limit = 20_000
    static let sizeLimit = 16 << 20
    /// How long a salt, and a salted password, may be. Clients send some thirty bytes, and as many as the hash has.
    static let longestSecret = 1024
    /// How often a password is hashed at least (`ScramMechanism.minIterations`), and at most, since each login costs that.
    static let iterations: ClosedRange<Int32> = 4096...16_384

    private var credentials: [ExactName: [Mechanism: Credential]] = [:]
    /// How many credentials there are.
    private(set) var count = 0
    /// How many bytes they take.
    private(set) var size = 0

    /// A user's credential, against which a login is held.
    subscript(user: String, mechanism: Mechanism) -> Credential? { credentials[ExactName(user)]?[mechanism] }

    // MARK: - Changes

    /// What becomes of each user that changes are about, in the order in which users are named first. As in Kafka, a user
    /// who is named twice has nothing changed, whatever the mechanisms are, and of several reasons the first one counts.
    /// Deletions come first.
    func plan(_ changes: [Change]) -> [(user: String, change: Result<Change, Refusal>)] {
        var places: [ExactName: Int] = [:]
        var planned: [(user: String, change: Result<Change, Refusal>)] = []
        for change in changes {
            let name = ExactName(change.user)
            if let place = places[name] {
                guard case .success = planned[place].change else { continue }
                planned[place].change = .failure(
                    Refusal(
                        code: .duplicateResource,
                        message: "A user credential cannot be altered twice in the same request"))
            } else {
                places[name] = planned.count
                planned.append((change.user, objection(to: change).map { .failure($0) } ?? .success(change)))
            }
        }
        return planned
    }

    /// Makes a change; gives the credential that it is about, and what that is now.
    mutating func make(_ change: Change) throws(Refusal) -> (key: Key, credential: Credential?) {
        if let refusal = objection(to: change) { throw refusal }
        guard let mechanism = Mechanism(rawValue: change.mechanism) else { throw Self.unknownMechanism }
        let key = Key(user: ExactName(change.user), mechanism: mechanism)
        guard let password = change.password else {
            set(nil, for: key)
            return (key, nil)
        }
        let before = self[change.user, mechanism]
        let credential: Credential
        do throws(SASLError) {
            credential = try CredentialHashes.credential(
                mechanism, saltedPassword: password.bytes, salt: password.salt, iterations: password.iterations)
        } catch { throw Refusal(code: .unsupportedSaslMechanism, message: "\(error)") }
        let grown = size - (before.map { Self.size($0, of: key) } ?? 0) + Self.size(credential, of: key)
        guard before != nil || count < Self.limit, grown <= Self.sizeLimit else {
            throw Refusal(
                code: .policyViolation,
                message: "this broker keeps \(Self.limit) SCRAM credentials and \(Self.sizeLimit) bytes of them at most"
            )
        }
        set(credential, for: key)
        return (key, credential)
    }

    /// Why a change cannot be made, or nil.
    private func objection(to change: Change) -> Refusal? {
        guard !change.user.isEmpty else {
            return Refusal(code: .unacceptableCredential, message: "Username must not be empty")
        }
        guard let mechanism = Mechanism(rawValue: change.mechanism) else { return Self.unknownMechanism }
        guard let password = change.password else {
            guard self[change.user, mechanism] == nil else { return nil }
            return Refusal(
                code: .resourceNotFound, message: "Attempt to delete a user credential that does not exist")
        }
        if password.iterations < Self.iterations.lowerBound {
            return Refusal(code: .unacceptableCredential, message: "Too few iterations")
        }
        if password.iterations > Self.iterations.upperBound {
            return Refusal(code: .unacceptableCredential, message: "Too many iterations")
        }
        // Java's HMAC refuses an empty key, which Kafka answers with UNKNOWN_SERVER_ERROR.
        if password.bytes.isEmpty {
            return Refusal(code: .unacceptableCredential, message: "Salted password must not be empty")
        }
        if max(password.bytes.count, password.salt.count) > Self.longestSecret {
            return Refusal(
                code: .unacceptableCredential,
                message: "Salt and salted password have at most \(Self.longestSecret) bytes each")
        }
        return nil
    }

    private static let unknownMechanism = Refusal(
        code: .unsupportedSaslMechanism, message: "Unknown SCRAM mechanism")

    /// Gives a user the credential that it had before the broker was started.
    mutating func restore(_ credential: Credential, for key: Key) { set(credential, for: key) }

    private mutating func set(_ credential: Credential?, for key: Key) {
        if let before = credentials[key.user]?[key.mechanism] {
            count -= 1
            size -= Self.size(before, of: key)
        }
        if let credential {
            count += 1
            size += Self.size(credential, of: key)
            credentials[key.user, default: [:]][key.mechanism] = credential
        } else {
            credentials[key.user]?[key.mechanism] = nil
            if credentials[key.user]?.isEmpty == true { credentials[key.user] = nil }
        }
    }

    /// About how many bytes a credential takes, with what the tables around it do.
    private static func size(_ credential: Credential, of key: Key) -> Int {
        200 + key.user.bytes.count + credential.salt.count + credential.storedKey.count + credential.serverKey.count
    }

    // MARK: - Descriptions

    /// What is told of a credential.
    struct Info: Equatable {
        var mechanism: Mechanism
        var iterations: Int32
    }

    /// The mechanisms of the named users, or of all where none is named, in the order of the names. Who is named twice is
    /// not described.
    func describe(_ names: [String]) -> [(user: String, infos: Result<[Info], Refusal>)] {
        guard !names.isEmpty else {
            return credentials.inOrder.map { ($0.key.description, .success(Self.infos($0.value))) }
        }
        var asked: [ExactName: Int] = [:]
        for name in names { asked[ExactName(name), default: 0] += 1 }
        return asked.inOrder.map { name, times in
            let user = name.description
            guard times == 1 else {
                return (
                    user,
                    .failure(
                        Refusal(
                            code: .duplicateResource,
                            message:
                                "Cannot describe SCRAM credentials for the same user twice in a single request: \(user)"
                        ))
                )
            }
            guard let found = credentials[name] else {
                return (
                    user,
                    .failure(
                        Refusal(
                            code: .resourceNotFound,
                            message: "Attempt to describe a user credential that does not exist: \(user)"))
                )
            }
            return (user, .success(Self.infos(found)))
        }
    }

    private static func infos(_ credentials: [Mechanism: Credential]) -> [Info] {
        credentials.inOrder.map { Info(mechanism: $0.key, iterations: $0.value.iterations) }
    }
}
