// Where things are to be found, several at once, which the admin client needs.

extension Cluster {
    /// The version of an API that a request to that broker would have.
    package nonisolated func version<R: WireRequest>(
        of _: R.Type, at target: Target, use: Use = .general, atMost: Int16 = .max
    ) async throws(KafkaError) -> Int16 {
        let link = try await link(to: target, use)
        return try link.versions.negotiate(R.self, atMost: atMost, broker: link.connection.name)
    }

    /// Who coordinates a group or transactional id, after asking where that is not known.
    func coordinator(_ target: Target) async throws(KafkaError) -> BrokerID {
        if let known = coordinators[target] { return known }
        let found = try await findCoordinator(target)
        setCoordinator(of: target, found.id, host: found.host, port: found.port)
        if metadata.brokers[found.id] == nil { try await refresh([]) }
        return found.id
    }

    /// Asks who coordinates, whoever is known to.
    func findCoordinator(_ target: Target) async throws(KafkaError) -> (id: BrokerID, host: String, port: Int32) {
        let (key, type): (String, Int8)
        switch target {
        case .coordinator(let group): (key, type) = (group, 0)
        case .transactionCoordinator(let id): (key, type) = (id, 1)
        case .any, .controller, .broker: throw KafkaError(.invalidRequest, "\(target) has no coordinator")
        }
        let answer = try await look(FindCoordinatorRequest.self, "\(target)") { version throws(KafkaError) in
            FindCoordinatorRequest.with {
                if version >= 4 { $0.coordinatorKeys = [key] } else { $0.key = key }
                if version >= 1 { $0.keyType = type }
            }
        }
        let what = "could not find the coordinator of \(key)"
        var (code, id) = (answer.response.errorCode, answer.response.nodeId)
        var (host, port) = (answer.response.host, answer.response.port)
        if answer.version >= 4 {
            guard let found = answer.response.coordinators.first(where: { $0.key == key }) else {
                throw .leftOut(what, by: answer.broker, api: .findCoordinator)
            }
            (code, id) = (found.errorCode, found.nodeId)
            (host, port) = (found.host, found.port)
        }
        if code == .none, id < 0 { code = .coordinatorNotAvailable }
        guard code == .none else { throw .refused(code, what, by: answer.broker, api: .findCoordinator, of: key) }
        return (id, host, port)
    }

    /// Who coordinates each group or transactional id of `targets`. Those that are not known are asked for in one
    /// request of each kind (KIP-699), from brokers before Kafka 3.0 one by one.
    package func coordinators(of targets: [Target]) async -> [Target: Result<BrokerID, KafkaError>] {
        var found: [Target: Result<BrokerID, KafkaError>] = [:]
        var groups: [String] = []
        var transactions: [String] = []
        var seen: Set<Target> = []
        for target in targets where seen.insert(target).inserted {
            if let known = coordinators[target] {
                found[target] = .success(known)
            } else if case .coordinator(let group) = target {
                groups.append(group)
            } else if case .transactionCoordinator(let id) = target {
                transactions.append(id)
            }
        }
        for (id, answer) in await ask(groups, type: 0) { found[.coordinator(group: id)] = answer }
        for (id, answer) in await ask(transactions, type: 1) { found[.transactionCoordinator(id: id)] = answer }
        return found
    }

    private func ask(_ keys: [String], type: Int8) async -> [String: Result<BrokerID, KafkaError>] {
        guard !keys.isEmpty else { return [:] }
        func target(_ key: String) -> Target {
            type == 0 ? .coordinator(group: key) : .transactionCoordinator(id: key)
        }
        var found: [String: Result<BrokerID, KafkaError>] = [:]
        do throws(KafkaError) {
            guard try await version(of: FindCoordinatorRequest.self, at: .any) >= 4 else {
                for key in keys {
                    do throws(KafkaError) { found[key] = .success(try await coordinator(target(key))) } catch {
                        found[key] = .failure(error)
                    }
                }
                return found
            }
            let question = "coordinators \(type) \(keys.sorted().joined(separator: ","))"
            let answer = try await look(FindCoordinatorRequest.self, question) { _ in
                .with {
                    $0.coordinatorKeys = keys
                    $0.keyType = type
                }
            }
            var open = Set(keys)
            for entry in answer.response.coordinators where open.remove(entry.key) != nil {
                guard entry.errorCode == .none else {
                    found[entry.key] = .failure(
                        .refused(
                            entry.errorCode, "could not find the coordinator of \(entry.key)", by: answer.broker,
                            api: .findCoordinator, of: entry.key))
                    continue
                }
                guard entry.nodeId >= 0 else { continue }
                found[entry.key] = .success(entry.nodeId)
                setCoordinator(of: target(entry.key), entry.nodeId, host: entry.host, port: entry.port)
                if metadata.brokers[entry.nodeId] == nil { try await refresh([]) }
            }
            for key in keys where found[key] == nil {
                found[key] = .failure(
                    .leftOut("could not find the coordinator of \(key)", by: answer.broker, api: .findCoordinator))
            }
        } catch {
            for key in keys where found[key] == nil { found[key] = .failure(error) }
        }
        return found
    }

    /// Whether a broker of that id is in the cluster, after asking where it is not known; also while nobody can be asked.
    package func mayHave(_ broker: BrokerID) async -> Bool {
        if metadata.brokers[broker] != nil { return true }
        do throws(KafkaError) { try await refresh([]) } catch { return true }
        return metadata.brokers[broker] != nil
    }

    /// The leader of each partition. Topics that are not known, or have a partition that is not or that has no leader,
    /// are asked for in one request.
    package func leaders(of partitions: [TopicPartition]) async -> [TopicPartition: Result<BrokerID, KafkaError>] {
        var failure: KafkaError?
        let missing = Set(partitions.filter { metadata.leader(of: $0) == nil }.map(\.topic))
        if !missing.isEmpty {
            do throws(KafkaError) { try await refresh(missing.sorted()) } catch { failure = error }
        }
        var found: [TopicPartition: Result<BrokerID, KafkaError>] = [:]
        for partition in partitions {
            if let leader = metadata.leader(of: partition) {
                found[partition] = .success(leader)
                continue
            }
            found[partition] = .failure(failure ?? metadata.withoutLeader(partition))
        }
        return found
    }
}
