import KafkaWire

/// A group with many members over one topic, to which one more comes and then goes again, several times. For how long no fetch
/// of a member is under way while the group rebalances, as the requests themselves tell, is the longest pause in its reading.
///
/// All members are clients of this process, and share its loop: the leader's work, and that of all others, counts as pause.
struct Rebalancing {
    var brokers: [String]
    var topic: String
    var members: Int
    var rounds: Int
    /// Whether members keep what they have while they join (KIP-429), or give up all of it.
    var isCooperative: Bool

    /// A group that has not settled by then never does.
    private static let patience = 60.0
    private static let producedEvery = Duration.milliseconds(5)

    func run() async throws {
        let began = Usage.wall
        let partitions = try await partitionCount()
        let crew = Crew()
        var running: [Member] = []
        for number in 0..<members { running.append(try member(number, crew)) }
        try await crew.settle(members: members, partitions: partitions, within: Self.patience)
        // Fetches that wait at the broker are no pause; those that bring something are asked for again.
        let feeding = Task { try await feed(partitions) }
        var pauses: [Double] = []
        var times: [Double] = []
        for round in 0..<rounds {
            crew.begin()
            var start = Usage.wall
            let guest = try member(members + round, crew)
            try await crew.settle(members: members + 1, partitions: partitions, within: Self.patience)
            times.append(Usage.wall - start)
            pauses += running.map { crew.longestPause(of: $0.number) }

            crew.begin()
            start = Usage.wall
            await guest.close()
            crew.forget(guest.number)
            try await crew.settle(members: members, partitions: partitions, within: Self.patience)
            times.append(Usage.wall - start)
            pauses += running.map { crew.longestPause(of: $0.number) }
        }
        feeding.cancel()
        _ = try? await feeding.value
        for member in running { await member.close() }
        report(pauses.sorted(), times.sorted(), partitions, wall: Usage.wall - began)
    }

    private func partitionCount() async throws -> Int {
        let admin = try KafkaAdmin(.init(bootstrapServers: brokers))
        let described = await admin.describeTopics([topic])
        await admin.close()
        return try described.get()[topic]?.partitions.count ?? 0
    }

    /// A record now and then, so that fetches come back.
    private func feed(_ partitions: Int) async throws {
        let producer = try KafkaProducer(.init(bootstrapServers: brokers))
        let value = Bytes(Array("v".utf8))
        var next = 0
        while !Task.isCancelled {
            for _ in 0..<10 {
                try await producer.enqueue(
                    ProducerRecord(topic: topic, value: value, partition: PartitionID(Int32(clamping: next))))
                next = (next + 1) % max(1, partitions)
            }
            do { try await Task.sleep(for: Self.producedEvery) } catch { break }
        }
        try await producer.close()
    }

    private func report(_ pauses: [Double], _ times: [Double], _ partitions: Int, wall: Double) {
        func at(_ share: Double, _ sorted: [Double]) -> Double {
            guard !sorted.isEmpty else { return 0 }
            return sorted[min(sorted.count - 1, Int(Double(sorted.count) * share))] * 1000
        }
        print(
            #"{"members":\#(members),"partitions":\#(partitions),"rebalances":\#(times.count),"#
                + #""pause_p50_ms":\#(at(0.5, pauses)),"pause_p99_ms":\#(at(0.99, pauses)),"#
                + #""pause_max_ms":\#(at(1, pauses)),"settled_ms":\#(at(0.5, times)),"#
                + #""wall":\#(wall),"cpu":\#(Usage.cpu),"rss_kb":\#(Usage.residentKilobytes)}"#)
    }

    // MARK: - Members

    /// A consumer and the task that reads it.
    private struct Member {
        let number: Int
        let consumer: KafkaConsumer
        let reading: Task<Void, any Error>

        func close() async {
            await consumer.close()
            _ = try? await reading.value
        }
    }

    private func member(_ number: Int, _ crew: Crew) throws -> Member {
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: brokers, group: "crew-\(topic)", topics: [topic])
        configuration.assignors = isCooperative ? [.cooperativeSticky] : [.range]
        // A member hears of a rebalance by its heartbeat: that is waited for, and is no part of what is measured.
        configuration.heartbeatInterval = .milliseconds(200)
        configuration.client.observers = [FetchWatch(number: number, crew: crew)]
        let consumer = try KafkaConsumer(configuration)
        let reading = Task {
            for try await event in consumer.events {
                switch event {
                case .assigned(let offsets): crew.took(number, Array(offsets.keys))
                case .revoked(let revoked): crew.gave(number, revoked.partitions)
                case .lost(let partitions): crew.gave(number, partitions)
                default: break
                }
            }
        }
        return Member(number: number, consumer: consumer, reading: reading)
    }

    /// Tells the crew when a member's fetches go out and come back.
    private struct FetchWatch: ClientObserver {
        let number: Int
        let crew: Crew

        func requestSent(_ request: SentRequest) { if request.api == .fetch { crew.asked(number) } }
        func requestAnswered(_ request: AnsweredRequest) { if request.api == .fetch { crew.answered(number) } }
    }
}
