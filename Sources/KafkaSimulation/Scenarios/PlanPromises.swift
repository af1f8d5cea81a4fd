import KafkaWire

// What may be promised of a plan.

extension ScenarioPlan {
    /// What its faults and configurations leave of what is promised.
    public var promises: History.Promises {
        var promises = History.Promises()
        for (place, name) in producerNames.enumerated() {
            let settings = producer(place + 1)
            if !settings.isExact { promises.repeating.insert(name) }
            // Who hears from the leader alone has no promise for when that dies.
            let leaderDies = faults.contains { occurrence in
                switch occurrence.fault {
                case .killBroker, .lagReplicas: true
                default: false
                }
            }
            if settings.acks == .none || settings.acks == .leader && leaderDies { promises.careless.insert(name) }
        }
        // Who begins at the end passes over what was there before.
        if memberNames.indices.contains(where: { member($0 + 1).beginsAtEnd }) { promises.isDrained = false }
        promises.isCalm = faults.allSatisfy { isCalm($0.fault) }
        for occurrence in faults { promises.weaken(occurrence.fault, cluster) }
        let isOld = cluster.speaks != nil || faults.contains { if case .speak = $0.fault { true } else { false } }
        // The end of a transaction may be gone with what its leader had alone: nothing behind it is seen then.
        let losesEnds = faults.contains { occurrence in
            switch occurrence.fault {
            case .lagReplicas, .electUncleanly: true
            default: false
            }
        }
        if hasTransactions, losesEnds { promises.isDrained = false }
        // An old release does not tell of all that was cut off.
        if !promises.lossy.isEmpty, isOld { promises.isDrained = false }
        // Before KIP-814 (Kafka 3.2) a static leader that comes back does not lead: nobody sees what was added meanwhile.
        let isStatic = memberNames.indices.contains { member($0 + 1).isStatic }
        if isOld, isStatic, faults.contains(where: { if case .addPartitions = $0.fault { true } else { false } }) {
            promises.isDrained = false
        }
        return promises
    }

    /// Whether the group counts its generations on: a broker that is started anew begins with the first, and so does a group
    /// that is left with nothing, or goes over to another protocol while nobody is in it.
    var keepsGenerations: Bool {
        let isForgotten = faults.contains { occurrence in
            switch occurrence.fault {
            case .killBroker, .deleteTopic: true
            default: false
            }
        }
        // Who is closed or killed has nothing any more; who is put out alive does not know of it.
        let putsOut = faults.contains { occurrence in
            switch occurrence.fault {
            case .closeMember, .killMember: false
            default: true
            }
        }
        return !isForgotten && !(groupProtocol == .changing && putsOut)
    }

    /// Whether no member loses what it has by that: who works for too long is put out of its group.
    private func isCalm(_ fault: Fault) -> Bool {
        switch fault {
        case .slowProducer: true
        case .slowClient(let name, _, _): !copierNames.contains(name)
        case .slowMember(let number, let pause, _): pause < member(number).maximumPollInterval
        default: false
        }
    }

    /// Whether a party that is cut off should hear of it in time: one that stands still meanwhile cannot, and a producer
    /// only has something to be told when what it sends is refused.
    func isTold(_ who: String) -> Bool {
        let stands = faults.contains { occurrence in
            switch occurrence.fault {
            case .pause(who, _), .slowMachine(who, _, _): true
            default: false
            }
        }
        if stands { return false }
        guard let place = producerNames.firstIndex(of: who) else { return true }
        let isSlow = faults.contains { occurrence in
            switch occurrence.fault {
            case .slowProducer(place + 1, _, _), .closeProducer(place + 1, _): true
            default: false
            }
        }
        // Without acknowledgements nothing is missed while the connection takes what is sent.
        return !isSlow && producer(place + 1).acks != .none && producer(place + 1).deliveryTimeout <= .seconds(45)
            && duration / max(1, records) < .seconds(5)
    }
}

extension History.Promises {
    /// Takes away what does not hold any more when that has happened.
    mutating func weaken(_ fault: ScenarioPlan.Fault, _ cluster: ScenarioPlan.ClusterSettings) {
        switch fault {
        case .electUncleanly(let partition, _, _): lossy.insert(History.Partition(ScenarioRun.topic, partition))
        case .killBroker(let loss?, _, _):
            // What was written and not flushed is gone: records, committed positions, what was known of producers.
            guard loss != .nothing, cluster.flush != .everyProduce else { return }
            (keeps, isIdempotent, isDrained, readsOnce, endsTransactions) = (false, false, false, false, false)
        case .deleteTopic:
            // The group's positions go with the topic, or are meant for another one.
            (keeps, isDrained, readsOnce) = (false, false, false)
        // What was sent twice is not known for that.
        case .expireProducers: isIdempotent = false
        case .lowerLimit: refusesForGood = false
        case .wrongClock(_, let offset) where offset > .seconds(1800) || offset < .seconds(-1800):
            // Brokers refuse records of more than an hour ahead (`message.timestamp.after.max.ms`).
            refusesForGood = false
        case .answers(let api, .error(let code), _, _):
            if Injections.mayRefuse(code, by: api) { refusesForGood = false }
            if api == .produce, Injections.forgetsProducers(code) { isIdempotent = false }
        default: break
        }
    }
}
