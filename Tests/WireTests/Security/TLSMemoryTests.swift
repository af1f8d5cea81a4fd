#if Security
    import Foundation
    import TestSupport
    import Testing

    @testable import KafkaWire

    /// What connections hold, with nothing beside them that takes memory.
    @Suite(.alone) struct TLSMemoryTests {
        /// A thousand that are idle are small. What both sides have together is held against twice the bound.
        @Test func idleConnectionsAreSmall() throws {
            func resident() throws -> Int {
                let fields = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
                return (Int(fields[1]) ?? 0) * 4096
            }
            guard FileManager.default.fileExists(atPath: "/proc/self/statm") else { return }
            let pair = try TLSSocketTests.Pair(.v13, demanding: true)
            let bytes = [UInt8](repeating: 7, count: 40_000)
            var all: [(TLSSocket, TLSSocket)] = []
            _ = try pair.connected(room: 8 << 10)
            let before = try resident()
            for _ in 0..<1000 {
                let (near, far, _, _) = try pair.connected(room: 8 << 10)
                #expect(try TLSSocketTests.move(bytes, from: near, to: far).count == bytes.count)
                #expect(try TLSSocketTests.move(bytes, from: far, to: near).count == bytes.count)
                all.append((near, far))
            }
            let grown = try resident() - before
            print("2000 ends of idle connections: \(grown >> 20) MB")
            #expect(grown < 120 << 20)
            #expect(all.allSatisfy { !$0.0.wantsToWrite && !$0.1.holdsInput })
        }
    }
#endif
