/// A classic consumer group as its leader sees it when it assigns partitions: a value, of which only what brokers and
/// members have told is as long as it is.
public struct GroupSnapshot: Sendable, Hashable {
    /// A member of the group, as its subscription describes it.
    public struct Member: Sendable, Hashable {
        /// The id that the coordinator gave.
        public var memberId: String
        /// The `group.instance.id` of a static member (KIP-345), or nil.
        public var groupInstanceId: String?
        /// The topics that it wants; their order does not matter.
        public var topics: [String]
        /// What its assignor has sent with them, or nil.
        public var userData: Bytes?
        /// The partitions that it has (KIP-429). Members that rebalance eagerly have none.
        public var ownedPartitions: [TopicPartition]
        /// The generation in which it got them, or -1 (KIP-792).
        public var generation: Int32
        /// Its rack (`client.rack`, KIP-881), or nil.
        public var rack: String?

        /// A member with its wishes.
        public init(
            memberId: String, groupInstanceId: String? = nil, topics: [String], userData: Bytes? = nil,
            ownedPartitions: [TopicPartition] = [], generation: Int32 = -1, rack: String? = nil
        ) {
            self.memberId = memberId
            self.groupInstanceId = groupInstanceId
            self.topics = topics
            self.userData = userData
            self.ownedPartitions = ownedPartitions
            self.generation = generation
            self.rack = rack
        }
    }

    /// A topic that members want.
    public struct Topic: Sendable, Hashable {
        /// How many partitions it has.
        public var partitionCount: Int
        /// The racks of the replicas of each partition, by its number; empty where no broker has a rack.
        public var racks: [[String]]

        /// A topic.
        public init(partitionCount: Int, racks: [[String]] = []) {
            self.partitionCount = partitionCount
            self.racks = racks
        }

        func racks(of partition: Int) -> [String] { racks.indices.contains(partition) ? racks[partition] : [] }
    }

    /// The members, in the order in which the coordinator named them.
    public var members: [Member]
    /// The topics that there are, by name. One that a member wants and that is missing is passed over.
    public var topics: [String: Topic]

    /// A group.
    public init(members: [Member], topics: [String: Topic]) {
        self.members = members
        self.topics = topics
    }
}
