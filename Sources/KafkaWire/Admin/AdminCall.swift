/// An administrative request about items, such as topics, partitions or groups: which broker each item belongs to, how
/// the request is built, and how its answer is read. ``Cluster/perform(_:about:)`` does the rest: it groups the items
/// by broker, asks the brokers in parallel, and tries again what may work later.
struct AdminCall<Item: Hashable & Sendable, R: WireRequest, Value: Sendable>: Sendable {
    /// What is done, as it stands behind "could not".
    var what: String
    /// Which broker an item belongs to.
    var route: AdminRoute<Item>
    /// What an item is, for errors.
    var subject: @Sendable (Item) -> AdminSubject
    /// Codes that are retriable in general, and final here.
    var final: Set<ErrorCode> = []
    /// The highest version to use.
    var atMost: Int16 = .max
    /// How many items one request of that version can be about.
    var itemsPerRequest: @Sendable (Int16) -> Int = { _ in .max }
    /// Makes the request in the version that was agreed on.
    var build: @Sendable ([Item], Int16) throws(KafkaError) -> R
    /// The error of the whole answer, where the API has one.
    var whole: @Sendable (R.Response) -> (ErrorCode, String?) = { _ in (.none, nil) }
    /// What the answer says of each item, given the items in the order of the request, and the version.
    var read: @Sendable (R.Response, [Item], Int16) -> [AdminReply<Item, Value>]
}

/// Which broker an item belongs to.
enum AdminRoute<Item: Sendable>: Sendable {
    /// The same for all of them.
    case all(Cluster.Target)
    /// One that follows from the item; coordinators are looked up together.
    case each(@Sendable (Item) -> Cluster.Target)
    /// The leader of the item's partition.
    case leader(@Sendable (Item) -> TopicPartition)
}

/// What an item is, for errors.
enum AdminSubject: Sendable {
    /// The request is about nothing in particular.
    case none
    case topic(String)
    case partition(TopicPartition)
    case other(String)

    var topic: String? {
        switch self {
        case .topic(let name): name
        case .partition(let partition): partition.topic
        case .none, .other: nil
        }
    }

    var partition: PartitionID? {
        if case .partition(let partition) = self { partition.partition } else { nil }
    }

    /// The item behind the words that say what was tried.
    func appended(to what: String) -> String {
        switch self {
        case .none: what
        case .topic(let name): "\(what) \(name)"
        case .partition(let partition): "\(what) \(partition)"
        case .other(let words): "\(what) \(words)"
        }
    }
}

/// What a broker says of an item.
struct AdminReply<Item: Sendable, Value: Sendable>: Sendable {
    var item: Item
    var code: ErrorCode
    var message: String?
    var value: Value

    init(_ item: Item, _ code: ErrorCode = .none, _ message: String? = nil, _ value: Value) {
        self.item = item
        self.code = code
        self.message = message
        self.value = value
    }
}

extension AdminReply where Value == Void {
    init(_ item: Item, _ code: ErrorCode, _ message: String? = nil) { self.init(item, code, message, ()) }
}

/// The item of a request that is about nothing in particular.
enum Whole: Hashable, Sendable { case it }

extension Set<ErrorCode> {
    /// What a controller says of a change is final: the topic is not there, or the change goes on though nobody waits.
    static let finalFromController: Set<ErrorCode> = [.unknownTopicOrPartition, .unknownTopicId, .requestTimedOut]
}

extension Cluster {
    /// How often an item is asked about that a broker does not know: what was just created, not every broker has heard
    /// of.
    private static let triesOfUnknown = 3

    /// Asks about every item once, and again about those whose error may pass, until the time for the whole call
    /// (`ClientConfiguration.apiTimeout`) is up. Every item has an outcome.
    ///
    /// One form serves all calls: a copy of it, and of what it calls, for each was a fifth of the module's code, which
    /// waits for brokers most of its time.
    @_semantics("optimize.sil.specialize.generic.never")
    nonisolated func perform<Item, R, Value>(
        _ call: AdminCall<Item, R, Value>, about items: [Item]
    ) async -> [Item: Result<Value, KafkaError>] {
        let start = loop.now
        let deadline = start + configuration.apiTimeout
        let reachDeadline = configuration.reachTimeout.map { start + $0 }
        var backoff = Backoff(configuration, seed: loop.random())
        var outcomes: [Item: Result<Value, KafkaError>] = [:]
        var seen: Set<Item> = []
        var open = items.filter { seen.insert($0).inserted }
        var told: [Item: KafkaError] = [:]
        var tries = 0
        while !open.isEmpty {
            tries += 1
            let round = await call.round(open, in: self, until: deadline)
            outcomes.merge(round) { _, new in new }
            let failed = round.compactMapValues { outcome in
                if case .failure(let error) = outcome, call.mayPass(error, tries, Self.triesOfUnknown) {
                    error
                } else {
                    nil
                }
            }
            told.merge(failed.filter { $0.value.code != .timedOut && !$0.value.isOfReaching }) { _, new in new }
            open = open.filter { failed[$0] != nil }
            let pause = backoff.next()
            // A broker that has not been reached by then keeps the error that says so.
            if let reachDeadline, loop.now + pause >= reachDeadline {
                open = open.filter { failed[$0]?.isOfReaching == false }
            }
            guard !open.isEmpty else { break }
            var end: KafkaError.Code? = loop.now + pause < deadline ? nil : .timedOut
            if end == nil {
                do { try await loop.sleep(for: pause) } catch { end = .cancelled }
            }
            if let end {
                for item in open {
                    guard let error = failed[item] else { continue }
                    // The last request may only have had what was left of the time: a refusal says more.
                    let last = error.code == .timedOut ? told[item] ?? error : error
                    outcomes[item] = .failure(call.given(up: item, end, after: last))
                }
                break
            }
            await relearn(call.route, failed)
        }
        return outcomes
    }

    /// Asks the same broker anew where an error may say that it was the wrong one.
    private nonisolated func relearn<Item>(_ route: AdminRoute<Item>, _ failed: [Item: KafkaError]) async {
        var topics: Set<String> = []
        for (item, error) in failed {
            await noteRefusal(error)
            let target: Target?
            switch route {
            case .all(let fixed): target = fixed
            case .each(let find): target = find(item)
            case .leader(let find):
                topics.insert(find(item).topic)
                target = nil
            }
            switch target {
            case .coordinator?, .transactionCoordinator?:
                // A coordinator that loads, or that waits for a transaction's end, is the right one.
                guard ![.coordinatorLoadInProgress, .concurrentTransactions].contains(error.code.broker) else {
                    continue
                }
                if let target { await forgetCoordinator(target) }
            default: break
            }
        }
        // What fails here, the next round will tell of. No topics: the brokers and the controller alone.
        try? await refresh(topics.sorted())
    }
}

extension AdminCall {
    /// One try: finds the brokers, asks them in parallel, and gives each item its outcome.
    fileprivate func round(
        _ items: [Item], in cluster: Cluster, until deadline: Instant
    ) async -> [Item: Result<Value, KafkaError>] {
        var outcomes: [Item: Result<Value, KafkaError>] = [:]
        var byBroker: [Cluster.Target: [Item]] = [:]
        var targets: [Cluster.Target] = []
        let places = await places(of: items, in: cluster)
        for item in items {
            switch places[item] {
            case .success(let target)?:
                if byBroker[target] == nil { targets.append(target) }
                byBroker[target, default: []].append(item)
            case .failure(let error)?: outcomes[item] = .failure(located(error, item))
            case nil: outcomes[item] = .failure(missing(item, nil))
            }
        }
        await withTaskGroup(of: [Item: Result<Value, KafkaError>].self) { group in
            for target in targets {
                let items = byBroker[target] ?? []
                group.addTask { await ask(target, items, in: cluster, until: deadline) }
            }
            for await part in group { outcomes.merge(part) { _, new in new } }
        }
        return outcomes
    }

    private func places(
        of items: [Item], in cluster: Cluster
    ) async -> [Item: Result<Cluster.Target, KafkaError>] {
        var places: [Item: Result<Cluster.Target, KafkaError>] = [:]
        switch route {
        case .all(let target):
            let place = await place(target, in: cluster)
            for item in items { places[item] = place }
        case .leader(let find):
            let leaders = await cluster.leaders(of: items.map(find))
            for item in items { places[item] = leaders[find(item)]?.map { .broker($0) } }
        case .each(let find):
            let coordinators = await cluster.coordinators(of: items.map(find))
            for item in items {
                switch find(item) {
                case .coordinator, .transactionCoordinator:
                    places[item] = coordinators[find(item)]?.map { .broker($0) }
                case let target: places[item] = await place(target, in: cluster)
                }
            }
        }
        return places
    }

    /// A broker that somebody has named need not be there.
    private func place(
        _ target: Cluster.Target, in cluster: Cluster
    ) async -> Result<Cluster.Target, KafkaError> {
        guard case .broker(let id) = target, await !cluster.mayHave(id) else { return .success(target) }
        return .failure(
            KafkaError(
                .broker(.brokerNotAvailable), "the cluster has no broker \(id) at present; look at its id", api: R.api,
                isRetriable: true))
    }

    private func ask(
        _ target: Cluster.Target, _ items: [Item], in cluster: Cluster, until deadline: Instant
    ) async -> [Item: Result<Value, KafkaError>] {
        var outcomes: [Item: Result<Value, KafkaError>] = [:]
        do throws(KafkaError) {
            let version = try await cluster.version(of: R.self, at: target, atMost: atMost)
            let size = max(1, min(itemsPerRequest(version), items.count))
            for start in stride(from: 0, to: items.count, by: size) {
                let part = Array(items[start..<min(start + size, items.count)])
                let timeout = min(cluster.configuration.requestTimeout, deadline - cluster.loop.now)
                let answer = try await cluster.send(R.self, to: target, atMost: version, timeout: timeout) {
                    [build] version throws(KafkaError) in try build(part, version)
                }
                outcomes.merge(outcome(of: part, answer)) { _, new in new }
            }
        } catch {
            for item in items where outcomes[item] == nil { outcomes[item] = .failure(located(error, item)) }
        }
        return outcomes
    }

    private func outcome(
        of items: [Item], _ answer: Cluster.Answer<R.Response>
    ) -> [Item: Result<Value, KafkaError>] {
        let (code, message) = whole(answer.response)
        var outcomes: [Item: Result<Value, KafkaError>] = [:]
        guard code == .none else {
            for item in items { outcomes[item] = .failure(refusal(item, code, message, answer.broker)) }
            return outcomes
        }
        // Of what is answered twice the first counts.
        for reply in read(answer.response, items, answer.version) where outcomes[reply.item] == nil {
            outcomes[reply.item] =
                reply.code == .none
                ? .success(reply.value) : .failure(refusal(reply.item, reply.code, reply.message, answer.broker))
        }
        // What was not asked for is nobody's; what was and is not answered is an error.
        let asked = Set(items)
        outcomes = outcomes.filter { asked.contains($0.key) }
        for item in items where outcomes[item] == nil { outcomes[item] = .failure(missing(item, answer.broker)) }
        return outcomes
    }

    // MARK: - Errors

    fileprivate func mayPass(_ error: KafkaError, _ tries: Int, _ triesOfUnknown: Int) -> Bool {
        guard error.isRetriable, !error.isOfSize else { return false }
        // A broker that stops does not close twice in that place; one that wants to know who the client is always does.
        if error.isOfDoor, tries > 1 { return false }
        guard let code = error.code.broker else { return true }
        if final.contains(code) { return false }
        let unknown: [ErrorCode] = [.unknownTopicOrPartition, .unknownTopicId, .brokerNotAvailable]
        return !unknown.contains(code) || tries < triesOfUnknown
    }

    private func refusal(_ item: Item, _ code: ErrorCode, _ message: String?, _ broker: String) -> KafkaError {
        let subject = subject(item)
        let said = KafkaError.words(of: message)
        return .refused(
            code, "could not \(subject.appended(to: what))\(said)", by: broker, api: R.api, topic: subject.topic,
            partition: subject.partition)
    }

    private func missing(_ item: Item, _ broker: String?) -> KafkaError {
        let subject = subject(item)
        return KafkaError(
            .malformedResponse,
            "could not \(subject.appended(to: what)): \(broker.map { "broker \($0)" } ?? "the broker") left it out of "
                + "its answer", broker: broker, api: R.api, topic: subject.topic, partition: subject.partition,
            isRetriable: false)
    }

    /// An error of the way to the broker, with what was to be done; where the broker has no such API, since when Kafka
    /// has.
    private func located(_ error: KafkaError, _ item: Item) -> KafkaError {
        let subject = subject(item)
        var error = error
        error.api = error.api ?? R.api
        error.topic = error.topic ?? subject.topic
        error.partition = error.partition ?? subject.partition
        // Without a broker the error is this client's own, which says more.
        if error.code == .unsupportedVersion, error.broker != nil, error.setting == nil,
            let release = API.of(R.api)?.firstRelease
        {
            error.message =
                "could not \(subject.appended(to: what)): \(error.broker.map { "broker \($0)" } ?? "the broker") does not "
                + "serve \(R.api) in a version that this client speaks; it is in Kafka since \(release)"
        } else if !error.message.hasPrefix("could not") {
            error.message = "could not \(subject.appended(to: what)): \(error.message)"
        }
        return error
    }

    fileprivate func given(up item: Item, _ code: KafkaError.Code, after error: KafkaError) -> KafkaError {
        let what = subject(item).appended(to: what)
        let message =
            code == .cancelled
            ? "could not \(what): the task was cancelled"
            : "could not \(what) in time; the last error was: \(error.message)"
        return KafkaError(
            code, message, broker: error.broker, api: error.api, topic: error.topic, partition: error.partition)
    }
}
