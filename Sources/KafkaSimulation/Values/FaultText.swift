import KafkaWire

extension ScenarioPlan.Fault: CustomStringConvertible {
    /// What is done, in the words of a timeline.
    public var description: String {
        guard let time, let link else { return text }
        return "\(text)\(link) for \(time.text)"
    }

    /// What stands between its text and how long it lasts; nil where the text says that itself.
    private var link: String? {
        switch self {
        case .killBroker, .deleteTopic, .killMember, .closeMember, .killProducer, .closeProducer, .killClient,
            .closeClient:
            nil
        case .partition, .zoneLoss, .refusedConnects, .deaf, .stopNode, .pause: ""
        default: ","
        }
    }

    private var text: String {
        switch self {
        case .partition(let one, let other, let isOneWay, _):
            "nothing passes \(isOneWay ? "from \(one) to \(other)" : "between \(one) and \(other)")"
        case .zoneLoss(let names, _): "\(names.joined(separator: ", ")) and all others do not reach each other"
        case .cut(let one, let other, let cut): "connections of \(one) with \(other) \(cut)"
        case .cutLater(let one, let other, let bytes, let cut):
            "connections of \(one) with \(other) \(cut), after \(bytes) bytes more"
        case .brittleLink(let one, let other, let oneIn, let bytes, let cut, _):
            "of new connections one in \(oneIn) is one of those that \(cut) after \(bytes.lowerBound) to "
                + "\(bytes.upperBound) bytes from \(one) to \(other)"
        case .slowLink(let one, let other, let latency, _):
            "what \(one) and \(other) say takes about \(latency.text) to arrive"
        case .narrowLink(let one, let other, let bytes, _):
            "\(bytes) bytes a second pass between \(one) and \(other)"
        case .pieces(let one, let other, let size, _):
            "what \(one) and \(other) say arrives in pieces of \(size) byte\(size == 1 ? "" : "s")"
        case .refusedConnects(let one, let other, _): "connections between \(one) and \(other) are refused"
        case .droppedConnects(let one, let other, _):
            "attempts to connect between \(one) and \(other) are not answered"
        case .deaf(let name, _): "\(name) reads nothing"
        case .crowd(let node, _): "node-\(node) accepts no connection, and no more can wait"
        case .wrongName(let name, let answer, _): "kafka means \(answer) to \(name)"
        case .movedName(let name, let node, let other, _): "the name of node-\(node) leads \(name) to node-\(other)"
        case .stopNode(let node, _): "node-\(node) stops"
        case .addNode: "a node is added"
        case .removeNode(let node): "node-\(node) is removed"
        case .moveLeader(let partition, let node): "partition \(partition) is to be led by node-\(node)"
        case .moveCoordinator(let node): "the group is to be coordinated by node-\(node)"
        case .moveTransactionCoordinator(let name, let node):
            "the transactions of \(name) are to be coordinated by node-\(node)"
        case .lagReplicas(let partition, _): "what is appended to partition \(partition) is with its leader alone"
        case .electUncleanly(let partition, let node, let count):
            "partition \(partition) is to be led by node-\(node), which has not got the last \(count) records"
        case .killBroker(let loss, let time, let onOtherPort):
            "the broker \(loss.map { "loses its power, and what was not flushed \($0)" } ?? "is killed"), and is "
                + "started again after \(time.text)\(onOtherPort ? " on other ports" : "")"
        case .diskFull(let room, _): "the broker's disk has room for \(room) bytes more"
        case .diskRefuses(let error, _): "the broker's disk refuses every change (\(error))"
        case .slowDisk(let sync, let bytes, _):
            "the broker's disk needs \(sync.text) to flush, and writes \(bytes) bytes a second"
        case .pause(let name, _): "\(name) stands still"
        case .slowMachine(let name, let pace, _): "each turn of \(name) takes \(pace.microseconds) µs"
        case .wrongClock(let name, let offset):
            "the clock of \(name) is \((offset < .zero ? .zero - offset : offset).text) \(offset < .zero ? "slow" : "fast")"
        case .expireProducers: "producers are forgotten that have not sent anything for a moment"
        case .answers(let api, let answer, let times, _): "\(times) requests of \(api) \(answer)"
        case .speak(let release, _): "the brokers speak as those of Kafka \(release)"
        case .deleteTopic(let time, let partitions):
            "the topic is deleted, and created again after \(time.text) with \(partitions) partitions"
        case .addPartitions(let count): "the topic gets \(count) partitions more"
        case .lowerLimit(let bytes, _): "the topic takes batches of \(bytes) bytes at most"
        case .killMember(let number, let time): "member-\(number) is killed, and started again after \(time.text)"
        case .closeMember(let number, let time): "member-\(number) closes, and is started again after \(time.text)"
        case .slowMember(let number, let work, _): "member-\(number) works for \(work.text) on each batch"
        case .cancelReading(let number): "the task in which member-\(number) reads is cancelled"
        case .killProducer(let number, let time):
            "producer-\(number) is killed, and started again after \(time.text)"
        case .closeProducer(let number, let time):
            "producer-\(number) closes, and is started again after \(time.text)"
        case .slowProducer(let number, let pause, _):
            "producer-\(number) waits \(pause.text) more before each record"
        case .killClient(let name, let time): "\(name) is killed, and started again after \(time.text)"
        case .closeClient(let name, let time): "\(name) closes, and is started again after \(time.text)"
        case .slowClient(let name, let pause, _): "\(name) takes \(pause.text) more for what it works on"
        case .impatience(let name, let time, _): "\(name) cancels each of its calls within \(time.text)"
        }
    }
}

extension ScenarioPlan.Cut: CustomStringConvertible {
    /// What becomes of them.
    public var description: String {
        switch self {
        case .reset: "are reset"
        case .closed: "are closed"
        case .silent: "are lost, and nobody is told"
        }
    }
}

extension ScenarioPlan.WrongName: CustomStringConvertible {
    /// What it means.
    public var description: String {
        switch self {
        case .unknown: "nothing"
        case .unanswered: "what the resolver does not answer"
        case .stranger: "a host that does not listen there"
        case .nobody: "an address that nobody has"
        }
    }
}

extension ScenarioPlan.PowerLoss: CustomStringConvertible {
    /// What becomes of it.
    public var description: String {
        switch self {
        case .all: "is gone"
        case .nothing: "is there all the same"
        case .torn: "is there in part"
        }
    }
}

extension ScenarioPlan.DiskError: CustomStringConvertible {
    /// The system's name.
    public var description: String {
        switch self {
        case .inputOutput: "EIO"
        case .noSpace: "ENOSPC"
        }
    }
}

extension ScenarioPlan.Answer: CustomStringConvertible {
    /// What becomes of them.
    public var description: String {
        switch self {
        case .error(let code): "are answered with \(code)"
        case .throttle(let time): "are answered, and their clients held back for \(time.text)"
        case .late(let time): "are done and answered \(time.text) later"
        case .silence: "are not answered"
        case .hangUp: "end their connection"
        case .lost: "are done, and end their connection in place of the answer"
        }
    }
}

extension Duration {
    /// Seconds with as many digits as they need, three at most behind the point: `12.5 s`.
    var text: String {
        let (seconds, attoseconds) = min(max(self, .seconds(-1 << 53)), .seconds(1 << 53)).components
        let milliseconds = seconds &* 1000 &+ attoseconds / 1_000_000_000_000_000
        var digits = "\(milliseconds.magnitude % 1000)"
        digits = String(repeating: "0", count: 3 - digits.count) + digits
        while digits.hasSuffix("0") { digits.removeLast() }
        let sign = milliseconds < 0 ? "-" : ""
        return "\(sign)\(milliseconds.magnitude / 1000)\(digits.isEmpty ? "" : ".")\(digits) s"
    }

    fileprivate var microseconds: Int64 {
        components.seconds &* 1_000_000 &+ components.attoseconds / 1_000_000_000_000
    }
}
