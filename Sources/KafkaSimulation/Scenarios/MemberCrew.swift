import KafkaBroker
import KafkaWire

/// The members of the group: started, killed, closed, started again. One whose client ends with an error is started again
/// after a pause, as a program that is watched over.
final class MemberCrew: Sendable {
    private struct Member {
        var task: Task<Void, Never>
        var life: HistoryRecorder.Life?
        var consumer: KafkaConsumer?
        var reading: Task<Bool, Never>?
        var isStopping = false
    }

    private let run: ScenarioRun
    private let servers: [String]
    private let members = Locked<[String: Member]>([:])
    /// Who has had a client.
    private let lives = Locked<Set<String>>([])

    init(_ run: ScenarioRun, _ servers: [String]) { (self.run, self.servers) = (run, servers) }

    // MARK: - From outside

    func start(_ number: Int) {
        let name = "member-\(number)"
        guard members.withLock({ $0[name] == nil }) else { return }
        let task = run.simulation.host(name).start("\(name)'s reading") { [self] in await live(name, number) }
        members.withLock { $0[name] = Member(task: task) }
    }

    /// Kills a member: nobody hears of it from itself.
    func kill(_ name: String) {
        guard let member = members.withLock({ $0.removeValue(forKey: name) }) else { return }
        member.life?.end()
        let host = run.simulation.host(name)
        host.resume()
        host.kill()
        member.task.cancel()
        member.reading?.cancel()
        Task { await member.consumer?.close() }
    }

    /// Ends the task in which it reads; it goes on reading.
    func cancelReading(_ name: String) { members.withLock { $0[name]?.reading }?.cancel() }

    /// It stops reading, and closes its client.
    func close(_ name: String) async {
        let member = members.withLock { members in
            members[name]?.isStopping = true
            return members[name]
        }
        await member?.consumer?.stop()
        guard let member else { return }
        await run.end(of: member.task)
        // Who closes it as well may have been faster, and have started it again.
        members.withLock { if $0[name]?.task == member.task { $0[name] = nil } }
    }

    func closeAll() async {
        for name in members.withLock({ $0.inOrder.map(\.key) }) { await close(name) }
    }

    // MARK: - As an application

    private func isStopping(_ name: String) -> Bool { members.withLock { $0[name]?.isStopping ?? true } }

    private func live(_ name: String, _ number: Int) async {
        let host = run.simulation.host(name)
        while !Task.isCancelled, !isStopping(name) {
            await use(name, run.plan.member(number), host)
            guard !Task.isCancelled, !isStopping(name) else { return }
            try? await host.sleep(for: .seconds(3))
        }
    }

    /// One client, from its start to its end.
    private func use(_ name: String, _ settings: ScenarioPlan.MemberSettings, _ host: SimulatedHost) async {
        let life = run.recorder.life(of: name)
        var configuration = KafkaConsumer.Configuration(
            bootstrapServers: servers, group: ScenarioRun.group, topics: run.topics)
        configuration.apply(settings, name)
        let isFirst = lives.withLock { $0.insert(name).inserted }
        configuration.apply(run.plan.groupProtocol, isFirst: isFirst)
        configuration.client.run(on: host)
        run.credentials.secure(&configuration.client)
        configuration.client.logger = host.logger { life.note(log: $0) }
        guard let consumer = try? KafkaConsumer(configuration) else { return }
        run.witnesses.add(consumer.worker, of: name)
        if settings.readsCommitted { life.note(.transacted(.readsCommitted)) }
        members.withLock { members in
            members[name]?.life = life
            members[name]?.consumer = consumer
        }
        let notes = ReaderNotes(ScenarioRun.group, consumer, life, run)
        while !Task.isCancelled, !isStopping(name) {
            let reading = Task(executorPreference: host.executor) { [run] in
                await Self.read(notes, commits: settings.autoCommit == nil, host, run)
            }
            members.withLock { $0[name]?.reading = reading }
            guard await reading.value else { break }
            // The task was cancelled, or all is over.
            guard !Task.isCancelled, !isStopping(name) else { break }
            notes.noteWithdrawal()
            try? await host.sleep(for: .milliseconds(100))
        }
        guard !Task.isCancelled else { return }
        _ = try? await run.call(life, "close", within: .seconds(120)) { () async throws(KafkaError) in
            await consumer.close()
        }
        await run.noteEnd(of: life, host)
    }

    /// Reads until the sequence ends; false where an error ends it.
    private static func read(
        _ notes: ReaderNotes, commits: Bool, _ host: SimulatedHost, _ run: ScenarioRun
    ) async -> Bool {
        do {
            for try await event in notes.consumer.events { await note(event, notes, commits: commits, host, run) }
            return true
        } catch {
            notes.life.note(.told("\(error)"))
            return false
        }
    }

    private static func note(
        _ event: ConsumerEvent, _ notes: ReaderNotes, commits: Bool, _ host: SimulatedHost, _ run: ScenarioRun
    ) async {
        await notes.note(event)
        guard case .batch(let batch) = event else { return }
        let pause = run.slowness(of: host.name)
        if pause > .zero { try? await host.sleep(for: pause) }
        guard commits else { return }
        let life = notes.life
        do {
            try await run.call(life, "commit", within: .seconds(60)) { () async throws(KafkaError) in
                try await batch.commit()
            }
            life.note(.committed(group: notes.group, [ReaderNotes.place(batch.source): batch.nextOffset.rawValue]))
        } catch {
            life.note(.told("\(error)"))
        }
    }
}

extension KafkaConsumer.Configuration {
    fileprivate mutating func apply(_ settings: ScenarioPlan.MemberSettings, _ name: String) {
        groupInstanceId = settings.isStatic ? name : nil
        sessionTimeout = settings.sessionTimeout
        heartbeatInterval = settings.heartbeatInterval
        maximumPollInterval = settings.maximumPollInterval
        client.requestTimeout = settings.requestTimeout
        client.metadataMaximumAge = settings.metadataMaximumAge
        fetchMaximumWait = settings.fetchMaximumWait
        fetchMinimumBytes = settings.fetchMinimumBytes
        fetchMaximumBytes = settings.fetchMaximumBytes
        partitionMaximumBytes = settings.partitionMaximumBytes
        autoCommit = settings.autoCommit
        if settings.prefersRoundRobin { assignors = [.roundRobin, .range] }
        offsetReset = settings.beginsAtEnd ? .latest : .earliest
        isolationLevel = settings.readsCommitted ? .readCommitted : .readUncommitted
    }
}
