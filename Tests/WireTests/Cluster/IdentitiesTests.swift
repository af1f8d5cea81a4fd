import TestSupport
import Testing

@testable import KafkaWire

/// Who is at the other end of a connection (KIP-1242).
@Suite(.turn) struct IdentitiesTests {
    private static let start = Instant(nanoseconds: 1_000_000_000)
    private static let a = BrokerAddress(host: "a", port: 9092)

    private static func answer(_ cluster: String?, _ brokers: [(BrokerID, String)]) -> MetadataResponse {
        .with {
            $0.clusterId = cluster
            $0.brokers = brokers.map { id, host in
                .with {
                    $0.nodeId = id
                    $0.host = host
                    $0.port = 9092
                }
            }
        }
    }

    private static func known(_ cluster: String?, _ brokers: [(BrokerID, String)]) -> ClusterMetadata {
        var metadata = ClusterMetadata()
        metadata.update(answer(cluster, brokers), all: true)
        return metadata
    }

    @Test func whoHasSaidAMomentAgoWhoItIsIsNotAsked() {
        var identities = Identities()
        #expect(identities.isDoubtful(Self.a, now: Self.start), "nobody has asked it")
        identities.confirmed(Self.a, now: Self.start)
        #expect(!identities.isDoubtful(Self.a, now: Self.start + .seconds(9)))
        #expect(identities.isDoubtful(Self.a, now: Self.start + .seconds(10)), "that was long ago")
        identities.confirmed(Self.a, now: Self.start)
        identities.doubts(Self.a)
        #expect(identities.isDoubtful(Self.a, now: Self.start), "something has broken since")
    }

    /// Addresses come and go, and a client lives for months.
    @Test func whatIsOldIsForgotten() {
        var identities = Identities()
        for port in 1...100 { identities.confirmed(BrokerAddress(host: "h", port: UInt16(port)), now: Self.start) }
        identities.confirmed(Self.a, now: Self.start + .seconds(60))
        var alone = Identities()
        alone.confirmed(Self.a, now: Self.start + .seconds(60))
        #expect(identities == alone)
    }

    @Test(
        arguments: [
            ("c", [(1, "a"), (2, "b")], "c", [(1, "a"), (2, "b")], Identities.Verdict.right),
            ("c", [(1, "a")], "d", [(1, "a")], .anotherCluster(known: "c", told: "d")),
            // Brokers change places.
            ("c", [(1, "a"), (2, "b")], "c", [(1, "b"), (2, "a")], .anotherBroker(known: 1, told: 2)),
            // It has moved, or is told to be elsewhere: nothing says whose the address is.
            ("c", [(1, "a")], "c", [(1, "x")], .right), ("c", [(1, "a")], "c", [], .right),
            ("c", [], "c", [(2, "a")], .right),
            // Who tells no cluster (a mock) cannot be another.
            ("c", [(1, "a")], nil, [(1, "a")], .right), (nil, [(1, "a")], "c", [(1, "a")], .right),
            // Two behind one address.
            ("c", [(1, "a"), (2, "a")], "c", [(2, "a"), (1, "a")], .right),
        ] as [(String?, [(BrokerID, String)], String?, [(BrokerID, String)], Identities.Verdict)])
    func verdicts(
        _ cluster: String?, _ brokers: [(BrokerID, String)], _ told: String?, _ now: [(BrokerID, String)],
        _ verdict: Identities.Verdict
    ) {
        #expect(
            Identities.verdict(on: Self.a, known: Self.known(cluster, brokers), told: Self.answer(told, now)) == verdict
        )
    }

    /// Epochs of a cluster that is gone held back the leaders of the one in its place, since they were higher.
    @Test func topicsOfAnotherClusterSayNothingOfThisOnes() {
        func topics(_ cluster: String, leader: BrokerID, epoch: LeaderEpoch) -> MetadataResponse {
            var response = Self.answer(cluster, [(1, "a"), (2, "b")])
            response.topics = [
                .with {
                    $0.name = "t"
                    $0.partitions = [
                        .with {
                            $0.partitionIndex = 0
                            $0.leaderId = leader
                            $0.leaderEpoch = epoch
                        }
                    ]
                }
            ]
            return response
        }
        var metadata = ClusterMetadata()
        let p = TopicPartition("t", 0)
        metadata.update(topics("c", leader: 1, epoch: 9), all: true)
        metadata.forgetBrokers()
        #expect(metadata.brokers.isEmpty && metadata.clusterId == nil && metadata.leader(of: p) == 1)
        // The same cluster under other addresses: an older leader stays the older one.
        metadata.update(topics("c", leader: 2, epoch: 8), all: true)
        #expect(metadata.leader(of: p) == 1)
        metadata.forgetBrokers()
        metadata.update(topics("d", leader: 2, epoch: 0), all: false)
        #expect(metadata.leader(of: p) == 2 && metadata.leaderEpoch(of: p) == 0)
    }
}
