import KafkaWire

// What always holds of groups, for the fuzzer and for tests: what is counted and indexed is what walking through all says.

extension GroupCoordinator {
    /// What does not hold though it always should; `pending` are the requests that are not answered.
    func objections(pending: [RequestTicket]) -> [String] {
        var found: [String] = []
        var use = GroupUse()
        var topics: [String: Set<String>] = [:]
        for (id, group) in groups {
            let texts = group.classic.objections + (group.consumer?.objections ?? []) + group.offsets.objections
            found += texts.map { "\(id): \($0)" }
            use.memberBytes += group.memberBytes
            use.offsetBytes += group.offsets.bytes
            for topic in group.offsets.topics { topics[topic, default: []].insert(id) }
            if deadlines[id] != group.nextDeadline { found.append("it is not known when something is due in \(id)") }
            if idle[id] != group.idleSince { found.append("it is not known whether anything is in \(id)") }
            if group.memberBytes > limits.groupBytes + Self.overshoot { found.append("\(id) takes too much memory") }
        }
        if use != self.use { found.append("\(self.use) is counted, and the groups take \(use)") }
        if topics != groupsOfTopic { found.append("the groups with positions in a topic are not those that are known") }
        if deadlines.count > groups.count || idle.count > groups.count {
            found.append("groups are planned that are gone")
        }
        if groups.count > limits.groups { found.append("there are \(groups.count) groups") }
        if use.memberBytes > limits.memberBytes + Self.overshoot { found.append("members take too much memory") }
        if use.offsetBytes > limits.offsetBytes { found.append("positions take too much memory") }
        for (ticket, (group, member)) in waiting {
            if !pending.contains(ticket) { found.append("\(ticket) of \(member) waits, and is not pending") }
            if groups[group]?.classic.members[member]?.waits(as: ticket) != true {
                found.append("\(ticket) is no request of \(member)")
            }
        }
        return found
    }

    /// By how much a limit may be passed: what a request brings is weighed before it is known in full.
    private static let overshoot = 4 << 20
}

extension ClassicGroup {
    /// What does not hold of the group though it always should.
    var objections: [String] {
        var found = members.objections
        var offered: [String: Int] = [:]
        for member in members.values { for one in member.protocols { offered[one.name, default: 0] += 1 } }
        if offered != offers { found.append("what members offer is counted wrongly") }
        if leader.map({ members[$0] == nil }) ?? false { found.append("its leader is no member") }
        if !staticMembers.allSatisfy({ members[$0.value]?.instanceId == $0.key }) {
            found.append("a static member is no member")
        }
        if !unsynced.allSatisfy({ members[$0] != nil }) { found.append("it waits for the sync of who is no member") }
        if members.values.contains(where: \.isWaiting), nextDeadline == nil { found.append("members wait for ever") }
        return found
    }
}
