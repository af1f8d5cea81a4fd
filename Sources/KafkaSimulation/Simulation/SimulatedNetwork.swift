import KafkaWire

/// The network between the hosts of a simulation: what goes wrong in it, and when. Parties are hosts, and what listens on
/// a port that has a name of its own.
public struct SimulatedNetwork: Sendable {
    let core: SimulationCore

    /// How it goes where nothing else is said.
    public var usual: LinkConditions {
        get { core.network("the network was looked at") { network, _ in network.usual } }
        nonmutating set { core.network("the network was changed") { network, _ in network.usual = newValue } }
    }

    /// What listens on that port of a host is a party of its own, as a node of a broker.
    public func name(_ party: String, port: UInt16, of host: SimulatedHost) {
        core.network("a party was named") { network, _ in network.addParty(party, port: port, of: host.loop.host) }
    }

    /// Changes how it goes from one party to another, in this direction.
    public func change(from: String, to: String, _ body: @Sendable (inout LinkConditions) -> Void) {
        core.network("the network was changed") { network, now in
            network.change(from: from, to: to, now: now, body)
        }
    }

    /// Nothing passes between two parties, in both directions.
    public func part(_ one: String, _ other: String) {
        change(from: one, to: other) { $0.isBlocked = true }
        change(from: other, to: one) { $0.isBlocked = true }
    }

    /// How long what was sent until now is on its way; zero where nothing is.
    var timeOnTheWay: Duration {
        core.network("the network was looked at") { network, now in
            network.lastArrival.map { max(.zero, $0 - now) } ?? .zero
        }
    }

    /// All is as usual again.
    public func heal() { core.network("the network was healed") { network, now in network.heal(now: now) } }

    /// What a name means to a host, or to all; with nil the host of that name again.
    public func setName(_ name: String, for host: SimulatedHost? = nil, to answer: NameAnswer?) {
        core.network("a name was given") { network, _ in network.setName(name, for: host?.loop.host, answer) }
    }

    /// The addresses of a party lead to another one, for who connects from that host, as when a name is moved, or an address
    /// is given to another machine; with nil to where they should.
    public func lead(_ party: String, to other: String?, for host: SimulatedHost) {
        core.network("a name was moved") { network, _ in network.lead(party, to: other, from: host.loop.host) }
    }

    /// Ends the connections between two parties; gives how many.
    @discardableResult
    public func cut(_ one: String, _ other: String, _ kind: CutKind = .reset) -> Int {
        core.network("connections were cut") { network, now in
            let found = network.connections(between: one, other)
            for end in found { network.cut(end, kind, now: now) }
            return found.count
        }
    }

    /// The connections between two parties end when so many bytes more have gone from `one` to `other`.
    public func cut(_ one: String, _ other: String, afterBytes count: Int, _ kind: CutKind = .reset) {
        core.network("connections will be cut") { network, _ in
            for end in network.connections(between: one, other) { end.cut = (count, kind) }
        }
    }

    /// Keeps what is sent from now on, for ``sent``.
    public func record() {
        core.network("the network was to be recorded") { network, _ in network.recorded = network.recorded ?? [] }
    }

    /// What was sent since ``record()``, over all connections, in the order in which it was sent.
    public var sent: [SentBytes] {
        core.with("what was sent was asked for") { state in
            (state.network.recorded ?? []).map { time, sent in
                var sent = sent
                sent.time = time - SimulationState.start
                return sent
            }
        }
    }
}
