/// What was seen of a group while it was watched. A value.
package struct GroupFacts: Sendable, Equatable {
    /// One look at the group.
    package struct Sample: Sendable, Equatable {
        /// Since the first look.
        package var time: Duration
        package var group: KafkaAdmin.GroupDescription

        package init(_ time: Duration, _ group: KafkaAdmin.GroupDescription) {
            self.time = time
            self.group = group
        }
    }

    /// Where a group stands in a partition, and what there is.
    package struct Position: Sendable, Equatable {
        package var committed: Offset?
        /// The first offset that is still there.
        package var start: Offset?
        /// The high watermark.
        package var end: Offset?
        /// Up to where read_committed sees.
        package var lastStable: Offset?

        package init(committed: Offset? = nil, start: Offset? = nil, end: Offset? = nil, lastStable: Offset? = nil) {
            self.committed = committed
            self.start = start
            self.end = end
            self.lastStable = lastStable
        }

        /// How many offsets lie between the commit and the end; nil where one of them is not known.
        package var lag: Int64? {
            guard let committed, let end else { return nil }
            let (lag, overflow) = end.rawValue.subtractingReportingOverflow(committed.rawValue)
            return overflow ? nil : max(0, lag)
        }
    }

    /// A transaction that is open in a partition.
    package struct OpenTransaction: Sendable, Equatable {
        package var producerId: ProducerID
        /// Where it begins.
        package var start: Offset
        /// nil where no coordinator knows of it: then nobody will end it.
        package var transactionalId: String?
        /// Milliseconds since 1970.
        package var startTime: Int64?
        package var timeout: Duration?

        package init(
            producerId: ProducerID, start: Offset, transactionalId: String? = nil, startTime: Int64? = nil,
            timeout: Duration? = nil
        ) {
            self.producerId = producerId
            self.start = start
            self.transactionalId = transactionalId
            self.startTime = startTime
            self.timeout = timeout
        }
    }

    package var id: String
    /// How long it was watched.
    package var watched: Duration = .zero
    /// The looks at the group, in their order; empty where there is no such group.
    package var samples: [Sample] = []
    /// Whether this client may not see it: which permissions it needs, is another judgement.
    package var isDenied = false
    /// Why it could not be looked at.
    package var failure: String?
    /// Why not all of it could be looked at.
    package var gaps: Set<String> = []
    /// The groups that are there, for the nearest name.
    package var names: [String] = []
    /// Positions at the beginning of the watch, and at its end.
    package var before: [TopicPartition: Position] = [:]
    package var after: [TopicPartition: Position] = [:]
    /// How many partitions the topics have that matter here.
    package var partitions: [String: Int] = [:]
    /// Partitions that have no leader, or one that cannot be reached from here.
    package var withoutLeader: Set<TopicPartition> = []
    /// Open transactions of partitions that do not move.
    package var transactions: [TopicPartition: [OpenTransaction]] = [:]
    /// Partitions that do not move and have had transactions: there the last offset may be an end marker.
    package var withMarkers: Set<TopicPartition> = []
    /// Our clock at the end, in milliseconds since 1970.
    package var now: Int64 = 0

    package init(id: String) { self.id = id }

    /// The last look.
    package var last: KafkaAdmin.GroupDescription? { samples.last?.group }

    /// The partitions that stand still though there is something to read, with whom they belong to.
    package var still: [TopicPartition] {
        after.keys.filter { partition in
            guard let now = after[partition], let then = before[partition], let lag = now.lag, let lagThen = then.lag
            else {
                return false
            }
            return lag > 0 && lagThen > 0 && now.committed == then.committed
        }.sorted()
    }
}
