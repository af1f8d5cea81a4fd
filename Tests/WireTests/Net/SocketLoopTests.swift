import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct SocketLoopTests {
    private actor Counter {
        nonisolated let loop: any EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
        private(set) var count = 0
        init(_ loop: any EventLoop) { self.loop = loop }
        func add() { count += 1 }
    }

    @Test func jobsOfAStoppedLoopStillRunOneAtATime() async throws {
        let loop = try SocketLoop(name: "stopped")
        let counter = Counter(loop)
        await counter.add()
        loop.stop()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<200 { group.addTask { await counter.add() } }
        }
        #expect(await counter.count == 201)
    }

    @Test func timersFireOnTheLoopAndCancelledOnesDoNot() async throws {
        let loop = try SocketLoop(name: "timers")
        let cancelled = Locked(false)
        await withCheckedContinuation { continuation in
            let timer = loop.schedule(at: .now + .milliseconds(20)) { cancelled.withLock { $0 = true } }
            loop.cancel(timer)
            loop.schedule(at: .now + .milliseconds(60)) {
                loop.checkIsolated()
                continuation.resume()
            }
        }
        #expect(!cancelled.withLock { $0 })
        loop.stop()
    }

    @Test func aRefusedConnectionSaysSo() async throws {
        let loop = try SocketLoop(name: "refused")
        let connection = BrokerConnection(
            host: "127.0.0.1", port: 1, clientId: "test", loop: loop)
        let error = await #expect(throws: KafkaError.self) { try await connection.open(timeout: .seconds(5)) }
        #expect(error?.code == .connectionFailed)
        #expect(error?.message.contains("127.0.0.1:1") == true)
        await connection.close()
        loop.stop()
    }
}
