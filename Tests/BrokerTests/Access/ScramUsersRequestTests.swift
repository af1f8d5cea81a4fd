import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// SCRAM users through the handlers, and over a restart with tokens.
@Suite(.serialized, .turn) struct ScramUsersRequestTests {
    private let temporary = TemporaryFolder()

    private static func alteration(
        deletions: [(String, Int8)] = [], upsertions: [(String, Int8, Int32)] = []
    ) -> AlterUserScramCredentialsRequest {
        .with {
            $0.deletions = deletions.map { name, mechanism in
                .with {
                    $0.name = name
                    $0.mechanism = mechanism
                }
            }
            $0.upsertions = upsertions.map { name, mechanism, iterations in
                .with {
                    $0.name = name
                    $0.mechanism = mechanism
                    $0.iterations = iterations
                    $0.salt = [1, 2, 3]
                    $0.saltedPassword = [4, 5, 6]
                }
            }
        }
    }

    private static func described(_ answer: DescribeUserScramCredentialsResponse) -> [String] {
        #expect(answer.errorCode == .none && answer.errorMessage == nil)
        return answer.results.map { result in
            guard result.errorCode == .none else {
                #expect(result.errorMessage?.isEmpty == false && result.credentialInfos.isEmpty)
                return "\(result.user) \(result.errorCode)"
            }
            #expect(result.errorMessage == nil)
            return "\(result.user) \(result.credentialInfos.map { "\($0.mechanism):\($0.iterations)" })"
        }
    }

    @Test func usersAreSetDescribedAndDeleted() throws {
        let client = try OfflineClient()
        let everybody = DescribeUserScramCredentialsRequest.with { $0.users = nil }
        #expect(Self.described(try client.call(everybody)).isEmpty)
        let set = try client.call(
            Self.alteration(upsertions: [("bob", 1, 4096), ("ann", 2, 8192), ("bad", 1, 4095), ("", 1, 4096)]))
        #expect(set.results.map(\.user) == ["bob", "ann", "bad", ""])
        #expect(
            set.results.map(\.errorCode) == [.none, .none, .unacceptableCredential, .unacceptableCredential])
        #expect(
            set.results.map(\.errorMessage) == [nil, nil, "Too few iterations", "Username must not be empty"])
        #expect(Self.described(try client.call(everybody)) == ["ann [\"2:8192\"]", "bob [\"1:4096\"]"])
        // An empty list is everybody, as in Kafka.
        let empty = DescribeUserScramCredentialsRequest.with { $0.users = [] }
        #expect(Self.described(try client.call(empty)).count == 2)
        let named = DescribeUserScramCredentialsRequest.with {
            $0.users = ["eve", "bob", "ann", "bob"].map { name in .with { $0.name = name } }
        }
        #expect(
            Self.described(try client.call(named)) == [
                "ann [\"2:8192\"]", "bob DUPLICATE_RESOURCE", "eve RESOURCE_NOT_FOUND",
            ])
        let deleted = try client.call(
            Self.alteration(deletions: [("bob", 1), ("ann", 1)], upsertions: [("ann", 2, 4096), ("cid", 1, 4096)]))
        #expect(deleted.results.map(\.user) == ["bob", "ann", "cid"])
        #expect(deleted.results.map(\.errorCode) == [.none, .resourceNotFound, .none])
        #expect(Self.described(try client.call(everybody)) == ["ann [\"2:8192\"]", "cid [\"1:4096\"]"])
        #expect(client.server.objections == [])
    }

    /// More than a request may do at once: the rest comes in parts, and every user is answered.
    @Test func manyUsersAreSetInParts() throws {
        let broker = try UserNode()
        let users = (0..<3000).map { ("user \($0)", Int8(1), Int32(4096)) }
        let answer = try broker.call(Self.alteration(upsertions: users), version: 0, as: .anonymous)
        #expect(answer.results.map(\.user) == users.map(\.0) && answer.results.allSatisfy { $0.errorCode == .none })
        #expect(broker.node.workSteps > 1 && broker.node.scramUsers.count == 3000)
    }

    /// Refused by a hook: every user once, in order, as Kafka does it.
    @Test func aRefusalNamesEverybodyOnce() {
        let request = Self.alteration(deletions: [("bob", 1), ("ann", 1)], upsertions: [("ann", 2, 1), ("cid", 1, 1)])
        let answer = request.failed(.policyViolation, version: 0)
        #expect(answer.results.map(\.user) == ["ann", "bob", "cid"])
        #expect(answer.results.allSatisfy { $0.errorCode == .policyViolation })
    }

    @Test func ourAdminClientSetsUsers() async throws {
        let broker = try await KafkaBroker.start()
        let admin = try KafkaAdmin(
            ClientConfiguration(bootstrapServers: broker.bootstrapServers.split(separator: ",").map(String.init)))
        let changes: [String: [KafkaAdmin.ScramChange]] = [
            "ann": [.set(.sha512, iterations: 5000, salt: [1], saltedPassword: [2])], "bob": [.delete(.sha256)],
        ]
        let failures = await admin.alterScramUsers(changes).failures()
        #expect(failures.keys.sorted() == ["bob"] && failures["bob"]?.code == .broker(.resourceNotFound))
        let users = try await admin.describeScramUsers()
        let ann = try #require(try users["ann"]?.get())
        #expect(users.count == 1 && ann.map(\.mechanism) == [.sha512] && ann.map(\.iterations) == [5000])
        await admin.close()
        await broker.stop()
    }

    // MARK: - On the disk

    /// The broker that has the directory: it is forgotten, as by a kill, before another one takes it over.
    private final class Held {
        var broker: UserNode?
    }

    private let held = Held()

    private func broker() throws -> UserNode { try #require(held.broker) }

    private func restart(key: Secret? = "a secret key") throws {
        held.broker = nil
        held.broker = try UserNode(temporary.path, key: key)
    }

    private func fill() throws -> (code: Bytes, id: String) {
        try restart()
        let broker = try broker()
        let users = Self.alteration(upsertions: [("ann", 1, 4096), ("gone", 1, 4096), ("é", 2, 5000)])
        #expect(try broker.call(users, version: 0, as: .anonymous).results.allSatisfy { $0.errorCode == .none })
        _ = try broker.call(Self.alteration(deletions: [("gone", 1)]), version: 0, as: .anonymous)
        _ = try broker.call(Self.alteration(upsertions: [("ann", 1, 6000)]), version: 0, as: .anonymous)
        var made: [CreateDelegationTokenResponse] = []
        for _ in 0..<3 {
            made.append(
                try broker.call(
                    CreateDelegationTokenRequest.with {
                        $0.ownerPrincipalType = "User"
                        $0.ownerPrincipalName = "b:ob"
                        $0.renewers = [
                            .with {
                                $0.principalType = "User"
                                $0.principalName = "CN=cid,O=x:y"
                            }
                        ]
                    }, version: 3, as: .init("ann")))
        }
        let owner = KafkaPrincipal("b:ob")
        let renewed = try broker.call(
            RenewDelegationTokenRequest.with {
                $0.hmac = made[0].hmac
                $0.renewPeriodMs = 5000
            }, version: 2, as: owner)
        #expect(renewed.expiryTimestampMs == 1_005_000)
        let ended = try broker.call(
            ExpireDelegationTokenRequest.with {
                $0.hmac = made[1].hmac
                $0.expiryTimePeriodMs = -1
            }, version: 2, as: owner)
        #expect(ended.errorCode == .none)
        let shortened = try broker.call(
            ExpireDelegationTokenRequest.with {
                $0.hmac = made[2].hmac
                $0.expiryTimePeriodMs = 100
            }, version: 2, as: owner)
        #expect(shortened.expiryTimestampMs == 1_000_100)
        return (made[0].hmac, made[0].tokenId)
    }

    private func isAsFilled(_ code: Bytes, _ id: String) throws {
        let broker = try broker()
        #expect(broker.node.objections(pending: []) == [])
        let users = broker.node.scramUsers
        let kept = users["ann", .sha256]
        #expect(users.count == 2 && kept?.iterations == 6000 && kept?.salt == [1, 2, 3])
        #expect(
            kept
                == (try CredentialHashes.credential(
                    .sha256, saltedPassword: [4, 5, 6], salt: [1, 2, 3], iterations: 6000)))
        #expect(users["é", .sha512]?.storedKey.count == 64 && users["gone", .sha256] == nil)
        #expect(broker.node.delegationTokens.count == 2)
        let (token, known) = try #require(broker.node.delegationTokens[id])
        #expect(known == code.copy() && token.owner == .init("b:ob") && token.requester == .init("ann"))
        #expect(token.renewers == [.init("CN=cid,O=x:y")] && token.issued == 1_000_000 && token.expiry == 1_005_000)
        #expect(token.latest == 1_000_000 + 7 * 86_400_000)
    }

    @Test(arguments: [true, false]) func usersAndTokensAreThereAgain(isStopped: Bool) throws {
        let (code, id) = try fill()
        try isAsFilled(code, id)
        for _ in 0..<2 {
            if isStopped { try broker().node.close() }
            try restart()
            try isAsFilled(code, id)
        }
        // What is over goes from the disk as well.
        try broker().advance(by: .seconds(3600))
        try broker().node.tick(now: try broker().node.time.now())
        #expect(try broker().node.delegationTokens.count == 0)
        try restart()
        #expect(try broker().node.delegationTokens.count == 0 && broker().node.scramUsers.count == 2)
    }

    /// A log that is written anew has what is in force.
    @Test func theShortestRecordsLeadToTheSame() throws {
        _ = try fill()
        let metadata = try #require(try broker().node.storage?.metadata)
        var again = ClusterMetadata()
        for record in metadata.records { again.apply(try MetadataRecord(Bytes(try record.encode()))) }
        #expect(again == metadata)
        #expect(again.scramCredentials.count == 2 && again.tokens.count == 2)
    }

    /// A broker that is started without the key once has forgotten nothing.
    @Test func tokensWaitForTheirKey() throws {
        let (code, id) = try fill()
        try restart(key: nil)
        #expect(try !broker().node.delegationTokens.isEnabled)
        #expect(try broker().node.objections(pending: []) == [])
        try broker().advance(by: .seconds(36_000))
        try broker().node.tick(now: try broker().node.time.now())
        try restart()
        try isAsFilled(code, id)
    }

    // MARK: - Records

    /// By hand, from Kafka's `UserScramCredentialRecord.json` and its like: the frame's version, the kind and its version,
    /// then compact strings, bytes and arrays with their length and one, numbers big-endian, and no tagged fields.
    @Test(
        arguments: [
            (
                MetadataRecord.scramCredential(
                    .with {
                        $0.name = "ann"
                        $0.mechanism = 2
                        $0.salt = [0xA0, 0xA1]
                        $0.storedKey = [0xB0]
                        $0.serverKey = [0xC0, 0xC1, 0xC2]
                        $0.iterations = 4096
                    }),
                "01 0b 00 04 616e6e 02 03 a0a1 02 b0 04 c0c1c2 00001000 00"
            ),
            (
                .removeScramCredential(
                    .with {
                        $0.name = "ann"
                        $0.mechanism = 1
                    }), "01 16 00 04 616e6e 01 00"
            ),
            (
                .token(
                    .with {
                        $0.owner = "User:a"
                        $0.requester = "User:b"
                        $0.renewers = ["User:c", "User:d"]
                        $0.issueTimestamp = 1
                        $0.maxTimestamp = 0x0102_0304_0506_0708
                        $0.expirationTimestamp = -2
                        $0.tokenId = "id"
                    }),
                "01 0a 00 07 557365723a61 07 557365723a62 03 07 557365723a63 07 557365723a64 0000000000000001"
                    + "0102030405060708 fffffffffffffffe 03 6964 00"
            ),
            (.removeToken(.with { $0.tokenId = "id" }), "01 1a 00 03 6964 00"),
        ] as [(MetadataRecord, String)])
    func recordsHaveKafkasBytes(record: MetadataRecord, hex: String) throws {
        let bytes = try #require(Hex.decode(hex.filter { $0 != " " }))
        #expect(Hex.encode(try record.encode()) == Hex.encode(bytes))
        #expect(try MetadataRecord(Bytes(bytes)) == record)
    }

    /// Records of mechanisms that nobody knows, and of tokens whose principals are none, as another broker may have left them.
    @Test func strangeRecordsAreNoHarm() throws {
        let (code, id) = try fill()
        try broker().node.storage?.note([
            .scramCredential(
                .with {
                    $0.name = "ann"
                    $0.mechanism = 3
                }),
            .removeScramCredential(.with { $0.mechanism = 9 }),
            .token(
                .with {
                    $0.tokenId = "strange"
                    $0.owner = "nobody"
                }),
            .removeToken(.with { $0.tokenId = "nowhere" }),
        ])
        try broker().node.save(now: try broker().node.time.now())
        try restart()
        try isAsFilled(code, id)
        #expect(try broker().node.recoveryRemarks.contains { $0.contains("strange") })
        try restart()
        try isAsFilled(code, id)
        #expect(try broker().node.recoveryRemarks.isEmpty)
    }
}
