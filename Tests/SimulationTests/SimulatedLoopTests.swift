import Foundation
import TestSupport
import Testing

@testable import KafkaSimulation
@testable import KafkaWire

/// The clock, the turns, and what must not leave the simulation.
@Suite(.turn) struct SimulatedLoopTests {
    @Test func anHourOfSilenceCostsNothing() throws {
        let simulation = Simulation(seed: 1)
        try simulation.run { try await simulation.sleep(for: .seconds(3600)) }
        #expect(simulation.elapsed == .seconds(3600))
    }

    @Test func timersFireInTheirOrder() throws {
        let simulation = Simulation(seed: 2)
        let loop = simulation.host("a").loop
        let seen = Locked<[Int]>([])
        try simulation.run {
            for number in [3, 1, 2] {
                loop.schedule(at: loop.now + .milliseconds(Int64(number))) { seen.withLock { $0.append(number) } }
            }
            let cancelled = loop.schedule(at: loop.now) { seen.withLock { $0.append(0) } }
            loop.cancel(cancelled)
            try await loop.sleep(for: .milliseconds(5))
        }
        #expect(seen.withLock { $0 } == [1, 2, 3])
    }

    /// Of two whose time has come, the first may cancel the second.
    @Test func whatIsCancelledInTheSameTurnDoesNotFire() throws {
        let simulation = Simulation(seed: 2)
        let loop = simulation.host("a").loop
        let seen = Locked<[Int]>([])
        let second = Locked<TimerID?>(nil)
        try simulation.run {
            let time = loop.now + .milliseconds(1)
            loop.schedule(at: time) {
                seen.withLock { $0.append(1) }
                if let second = second.withLock({ $0 }) { loop.cancel(second) }
            }
            second.withLock { $0 = loop.schedule(at: time) { seen.withLock { $0.append(2) } } }
            loop.schedule(at: time) { seen.withLock { $0.append(3) } }
            try await loop.sleep(for: .milliseconds(5))
        }
        #expect(seen.withLock { $0 } == [1, 3])
        #expect(simulation.host("a").pendingTimers == 0)
    }

    /// A loop keeps the order of its jobs, as a real one does; between hosts the seed decides.
    @Test func theSeedDecidesBetweenHosts() throws {
        func order(_ seed: UInt64) throws -> [String] {
            let simulation = Simulation(seed: seed)
            let seen = Locked<[String]>([])
            try simulation.run {
                let tasks = ["a1", "b1", "c1", "a2", "b2", "c2"].map { name in
                    Task(executorPreference: simulation.host(String(name.prefix(1))).executor) {
                        seen.withLock { $0.append(name) }
                    }
                }
                for task in tasks { await task.value }
            }
            return seen.withLock { $0 }
        }
        var orders: Set<[String]> = []
        for seed in 0..<50 as Range<UInt64> {
            let found = try order(seed)
            #expect(try order(seed) == found)
            for host in ["a", "b", "c"] { #expect(found.filter { $0.hasPrefix(host) } == ["\(host)1", "\(host)2"]) }
            orders.insert(found)
        }
        #expect(orders.count > 5)
    }

    /// `Task { }` and actors without an executor would run on threads of Swift's own.
    @Test func tasksWithoutAPreferenceStayInside() throws {
        actor Plain {
            var count = 0
            func add() { count += 1 }
            var thread: ObjectIdentifier { ObjectIdentifier(Thread.current) }
        }
        let simulation = Simulation(seed: 3)
        let here = ObjectIdentifier(Thread.current)
        try simulation.run {
            let plain = Plain()
            await Task { await plain.add() }.value
            await Task.detached { await plain.add() }.value
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<10 { group.addTask { await plain.add() } }
            }
            async let more: Void = plain.add()
            await more
            #expect(await plain.count == 13)
            #expect(await plain.thread == here)
        }
    }

    @Test func whatWaitsForNothingIsNamed() throws {
        let simulation = Simulation(seed: 4)
        simulation.host("shop").start("the till") { await Arrival<Void>().value() }
        let error = #expect(throws: SimulationError.self) { try simulation.run { await Arrival<Void>().value() } }
        #expect(error == .stalled(at: .zero, waiting: ["the till (shop)", "the simulation's body (test)"]))
    }

    /// Swift's own sleep goes by the system's clock: nothing in the simulation will end it.
    @Test func whoSleepsByTheSystemsClockIsAStall() throws {
        let error = #expect(throws: SimulationError.self) {
            try Simulation(seed: 5).run { try await Task.sleep(for: .milliseconds(50)) }
        }
        #expect("\(try #require(error))".contains("Task.sleep"))
    }

    @Test func anotherThreadIsNamed() throws {
        let simulation = Simulation(seed: 6)
        let loop = simulation.host("a").loop
        let error = #expect(throws: SimulationError.self) {
            try simulation.run {
                let isOver = Locked(false)
                Thread.detachNewThread {
                    _ = loop.now
                    isOver.withLock { $0 = true }
                }
                // Holds the simulation's own thread, so that its time is not needed.
                while isOver.withLock({ !$0 }) { usleep(100) }
                try await loop.sleep(for: .seconds(1))
            }
        }
        #expect(error == .escaped(["the time was asked for on another thread, in the turn of test's pool"]))
    }

    @Test func whoGoesOnWithoutTimeIsNamed() throws {
        let error = #expect(throws: SimulationError.self) {
            try Simulation(seed: 7).run { while !Task.isCancelled { await Task.yield() } }
        }
        #expect(error == .spinning(at: .zero, thread: "test's pool"))
    }

    @Test func itHasItsTime() throws {
        let simulation = Simulation(seed: 8)
        let error = #expect(throws: SimulationError.self) {
            try simulation.run(limit: .seconds(10)) { try await simulation.sleep(for: .seconds(11)) }
        }
        #expect(error == .tookTooLong(.seconds(10), running: ["the simulation's body (test)"]))
    }

    @Test func itGivesAndThrowsWhatItsBodyDoes() throws {
        struct Wrong: Error {}
        let simulation = Simulation(seed: 9)
        #expect(try simulation.run { 42 } == 42)
        #expect(throws: Wrong.self) { try simulation.run { throw Wrong() } }
        // And again.
        try simulation.run { try await simulation.sleep(for: .seconds(1)) }
    }

    @Test func aPausedHostGoesOnLater() throws {
        let simulation = Simulation(seed: 10)
        let host = simulation.host("slow")
        let fired = Locked<Duration?>(nil)
        try simulation.run {
            host.loop.schedule(at: host.loop.now + .seconds(1)) { fired.withLock { $0 = simulation.elapsed } }
            host.pause()
            try await simulation.sleep(for: .seconds(10))
            #expect(fired.withLock { $0 } == nil)
            host.resume()
            try await simulation.sleep(for: .seconds(1))
        }
        #expect(fired.withLock { $0 } == .seconds(10))
    }

    @Test func aSlowHostNeedsTimeForEachTurn() throws {
        let simulation = Simulation(seed: 11)
        let host = simulation.host("slow")
        host.slowDown(to: .milliseconds(100))
        try simulation.run {
            await Task(executorPreference: host.executor) { for _ in 0..<9 { await Task.yield() } }.value
        }
        #expect(simulation.elapsed >= .milliseconds(900))
    }

    @Test func aClockMayBeWrongAndJump() throws {
        let simulation = Simulation(seed: 12)
        let (right, wrong) = (simulation.host("right"), simulation.host("wrong"))
        try simulation.run {
            wrong.clockOffset = .seconds(-60)
            #expect(right.loop.wallMilliseconds - wrong.loop.wallMilliseconds == 60_000)
            wrong.clockOffset = .seconds(60)
            #expect(right.loop.wallMilliseconds - wrong.loop.wallMilliseconds == -60_000)
            #expect(right.loop.now == wrong.loop.now)
        }
    }

    /// What a host draws follows from the seed and its name: who else is there changes nothing of it.
    @Test func chanceBelongsToTheHost() {
        let one = Simulation(seed: 13).host("a").loop
        let simulation = Simulation(seed: 13)
        _ = simulation.host("b").loop.random()
        let other = simulation.host("a").loop
        #expect((0..<5).map { _ in one.random() } == (0..<5).map { _ in other.random() })
        #expect(Simulation(seed: 14).host("a").loop.random() != Simulation(seed: 13).host("a").loop.random())
    }

    @Test func aRunThatWasGivenUpDoesNotEndTheNext() throws {
        let simulation = Simulation(seed: 1)
        #expect(throws: SimulationError.self) {
            try simulation.run(limit: .seconds(1)) {
                // Nobody cancels that.
                await Task { try? await simulation.sleep(for: .seconds(5)) }.value
            }
        }
        let value = try simulation.run {
            try await simulation.sleep(for: .seconds(10))
            return 7
        }
        #expect(value == 7)
    }
}
