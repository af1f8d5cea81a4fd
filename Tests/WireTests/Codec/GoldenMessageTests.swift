import Conformance
import JSONLines
import TestSupport
import Testing

@testable import KafkaWire

/// Every vector that the Java client wrote for the APIs of this library.
@Suite(.turn) struct GoldenMessageTests {
    static let files = API.all.map { api in
        String("00\(api.key.rawValue)".suffix(3)) + "-\(api.name).jsonl"
    }

    @Test(arguments: files) func decodesComparesAndEncodes(file: String) throws {
        let vectors = try Fixture.json("golden/\(file)")
        #expect(!vectors.isEmpty)
        for vector in vectors {
            let (type, version, bytes) = try Self.parts(vector)
            let message = try type.decode(bytes, version: version)
            #expect(try message.values(version: version).difference(from: vector["json"]) == nil)
            #expect(try Bytes(message.encode(version: version)) == bytes)
            guard let other = vector["alsoDecodes"].hex else { continue }
            let same = try type.decode(other, version: version)
            #expect(try Bytes(same.encode(version: version)) == bytes)
        }
    }

    @Test(arguments: files) func everyPrefixThrowsAndNamesWhereItEnds(file: String) throws {
        for vector in try Fixture.json("golden/\(file)") {
            let (type, version, bytes) = try Self.parts(vector)
            for length in 0..<bytes.count {
                let error = #expect(throws: WireError.self) { try type.decode(bytes[0..<length], version: version) }
                #expect(error?.message == type.wireName)
                #expect((error?.offset ?? -1) <= length)
            }
        }
    }

    /// Thinned out, since `kw conformance` flips every bit of every vector: about 300 bits of each vector here, other
    /// ones in each of its file.
    @Test(arguments: files) func aFlippedBitDecodesOrThrows(file: String) throws {
        for (index, vector) in try Fixture.json("golden/\(file)").prefix(24).enumerated() {
            let (type, version, bytes) = try Self.parts(vector)
            var mutated = bytes.copy()
            let step = mutated.count * 8 / 300 + 1
            for bit in stride(from: index % step, to: mutated.count * 8, by: step) {
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
                do throws(WireError) {
                    let message = try type.decode(Bytes(mutated), version: version)
                    // What decodes must also be writable again, and mean the same.
                    let again = try type.decode(Bytes(message.encode(version: version)), version: version)
                    let (first, second) = (try message.values(version: version), try again.values(version: version))
                    #expect(first == second)
                } catch {
                    #expect(error.message == type.wireName)
                }
                mutated[bit / 8] ^= 1 << UInt8(bit % 8)
            }
        }
    }

    static func parts(_ vector: JSON) throws -> (any WireMessage.Type, Int16, Bytes) {
        let key = APIKey(rawValue: Int16(try #require(vector["key"].number)))
        let api = try #require(API.of(key))
        let type: any WireMessage.Type = vector["kind"].text == "request" ? api.request : api.response
        let version = try #require(vector["version"].number)
        return (type, Int16(version), try #require(vector["hex"].hex))
    }
}
