import JSONLines
import KafkaWire
import Proxying
import TestSupport
import Testing

/// Addresses in answers that the Java client has written: each is found, and nothing else changes.
@Suite(.turn) struct AnswerRewriterTests {
    /// An answer of the fixtures, as a broker would send it.
    struct Golden: Sendable {
        var api: API
        var version: Int16
        var body: [UInt8]
        var line: Int

        /// The frame, with its size and a header.
        var frame: Bytes {
            let header: [UInt8] = [0, 0, 0, 7]
            let tags: [UInt8] = ResponseHeader.version(for: api.response, version) > 0 ? [0] : []
            let content = header + tags + body
            return Bytes(withUnsafeBytes(of: UInt32(content.count).bigEndian) { Array($0) } + content)
        }
    }

    private static let folder =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Fixtures/golden"

    static func golden(_ key: APIKey) throws -> [Golden] {
        let api = try #require(API.of(key))
        let number = String(key.rawValue)
        let file = "\(folder)/\(String(repeating: "0", count: 3 - number.count))\(number)-\(api.name).jsonl"
        return FileContent.lines(try FileContent.bytes(file)).compactMap { line in
            guard let json = JSON(line.text), json["kind"].text == "response", let version = json["version"].number,
                let hex = json["hex"].text.flatMap({ Hex.decode($0) })
            else { return nil }
            return Golden(api: api, version: Int16(version), body: hex, line: line.number)
        }
    }

    /// The addresses in an answer.
    private static func addresses(_ message: any WireMessage) -> [HostPort] {
        func all(_ pairs: [(String, Int)]) -> [HostPort] {
            pairs.compactMap { host, port in
                guard !host.isEmpty, let port = UInt16(exactly: port), port > 0 else { return nil }
                return HostPort(host: host, port: port)
            }
        }
        switch message {
        case let answer as MetadataResponse: return all(answer.brokers.map { ($0.host, Int($0.port)) })
        case let answer as FindCoordinatorResponse:
            return all([(answer.host, Int(answer.port))] + answer.coordinators.map { ($0.host, Int($0.port)) })
        case let answer as DescribeClusterResponse: return all(answer.brokers.map { ($0.host, Int($0.port)) })
        case let answer as DescribeQuorumResponse:
            return all(answer.nodes.flatMap { $0.listeners.map { ($0.host, Int($0.port)) } })
        case let answer as ProduceResponse: return all(answer.nodeEndpoints.map { ($0.host, Int($0.port)) })
        case let answer as FetchResponse: return all(answer.nodeEndpoints.map { ($0.host, Int($0.port)) })
        case let answer as ShareFetchResponse: return all(answer.nodeEndpoints.map { ($0.host, Int($0.port)) })
        case let answer as ShareAcknowledgeResponse: return all(answer.nodeEndpoints.map { ($0.host, Int($0.port)) })
        default: return []
        }
    }

    /// The Java client's bytes, with ports that exist in place of random numbers, and with an address where they have
    /// none.
    private static func prepared(_ golden: Golden) throws -> Bytes {
        func encode<M: WireMessage>(_ type: M.Type) throws -> Bytes {
            let frame = golden.frame
            var message = try Frame.decodeResponse(type, frame[4..<frame.count], version: golden.version)
            place(&message, golden.version)
            return Bytes(try Frame.response(message, version: golden.version, correlationId: 7))
        }
        return try encode(golden.api.response)
    }

    private static func place<M: WireMessage>(_ message: inout M, _ version: Int16) {
        func fill<E>(
            _ elements: inout [E], _ new: E, _ host: WritableKeyPath<E, String>, _ port: (inout E, Int) -> Void
        ) {
            elements.append(new)
            for index in elements.indices {
                if elements[index][keyPath: host].isEmpty { elements[index][keyPath: host] = "broker-\(index)" }
                port(&elements[index], 9092 + index)
            }
        }
        switch message {
        case var answer as MetadataResponse:
            fill(&answer.brokers, .init(), \.host) { $0.port = Int32($1) }
            if let placed = answer as? M { message = placed }
        case var answer as FindCoordinatorResponse:
            if version < 4 {
                answer.host = "broker-1"
                answer.port = 9092
            } else {
                fill(&answer.coordinators, .init(), \.host) { $0.port = Int32($1) }
            }
            if let placed = answer as? M { message = placed }
        case var answer as DescribeClusterResponse:
            fill(&answer.brokers, .init(), \.host) { $0.port = Int32($1) }
            if let placed = answer as? M { message = placed }
        case var answer as DescribeQuorumResponse:
            guard version >= 2 else { return }
            answer.nodes.append(.init())
            for index in answer.nodes.indices {
                fill(&answer.nodes[index].listeners, .init(), \.host) { $0.port = UInt16($1) }
            }
            if let placed = answer as? M { message = placed }
        case var answer as ProduceResponse:
            guard version >= 10 else { return }
            fill(&answer.nodeEndpoints, .init(), \.host) { $0.port = Int32($1) }
            if let placed = answer as? M { message = placed }
        case var answer as FetchResponse:
            guard version >= 16 else { return }
            fill(&answer.nodeEndpoints, .init(), \.host) { $0.port = Int32($1) }
            if let placed = answer as? M { message = placed }
        case var answer as ShareFetchResponse:
            fill(&answer.nodeEndpoints, .init(), \.host) { $0.port = Int32($1) }
            if let placed = answer as? M { message = placed }
        case var answer as ShareAcknowledgeResponse:
            fill(&answer.nodeEndpoints, .init(), \.host) { $0.port = Int32($1) }
            if let placed = answer as? M { message = placed }
        default: return
        }
    }

    private static func decode(_ frame: Bytes, _ api: API, _ version: Int16) throws -> any WireMessage {
        func decode<M: WireMessage>(_ type: M.Type) throws -> any WireMessage {
            try Frame.decodeResponse(type, frame[4..<frame.count], version: version)
        }
        return try decode(api.response)
    }

    /// A host of the other length and a port of the other size, and back.
    private static func moved(_ address: HostPort) -> HostPort {
        HostPort(host: "proxy-for-" + address.host, port: address.port ^ 0x5A5A | 1)
    }

    @Test(arguments: [
        APIKey.metadata, .findCoordinator, .describeCluster, .describeQuorum, .produce, .fetch, .shareFetch,
        .shareAcknowledge,
    ])
    func onlyAddressesChange(_ key: APIKey) throws {
        let answers = try Self.golden(key)
        var changed: Set<Int16> = []
        for answer in answers {
            for frame in [answer.frame, try Self.prepared(answer)] {
                let before = Self.addresses(try Self.decode(frame, answer.api, answer.version))
                guard AnswerRewriter.concerns(key, answer.version) else {
                    #expect(before.isEmpty, "\(answer.api.name) v\(answer.version), line \(answer.line)")
                    continue
                }
                var asked: [HostPort] = []
                let outcome = AnswerRewriter.rewrite(frame, of: key, answer.version) {
                    asked.append($0)
                    return Self.moved($0)
                }
                #expect(asked == before)
                guard case .changed(let bytes) = outcome else {
                    #expect(outcome == .unchanged && before.isEmpty)
                    continue
                }
                changed.insert(answer.version)
                let after = Self.addresses(try Self.decode(Bytes(bytes), answer.api, answer.version))
                #expect(after == before.map(Self.moved))
                // Put back, the addresses leave the bytes that the Java client wrote.
                let originals = Dictionary(zip(after, before)) { first, _ in first }
                let back = AnswerRewriter.rewrite(Bytes(bytes), of: key, answer.version) { originals[$0] }
                #expect(back == .changed(frame.copy()), "\(answer.api.name) v\(answer.version), line \(answer.line)")
            }
        }
        // Every version that can carry an address does so in some fixture.
        let type = try #require(API.of(key)).response
        #expect(changed == Set(type.versions.filter { AnswerRewriter.concerns(key, $0) }))
    }

    @Test func noOtherAnswerHoldsAddressesOfBrokers() {
        // Fields of that name elsewhere are those of clients, of rules, or in requests.
        let named = API.all.filter { $0.response.fieldSchemas.contains { $0.name == "host" } }
        let others = named.filter { !AnswerRewriter.concerns($0.key, $0.response.versions.upperBound) }
        #expect(
            Set(others.map(\.key)) == [.describeAcls, .streamsGroupHeartbeat, .streamsGroupDescribe, .deleteAcls])
    }

    @Test func anAnswerWithoutAChangeKeepsItsBytes() throws {
        for answer in try Self.golden(.metadata) {
            #expect(AnswerRewriter.rewrite(answer.frame, of: .metadata, answer.version) { $0 } == .unchanged)
            #expect(AnswerRewriter.rewrite(answer.frame, of: .metadata, answer.version) { _ in nil } == .unchanged)
        }
    }

    @Test func brokenAnswersAreSaidToBe() throws {
        let answer = try #require(try Self.golden(.metadata).last)
        let cut = answer.frame[0..<answer.frame.count - 1]
        guard case .unreadable = AnswerRewriter.rewrite(cut, of: .metadata, answer.version, { $0 }) else {
            Issue.record("a broken answer was read")
            return
        }
        #expect(AnswerRewriter.isBeyond(.metadata, 99))
        #expect(!AnswerRewriter.isBeyond(.metadata, 13))
        #expect(!AnswerRewriter.isBeyond(.heartbeat, 99))
    }

    @Test func onlyVersionsOfWhatIsRewrittenAreLimited() throws {
        let answer = ApiVersionsResponse.with { (answer: inout ApiVersionsResponse) in
            answer.apiKeys = [Int16(0), 1, 3, 10, 12, 60, 78, 1000].map { key in
                .with {
                    $0.apiKey = key
                    $0.minVersion = 0
                    $0.maxVersion = 100
                }
            }
        }
        for version in ApiVersionsResponse.versions {
            let frame = Bytes(try Frame.response(answer, version: version, correlationId: 3))
            guard case .changed(let bytes) = AnswerRewriter.rewrite(frame, of: .apiVersions, version, { $0 }) else {
                Issue.record("v\(version) is not limited")
                continue
            }
            let limited = try Frame.decodeResponse(
                ApiVersionsResponse.self, Bytes(bytes)[4..<bytes.count], version: version)
            for offered in limited.apiKeys {
                let key = APIKey(rawValue: offered.apiKey)
                let known =
                    [.heartbeat, APIKey(rawValue: 1000)].contains(key) ? 100 : API.of(key)?.response.versions.upperBound
                #expect(offered.maxVersion == known, "\(key)")
                #expect(offered.minVersion == 0)
            }
        }
        // What a broker says that does not know the version that was asked in.
        var refused = answer
        refused.errorCode = .unsupportedVersion
        let frame = Bytes(try Frame.response(refused, version: 0, correlationId: 3))
        guard case .changed = AnswerRewriter.rewrite(frame, of: .apiVersions, 4, { $0 }) else {
            Issue.record("an answer in version 0 to a later one is not limited")
            return
        }
    }
}
