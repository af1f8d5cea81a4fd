import KafkaWire

/// LeaveGroup: a member leaves, or from v3 on several are removed at once, static ones by their instance ids.
///
/// - A member that is named twice leaves once, and is answered once.
enum LeaveGroupHandler: RequestHandler {
    static let api = ServedAPI(LeaveGroupHandler.self)

    static func handle(_ request: LeaveGroupRequest, _ context: RequestContext, _ node: BrokerNode) -> Outcome {
        func leave(_ member: String, _ instance: String?) -> ErrorCode {
            node.groups.leave(group: request.groupId, memberId: member, instanceId: instance, now: context.now)
        }
        guard context.version >= 3 else {
            let error = leave(request.memberId, nil)
            return .answer(LeaveGroupResponse.with { $0.errorCode = error })
        }
        guard !request.groupId.isEmpty else {
            return .answer(LeaveGroupResponse.with { $0.errorCode = .invalidGroupId })
        }
        return .answer(
            LeaveGroupResponse.with {
                let members = request.members.once { NamedMember(id: $0.memberId, instanceId: $0.groupInstanceId) }
                $0.members = members.map { member in
                    .with {
                        $0.memberId = member.memberId
                        $0.groupInstanceId = member.groupInstanceId
                        $0.errorCode = leave(member.memberId, member.groupInstanceId)
                    }
                }
            })
    }
}

/// A member as a request names it.
private struct NamedMember: Hashable {
    var id: String
    var instanceId: String?
}
