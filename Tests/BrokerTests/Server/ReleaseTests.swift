import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// The broker in the clothes of older releases.
@Suite(.serialized, .turn) struct ReleaseTests {
    private func versions(_ client: TestClient, _ version: Int16 = 0) throws -> [Int16: Int16] {
        let answer = try client.call(
            ApiVersionsRequest.with {
                $0.clientSoftwareName = "test"
                $0.clientSoftwareVersion = "1"
            }, version: version)
        #expect(answer.errorCode == .none)
        return Dictionary(uniqueKeysWithValues: answer.apiKeys.map { ($0.apiKey, $0.maxVersion) })
    }

    @Test func speaksAsAnOlderRelease() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["t": 1]))
        let client = try TestClient(port: broker.port)
        let now = try versions(client)
        try await broker.speak(as: "2.8")
        let old = try versions(client, 3)
        // What a broker of 2.8 says (`kafka-broker-api-versions.sh`).
        #expect([old[0], old[1], old[2], old[3]] == [9, 12, 6, 11])
        #expect([old[8], old[9], old[10], old[11], old[18], old[19]] == [8, 7, 3, 7, 3, 7])
        #expect(old[65] == nil && old[68] == nil && old[75] == nil && old[55] == nil)
        // Beyond that, nothing is served.
        #expect(try client.call(MetadataRequest(), version: 11).brokers.count == 1)
        let late = try TestClient(port: broker.port)
        try late.send(MetadataRequest(), version: 12)
        #expect(late.isClosed)
        let unknown = try TestClient(port: broker.port)
        try unknown.send(DescribeTopicPartitionsRequest(), version: 0)
        #expect(unknown.isClosed)
        // ApiVersions v4 came with 3.9: refused in the form of v0, with what there is.
        try client.send(ApiVersionsRequest(), version: 4)
        let refused = try Frame.decodeResponse(ApiVersionsResponse.self, try client.receive(), version: 0)
        #expect(refused.errorCode == .unsupportedVersion && refused.apiKeys.map(\.maxVersion) == [3])
        try await broker.speak(as: nil)
        #expect(try versions(client) == now)
        await broker.stop()
    }

    @Test func featuresCameWithKafka4() async throws {
        var configuration = KafkaBroker.Configuration()
        for (release, count) in [("3.9", 0), ("4.0", 1), ("4.3", 1)] {
            configuration.speaks = release
            let broker = try await KafkaBroker.start(configuration)
            let client = try TestClient(port: broker.port)
            let answer = try client.call(
                ApiVersionsRequest.with {
                    $0.clientSoftwareName = "test"
                    $0.clientSoftwareVersion = "1"
                }, version: 4)
            #expect(answer.finalizedFeatures.count >= count && (count > 0 || answer.finalizedFeatures.isEmpty))
            await broker.stop()
        }
    }

    @Test func refusesReleasesThatItDoesNotKnow() async throws {
        let broker = try await KafkaBroker.start()
        do {
            try await broker.speak(as: "9.9")
            Issue.record("9.9 was taken")
        } catch {
            #expect("\(error)".contains("2.8, 3.0") && "\(error)".contains("9.9"))
        }
        await broker.stop()
        await #expect(throws: KafkaBroker.StartError.self) {
            var configuration = KafkaBroker.Configuration()
            configuration.speaks = "x"
            _ = try await KafkaBroker.start(configuration)
        }
        #expect(KafkaRelease.named("v2.8.1")?.name == "2.8")
        #expect(KafkaRelease.named("0.11.0.3")?.name == "0.11.0")
        #expect(KafkaRelease.named("4.3.0")?.name == "4.3")
        #expect(KafkaRelease.named("") == nil && KafkaRelease.named("2.") == nil && KafkaRelease.named("2") == nil)
    }

    /// Versions only ever rise, no release knows more than this library, and the newest is this library.
    @Test func releasesFollowEachOther() throws {
        for api in ServedAPI.all {
            var before: Int16 = -1
            for release in KafkaRelease.all {
                guard let range = release.cap(0...99, of: api.key) else {
                    #expect(before == -1, "\(api.key) went away in \(release.name)")
                    continue
                }
                #expect(range.upperBound >= before, "\(api.key) in \(release.name)")
                before = range.upperBound
                if release.name != "4.3" {
                    #expect(range.upperBound <= api.versions.upperBound, "\(api.key) \(release.name)")
                }
            }
            #expect(KafkaRelease.all.last?.cap(api.versions, of: api.key) == api.versions)
        }
        // Produce before v3 and Fetch before v4 are gone (KIP-896): of 0.10.2 neither is left.
        let oldest = try #require(KafkaRelease.named("0.10.2"))
        #expect(ServedAPI.of(.produce).flatMap { oldest.cap($0.versions, of: .produce) } == nil)
        #expect(ServedAPI.of(.fetch).flatMap { oldest.cap($0.versions, of: .fetch) } == nil)
    }

    /// The client of this library keeps to what the broker says, down to the oldest release whose records it can write.
    @Test(arguments: KafkaRelease.all.map(\.name).filter { $0 != "0.10.2" })
    func theClientKeepsToIt(release: String) async throws {
        var configuration = KafkaBroker.Configuration(topics: ["t": 1])
        configuration.speaks = release
        let broker = try await KafkaBroker.start(configuration)
        var settings = KafkaProducer.Configuration(bootstrapServers: [broker.bootstrapServers])
        settings.compression = .none
        let producer = try KafkaProducer(settings)
        for index in 0..<10 {
            try await producer.enqueue(ProducerRecord(topic: "t", key: nil, value: "\(index)"))
        }
        try await producer.close()
        #expect(await broker.endOffsets(of: "t") == [10])
        await broker.stop()
    }
}
