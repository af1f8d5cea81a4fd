/// Brokers that say that they are not what the cluster takes them for: the leader, the coordinator, the controller. A value.
///
/// Mostly the cluster has only not told yet who is. Where that goes on, the connection may lead to another broker, since the
/// name did for a while, and no answer of a broker says which one it is: then it is closed, and the name resolved anew. Java's
/// client disconnects from a group's coordinator each time that it says so.
struct Contradictions: Equatable, Sendable {
    private struct Streak: Equatable {
        var start: Instant
        var last: Instant
    }

    /// For how long it has to go on.
    static let patience = Duration.seconds(2)
    /// What comes later than this after the last time is a matter of its own.
    static let pause = Duration.seconds(10)
    private var streaks: [BrokerAddress: Streak] = [:]

    /// The broker at an address has said so. Whether connections to it are to be opened anew.
    mutating func said(by address: BrokerAddress, now: Instant) -> Bool {
        streaks = streaks.filter { now < $0.value.last + Self.pause }
        let start = streaks[address]?.start ?? now
        let goesOn = now >= start + Self.patience
        streaks[address] = goesOn ? nil : Streak(start: start, last: now)
        return goesOn
    }
}

extension Cluster {
    /// A broker's refusal: it may be another one than it is taken for.
    func noteRefusal(_ refusal: KafkaError) {
        guard let code = refusal.code.broker, [.notLeaderOrFollower, .notCoordinator, .notController].contains(code),
            let key = links.keys.first(where: { "\($0.address)" == refusal.broker })
        else { return }
        contradicted(by: key.address)
    }

    /// The broker there is not what the cluster takes it for.
    func contradicted(by address: BrokerAddress) {
        guard !isClosed, contradictions.said(by: address, now: loop.now) else { return }
        identities.doubts(address)
        let open = links.filter { $0.key.address == address }
        guard !open.isEmpty else { return }
        tell(
            .misrouted(
                broker: "\(address)",
                reason: "it says again and again that it is not what the cluster takes it for; connecting anew"))
        for (_, link) in open.sorted(by: { "\($0.key)" < "\($1.key)" }) {
            link.connection.assumeIsolated { $0.close() }
        }
    }
}
