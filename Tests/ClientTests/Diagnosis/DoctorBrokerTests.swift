import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The doctor before brokers whose advertised addresses are of no use from here, and before old and foreign ones.
@Suite(.turn) struct DoctorBrokerTests {
    /// Lets a broker tell clients that its brokers are elsewhere.
    private func advertise(_ addresses: [BrokerID: (String, UInt16)], on broker: KafkaBroker, cluster: String = "c") {
        broker.on(.metadata) { request in
            guard let asked = request.message as? MetadataRequest, asked.topics?.isEmpty == true else { return .pass }
            return .answer(
                MetadataResponse.with {
                    $0.clusterId = cluster
                    $0.controllerId = addresses.keys.min() ?? .none
                    $0.brokers = addresses.sorted { $0.key < $1.key }.map { id, address in
                        .with {
                            $0.nodeId = id
                            $0.host = address.0
                            $0.port = Int32(address.1)
                        }
                    }
                })
        }
    }

    /// The exercise's trap: inside of Docker the broker is kafka:9092, outside it is localhost:9094, and the port of the
    /// inner listener is published too.
    @Test func theInnerListenerFromOutside() async throws {
        var outer = KafkaBroker.Configuration(topics: ["t": 1])
        outer.clusterId = "exercise"
        let outside = try await KafkaBroker.start(outer)
        var inner = KafkaBroker.Configuration(topics: ["t": 1], advertisedHost: "kafka.invalid")
        inner.clusterId = "exercise"
        inner.advertisedPort = 9092
        let inside = try await KafkaBroker.start(inner)
        let listeners = "INTERNAL://kafka.invalid:9092,EXTERNAL://127.0.0.1:\(outside.port)"
        inside.on(.describeConfigs) { request in
            let asked = (request.message as? DescribeConfigsRequest)?.resources ?? []
            guard let broker = asked.first, broker.resourceType == 4 else { return .pass }
            return .answer(
                DescribeConfigsResponse.with {
                    $0.results = [
                        .with {
                            $0.resourceType = 4
                            $0.resourceName = broker.resourceName
                            $0.configs = [
                                .with {
                                    $0.name = "advertised.listeners"
                                    $0.value = listeners
                                }
                            ]
                        }
                    ]
                })
        }
        let report = await KafkaDoctor(.quick("127.0.0.1:\(inside.port)")).examine()
        #expect(report.troubles == ["problem advertised-name-unresolved", "problem leader-unreachable"])
        let finding = try report.only(.advertisedNameUnresolved)
        #expect(finding.place == .broker(1, address: "kafka.invalid:9092"))
        #expect(finding.message.contains("tells clients to go on to kafka.invalid:9092"))
        #expect(finding.advice?.contains("From here, use 127.0.0.1:\(outside.port)") == true)
        #expect(finding.advice?.contains(listeners) == true, "the setting as it is now")
        // Without the setting, the usual ports of the host are tried.
        inside.on(.describeConfigs) { _ in .fail(.clusterAuthorizationFailed) }
        var configuration = KafkaDoctor.Configuration.quick("127.0.0.1:\(inside.port)")
        configuration.usualPorts = [try closedPort(), outside.port]
        let other = try await KafkaDoctor(configuration).examine().only(.advertisedNameUnresolved)
        #expect(other.advice?.contains("From here, use 127.0.0.1:\(outside.port)") == true)
        await inside.stop()
        await outside.stop()
    }

    @Test func aContainersNameGetsASecondListener() async throws {
        let broker = try await KafkaBroker.start(.init(advertisedHost: "kafka"))
        var configuration = KafkaDoctor.Configuration.quick("127.0.0.1:\(broker.port)")
        configuration.resolver = { host, port, body in
            let known = (try? SocketAddress.resolve(host: "127.0.0.1", port: port)) ?? []
            body(host == "kafka" ? .failure(NetError(.unresolved("not known"), doing: "resolve")) : .success(known))
        }
        let advice = try await KafkaDoctor(configuration).examine().only(.advertisedNameUnresolved).advice ?? ""
        #expect(advice.contains("advertised.listeners=INTERNAL://kafka:\(broker.port),EXTERNAL://127.0.0.1:9094"))
        #expect(
            advice.contains("\"127.0.0.1 kafka\""), "its port is the one that answers: a name is all that is missing")
        await broker.stop()
    }

    @Test func anAdvertisedPortThatRefusesOrIsFiltered() async throws {
        let (refused, filtered) = (try closedPort(), try FilteredPort())
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var brokers: [BrokerID: (String, UInt16)] = [1: ("127.0.0.1", refused)]
        for node in 2...12 as ClosedRange<Int32> { brokers[BrokerID(rawValue: node)] = ("127.0.0.1", filtered.port) }
        advertise(brokers, on: broker)
        let report = await KafkaDoctor(.quick("127.0.0.1:\(broker.port)")).examine()
        let found = report[.advertisedAddressUnreachable]
        #expect(found.count == 12)
        #expect(found.first?.message.contains("nobody listens there") == true)
        #expect(found.last?.message.contains("nothing comes back") == true)
        #expect(report.duration < .seconds(8), "unreachable brokers do not add up")
        await broker.stop()
        withExtendedLifetime(filtered) {}
    }

    @Test func anAdvertisedAddressThatIsAnotherClusters() async throws {
        let other = try await KafkaBroker.start(.init())
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.advertisedPort = other.port
        let broker = try await KafkaBroker.start(configuration)
        let report = await KafkaDoctor(.quick("127.0.0.1:\(broker.port)")).examine()
        #expect(report.troubles == ["problem another-cluster", "problem leader-unreachable"])
        #expect(try report.step(.brokers).summary == "0 of 1 broker can be worked with from here")
        await broker.stop()
        await other.stop()
    }

    @Test func advertisedAddressesThatAreMixedUp() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1], brokers: 2))
        let nodes = await broker.nodes
        let ports = nodes.map(\.port)
        advertise([1: ("127.0.0.1", ports[1]), 2: ("127.0.0.1", ports[0])], on: broker)
        let report = await KafkaDoctor(.quick("127.0.0.1:\(ports[0])")).examine()
        #expect(report[.anotherBroker].count == 2)
        #expect(report[.anotherBroker].first?.message.contains("and broker 2 answers there") == true)
        await broker.stop()
    }

    @Test func anAdvertisedAddressThatIsNoBroker() async throws {
        let peer = try await ScriptedPeer.start(greeting: "SSH-2.0-x\r\n")
        let broker = try await KafkaBroker.start(.init())
        advertise([1: ("127.0.0.1", peer.port)], on: broker)
        let report = await KafkaDoctor(.quick("127.0.0.1:\(broker.port)")).examine()
        #expect(try report.only(.advertisedAddressUnusable).message.contains("an SSH server answers"))
        await broker.stop()
        await peer.stop()
    }

    @Test func aClusterWithoutBrokersOrController() async throws {
        let broker = try await KafkaBroker.start(.init())
        broker.on(.metadata) { _ in .answer(MetadataResponse.with { $0.controllerId = .none }) }
        let report = await KafkaDoctor(.quick("127.0.0.1:\(broker.port)")).examine()
        #expect(report.troubles.contains("problem no-brokers"))
        await broker.stop()
    }

    /// A client on another machine cannot be had on one machine: the facts are those of one.
    @Test func localhostAdvertisedToAnotherMachine() throws {
        let bootstrap = BrokerAddress(host: "10.0.0.7", port: 9092)
        let advertised = BrokerAddress(host: "localhost", port: 9092)
        let cluster = BrokerContact.ClusterFacts(clusterId: "c", controller: 1, brokers: [1: advertised])
        var contact = BrokerContact(access: .open(cluster))
        contact.versions = [:]
        let start = Visit(
            HostFacts(bootstrap, .addresses([.init("10.0.0.7:9092", .connected(.milliseconds(1)))])), .kafka(contact))
        let there = Visit(HostFacts(advertised, .addresses([.init("127.0.0.1:9092", isLoopback: true, .refused)])))
        var facts = BrokerJudgement.Facts(bootstrap: start, cluster: cluster, visits: [1: there])
        facts.settings = [1: ["advertised.listeners": "PLAINTEXT://localhost:9092"]]
        let findings = BrokerJudgement.findings(facts, slowFrom: .seconds(1))
        #expect(findings.map(\.code) == [.advertisedLoopback])
        #expect(findings[0].advice?.contains("(now PLAINTEXT://localhost:9092)") == true)
        #expect(findings[0].advice?.contains("10.0.0.7:9092 would probably do") == true)
    }

    // MARK: - Releases

    @Test(arguments: ["2.1", "2.4", "2.8", "3.3", "3.9", "4.0", "4.2"])
    func theReleaseIsToldByItsVersions(release: String) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.speaks = release
        let broker = try await KafkaBroker.start(configuration)
        let report = await KafkaDoctor(.quick("127.0.0.1:\(broker.port)")).examine()
        #expect(report.problems.isEmpty, "\(report.troubles)")
        let said = try #require(report.release)
        #expect(said == release || said.hasPrefix("\(release) to") || said.hasSuffix("to \(release)"), "\(said)")
        await broker.stop()
    }

    @Test func aBrokerThatIsTooOld() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.speaks = "0.10.2"
        let broker = try await KafkaBroker.start(configuration)
        let report = await KafkaDoctor(.quick("127.0.0.1:\(broker.port)")).examine()
        let uses = report[.brokerTooOld].map(\.message)
        #expect(uses.contains { $0.contains("producing") } && uses.contains { $0.contains("consuming") })
        #expect(!report[.missingFeatures].isEmpty)
        await broker.stop()
    }

    @Test func implementationsAsATable() {
        var kafka = Dictionary(uniqueKeysWithValues: API.all.map { ($0.key.rawValue, $0.latestStable) })
        func guess(_ cluster: String? = nil) -> ReleaseGuess { ReleaseGuess(highest: kafka, clusterId: cluster) }
        #expect(guess() == .kafka(["4.3"]))
        #expect(guess("redpanda.3f2a") == .redpanda)
        kafka[1] = 19
        #expect(guess() == .newerThan("4.3"))
        kafka[0] = 9
        #expect(guess() == .near("4.3", differences: 2))
        kafka[12] = 5
        #expect(guess() == .mockCluster)
        let mixed = ReleaseJudgement.findings([1: .kafka(["3.9"]), 2: .kafka(["4.0"])])
        #expect(mixed.map(\.code) == [.mixedReleases])
    }
}
