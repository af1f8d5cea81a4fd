extension ScenarioPlan {
    /// Plans that are smaller by one thing, those with less first.
    var smaller: [ScenarioPlan] {
        var found: [ScenarioPlan] = []
        func add(_ change: (inout ScenarioPlan) -> Void) {
            var plan = self
            change(&plan)
            if plan != self { found.append(plan) }
        }
        if faults.count > 1 {
            add { $0.faults = Array(faults[(faults.count / 2)...]) }
            add { $0.faults = Array(faults[..<(faults.count / 2)]) }
        }
        for index in faults.indices { add { $0.faults.remove(at: index) } }
        add { plan in (plan.producerSettings, plan.memberSettings, plan.cluster) = ([], [], ClusterSettings()) }
        add { $0.producerSettings = [] }
        add { $0.memberSettings = [] }
        for index in producerSettings.indices { add { $0.producerSettings[index] = ProducerSettings() } }
        for index in memberSettings.indices { add { $0.memberSettings[index] = MemberSettings() } }
        add { $0.authentication = nil }
        add { $0.authentication?.sessionLifetime = nil }
        add { $0.transactions = TransactionSettings() }
        add { $0.groupProtocol = .eager }
        add { $0.cluster.hasDisk = false }
        add { $0.cluster.speaks = nil }
        add { $0.records = max(1, records / 2) }
        add { $0.producers = max(1, producers - 1) }
        add { $0.members = max(1, members - 1) }
        add { $0.transactors = max(0, transactors - 1) }
        add { $0.copiers = max(0, copiers - 1) }
        add { $0.partitions = max(1, partitions - 1) }
        add { plan in
            guard let last = faults.last?.time else { return }
            // In whole seconds, so that it can be typed.
            plan.duration = min(duration, max(.seconds(10), Duration.seconds(last.components.seconds) + .seconds(30)))
        }
        return found
    }

    /// The smallest plan that is found for which `fails` still holds, within so many tries.
    public func shrunk(tries: Int = 200, _ fails: (ScenarioPlan) -> Bool) -> ScenarioPlan {
        var smallest = self
        var left = tries
        var hasShrunk = true
        while hasShrunk, left > 0 {
            hasShrunk = false
            for plan in smallest.smaller where left > 0 {
                left -= 1
                guard fails(plan) else { continue }
                smallest = plan
                hasShrunk = true
                break
            }
        }
        return smallest
    }
}
