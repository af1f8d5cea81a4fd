// Groups of all protocols: list, delete, remove members. Describing them is in GroupDescriptions.swift, their offsets in
// GroupOffsets.swift.

extension KafkaAdmin {
    /// A group's state, by Kafka's name. Open: brokers may have more.
    public struct GroupState: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's name of the state.
        public var rawValue: String
        /// The state of that name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// Kafka's name, such as `Stable`.
        public var description: String { rawValue }

        /// Each member has its partitions, and nothing is being changed.
        public static let stable = GroupState(rawValue: "Stable")
        /// It has no members; its offsets may be there.
        public static let empty = GroupState(rawValue: "Empty")
        /// It is being deleted, or the coordinator does not know it.
        public static let dead = GroupState(rawValue: "Dead")
        /// Classic groups: members are awaited.
        public static let preparingRebalance = GroupState(rawValue: "PreparingRebalance")
        /// Classic groups: the leader's assignment is awaited.
        public static let completingRebalance = GroupState(rawValue: "CompletingRebalance")
        /// Consumer groups: the assignment is made.
        public static let assigning = GroupState(rawValue: "Assigning")
        /// Consumer groups: members take over what they were assigned.
        public static let reconciling = GroupState(rawValue: "Reconciling")
    }

    /// A group's type, by Kafka's name. Open: brokers may have more.
    public struct GroupType: RawRepresentable, Sendable, Hashable, CustomStringConvertible {
        /// Kafka's name of the type, in lower case.
        public var rawValue: String
        /// The type of that name.
        public init(rawValue: String) { self.rawValue = rawValue }
        /// Kafka's name, such as `classic`.
        public var description: String { rawValue }

        /// The members agree on the assignment.
        public static let classic = GroupType(rawValue: "classic")
        /// The coordinator assigns (KIP-848).
        public static let consumer = GroupType(rawValue: "consumer")
        /// Members share partitions (KIP-932).
        public static let share = GroupType(rawValue: "share")
        /// Kafka Streams under the newer protocol (KIP-1071).
        public static let streams = GroupType(rawValue: "streams")
    }

    /// A group, as lists have it.
    public struct GroupListing: Sendable, Equatable {
        /// The group's id.
        public var id: String
        /// What its members do, such as `consumer` or `connect`; empty where it has only offsets.
        public var protocolType: String
        /// Its state; nil where the broker does not tell (before Kafka 2.6, KIP-518).
        public var state: GroupState?
        /// Its type; nil where the broker does not tell (before Kafka 3.8, KIP-848).
        public var type: GroupType?
    }

    /// The groups of the cluster, in the order of their ids (ListGroups, asked of every broker), with one of these states
    /// and types; none are all of them. Filters by state need Kafka 2.6, by type 3.8.
    public func listGroups(
        states: Set<GroupState> = [], types: Set<GroupType> = []
    ) async throws(KafkaError) -> Gathered<GroupListing> {
        var gathered = try await gather("list groups") { version throws(KafkaError) in
            guard version >= 4 || states.isEmpty else {
                throw Self.tooOld("filters groups by state", api: .listGroups, since: "2.6")
            }
            guard version >= 5 || types.isEmpty else {
                throw Self.tooOld("filters groups by type", api: .listGroups, since: "3.8")
            }
            return ListGroupsRequest.with {
                $0.statesFilter = states.map(\.rawValue).sorted()
                $0.typesFilter = types.map(\.rawValue).sorted()
            }
        } whole: {
            ($0.errorCode, nil)
        } elements: { response, _ in
            response.groups.map { group in
                GroupListing(
                    id: group.groupId, protocolType: group.protocolType,
                    state: group.groupState.isEmpty ? nil : GroupState(rawValue: group.groupState),
                    type: group.groupType.isEmpty ? nil : GroupType(rawValue: group.groupType.lowercased()))
            }
        }
        // A group whose coordinator moves meanwhile may be told of twice.
        let byId = Dictionary(gathered.elements.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        gathered.elements = byId.values.sorted { $0.id < $1.id }
        return gathered
    }

    /// Deletes groups and their offsets (DeleteGroups, KIP-229). NON_EMPTY_GROUP: it has members. GROUP_ID_NOT_FOUND: there
    /// is none.
    public func deleteGroups(_ ids: [String]) async -> Results<String, Void> {
        let call = AdminCall<String, DeleteGroupsRequest, Void>(
            what: "delete group", route: .each { .coordinator(group: $0) }, subject: { .other($0) },
            build: { ids, _ in .with { $0.groupsNames = ids } },
            read: { response, _, _ in
                response.results.map {
                    AdminReply(
                        $0.groupId, $0.errorCode, $0.errorCode == .nonEmptyGroup ? "stop its members first" : nil)
                }
            })
        return await cluster.perform(call, about: ids)
    }

    /// A member of a group, to be removed.
    public enum MemberToRemove: Sendable, Hashable {
        /// The member with that id.
        case member(String)
        /// The static member with that instance id (KIP-345).
        case instance(String)

        fileprivate var words: String {
            switch self {
            case .member(let id): id
            case .instance(let id): "with the instance id \(id)"
            }
        }
    }

    /// Removes members from a classic group (LeaveGroup, KIP-345): those named, or all with nil. Several at once and static
    /// members need Kafka 2.4. A member that still runs joins again. UNKNOWN_MEMBER_ID: it is no member.
    ///
    /// - Parameter reason: What the broker logs (KIP-800).
    public func removeMembers(
        from group: String, _ members: [MemberToRemove]? = nil, reason: String = "removed by an admin client"
    ) async throws(KafkaError) -> Results<MemberToRemove, Void> {
        var leaving = members ?? []
        if members == nil {
            guard let described = await describeGroups([group])[group] else { return [:] }
            leaving = try described.get().members.map { member in
                member.instanceId.map { .instance($0) } ?? .member(member.id)
            }
        }
        let call = AdminCall<MemberToRemove, LeaveGroupRequest, Void>(
            what: "remove from group \(group) the member", route: .all(.coordinator(group: group)),
            subject: { .other($0.words) },
            itemsPerRequest: { $0 >= 3 ? .max : 1 },
            build: { members, version throws(KafkaError) in
                var request = LeaveGroupRequest()
                request.groupId = group
                guard version < 3 else {
                    request.members = members.map { member in
                        .with {
                            switch member {
                            case .member(let id): $0.memberId = id
                            case .instance(let id): $0.groupInstanceId = id
                            }
                            if version >= 5 { $0.reason = reason }
                        }
                    }
                    return request
                }
                guard case .member(let id)? = members.first else {
                    throw Self.tooOld("removes static members", api: .leaveGroup, since: "2.4")
                }
                request.memberId = id
                return request
            },
            whole: { ($0.errorCode, nil) },
            read: { response, members, version in
                // Before version 3 the code of the whole answer is that of the one member.
                if version < 3 { return members.map { AdminReply($0, .none) } }
                return response.members.map { member in
                    AdminReply(
                        member.groupInstanceId.map { $0.isEmpty ? .member(member.memberId) : .instance($0) }
                            ?? .member(member.memberId), member.errorCode)
                }
            })
        return await cluster.perform(call, about: leaving)
    }
}
