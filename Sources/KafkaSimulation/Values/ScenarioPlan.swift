import KafkaWire

/// What a history is to be: who takes part, for how long, and what goes wrong when. A value: it is drawn from a seed, and
/// made smaller by taking things out of it.
public struct ScenarioPlan: Sendable, Equatable {
    /// A fault at its time.
    public struct Occurrence: Sendable, Equatable {
        /// When, since the beginning.
        public var time: Duration
        /// What goes wrong.
        public var fault: Fault

        /// A fault at that time.
        public init(_ time: Duration, _ fault: Fault) { (self.time, self.fault) = (time, fault) }
    }

    /// What the plan was drawn from, and what all chance in its run comes from.
    public var seed: UInt64
    /// How many nodes the broker begins with.
    public var nodes = 3
    /// How many partitions the topic begins with.
    public var partitions = 4
    /// How many producers send.
    public var producers = 2
    /// How many members the group has.
    public var members = 3
    /// How many send records in transactions.
    public var transactors = 0
    /// How many read records, and send a copy of each in one transaction with the position behind it.
    public var copiers = 0
    /// How many records each producer and transactor sends, over the whole time.
    public var records = 200
    /// For how long records are sent and faults occur. What was sent is then read, without faults.
    public var duration: Duration = .seconds(300)
    /// What goes wrong, and when.
    public var faults: [Occurrence] = []
    /// How the brokers are set up.
    public var cluster = ClusterSettings()
    /// How the first producers and members are set up; the others have the defaults.
    public var producerSettings: [ProducerSettings] = []
    /// How the first members are set up.
    public var memberSettings: [MemberSettings] = []
    /// The groups': that of the members, and that of the copiers.
    public var groupProtocol = GroupProtocol.eager
    /// What those do who work in transactions.
    public var transactions = TransactionSettings()
    /// How clients say who they are; nil where the brokers do not ask.
    public var authentication: AuthenticationSettings?

    /// Three nodes, four partitions, two producers, three members, five minutes, no faults: nothing is drawn yet.
    public init(seed: UInt64) { self.seed = seed }

    /// The names of those who take part.
    public var producerNames: [String] { (0..<max(0, producers)).map { "producer-\($0 + 1)" } }
    /// The names of the members, from `member-1`.
    public var memberNames: [String] { (0..<max(0, members)).map { "member-\($0 + 1)" } }
    /// The names of the producers that work in transactions.
    public var transactorNames: [String] { (0..<max(0, transactors)).map { "transactor-\($0 + 1)" } }
    /// The names of the applications that copy what they read.
    public var copierNames: [String] { (0..<max(0, copiers)).map { "copier-\($0 + 1)" } }
    /// Those who work in transactions.
    public var transactingNames: [String] { transactorNames + copierNames }
    /// All of them.
    public var clientNames: [String] { producerNames + memberNames + transactingNames }
    /// The names of the nodes that it begins with, from `node-1`.
    public var nodeNames: [String] { (0..<max(0, nodes)).map { "node-\($0 + 1)" } }

    /// Whether anybody works in transactions.
    public var hasTransactions: Bool { transactors > 0 || copiers > 0 }

    /// By what the coordinator knows a transactor or copier, over all its lives.
    func transactionalId(of name: String) -> String {
        transactions.sharesIdentity && transactorNames.contains(name) ? "transactors" : name
    }

    /// All nodes that there may ever be.
    var allNodeNames: [String] {
        let added = faults.count { $0.fault == .addNode }
        return (0..<max(0, nodes + added)).map { "node-\($0 + 1)" }
    }

    /// Whether the brokers keep their data on a disk.
    public var hasDisk: Bool { cluster.hasDisk || faults.contains { $0.fault.needsDisk } }
}
