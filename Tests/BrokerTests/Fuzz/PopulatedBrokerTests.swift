import FuzzChecks
import KafkaBroker
import KafkaWire
import TestSupport
import Testing

/// The broker that the fuzzer's scripts meet, and what tests walk over.
@Suite(.heavy) struct PopulatedBrokerTests {
    @Test func hasWhatBrokersHave() throws {
        let folder = TemporaryFolder()
        for directory in [nil, folder.path] {
            let server = try PopulatedBroker(directory: directory).server
            let topics = Dictionary(uniqueKeysWithValues: server.topics.map { ($0.name, $0) })
            #expect(topics.keys.sorted() == ["compact", "stamped", "t", "u", "zipped"])
            #expect(topics["t"]?.partitions.map(\.endOffset) == [15, 5])
            #expect(topics["t"]?.partitions.map(\.startOffset) == [0, 2])
            #expect(topics["compact"]?.partitions.map(\.endOffset) == [20])
            let codecs = server.batches(topic: "t", partition: 0, from: 0).map(\.attributes.compression)
            #expect(codecs == Compression.allCases.map { $0 })
            #expect(server.batches(topic: "zipped", partition: 0, from: 0).map(\.attributes.compression) == [.gzip])
            let stamped = server.batches(topic: "stamped", partition: 0, from: 0).map(\.attributes.isLogAppendTime)
            #expect(stamped == [true])
            let groups = Dictionary(uniqueKeysWithValues: server.groups.map { ($0.id, $0) })
            #expect(groups.keys.sorted() == ["c", "g", "h", "s"])
            #expect(groups["c"]?.kind == .consumer && groups["g"]?.kind == .classic)
            #expect(["c", "g", "s"].map { groups[$0]?.members.count } == [1, 1, 1])
            #expect(["c", "g", "s"].map { groups[$0]?.state } == ["Stable", "Stable", "Stable"])
            #expect(groups.values.map(\.committed.count) == [2, 2, 2, 2])
            let states = Dictionary(uniqueKeysWithValues: server.transactions.map { ($0.id, $0.state) })
            #expect(states == ["tx": "CompleteCommit", "tz": "CompleteAbort", "ty": "Ongoing"])
            #expect(server.objections == [])
            #expect(
                server.kept.contains { $0.hasPrefix("quota") } && server.kept.contains { $0.hasPrefix("pending h") })
        }
    }

    @Test(arguments: [true, false]) func isThereAgainAfterARestart(isStopped: Bool) throws {
        let folder = TemporaryFolder()
        var lines: [String] = []
        do {
            let server = try PopulatedBroker(directory: folder.path).server
            lines = server.kept
            if isStopped { server.close() }
        }
        #expect(try PopulatedBroker.server(directory: folder.path).kept == lines)
    }

    /// Repeating what was written down makes the same broker as making it did.
    @Test func isTheSameEachTime() throws {
        for content in (0..<32).map({ PopulatedBroker.Content(rawValue: $0) }) {
            let first = try PopulatedBroker(content).server
            let second = try PopulatedBroker(content).server
            #expect(first.kept == second.kept)
            #expect(first.groups == second.groups && first.transactions == second.transactions)
        }
    }

    /// What is asked of a broker in every version has an answer.
    @Test func everythingCanBeListedInEveryVersion() throws {
        let server = try PopulatedBroker().server
        var asked = 0
        for question in BrokerListings(of: server).questions {
            for version in question.versions {
                guard let frame = question.frame(version) else { continue }
                asked += 1
                server.receive(frame, on: 0)
                let events = server.takeEvents()
                #expect(events.count == 1)
                for event in events {
                    guard case .answer(_, question.key, version, _, _) = event else {
                        Issue.record("\(question.key) v\(version): \(event)")
                        continue
                    }
                }
            }
        }
        #expect(asked > 150)
    }
}
