/// What happened in a simulation, as those saw it who took part: who sent what and what came of it, who was given which
/// partitions, read what, committed what, and when. What is held against it is in `Checking`, which knows this alone.
public struct History: Sendable, Equatable {
    /// A partition of a topic.
    public struct Partition: Hashable, Sendable, Comparable, CustomStringConvertible {
        /// The topic's name.
        public var topic: String
        /// The partition's number, from 0.
        public var number: Int

        /// That partition of that topic.
        public init(_ topic: String, _ number: Int) { (self.topic, self.number) = (topic, number) }

        /// `topic-number`, as Kafka's tools write it.
        public var description: String { "\(topic)-\(number)" }

        /// By topic, then by number.
        public static func < (a: Partition, b: Partition) -> Bool { (a.topic, a.number) < (b.topic, b.number) }
    }

    /// A record, known by who sent it and the how-manieth of theirs it is. Its value says so.
    public struct Record: Hashable, Sendable, Comparable, CustomStringConvertible {
        /// The client's name, such as `shop.2`.
        public var producer: String
        /// The how-manieth of that client's records it is.
        public var number: Int

        /// That client's record of that number.
        public init(_ producer: String, _ number: Int) { (self.producer, self.number) = (producer, number) }

        /// Reads what ``description`` writes.
        public init?(_ text: String) {
            guard let mark = text.lastIndex(of: "#"), let number = Int(text[text.index(after: mark)...]) else {
                return nil
            }
            self.init(String(text[..<mark]), number)
        }

        /// `producer#number`, which is the record's value too.
        public var description: String { "\(producer)#\(number)" }

        /// By producer, then by number.
        public static func < (a: Record, b: Record) -> Bool { (a.producer, a.number) < (b.producer, b.number) }
    }

    /// What came of a record that was not acknowledged.
    public enum Refusal: Sendable, Equatable {
        /// It is not in the log, and will not be.
        case final
        /// Nobody knows.
        case unknown
    }

    /// What can happen to one who takes part, or be done to the cluster.
    public enum What: Sendable, Equatable {
        /// A record was handed to the client, for that topic.
        case sent(Record, topic: String)
        /// A record was acknowledged, in that partition; at that offset, where the acknowledgement told it.
        case acknowledged(Record, in: Partition, at: Int64?)
        /// A record was not acknowledged, and what may have come of it.
        case refused(Record, Refusal)
        /// A member was given these partitions, and begins there; in that generation, where it is known.
        case assigned(group: String, [Partition: Int64], generation: Int?)
        /// A member is in that generation of its group now, with what it has.
        case joined(group: String, generation: Int)
        /// A member has let go of them, after it has committed what it has processed, or has lost them.
        case released(group: String, [Partition], lost: Bool)
        /// A record was read at that offset; nil is one that no simulation sent.
        case received(Partition, at: Int64, Record?)
        /// A member's commit came through: everything in front of these is processed.
        case committed(group: String, [Partition: Int64])
        /// A member was told that it reads on elsewhere.
        case moved(Partition, to: Int64)
        /// A call that must have ended after so long.
        case called(Int, String, within: Duration)
        /// The call of that number has ended, well or not.
        case returned(Int)
        /// Something of a transaction.
        case transacted(Transacted)
        /// Cut off from all brokers, or not any more.
        case cutOff
        /// Brokers can be reached again.
        case reachable
        /// The application, or the log, was told of a trouble.
        case told(String)
        /// Something was done to the cluster, the network or a host.
        case fault(String)
        /// Groups have got coordinators that know none of their members: generations count from 1 again.
        case forgotMembers
        /// The party was killed: what it has not been told, it never will be.
        case killed
        /// The party has closed its client, and something of it is left that is no socket.
        case left(String)
        /// The party has closed all it had, and this is left of it.
        case closed(sockets: Int)
    }

    /// Something that happened: when, to whom, and what.
    public struct Event: Sendable, Equatable {
        /// When, since the simulation began.
        public var time: Duration
        /// The name of the party, or of who did it.
        public var who: String
        /// What happened.
        public var what: What

        /// Something that happened at that time.
        public init(_ time: Duration, _ who: String, _ what: What) {
            (self.time, self.who, self.what) = (time, who, what)
        }
    }

    /// A record as a log has it at the end.
    public struct Logged: Sendable, Equatable {
        /// Where it stands in the partition's log.
        public var offset: Int64
        /// Whose record it is; nil where its value is none of a simulation's.
        public var record: Record?

        /// A record in its place.
        public init(_ offset: Int64, _ record: Record?) { (self.offset, self.record) = (offset, record) }
    }

    /// In the order of time.
    public var events: [Event] = []
    /// The logs at the end.
    public var logs: [Partition: [Logged]] = [:]

    /// A history in which nothing has happened.
    public init() {}
}

extension History.Event: CustomStringConvertible {
    /// A line of the timeline: when, who, what.
    public var description: String { "\(History.text(time))  \(who): \(what)" }
}

extension History {
    /// Seconds with three digits behind the point.
    static func text(_ time: Duration) -> String {
        let (seconds, attoseconds) = time.components
        let digits = "\(attoseconds / 1_000_000_000_000_000)"
        return "\(seconds)." + String(repeating: "0", count: max(0, 3 - digits.count)) + digits
    }
}

extension History.What: CustomStringConvertible {
    /// What follows the party's name in a line of the timeline.
    public var description: String {
        func list(_ positions: [History.Partition: Int64]) -> String {
            positions.sorted { $0.key < $1.key }.map { "\($0)@\($1)" }.joined(separator: " ")
        }
        switch self {
        case .sent(let record, let topic): return "sends \(record) to \(topic)"
        case .acknowledged(let record, let partition, let offset):
            return "has \(record) acknowledged in \(partition)" + (offset.map { " at \($0)" } ?? "")
        case .refused(let record, .final): return "has \(record) refused"
        case .refused(let record, .unknown): return "does not know what became of \(record)"
        case .assigned(let group, let positions, let generation):
            return "is given \(list(positions)) of \(group)" + (generation.map { " in generation \($0)" } ?? "")
        case .joined(let group, let generation): return "is in generation \(generation) of \(group)"
        case .released(let group, let partitions, let lost):
            let names = partitions.sorted().map(\.description).joined(separator: " ")
            return (lost ? "has lost " : "lets go of ") + "\(names) of \(group)"
        case .received(let partition, let offset, let record):
            return "reads \(partition)@\(offset)" + (record.map { " \($0)" } ?? "")
        case .committed(let group, let positions): return "has committed \(list(positions)) of \(group)"
        case .moved(let partition, let offset): return "reads on at \(partition)@\(offset)"
        case .called(let number, let name, let limit): return "calls \(name) (\(number)), for \(limit) at most"
        case .returned(let number): return "call \(number) has returned"
        case .transacted(let what): return "\(what)"
        case .cutOff: return "is cut off"
        case .reachable: return "is reachable"
        case .told(let text): return "is told: \(text)"
        case .fault(let text): return "fault: \(text)"
        case .forgotMembers: return "has forgotten the members of groups"
        case .killed: return "is killed"
        case .left(let text): return "has closed, and left \(text)"
        case .closed(let sockets): return "has closed, with \(sockets) sockets left"
        }
    }
}
