import FoundationEssentials
import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// The Java client's requests, random as they are: each is answered in its own version, damaged ones too, and nothing
/// traps.
@Suite(.turn) struct GoldenRequestTests {
    struct Vector: Decodable {
        var kind: String
        var version: Int16
        var hex: String
    }

    private static let folder =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Fixtures/golden/"

    /// The files of the APIs that are served.
    private static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".jsonl") && ServedAPI.of(key($0)) != nil }.map { String($0.dropLast(6)) }.sorted()

    @Test func everyServedApiHasGoldenRequests() {
        #expect(Self.files.map(Self.key) == ServedAPI.all.map(\.key))
    }

    private static func requests(_ file: String) throws -> [(version: Int16, body: [UInt8])] {
        let data = try Data(contentsOf: URL(filePath: folder + file + ".jsonl"))
        return try String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { line in
            let vector = try JSONDecoder().decode(Vector.self, from: Data(line.utf8))
            guard vector.kind == "request", let body = Hex.decode(vector.hex) else { return nil }
            return (vector.version, body)
        }
    }

    private func node() throws -> BrokerNode {
        var configuration = KafkaBroker.Configuration(topics: ["t": 2])
        configuration.maximumPartitions = 100
        return try BrokerNode(configuration, port: 9092)
    }

    private static func key(_ file: String) -> APIKey { APIKey(rawValue: Int16(file.prefix(3)) ?? -1) }

    @Test(arguments: files) func everyRequestIsAnsweredInItsVersion(file: String) throws {
        let api = try #require(ServedAPI.of(Self.key(file)))
        let requests = try Self.requests(file)
        #expect(requests.count > 3)
        let node = try node()
        var answered = 0
        for (index, request) in requests.enumerated() where api.versions.contains(request.version) {
            let ticket = RequestTicket(connection: 1, number: UInt64(index))
            let context = RequestContext(
                ticket: ticket, version: request.version, clientId: "c", now: Instant(nanoseconds: 0))
            var response: (any WireMessage)?
            switch try node.handle(api, Bytes(request.body), context) {
            case .answer(let given): response = given
            case .later, .work:
                node.tick(now: Instant(nanoseconds: .max))
                if case .answer(let late) = node.takeAnswers().first(where: { $0.ticket == ticket })?.outcome {
                    response = late
                }
                #expect(response != nil, "v\(request.version) was never answered")
            case .silent, .hangUp: #expect(api.key == .produce)
            }
            guard let response else { continue }
            // Throws where a field is set that the version cannot carry.
            let bytes = try response.encode(version: request.version)
            #expect(!bytes.isEmpty)
            answered += 1
        }
        #expect(answered > 0)
    }

    @Test(arguments: files) func damagedRequestsDoNotTrap(file: String) throws {
        let api = try #require(ServedAPI.of(Self.key(file)))
        let node = try node()
        var random = RandomSource(seed: 7)
        var number: UInt64 = 0
        for request in try Self.requests(file) where api.versions.contains(request.version) {
            for _ in 0..<40 where !request.body.isEmpty {
                var body = request.body
                let at = Int(random.next() % UInt64(body.count))
                body[at] ^= 1 << UInt8(random.next() % 8)
                if random.next() % 4 == 0 { body.removeLast(Int(random.next() % UInt64(body.count))) }
                number += 1
                let context = RequestContext(
                    ticket: .init(connection: 1, number: number), version: request.version, clientId: "c",
                    now: Instant(nanoseconds: Int64(number)))
                guard let outcome = try? node.handle(api, Bytes(body), context) else { continue }
                if case .answer(let response) = outcome { _ = try response.encode(version: request.version) }
            }
        }
        node.tick(now: Instant(nanoseconds: .max))
        #expect(number > 0)
    }
}
