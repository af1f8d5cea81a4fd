import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct EventLoopTests {
    private actor Owner {
        nonisolated let loop: any EventLoop
        nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }
        private lazy var timer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
        private(set) var fired = 0
        init(_ loop: any EventLoop) { self.loop = loop }

        private func timerFired() {
            timer.fired()
            fired += 1
        }

        var deadline: Instant? { timer.deadline }
        func set(_ deadline: Instant?) { timer.set(deadline) }
        func set(_ deadline: Instant?, now: Instant) { timer.set(deadline) { now } }
        func bringForward(to deadline: Instant?) { timer.bringForward(to: deadline) }
        func sleep(_ duration: Duration) async throws {
            try await loop.sleep(for: duration)
            loop.checkIsolated()
        }
    }

    @Test func ofTwoDeadlinesTheEarlierOneFires() async throws {
        let loop = try SocketLoop(name: "timer")
        defer { loop.stop() }
        let owner = Owner(loop)
        let (soon, late) = (loop.now + .milliseconds(20), loop.now + .seconds(3600))
        await owner.bringForward(to: late)
        await owner.bringForward(to: soon)
        await owner.bringForward(to: late)
        await owner.bringForward(to: nil)
        #expect(await owner.deadline == soon)
        try await eventually { await owner.fired == 1 }
        #expect(await owner.deadline == nil)
        // Having fired, it is set to any deadline again.
        await owner.bringForward(to: late)
        #expect(await owner.deadline == late)
    }

    /// Of two whose time has come, the first may cancel the second: it would take the next one of its owner for its own.
    @Test func whatIsCancelledInTheSameTurnDoesNotFire() async throws {
        let loop = try SocketLoop(name: "timer")
        defer { loop.stop() }
        let seen = Locked<[Int]>([])
        let second = Locked<TimerID?>(nil)
        let time = loop.now + .milliseconds(50)
        loop.schedule(at: time) {
            seen.withLock { $0.append(1) }
            if let second = second.withLock({ $0 }) { loop.cancel(second) }
        }
        second.withLock { $0 = loop.schedule(at: time) { seen.withLock { $0.append(2) } } }
        loop.schedule(at: time) { seen.withLock { $0.append(3) } }
        try await eventually { seen.withLock { $0.last == 3 } }
        #expect(seen.withLock { $0 } == [1, 3])
    }

    @Test func theDeadlineThatIsSetLastCounts() async throws {
        let loop = try SocketLoop(name: "timer")
        defer { loop.stop() }
        let owner = Owner(loop)
        await owner.set(loop.now + .seconds(1800))
        await owner.set(loop.now + .seconds(3600))
        #expect(await owner.deadline.map { $0 - loop.now > .seconds(1800) } == true)
        await owner.set(nil)
        #expect(await owner.deadline == nil)
        let before = loop.now
        await owner.set(before + .milliseconds(10))
        try await eventually { await owner.fired == 1 }
        #expect(loop.now - before >= .milliseconds(10))
        // Of another clock, where it is an hour from that deadline: now.
        await owner.set(Instant(nanoseconds: 5), now: Instant(nanoseconds: 4))
        try await eventually { await owner.fired == 2 }
    }

    @Test func whoSleepsIsWokenByTheTimeOrByACancellation() async throws {
        let loop = try SocketLoop(name: "sleep")
        defer { loop.stop() }
        let owner = Owner(loop)
        let before = loop.now
        try await owner.sleep(.milliseconds(10))
        #expect(loop.now - before >= .milliseconds(10))
        let sleeper = Task { try await owner.sleep(.seconds(3600)) }
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
    }

    @Test func whatArrivesFirstCounts() async {
        let early = Arrival<Int>()
        early.give(1)
        early.give(2)
        #expect(await early.value() == 1)
        let awaited = Arrival<Int>()
        let task = Task { await awaited.value() }
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<100 { group.addTask { awaited.give(number) } }
        }
        #expect((0..<100).contains(await task.value))
    }

    @Test func aNameIsLookedUpAndAPortListenedOn() async throws {
        let loop = try SocketLoop(name: "bytes")
        defer { loop.stop() }
        #expect(try await loop.resolve(host: "127.0.0.1", port: 80) == [.loopback(port: 80)])
        let listener = try loop.listen(on: .loopback(port: 0))
        defer { listener.close() }
        #expect(listener.local == SocketAddress.loopback(port: 0).at(port: listener.localPort))
        await #expect(throws: NetError.self) { try await loop.resolve(host: "no such name", port: 80) }
    }

    /// Every change of what is watched was a walk over all that was.
    @Test func aChangeOfThePollSetTouchesOneEntry() {
        var set = PollSet(3)
        for descriptor in 10..<20 { set.set(Int32(descriptor), (UInt64(descriptor), 1)) }
        set.set(12, (99, 5))
        #expect(set.entries.map(\.fd) == [3] + Array(10..<20))
        #expect(set.entries[3].events == 5)
        #expect(set.watches[3] == 99)
        // The last takes the place of one that goes.
        set.set(11, nil)
        set.set(11, nil)
        #expect(set.entries.map(\.fd) == [3, 10, 19] + Array(12..<19))
        set.set(19, (7, 4))
        #expect(set.watches == [0, 10, 7, 99] + (13..<19).map(UInt64.init))
    }

    @Test func theSameSeedGivesTheSameNumbers() {
        var (first, second) = (RandomSource(seed: 1), RandomSource(seed: 1))
        #expect((0..<10).map { _ in first.next() } == (0..<10).map { _ in second.next() })
        #expect(first == second)
        var other = first.split()
        #expect(other.next() != first.next())
    }
}
