import Testing

@testable import KafkaWire

/// What a member does when it is refused.
extension GroupStateTests {
    @Test(arguments: [
        ErrorCode.fencedInstanceId, .groupAuthorizationFailed, .inconsistentGroupProtocol, .invalidSessionTimeout,
    ])
    func aJoinThatCanNeverWorkFails(_ code: ErrorCode) {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        guard case .fail(let error) = state.joined(Self.joinAnswer(code), attempt: 1, now: Self.at(0)).first else {
            Issue.record("\(code) was not fatal")
            return
        }
        #expect(error.code.broker == code)
        #expect(state.phase == .left)
        #expect(state.close(.usual).isEmpty)
    }

    @Test func aRefusedSyncJoinsAgain() {
        for (code, id) in [(ErrorCode.rebalanceInProgress, "m"), (.illegalGeneration, "m"), (.unknownMemberId, "")] {
            var state = Self.state()
            _ = state.polled(now: Self.at(0))
            _ = state.joined(Self.joinAnswer(), attempt: 1, now: Self.at(0))
            let actions = state.synced(Self.syncAnswer(code), attempt: 1, now: Self.at(0))
            #expect(actions == [.join(attempt: 2, afterPause: false)])
            #expect(state.memberId == id)
        }
    }

    @Test func aFencedStaticMemberStops() {
        var state = Self.stable(instance: "i")
        guard case .fail(let error) = state.heartbeatAnswered(.fencedInstanceId, now: Self.at(3)).first else {
            Issue.record("fencing was not fatal")
            return
        }
        #expect(error.code.broker == .fencedInstanceId)
    }

    /// UNKNOWN_SERVER_ERROR ended the program.
    @Test func onlyWhatCanNeverPassEndsAMember() {
        for code in (-1...133).map({ ErrorCode(rawValue: Int16($0)) }) where code != .none {
            // So is what says that the client is not let in, whatever asks.
            let isFinal = GroupFaults.final.contains(code) || KafkaError.refused(code, "x").isOfLogin
            func ends(_ actions: [GroupState.Action]) -> Bool {
                actions.contains { if case .fail = $0 { true } else { false } }
            }
            var joining = Self.state()
            _ = joining.polled(now: Self.at(0))
            // It names the id to join with.
            if code != .memberIdRequired {
                #expect(ends(joining.joined(Self.joinAnswer(code), attempt: 1, now: Self.at(0))) == isFinal, "\(code)")
            }
            var member = Self.stable()
            #expect(ends(member.heartbeatAnswered(code, now: Self.at(3))) == isFinal, "\(code)")
        }
    }

    /// JoinGroup was asked 10,000 times a second after these.
    @Test(arguments: [ErrorCode.illegalGeneration, .rebalanceInProgress, .unknownMemberId, .memberIdRequired])
    func whatIsRefusedAgainIsPausedForAndTold(_ code: ErrorCode) {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        _ = state.joined(Self.joinAnswer(code, member: ""), attempt: 1, now: Self.at(0))
        for attempt in 2...4 {
            let actions = state.joined(Self.joinAnswer(code, member: ""), attempt: attempt, now: Self.at(0))
            guard case .report(let error, .membership)? = actions.first else {
                Issue.record("\(code) was not told: \(actions)")
                return
            }
            #expect(error.code.broker == code)
            #expect(actions.last == .join(attempt: attempt + 1, afterPause: true))
        }
        #expect(state.failures == 4)
    }

    @Test func aMembershipThatIsLostSoonEachTimeIsPausedForAndRecoversWithAHeartbeat() {
        var state = Self.stable()
        #expect(state.commitRefused(.illegalGeneration, now: Self.at(0)) == [.revoke(lost: true)])
        #expect(state.released() == [.join(attempt: 2, afterPause: false)])
        _ = state.joined(Self.joinAnswer(), attempt: 2, now: Self.at(0))
        _ = state.synced(Self.syncAnswer(), attempt: 2, now: Self.at(0))
        guard case .report? = state.commitRefused(.illegalGeneration, now: Self.at(0)).first else {
            Issue.record("the second time was not told")
            return
        }
        #expect(state.released() == [.join(attempt: 3, afterPause: true)])
        _ = state.joined(Self.joinAnswer(), attempt: 3, now: Self.at(0))
        _ = state.synced(Self.syncAnswer(), attempt: 3, now: Self.at(0))
        #expect(state.heartbeatAnswered(.none, now: Self.at(3)) == [.recovered(.membership)])
        #expect(state.heartbeatAnswered(.none, now: Self.at(6)).isEmpty)
        #expect(state.failures == 0)
    }

    @Test func aLeaderThatIsNoMemberAssignsNothing() {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        #expect(
            state.joined(Self.joinAnswer(leader: "m"), attempt: 1, now: Self.at(0))
                == [.join(attempt: 2, afterPause: true)])
    }

    @Test func anAssignmentThatCannotBeReadIsAnError() {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        _ = state.joined(Self.joinAnswer(), attempt: 1, now: Self.at(0))
        let answer = SyncGroupResponse.with { $0.assignment = Bytes([1]) }
        guard case .fail(let error)? = state.synced(answer, attempt: 1, now: Self.at(0)).first else {
            Issue.record("it was taken over")
            return
        }
        #expect(error.code == .malformedResponse)
        // It is a member all the same, and leaves.
        #expect(state.close(.usual) == [.leave(memberId: "m")])
    }

    /// KIP-559, as Java compares it: what an answer does not say, in versions of old, is not wrong.
    @Test(arguments: [
        (nil as String?, nil as String?), ("consumer", "range"), ("consumer", nil), (nil, "range"),
        ("connect", "range"),
        ("connect", nil), ("", "range"), ("consumer", "roundrobin"), (nil, "sticky"), ("consumer", ""),
    ])
    func answersOfAnotherProtocolAreFatal(_ type: String?, _ name: String?) {
        var state = Self.state()
        _ = state.polled(now: Self.at(0))
        var join = Self.joinAnswer()
        join.protocolType = type
        let isOfConsumers = type == nil || type == "consumer"
        if isOfConsumers {
            #expect(state.joined(join, attempt: 1, now: Self.at(0)) == [.sync(attempt: 1)])
        } else {
            Self.expectMismatch(state.joined(join, attempt: 1, now: Self.at(0)), naming: type ?? "")
        }
        // It is a member all the same, and leaves.
        var closing = state
        #expect(closing.close(.usual) == [.leave(memberId: "m")])

        state = Self.state()
        _ = state.polled(now: Self.at(0))
        _ = state.joined(Self.joinAnswer(), attempt: 1, now: Self.at(0))
        var sync = Self.syncAnswer()
        (sync.protocolType, sync.protocolName) = (type, name)
        let actions = state.synced(sync, attempt: 1, now: Self.at(0))
        if isOfConsumers, name == nil || name == "range" {
            #expect(actions.last == .takeOver([TopicPartition("t", 1)], share: 1))
        } else {
            Self.expectMismatch(actions, naming: isOfConsumers ? name ?? "" : type ?? "")
        }
        #expect(state.close(.usual) == [.leave(memberId: "m")])
    }

    private static func expectMismatch(_ actions: [GroupState.Action], naming name: String) {
        guard case .fail(let error)? = actions.first, actions.count == 1 else {
            Issue.record("it was taken: \(actions)")
            return
        }
        #expect(error.code == .broker(.inconsistentGroupProtocol) && !error.isRetriable)
        #expect(error.message.contains("\"\(name)\""), "\(error.message)")
    }
}
