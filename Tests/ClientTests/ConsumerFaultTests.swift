import KafkaBroker
import TestSupport
import Testing

@testable import KafkaWire

/// Damage, outages and deletions while a consumer reads.
@Suite(.turn) struct ConsumerFaultTests {
    /// Flips a bit in the value of the record that holds `text`, wherever a Fetch response carries it.
    private static func damage(_ text: String, times: Int = .max) -> FaultProxy.Rule {
        let left = Counter(times)
        return { passing in
            guard !passing.isRequest, passing.api == .fetch else { return .pass }
            var bytes = passing.frame.copy()
            guard let place = bytes.indices.first(where: { bytes[$0...].starts(with: Array(text.utf8)) }),
                left.take()
            else { return .pass }
            bytes[place] ^= 1
            return .replace(Bytes(bytes))
        }
    }

    private final class Counter: Sendable {
        private let left: Locked<Int>
        init(_ count: Int) { left = Locked(count) }
        func take() -> Bool {
            left.withLock { left in
                guard left > 0 else { return false }
                left -= 1
                return true
            }
        }
    }

    private static func start() async throws -> ProxiedBroker {
        let stack = try await ProxiedBroker.start(topics: ["orders": 1])
        for number in 0..<5 { try await stack.broker.produce(number..<number + 1, to: "orders", prefix: "value-") }
        return stack
    }

    private struct Outcome {
        var values: [String] = []
        var troubles: [String] = []
        var error: KafkaError?
    }

    /// Reads until `count` values are there, or an error ends it.
    private static func read(
        _ server: String, _ count: Int, _ change: (inout KafkaConsumer.Configuration) -> Void = { _ in }
    ) async throws -> Outcome {
        let consumer = try KafkaConsumer.quick(server, group: "g", topics: ["orders"], change)
        let outcome = try await within { () -> Outcome in
            var outcome = Outcome()
            do throws(KafkaError) {
                for try await event in consumer.events {
                    switch event {
                    case .batch(let batch):
                        outcome.values += batch.map { $0.value?.text ?? "null" }
                        try await batch.commit()
                    case .trouble(let error): outcome.troubles.append(error.message)
                    case .assigned, .revoked, .lost, .recovered, .reachedEnd, .reset: break
                    }
                    if outcome.values.count >= count { break }
                }
            } catch {
                outcome.error = error
            }
            return outcome
        }
        await consumer.close()
        return outcome
    }

    @Test func damageOnTheWayIsFetchedAgain() async throws {
        let stack = try await Self.start()
        await stack.proxy.setRule(Self.damage("value-2", times: 2))
        let outcome = try await Self.read(stack.proxy.address, 5)
        #expect(outcome.values == (0..<5).map { "value-\($0)" })
        #expect(outcome.error == nil)
        await stack.stop()
    }

    @Test func damageThatStaysStopsBehindWhatIsSound() async throws {
        let stack = try await Self.start()
        await stack.proxy.setRule(Self.damage("value-2"))
        let outcome = try await Self.read(stack.proxy.address, 5)
        #expect(outcome.values == ["value-0", "value-1"])
        #expect(outcome.error?.code == .corruptBatch)
        #expect(outcome.error?.message.contains("orders-0, offset 2") == true)
        #expect(outcome.error?.message.contains("checksum") == true)
        #expect(await stack.broker.group("g")?.committed.map(\.offset) == [2])
        await stack.stop()
    }

    @Test func damageThatStaysIsSkippedWhereThatIsWanted() async throws {
        let stack = try await Self.start()
        await stack.proxy.setRule(Self.damage("value-2"))
        let outcome = try await Self.read(stack.proxy.address, 4) { $0.corruptBatches = .skip }
        #expect(outcome.values == ["value-0", "value-1", "value-3", "value-4"])
        #expect(outcome.troubles.count { $0.contains("offset 2") } == 1)
        #expect(outcome.error == nil)
        await stack.stop()
    }

    @Test func aBrokerThatComesBackIsReadOnWithoutLoss() async throws {
        let stack = try await ProxiedBroker.start(topics: ["orders": 2])
        try await stack.broker.produce(0..<10, to: "orders")
        let consumer = try KafkaConsumer.quick(stack.proxy.address, group: "g", topics: ["orders"])
        let (seen, told) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                switch event {
                case .batch(let batch):
                    seen.add(batch)
                    try? await batch.commit()
                case .trouble: told.add("trouble")
                case .recovered: told.add("recovered")
                case .assigned, .revoked, .lost, .reachedEnd, .reset: break
                }
            }
        }
        try await seen.wait(for: 10)
        // What was not committed may come again.
        try await eventually { await stack.broker.group("g")?.committed.reduce(0) { $0 + $1.offset.rawValue } == 10 }
        await stack.proxy.goAway()
        try await told.wait(for: 1)
        try await Task.sleep(for: .milliseconds(500))
        #expect(told.all == ["trouble"])
        // Records come while the consumer cannot see the broker.
        try await stack.proxy.comeBack()
        try await stack.broker.produce(10..<30, to: "orders")
        try await seen.wait(for: 30, different: true)
        try await told.wait(for: 2)
        #expect(told.all == ["trouble", "recovered"])
        #expect(seen.all.count == 30)
        await consumer.close()
        try await task.value
        await stack.stop()
    }

    @Test func anOutageLongerThanTheSessionRepeatsOnlyWhatWasNotCommitted() async throws {
        let stack = try await ProxiedBroker.start(topics: ["orders": 1])
        try await stack.broker.produce(0..<10, to: "orders")
        let consumer = try KafkaConsumer.quick(stack.proxy.address, group: "g", topics: ["orders"]) {
            $0.sessionTimeout = .milliseconds(300)
        }
        let seen = Seen()
        let task = consumer.read(into: seen)
        try await seen.wait(for: 10)
        try await eventually { await stack.broker.group("g")?.committed.map(\.offset) == [10] }
        await stack.proxy.goAway()
        try await eventually { await stack.broker.group("g")?.members.isEmpty == true }
        try await Task.sleep(for: .milliseconds(300))
        try await stack.proxy.comeBack()
        try await stack.broker.produce(10..<20, to: "orders")
        try await seen.wait(for: 20, different: true)
        // What is read before a coordinator has said that the member was put out may come again, as with Java's client.
        #expect(Set(seen.all) == Set((0..<20).map { "v\($0)" }))
        #expect(Array(seen.all.prefix(11)) == (0..<11).map { "v\($0)" })
        await consumer.close()
        try await task.value
        await stack.stop()
    }

    @Test func closingWhileTheBrokerIsAwayDoesNotHang() async throws {
        let stack = try await ProxiedBroker.start(topics: ["orders": 1])
        try await stack.broker.produce(0..<10, to: "orders")
        let consumer = try KafkaConsumer.quick(stack.proxy.address, group: "g", topics: ["orders"])
        let seen = Seen()
        let task = consumer.read(into: seen, commit: false)
        try await seen.wait(for: 10)
        await stack.proxy.setRule { $0.isRequest ? .drop : .pass }
        try await within(.seconds(13)) { _ = await consumer.close() }
        try await within { try await task.value }
        await stack.stop()
    }

    @Test func aTopicThatIsDeletedUnderneathIsSaidAndTheOthersGoOn() async throws {
        var configuration = KafkaBroker.Configuration(topics: ["gone": 2, "stays": 1])
        configuration.autoCreateTopics = false
        let broker = try await KafkaBroker.start(configuration)
        try await broker.produce(0..<4, to: "gone")
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["gone", "stays"])
        let (seen, told) = (Seen(), Seen())
        let task = Task {
            for try await event in consumer.events {
                if case .batch(let batch) = event {
                    seen.add(batch)
                    try? await batch.commit()
                }
                if case .trouble(let error) = event { told.add(error.message) }
            }
        }
        try await seen.wait(for: 4)
        let admin = try KafkaAdmin(.quick([broker.bootstrapServers]))
        _ = try await admin.deleteTopics(["gone"]).get()
        // On a busy machine another trouble may be told before.
        try await within {
            try await eventually { told.all.contains(where: { $0.contains("gone") }) }
        }
        try await broker.produce(0..<3, to: "stays", prefix: "s")
        try await seen.wait(for: 7)
        // Created anew, it is read from its beginning.
        _ = try await admin.createTopics([.init("gone", partitions: 2)]).get()
        try await broker.produce(0..<2, to: "gone", prefix: "new")
        try await seen.wait(for: 9)
        #expect(Set(seen.all.suffix(2)) == ["new0", "new1"])
        await admin.close()
        await consumer.close()
        try await task.value
        await broker.stop()
    }

    @Test func aBusyPartitionIsNotHeldUpByAnIdleOne() async throws {
        let broker = try await KafkaBroker.start(.init(topics: ["orders": 2]))
        let producer = try KafkaProducer(.init(bootstrapServers: [broker.bootstrapServers]))
        let value = Bytes([UInt8](repeating: 7, count: 100_000))
        for _ in 0..<60 { try await producer.enqueue(ProducerRecord(topic: "orders", value: value, partition: 0)) }
        try await producer.close()
        let consumer = try KafkaConsumer.quick(broker.bootstrapServers, group: "g", topics: ["orders"]) {
            $0.fetchMaximumWait = .seconds(2)
            $0.partitionMaximumBytes = 300_000
        }
        let begin = ContinuousClock.now
        try await within {
            var count = 0
            for try await batch in consumer.batches {
                count += batch.count
                if count == 60 { break }
            }
        }
        // About thirty fetches: each would have waited two seconds for the idle partition.
        #expect(ContinuousClock.now - begin < .seconds(30))
        await consumer.close()
        await broker.stop()
    }
}
