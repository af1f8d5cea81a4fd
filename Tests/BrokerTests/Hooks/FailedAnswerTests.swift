import FoundationEssentials
import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Every API's requests, as the Java client writes them, refused by a hook's `.fail`: the answer can be written in the
/// request's version, reads back, and has the code wherever the API has room for one.
@Suite(.turn) struct FailedAnswerTests {
    private struct Vector: Decodable {
        var kind: String
        var version: Int16
        var hex: String
    }

    private static let folder =
        "/" + #filePath.split(separator: "/").dropLast(4).joined(separator: "/") + "/Fixtures/golden/"

    private static let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        .filter { $0.hasSuffix(".jsonl") && ServedAPI.of(key($0)) != nil }.map { String($0.dropLast(6)) }.sorted()

    private static func key(_ file: String) -> APIKey { APIKey(rawValue: Int16(file.prefix(3)) ?? -1) }

    /// All error codes in an answer.
    private func codes(_ value: WireValue) -> [Int64] {
        switch value {
        case .array(let items): items.flatMap(codes)
        case .object(let fields):
            fields.flatMap { name, value -> [Int64] in
                if case .int(let code) = value, name == "errorCode" || name == "partitionErrorCode" { return [code] }
                return codes(value)
            }
        default: []
        }
    }

    /// What the request asks for that an answer has a code for: whether any list in it has an item.
    private func asksForSomething(_ value: WireValue) -> Bool {
        switch value {
        case .array(let items): !items.isEmpty
        case .object(let fields): fields.contains { asksForSomething($0.value) }
        default: false
        }
    }

    @Test(arguments: files) func carriesTheCodeEverywhere(file: String) throws {
        let api = try #require(ServedAPI.of(Self.key(file)))
        let node = try BrokerNode(.init(topics: ["t": 2]), port: 9092)
        let data = try Data(contentsOf: URL(filePath: Self.folder + file + ".jsonl"))
        var checked = 0
        for line in String(decoding: data, as: UTF8.self).split(separator: "\n") {
            let vector = try JSONDecoder().decode(Vector.self, from: Data(line.utf8))
            guard vector.kind == "request", api.versions.contains(vector.version), let hex = Hex.decode(vector.hex)
            else {
                continue
            }
            let body = Bytes(hex)
            let context = RequestContext(
                ticket: .init(connection: 1, number: 1), version: vector.version, clientId: "c",
                now: Instant(nanoseconds: 0))
            let code = ErrorCode.policyViolation
            let answer = try api.fail(body, code, context, node)
            let bytes = try answer.encode(version: vector.version)
            let read = try api.response.decode(Bytes(bytes), version: vector.version).values(version: vector.version)
            let found = codes(read)
            let isSession = api.key == .fetch && !found.isEmpty
            if !isSession {
                #expect(found.allSatisfy { $0 == Int64(code.rawValue) }, "v\(vector.version): \(found)")
            } else {
                // The top of a Fetch's answer is for errors of sessions.
                #expect(
                    found.dropFirst(vector.version >= 7 ? 1 : 0).allSatisfy { $0 == Int64(code.rawValue) || $0 == 70 })
            }
            let request = try api.decode(body, vector.version)
            let hasTop = api.response.fieldSchemas(version: vector.version).contains {
                $0.depth == 0 && $0.name == "errorCode"
            }
            // Where something was asked for and nothing was said, a client would take it as done.
            let lists = try topLevelLists(request, vector.version)
            if hasTop || asksForSomething(lists) {
                #expect(found.contains { $0 != 0 }, "v\(vector.version) says nothing: \(vector.hex)")
            }
            checked += 1
        }
        #expect(checked > 3)
    }

    /// The request's values without lists that have nothing below them which could fail: topics without partitions.
    private func topLevelLists(_ request: any WireMessage, _ version: Int16) throws -> WireValue {
        guard case .object(let fields) = try request.values(version: version) else { return .null }
        return .array(
            fields.flatMap { field -> [WireValue] in
                guard case .array(let items) = field.value else { return [] }
                return items.filter { item in
                    guard case .object(let inner) = item else { return true }
                    let lists = inner.compactMap { field -> [WireValue]? in
                        if case .array(let items) = field.value { return items }
                        return nil
                    }
                    return !lists.contains { $0.isEmpty || $0.contains(where: hasEmptyList) }
                }
            })
    }

    private func hasEmptyList(_ value: WireValue) -> Bool {
        guard case .object(let fields) = value else { return false }
        return fields.contains { field in
            guard case .array(let items) = field.value else { return false }
            return items.isEmpty || items.contains(where: hasEmptyList)
        }
    }
}
