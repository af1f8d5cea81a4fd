import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// The SCRAM credentials of users as a value: what may be changed, and what is kept.
@Suite(.turn) struct ScramUsersTests {
    typealias Change = ScramUsers.Change
    typealias Refusal = ScramUsers.Refusal

    private static let password = ScramUsers.SaltedPassword(salt: [1, 2], bytes: [3, 4], iterations: 4096)

    private static func set(
        _ user: String, _ mechanism: Int8 = 1, iterations: Int32 = 4096, salted: [UInt8] = [3, 4],
        salt: [UInt8] = [1, 2]
    ) -> Change {
        Change(
            user: user, mechanism: mechanism, password: .init(salt: salt, bytes: salted, iterations: iterations))
    }

    private static func delete(_ user: String, _ mechanism: Int8 = 1) -> Change {
        Change(user: user, mechanism: mechanism)
    }

    /// `ann` with both mechanisms, `bob` with SHA-256.
    private static func known() throws -> ScramUsers {
        var users = ScramUsers()
        for change in [set("ann", 1), set("ann", 2, iterations: 8192), set("bob", 1)] { _ = try users.make(change) }
        return users
    }

    private static let twice = "A user credential cannot be altered twice in the same request"
    private static let noName = "Username must not be empty"
    private static let noMechanism = "Unknown SCRAM mechanism"
    private static let notThere = "Attempt to delete a user credential that does not exist"

    /// What is asked, and what each user is told, as Kafka's `ScramControlManager` does it.
    @Test(
        arguments: [
            // Upsertions.
            ([set("cid")], ["cid"]),
            ([set("ann", 1)], ["ann"]),
            ([set("cid", iterations: 4095)], ["cid: UNACCEPTABLE_CREDENTIAL Too few iterations"]),
            ([set("cid", iterations: -1)], ["cid: UNACCEPTABLE_CREDENTIAL Too few iterations"]),
            ([set("cid", iterations: 16_384)], ["cid"]),
            ([set("cid", iterations: 16_385)], ["cid: UNACCEPTABLE_CREDENTIAL Too many iterations"]),
            ([set("cid", 0)], ["cid: UNSUPPORTED_SASL_MECHANISM \(noMechanism)"]),
            ([set("cid", 3)], ["cid: UNSUPPORTED_SASL_MECHANISM \(noMechanism)"]),
            // The mechanism is looked at before the iterations, and the name before both.
            ([set("cid", 3, iterations: 1)], ["cid: UNSUPPORTED_SASL_MECHANISM \(noMechanism)"]),
            ([set("", 3)], [": UNACCEPTABLE_CREDENTIAL \(noName)"]),
            ([set("cid", salted: [])], ["cid: UNACCEPTABLE_CREDENTIAL Salted password must not be empty"]),
            ([set("cid", salt: [])], ["cid"]),
            (
                [set("cid", salt: [UInt8](repeating: 0, count: 1025))],
                ["cid: UNACCEPTABLE_CREDENTIAL Salt and salted password have at most 1024 bytes each"]
            ),
            (
                [set("cid", salted: [UInt8](repeating: 0, count: 1025))],
                ["cid: UNACCEPTABLE_CREDENTIAL Salt and salted password have at most 1024 bytes each"]
            ),
            // Deletions.
            ([delete("ann", 2)], ["ann"]),
            ([delete("bob", 2)], ["bob: RESOURCE_NOT_FOUND \(notThere)"]),
            ([delete("cid")], ["cid: RESOURCE_NOT_FOUND \(notThere)"]),
            ([delete("ann", 0)], ["ann: UNSUPPORTED_SASL_MECHANISM \(noMechanism)"]),
            ([delete("", 1)], [": UNACCEPTABLE_CREDENTIAL \(noName)"]),
            // Several: one user's second change undoes the first one, also with another mechanism, and the first reason counts.
            ([delete("ann", 1), delete("ann", 2)], ["ann: DUPLICATE_RESOURCE \(twice)"]),
            ([delete("ann", 1), delete("ann", 2), delete("ann", 1)], ["ann: DUPLICATE_RESOURCE \(twice)"]),
            ([delete("ann", 1), set("ann", 1)], ["ann: DUPLICATE_RESOURCE \(twice)"]),
            ([delete("ann", 1), set("ann", 2)], ["ann: DUPLICATE_RESOURCE \(twice)"]),
            ([set("cid", 1), set("cid", 2)], ["cid: DUPLICATE_RESOURCE \(twice)"]),
            ([set("cid", 1), set("cid", 3)], ["cid: DUPLICATE_RESOURCE \(twice)"]),
            ([delete("cid"), set("cid")], ["cid: RESOURCE_NOT_FOUND \(notThere)"]),
            ([set("cid", iterations: 1), set("cid")], ["cid: UNACCEPTABLE_CREDENTIAL Too few iterations"]),
            ([delete("bob"), set("ann"), delete("cid")], ["bob", "ann", "cid: RESOURCE_NOT_FOUND \(notThere)"]),
            ([], []),
        ] as [([Change], [String])])
    func aRequestIsAnsweredAsKafkaDoes(changes: [Change], told: [String]) throws {
        var users = try Self.known()
        let before = users
        let planned = users.plan(changes)
        #expect(
            planned.map { user, change in
                if case .failure(let refusal) = change { return "\(user): \(refusal.code) \(refusal.message)" }
                return user
            } == told)
        for case (let user, .success(let change)) in planned {
            let made = try users.make(change)
            #expect(made.key.user == ExactName(user) && made.key.mechanism.rawValue == change.mechanism)
            #expect(users[user, made.key.mechanism] == made.credential)
            #expect((made.credential == nil) == (change.password == nil))
        }
        // Nobody else has changed.
        for user in ["ann", "bob", "cid"] where !told.contains(user) {
            for mechanism in ScramUsers.Mechanism.allCases {
                #expect(users[user, mechanism] == before[user, mechanism])
            }
        }
    }

    /// What was planned is looked at again when it is made: others' requests may have come between.
    @Test func whatIsGoneMeanwhileIsNotDeleted() throws {
        var users = try Self.known()
        let planned = try #require(users.plan([Self.delete("bob")]).first)
        _ = try users.make(Self.delete("bob"))
        #expect(throws: Refusal(code: .resourceNotFound, message: Self.notThere)) {
            _ = try users.make(try planned.change.get())
        }
    }

    @Test func countAndSizeFollowWhatIsThere() throws {
        var users = try Self.known()
        let full = users.size
        #expect(users.count == 3)
        _ = try users.make(Self.set("ann", 1, salt: [UInt8](repeating: 7, count: 12)))
        #expect(users.count == 3 && users.size == full + 10)
        for change in [Self.delete("ann", 1), Self.delete("bob", 1)] { _ = try users.make(change) }
        #expect(users.count == 1 && users["ann", .sha512]?.iterations == 8192 && users["ann", .sha256] == nil)
        _ = try users.make(Self.delete("ann", 2))
        #expect(users.count == 0 && users.size == 0 && users.describe([]).isEmpty)
    }

    /// "é" as one character and as two, and a kelvin sign: one text to Swift, and two names to Kafka.
    @Test(arguments: [("\u{E9}", "e\u{301}"), ("Kim", "\u{212A}im")])
    func twoSpellingsAreTwoUsers(one: String, other: String) throws {
        var users = ScramUsers()
        let planned = users.plan([Self.set(one), Self.set(other, iterations: 5000)])
        #expect(planned.count == 2)
        for plan in planned { _ = try users.make(try plan.change.get()) }
        #expect(users.count == 2)
        #expect(users[one, .sha256]?.iterations == 4096 && users[other, .sha256]?.iterations == 5000)
        _ = try users.make(Self.delete(one))
        #expect(users[one, .sha256] == nil && users[other, .sha256] != nil)
        let told = users.describe([one, other]).map { user, infos in
            (ExactName(user), (try? infos.get())?.first?.iterations)
        }
        #expect(told.first { $0.0 == ExactName(one) }?.1 == nil)
        #expect(told.first { $0.0 == ExactName(other) }?.1 == 5000)
        var metadata = ClusterMetadata()
        for user in [one, other] {
            let key = ScramUsers.Key(user: ExactName(user), mechanism: .sha256)
            metadata.apply(MetadataRecord(users[other, .sha256], for: key))
        }
        #expect(metadata.scramCredentials.count == 2)
    }

    @Test func thereIsRoomForSoManyAndNoMore() throws {
        var users = ScramUsers()
        for number in 0..<ScramUsers.limit {
            users.restore(
                .init(salt: [], storedKey: [], serverKey: [], iterations: 4096),
                for: .init(user: .init("\(number)"), mechanism: .sha256))
        }
        #expect(throws: Refusal.self) { _ = try users.make(Self.set("new")) }
        do { _ = try users.make(Self.set("new")) } catch { #expect(error.code == .policyViolation) }
        // Those that are there can be changed.
        _ = try users.make(Self.set("7"))
        _ = try users.make(Self.delete("8"))
        _ = try users.make(Self.set("new"))
        #expect(users.count == ScramUsers.limit)

        users = ScramUsers()
        let long = String(repeating: "n", count: 32_000)
        var refused = 0
        for number in 0..<1000 {
            do { _ = try users.make(Self.set(long + "\(number)")) } catch {
                #expect(error.code == .policyViolation)
                refused += 1
            }
        }
        #expect(refused > 0 && users.size <= ScramUsers.sizeLimit && users.size > ScramUsers.sizeLimit - 40_000)
    }

    @Test func descriptionsAreInOrder() throws {
        let users = try Self.known()
        func told(_ names: [String]) -> [String] {
            users.describe(names).map { user, infos in
                switch infos {
                case .success(let infos): "\(user) \(infos.map { "\($0.mechanism.name)=\($0.iterations)" })"
                case .failure(let refusal): "\(user): \(refusal.code) \(refusal.message)"
                }
            }
        }
        let ann = "ann [\"SCRAM-SHA-256=4096\", \"SCRAM-SHA-512=8192\"]"
        let bob = "bob [\"SCRAM-SHA-256=4096\"]"
        #expect(told([]) == [ann, bob])
        #expect(
            told(["cid", "bob", "ann", "bob"]) == [
                ann,
                "bob: DUPLICATE_RESOURCE Cannot describe SCRAM credentials for the same user twice in a single request: bob",
                "cid: RESOURCE_NOT_FOUND Attempt to describe a user credential that does not exist: cid",
            ])
    }

    /// RFC 7677, section 3: the exchange that is given there holds against what is kept of `pencil`.
    @Test func whatIsKeptAnswersThePublishedExchange() throws {
        let salt = try #require(Base64.decode("W22ZaJ0SNY7soEsUEjb6gQ==".utf8))
        let credential = try CredentialHashes.credential(
            .sha256, password: Array("pencil".utf8), salt: salt, iterations: 4096)
        // As PostgreSQL writes the same password down.
        #expect(Base64.encode(credential.storedKey) == "WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=")
        #expect(Base64.encode(credential.serverKey) == "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=")
        #expect(credential.iterations == 4096 && credential.salt == salt)
        let message =
            "n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            + "s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        let signed = Array(message.utf8)
        let signature = try #require(Self.openssl(.sha256, key: credential.serverKey, signed))
        #expect(Base64.encode(signature) == "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
        let proof = try #require(Base64.decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=".utf8))
        let client = try #require(Self.openssl(.sha256, key: credential.storedKey, signed))
        let clientKey = zip(proof, client).map { $0 ^ $1 }
        #expect(Self.openssl(.sha256, key: nil, clientKey) == credential.storedKey)
    }

    /// Computed by Python's `hashlib.pbkdf2_hmac` and `hmac`, of `pencil`, 4096 times, with the salt 00 01 … 0f.
    @Test func sha512IsThatOfOthers() throws {
        let salted = try #require(
            Hex.decode(
                "f064426ccf85776d2d78578090604cf7c73f17554f4a7551cbdf24cec1538e44"
                    + "3929def15cf2f589fb41994394407173251c67784c2f6fb7ab9f1576f36d9716"))
        let salt = [UInt8](0..<16)
        var users = ScramUsers()
        let made = try users.make(Self.set("ann", 2, iterations: 5000, salted: salted, salt: salt))
        let credential = try #require(made.credential)
        #expect(
            Hex.encode(credential.storedKey)
                == "0c1ace8892c956465e33f958063ca7f0793f2d0d91accdd5fd88391ddd7d41f6"
                + "82155fe868f79000c264c2dbc1762e1780045e8d4dee704f5e0da80130727e57")
        #expect(
            Hex.encode(credential.serverKey)
                == "daf0dc7bc9a1c10b3546f49fbb14b86c314538dc6b00e8bfc9e78f21a8b08a0d"
                + "b1882d7a95078dfb01cecce366ff5f15338f49160f57a00c90ee81c53dabc0de")
        #expect(credential.salt == salt && credential.iterations == 5000)
        let hashed = try CredentialHashes.credential(
            .sha512, password: Array("pencil".utf8), salt: salt, iterations: 4096)
        #expect(hashed.storedKey == credential.storedKey)
    }

    @Test func nothingOfItIsShown() throws {
        let made = try #require(try Self.known()["ann", .sha256])
        var text = "\(made) \(String(reflecting: made)) \(Self.password)"
        dump(made, to: &text)
        dump(Self.password, to: &text)
        dump(Self.set("ann"), to: &text)
        #expect(text.contains("<hidden>"))
        for word in ["storedKey", "serverKey", "salt:", "bytes", "- 3"] { #expect(!text.contains(word), "\(text)") }
    }

    private enum Hash: String {
        case sha256
    }

    /// The same hash by OpenSSL's program: of the bytes, or with a key their HMAC.
    private static func openssl(_ hash: Hash, key: [UInt8]?, _ bytes: [UInt8]) -> [UInt8]? {
        var arguments = ["dgst", "-\(hash.rawValue)", "-r"]
        if let key { arguments += ["-mac", "HMAC", "-macopt", "hexkey:\(Hex.encode(key))"] }
        return Program.run("openssl", arguments, input: bytes).flatMap { text in
            text.split(separator: " ").first.flatMap { Hex.decode(String($0)) }
        }
    }
}
