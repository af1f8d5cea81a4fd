// Users who log in with SCRAM (KIP-554).

extension KafkaAdmin {
    /// The hash that a user's password is kept with. Open: brokers may have more.
    public struct ScramMechanism: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's number of the mechanism.
        public var rawValue: Int8
        /// The mechanism of that number.
        public init(rawValue: Int8) { self.rawValue = rawValue }

        /// SCRAM with SHA-256 (RFC 7677).
        public static let sha256 = ScramMechanism(rawValue: 1)
        /// SCRAM with SHA-512.
        public static let sha512 = ScramMechanism(rawValue: 2)

        /// Kafka's name, such as `SCRAM-SHA-256`.
        public var description: String {
            switch self {
            case .sha256: "SCRAM-SHA-256"
            case .sha512: "SCRAM-SHA-512"
            default: "UNKNOWN_\(rawValue)"
            }
        }
    }

    /// How a user's password is kept.
    public struct ScramCredential: Sendable, Hashable {
        /// The hash.
        public var mechanism: ScramMechanism
        /// How often it was hashed.
        public var iterations: Int32
    }

    /// Who can log in, and how the passwords are kept (DescribeUserScramCredentials, Kafka 2.7): the named users, or all
    /// with nil. RESOURCE_NOT_FOUND: there is no such user.
    public func describeScramUsers(
        _ users: [String]? = nil
    ) async throws(KafkaError) -> Results<String, [ScramCredential]> {
        try await one("describe users", at: .any) { _ in
            DescribeUserScramCredentialsRequest.with {
                $0.users = users.map { users in Set(users).sorted().map { user in .with { $0.name = user } } }
            }
        } whole: {
            ($0.errorCode, $0.errorMessage)
        } value: { response in
            var results: Results<String, [ScramCredential]> = [:]
            for entry in response.results where results[entry.user] == nil {
                results[entry.user] =
                    entry.errorCode == .none
                    ? .success(
                        entry.credentialInfos.map {
                            ScramCredential(
                                mechanism: ScramMechanism(rawValue: $0.mechanism), iterations: $0.iterations)
                        })
                    : .failure(
                        .refused(
                            entry.errorCode, "could not describe user \(entry.user)",
                            api: .describeUserScramCredentials))
            }
            for user in users ?? [] where results[user] == nil {
                results[user] = .failure(
                    .leftOut("could not describe user \(user)", api: .describeUserScramCredentials))
            }
            return results
        }
    }

    /// A change of a user.
    public enum ScramChange: Sendable, Equatable {
        /// Sets a password that is salted and hashed already (`SaltedPassword` of RFC 5802, that is PBKDF2 over the
        /// password), so that the broker is not told the password itself. Brokers want 4,096 iterations or more.
        case set(ScramMechanism, iterations: Int32, salt: [UInt8], saltedPassword: [UInt8])
        /// Takes the password with that hash away.
        case delete(ScramMechanism)

        fileprivate var mechanism: ScramMechanism {
            switch self {
            case .set(let mechanism, _, _, _): mechanism
            case .delete(let mechanism): mechanism
            }
        }
    }

    /// Adds, changes and deletes users (AlterUserScramCredentials, Kafka 2.7). Kafka takes one change of a user in a request:
    /// several are made one after the other, in their order, until one is refused. Errors are, among others,
    /// RESOURCE_NOT_FOUND, UNACCEPTABLE_CREDENTIAL and, where one mechanism is changed twice, DUPLICATE_RESOURCE.
    public func alterScramUsers(_ changes: [String: [ScramChange]]) async -> Results<String, Void> {
        var results: Results<String, Void> = [:]
        var left: [String: ArraySlice<ScramChange>] = changes.mapValues { $0[...] }
        while !left.isEmpty {
            var next: [String: [ScramChange]] = [:]
            for (user, rest) in left.inOrder {
                // Who changes one mechanism twice is told so by the broker.
                let isTwice = Set(rest.map(\.mechanism)).count < rest.count
                next[user] = isTwice ? Array(rest) : Array(rest.prefix(1))
                left[user] = isTwice ? [] : rest.dropFirst()
            }
            results.merge(await alterOnce(next)) { _, new in new }
            left = left.filter { user, rest in
                guard case .success? = results[user] else { return false }
                return !rest.isEmpty
            }
        }
        return results
    }

    private func alterOnce(_ changes: [String: [ScramChange]]) async -> Results<String, Void> {
        let call = AdminCall<String, AlterUserScramCredentialsRequest, Void>(
            what: "alter user", route: .all(.controller), subject: { .other($0) }, final: .finalFromController,
            build: { users, _ in
                var request = AlterUserScramCredentialsRequest()
                for user in users {
                    for change in changes[user] ?? [] {
                        switch change {
                        case .set(let mechanism, let iterations, let salt, let password):
                            request.upsertions.append(
                                .with {
                                    $0.name = user
                                    $0.mechanism = mechanism.rawValue
                                    $0.iterations = iterations
                                    $0.salt = Bytes(salt)
                                    $0.saltedPassword = Bytes(password)
                                })
                        case .delete(let mechanism):
                            request.deletions.append(
                                .with {
                                    $0.name = user
                                    $0.mechanism = mechanism.rawValue
                                })
                        }
                    }
                }
                return request
            },
            read: { response, _, _ in response.results.map { AdminReply($0.user, $0.errorCode, $0.errorMessage) } })
        return await cluster.perform(call, about: changes.keys.sorted())
    }
}
