import KafkaWire

/// What a history is to be: who takes part, for how long, and what goes wrong when. A value: it is drawn from a seed, and
/// made smaller by taking things out of it.
public struct ScenarioPlan: Sendable, Equatable {
    /// A fault at its time.
    public struct Occurrence: Sendable, Equatable {
        public var time: Duration
        public var fault: Fault

        public init(_ time: Duration, _ fault: Fault) { (self.time, self.fault) = (time, fault) }
    }

    public var seed: UInt64
    public var nodes = 3
    public var partitions = 4
    public var producers = 2
    public var members = 3
    /// How many records each producer sends, over the whole time.
    public var records = 200
    /// For how long records are sent and faults occur. What was sent is then read, without faults.
    public var duration: Duration = .seconds(300)
    public var faults: [Occurrence] = []
    public var cluster = ClusterSettings()
    /// How the first producers and members are set up; the others have the defaults.
    public var producerSettings: [ProducerSettings] = []
    public var memberSettings: [MemberSettings] = []

    public init(seed: UInt64) { self.seed = seed }

    /// The names of those who take part.
    public var producerNames: [String] { (0..<max(0, producers)).map { "producer-\($0 + 1)" } }
    public var memberNames: [String] { (0..<max(0, members)).map { "member-\($0 + 1)" } }
    public var nodeNames: [String] { (0..<max(0, nodes)).map { "node-\($0 + 1)" } }

    /// All nodes that there may ever be.
    var allNodeNames: [String] {
        let added = faults.count { $0.fault == .addNode }
        return (0..<max(0, nodes + added)).map { "node-\($0 + 1)" }
    }

    /// Whether the brokers keep their data on a disk.
    public var hasDisk: Bool { cluster.hasDisk || faults.contains { $0.fault.needsDisk } }
}
