import KafkaWire

extension ScenarioPlan {
    /// What is done to the cluster, the network, a host or an application. Nodes and members count from 1; other parties
    /// go by their names, and `kafka` is all nodes, and their host.
    public enum Fault: Sendable, Equatable {
        // The network.

        /// Nothing passes between two parties, or only in one direction.
        case partition(String, String, isOneWay: Bool, for: Duration)
        /// Nothing passes between those and all others.
        case zoneLoss([String], for: Duration)
        /// All connections between two parties end.
        case cut(String, String, Cut)
        /// Connections between two parties end after so many bytes more.
        case cutLater(String, String, bytes: Int, Cut)
        /// Of the connections that are made from now on one in so many ends, when between so many bytes have gone in that
        /// direction.
        case brittleLink(from: String, to: String, oneIn: Int, bytes: ClosedRange<Int>, Cut, for: Duration)
        /// Everything between two parties takes about so long, half as much more or less.
        case slowLink(String, String, Duration, for: Duration)
        /// So many bytes a second pass between two parties.
        case narrowLink(String, String, bytesPerSecond: Int, for: Duration)
        /// Bytes between two parties arrive in pieces.
        case pieces(String, String, Int, for: Duration)
        /// Attempts to connect between two parties are refused.
        case refusedConnects(String, String, for: Duration)
        /// Attempts to connect are not answered.
        case droppedConnects(String, String, for: Duration)
        /// The host reads nothing of what arrives.
        case deaf(String, for: Duration)
        /// The node accepts no connection, and has as many waiting as there is room for.
        case crowd(node: Int, for: Duration)
        /// The brokers' name means something else to that host.
        case wrongName(String, WrongName, for: Duration)
        /// The name of a node leads that host to another one.
        case movedName(String, node: Int, leadsTo: Int, for: Duration)

        // The cluster and its machine.

        /// The node is stopped, and started again.
        case stopNode(Int, for: Duration)
        /// The cluster gets a node more.
        case addNode
        /// The node leaves the cluster for good.
        case removeNode(Int)
        /// The partition, counted from 0, is to be led by that node.
        case moveLeader(partition: Int, to: Int)
        /// The group is to be coordinated by that node.
        case moveCoordinator(to: Int)
        /// The coordinator of that transactor's or copier's transactions moves.
        case moveTransactionCoordinator(of: String, to: Int)
        /// What a partition's leader appends reaches no other replica; when the leader changes meanwhile, that is gone.
        case lagReplicas(partition: Int, for: Duration)
        /// A leader is elected that has not got so many of the last records.
        case electUncleanly(partition: Int, to: Int, losing: Int)
        /// The broker's process is killed, or its machine loses its power.
        case killBroker(PowerLoss?, restartAfter: Duration, onOtherPort: Bool)
        /// The disk has room for so many bytes more.
        case diskFull(room: Int, for: Duration)
        /// Every change of the disk fails with that error.
        case diskRefuses(DiskError, for: Duration)
        /// A flush takes so long, and so many bytes a second are written.
        case slowDisk(sync: Duration, bytesPerSecond: Int, for: Duration)
        /// The host stands still.
        case pause(String, for: Duration)
        /// Each turn of the host's threads takes so long.
        case slowMachine(String, Duration, for: Duration)
        /// The time of day of the host is wrong by so much from now on; below zero it is slow.
        case wrongClock(String, by: Duration)
        /// The brokers forget what they know of producers that have not sent anything for a moment.
        case expireProducers(for: Duration)
        /// So many requests of that API are answered so, as long as it lasts.
        case answers(APIKey, Answer, times: Int, for: Duration)
        /// The brokers speak as those of a release.
        case speak(as: String, for: Duration)

        // What an operator does.

        /// The topic is deleted, and created again later, with so many partitions.
        case deleteTopic(recreateAfter: Duration, partitions: Int)
        /// The topic gets so many partitions more.
        case addPartitions(Int)
        /// The topic takes batches of so many bytes at most.
        case lowerLimit(bytes: Int, for: Duration)

        // The applications.

        /// A member is killed, and another one with its name is started later.
        case killMember(Int, restartAfter: Duration)
        /// A member closes its client, and is started again later.
        case closeMember(Int, restartAfter: Duration)
        /// A member works on each batch for so long.
        case slowMember(Int, Duration, for: Duration)
        /// The task in which a member reads is cancelled; it reads on in another one.
        case cancelReading(Int)
        /// A producer is killed, and another one with its name is started later.
        case killProducer(Int, restartAfter: Duration)
        /// A producer closes its client, and has a new one later.
        case closeProducer(Int, restartAfter: Duration)
        /// A producer waits so much longer before each record.
        case slowProducer(Int, Duration, for: Duration)
        /// A transactor or copier is killed, and another one with its transactional id is started later.
        case killClient(String, restartAfter: Duration)
        /// A transactor or copier closes what it has, and is started again later.
        case closeClient(String, restartAfter: Duration)
        /// A transactor or copier works for so much longer on each record or batch, in its transaction.
        case slowClient(String, Duration, for: Duration)
        /// The party cancels each of its calls after a time of its own, within so long.
        case impatience(String, within: Duration, for: Duration)
    }

    /// How connections end that neither side has closed.
    public enum Cut: Sendable, Equatable, CaseIterable {
        /// Both sides are told that it is broken, or that the other one has closed it, or neither is told.
        case reset, closed, silent
    }

    /// What the brokers' name means where it is wrong.
    public enum WrongName: Sendable, Equatable, CaseIterable {
        /// Nothing, as the resolver says.
        case unknown
        /// The resolver never answers.
        case unanswered
        /// A host that does not listen there.
        case stranger
        /// An address that nobody has.
        case nobody
    }

    /// What becomes of what was written and not flushed when the power goes.
    public enum PowerLoss: Sendable, Equatable, CaseIterable {
        /// All of it is gone, nothing of it, or each file keeps a part.
        case all, nothing, torn
    }

    /// An error of the system, by its number.
    public enum DiskError: Int32, Sendable, CaseIterable {
        /// `EIO`.
        case inputOutput = 5
        /// `ENOSPC`.
        case noSpace = 28
    }

    /// What becomes of a request in place of its answer, or with it.
    public enum Answer: Sendable, Equatable {
        /// An error with this code; nothing of the request is done.
        case error(ErrorCode)
        /// As usual, and the client is held back for so long.
        case throttle(Duration)
        /// As usual, so much later.
        case late(Duration)
        /// Nothing is done, and nothing answered.
        case silence
        /// Nothing is done, and the connection is closed.
        case hangUp
        /// It is done, and the connection is closed in place of the answer.
        case lost
    }
}

extension ScenarioPlan.Fault {
    /// For how long it lasts at least; nil where it does not pass by itself.
    public var time: Duration? {
        switch self {
        case .partition(_, _, _, let time), .zoneLoss(_, let time), .brittleLink(_, _, _, _, _, let time),
            .slowLink(_, _, _, let time), .narrowLink(_, _, _, let time), .pieces(_, _, _, let time),
            .refusedConnects(_, _, let time), .droppedConnects(_, _, let time), .deaf(_, let time),
            .crowd(_, let time), .wrongName(_, _, let time), .movedName(_, _, _, let time), .stopNode(_, let time),
            .expireProducers(let time), .lagReplicas(_, let time),
            .killBroker(_, let time, _), .diskFull(_, let time), .diskRefuses(_, let time),
            .slowDisk(_, _, let time), .pause(_, let time), .slowMachine(_, _, let time),
            .answers(_, _, _, let time), .speak(_, let time), .deleteTopic(let time, _), .lowerLimit(_, let time),
            .killMember(_, let time), .closeMember(_, let time), .slowMember(_, _, let time),
            .killProducer(_, let time), .closeProducer(_, let time), .slowProducer(_, _, let time),
            .killClient(_, let time), .closeClient(_, let time), .slowClient(_, _, let time),
            .impatience(_, _, let time):
            time
        case .cut, .cutLater, .addNode, .removeNode, .moveLeader, .moveCoordinator, .moveTransactionCoordinator,
            .electUncleanly, .wrongClock,
            .addPartitions, .cancelReading:
            nil
        }
    }

    /// Whether a group may have another coordinator, which knows none of its members, as the embedded broker's do not.
    var forgetsMembers: Bool {
        switch self {
        case .stopNode, .removeNode, .moveCoordinator, .killBroker: true
        default: false
        }
    }

    /// Whether the broker has to have a disk for it.
    var needsDisk: Bool {
        switch self {
        case .killBroker, .diskFull, .diskRefuses, .slowDisk: true
        default: false
        }
    }
}
