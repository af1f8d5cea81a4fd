import Foundation
import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// The doctor before names that do not resolve, ports that refuse or say nothing, and addresses of which some fail.
@Suite(.turn) struct DoctorConnectionTests {
    @Test func aHealthyClusterIsLookedAtAndNothingElse() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 4], brokers: 3))
        try await broker.produce(0..<10, to: "orders")
        let asked = Seen()
        broker.on { request in
            asked.add("\(request.api)")
            return .pass
        }
        let servers = broker.bootstrapServers.split(separator: ",").map(String.init)
        var configuration = KafkaDoctor.Configuration(bootstrapServers: servers)
        configuration.topics = ["orders", "no-such-topic"]
        configuration.groups = ["no-such-group"]
        let report = await KafkaDoctor(configuration).examine()
        #expect(report.troubles == ["problem unknown-topic", "problem unknown-group"])
        #expect(report.steps.map(\.stage) == DiagnosisReport.Stage.allCases)
        #expect(report.release == "4.3" && report.clusterId?.isEmpty == false)
        #expect(try report.only(.brokersReachable).message.contains("All 3 brokers"))
        #expect(try report.only(.clocksAgree).severity == .ok)
        // It writes nothing: these requests change nothing, and no topic was created by asking for it.
        let harmless: Set = [
            "ApiVersions", "Metadata", "DescribeConfigs", "DescribeTopicPartitions", "ListOffsets", "ListGroups",
            "ConsumerGroupDescribe", "DescribeGroups", "FindCoordinator", "OffsetFetch", "DescribeQuorum",
            "DescribeProducers", "DescribeCluster",
        ]
        #expect(Set(asked.all).subtracting(harmless).isEmpty)
        #expect(await broker.topics.map(\.name) == ["orders"])
        #expect(await broker.groups.isEmpty)
        await broker.stop()
    }

    @Test func namesThatDoNotResolve() async throws {
        var configuration = KafkaDoctor.Configuration.quick("nowhere.invalid:9092", "nowhere.invalid:9093", "a b:1")
        configuration.timeout = .seconds(5)
        let report = await KafkaDoctor(configuration).examine()
        // Two ports of a host are one name.
        #expect(Set(report.troubles) == ["problem invalid-configuration", "problem unresolved-host"])
        let finding = try report.only(.unresolvedHost)
        #expect(finding.message.contains("nowhere.invalid"))
        #expect(report.steps.dropFirst().allSatisfy { $0.isSkipped })
    }

    @Test func aUnixSocketIsNoName() async throws {
        let path = "/tmp/kafkawire-\(UInt32.random(in: 0 ... .max)).sock"
        let server = "unix:\(path)"
        let missing = await KafkaDoctor(.quick(server)).examine()
        #expect(missing.troubles == ["problem connection-failed"])
        #expect(try missing.only(.connectionFailed).message.contains("the Unix socket \(path) failed: No such file"))
        #expect(try missing.step(.names).summary == server)

        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let proxy = try await FaultProxy.start(on: #require(SocketAddress.unix(path)))
        defer { unlink(path) }
        try await proxy.setBroker(port: broker.port)
        let healthy = await KafkaDoctor(.quick(server)).examine()
        // What the broker advertises is this machine's, and so is the socket.
        #expect(healthy.troubles == [] && healthy.steps.allSatisfy { !$0.isSkipped })
        #expect(try healthy.only(.connected).place == .host(server))
        await proxy.stop()
        await broker.stop()

        let left = await KafkaDoctor(.quick(server)).examine()
        #expect(left.troubles == ["problem connection-refused"])
        #expect(try left.only(.connectionRefused).message.contains("nobody listens there"))
    }

    @Test func aFamilyThatTheClientDoesNotTakeIsNoWay() async throws {
        var configuration = KafkaDoctor.Configuration.quick("127.0.0.1:9092")
        configuration.client.connections.addressFamily = .v6
        let report = await KafkaDoctor(configuration).examine()
        #expect(report.troubles == ["problem unresolved-host"])
        #expect(try report.only(.unresolvedHost).message.contains("no address of IPv6"))
    }

    @Test func aResolverThatDoesNotAnswer() async throws {
        var configuration = KafkaDoctor.Configuration.quick(
            "a.example:9092", "b.example:9092", "c.example:9092", "d.example:9092", "e.example:9092", "f.example:9092")
        configuration.timeout = .seconds(1)
        configuration.resolver = { _, _, _ in }
        let report = await KafkaDoctor(configuration).examine()
        #expect(report.troubles == Array(repeating: "problem slow-resolver", count: 6))
        #expect(report.duration < .seconds(5), "they do not add up")
    }

    @Test func someAddressesOfANameFail() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        var configuration = KafkaDoctor.Configuration.quick("several.example:\(broker.port)")
        configuration.resolver = { host, port, body in
            // The broker listens on the second of them alone, as one on 127.0.0.1 of "localhost" with ::1 in front.
            let addresses = (host == "several.example" ? ["127.0.0.2", "127.0.0.1"] : [host]).flatMap {
                (try? SocketAddress.resolve(host: $0, port: port)) ?? []
            }
            body(.success(addresses))
        }
        let report = await KafkaDoctor(configuration).examine()
        #expect(report.troubles == ["warning some-addresses-fail"])
        let finding = try report.only(.someAddressesFail)
        #expect(finding.message.contains("127.0.0.2:\(broker.port) refuses"))
        #expect(finding.advice?.contains("127.0.0.1:\(broker.port)") == true)
        await broker.stop()
    }

    @Test func refusedFilteredAndUnreachableAreToldApart() async throws {
        let (refused, filtered) = (try closedPort(), try FilteredPort())
        // No route leads to a group of hosts: TCP to a multicast address is unreachable on every machine.
        var configuration = KafkaDoctor.Configuration.quick(
            "127.0.0.1:\(refused)", "127.0.0.1:\(filtered.port)", "224.0.0.1:9092")
        configuration.timeout = .milliseconds(500)
        let report = await KafkaDoctor(configuration).examine()
        #expect(
            Set(report.troubles) == [
                "problem connection-refused", "problem no-answer", "problem network-unreachable",
            ])
        #expect(try report.only(.connectionRefused).place == .host("127.0.0.1:\(refused)"))
        #expect(try report.only(.noAnswer).message.contains("firewall"))
        #expect(report.duration < .seconds(10))
        withExtendedLifetime(filtered) {}
    }

    @Test func oneBootstrapServerThatAnswersIsEnough() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let (refused, filtered) = (try closedPort(), try FilteredPort())
        let report = await KafkaDoctor(
            .quick("127.0.0.1:\(refused)", "127.0.0.1:\(filtered.port)", "127.0.0.1:\(broker.port)")
        ).examine()
        #expect(Set(report.troubles) == ["warning connection-refused", "warning no-answer"])
        #expect(report.problems.isEmpty)
        await broker.stop()
        withExtendedLifetime(filtered) {}
    }

    @Test func bootstrapServersOfTwoClusters() async throws {
        let one = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let other = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let report = await KafkaDoctor(.quick("127.0.0.1:\(one.port)", "127.0.0.1:\(other.port)")).examine()
        #expect(report.troubles == ["problem several-clusters"])
        await one.stop()
        await other.stop()
    }

    @Test func aSlowNetworkIsSeen() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        broker.on(.apiVersions) { _ in .delay(.milliseconds(600)) }
        var configuration = KafkaDoctor.Configuration.quick("127.0.0.1:\(broker.port)")
        configuration.slow = .milliseconds(500)
        configuration.timeout = .seconds(5)
        let report = await KafkaDoctor(configuration).examine()
        #expect(report.troubles == ["warning slow-network"])
        await broker.stop()
    }

    /// Facts in, findings out: what no test machine can set up everywhere.
    @Test func addressesAsATable() throws {
        let address = BrokerAddress(host: "localhost", port: 9092)
        let (ok, no, silent) = (
            ConnectOutcome.connected(.milliseconds(1)), ConnectOutcome.refused, ConnectOutcome.noAnswer(.seconds(3))
        )
        func findings(_ outcomes: [ConnectOutcome]) -> [DiagnosisFinding] {
            let names = ["[::1]:9092", "127.0.0.1:9092"]
            let attempts = zip(names, outcomes).map { HostFacts.Attempt($0, isLoopback: true, $1) }
            return HostJudgement.connections(HostFacts(address, .addresses(attempts)), slowFrom: .milliseconds(200))
        }
        #expect(findings([ok, ok]).map(\.code) == [.connected])
        #expect(findings([no, ok]).map(\.code) == [.someAddressesFail])
        #expect(findings([silent, ok])[0].message.contains("waits until its time is up"))
        #expect(findings([no, no]).map(\.code) == [.connectionRefused])
        #expect(findings([silent, no]).map(\.code) == [.connectionRefused])
        #expect(findings([silent, silent]).map(\.code) == [.noAnswer])
        #expect(findings([.unreachable("No route to host"), silent]).map(\.code) == [.noAnswer])
        #expect(findings([.connected(.seconds(1))]).map(\.code) == [.slowNetwork])
        #expect(findings([.failed("Too many open files")]).map(\.code) == [.connectionFailed])
    }
}
