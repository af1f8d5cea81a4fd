/// JoinGroup and SyncGroup wait at the coordinator for the other members, for minutes if need be. A host that is gone
/// without a word looks the same: nothing comes. So somebody who waits looks round from time to time: whether the
/// coordinator still answers, on another connection (on that of the request, a broker takes nothing before it has answered),
/// and whom the cluster names as the coordinator. A value: it says when, and when it is over.
///
/// Java's client waits for as long as the rebalance may take (`AbstractCoordinator.sendJoinGroupRequest`), and relies on the
/// system to find out that a connection is dead.
struct GroupWait: Equatable, Sendable {
    /// What ends the wait.
    enum End: Equatable, Sendable {
        case silent
        case elsewhere(BrokerID)
    }

    /// Which broker the request waits at.
    let coordinator: BrokerID
    /// How long until somebody looks, and how long what is asked then may take.
    let patience: Duration
    private(set) var nextLook: Instant
    /// One sign alone may be a lost packet, or a broker whose metadata are old.
    private var signs = 0

    init(at coordinator: BrokerID, requestTimeout: Duration, now: Instant) {
        self.coordinator = coordinator
        patience = max(requestTimeout / 5, .milliseconds(500))
        nextLook = now + patience
    }

    /// What was seen: whether the coordinator has answered, and who is named as the coordinator, where anybody could say.
    mutating func saw(isAnswering: Bool, named: BrokerID?, now: Instant) -> End? {
        let other = named.flatMap { $0 == coordinator ? nil : $0 }
        guard !isAnswering || other != nil else {
            signs = 0
            nextLook = now + patience
            return nil
        }
        signs += (isAnswering ? 0 : 1) + (other == nil ? 0 : 1)
        nextLook = now + patience / 4
        guard signs > 1 else { return nil }
        return other.map { .elsewhere($0) } ?? .silent
    }
}

extension Cluster {
    /// As ``send(_:to:use:atMost:exactly:timeout:onQueued:_:)``, for a request of a group's member that waits for others.
    nonisolated func sendAndWait<R: WireRequest>(
        _: R.Type = R.self, inGroup group: String, use: Use = .group, timeout: Duration,
        _ build: @Sendable (Int16) throws(KafkaError) -> R
    ) async throws(KafkaError) -> Answer<R.Response> {
        let target = Target.coordinator(group: group)
        let link = try await link(to: target, use)
        let end = Locked<GroupWait.End?>(nil)
        let watch = Task(executorPreference: loop) {
            guard let found = await self.watchWait(at: link, target) else { return }
            end.withLock { $0 = found }
            await link.connection.close()
        }
        defer { watch.cancel() }
        do throws(KafkaError) {
            return try await exchange(R.self, over: link, timeout: timeout, build)
        } catch {
            guard let end = end.withLock({ $0 }) else { throw error }
            throw end.error(of: group, at: link.connection.name, R.api)
        }
    }

    /// Looks from time to time, until the wait is to end or its task is cancelled.
    private nonisolated func watchWait(at link: Link, _ target: Target) async -> GroupWait.End? {
        guard let coordinator = await coordinators[target] else { return nil }
        var wait = GroupWait(at: coordinator, requestTimeout: configuration.requestTimeout, now: loop.now)
        while true {
            do { try await loop.sleep(until: wait.nextLook) } catch { return nil }
            let isAnswering = await within(wait.patience) { () async throws(KafkaError) in
                _ = try await self.exchange(
                    ApiVersionsRequest.self, over: try await self.link(link.address, .general)
                ) { _ in
                    .with {
                        $0.clientSoftwareName = "kafkawire"
                        $0.clientSoftwareVersion = kafkaWireVersion
                    }
                }
                return true
            }
            let named = await within(wait.patience) { () async throws(KafkaError) in
                try await self.findCoordinator(target).id
            }
            if Task.isCancelled { return nil }
            if let end = wait.saw(isAnswering: isAnswering ?? false, named: named, now: loop.now) { return end }
        }
    }

    /// What was found out within that time, if anything was.
    private nonisolated func within<Found: Sendable>(
        _ limit: Duration, _ ask: @escaping @Sendable () async throws(KafkaError) -> Found
    ) async -> Found? {
        let arrival = Arrival<Found?>()
        let timer = loop.schedule(at: loop.now + limit) { arrival.give(nil) }
        defer { loop.cancel(timer) }
        Task(executorPreference: loop) {
            do throws(KafkaError) { arrival.give(try await ask()) } catch { arrival.give(nil) }
        }
        return await arrival.value()
    }
}

extension GroupWait.End {
    fileprivate func error(of group: String, at broker: String, _ api: APIKey) -> KafkaError {
        switch self {
        case .silent:
            KafkaError(
                .timedOut,
                "broker \(broker), which coordinates group \(group), does not answer any more; look whether it is reachable",
                broker: broker, api: api)
        case .elsewhere(let other):
            .refused(
                .notCoordinator,
                "waited for the members of group \(group) at a broker that does not coordinate it any more, broker "
                    + "\(other) does", by: broker, api: api)
        }
    }
}
