import KafkaWire

/// The network between hosts: what arrives where, and when. It is told the time, and says when it wants to be told next;
/// whose readiness may have changed is in `changed`. Faults are its conditions, by link, and what is done to single
/// connections.
final class NetworkModel {
    /// What happens in the network at its time.
    enum Event {
        /// An attempt to connect arrives, for the so-many-th time.
        case attempt(Endpoint, Int)
        case refusal(Endpoint)
        case established(Endpoint)
        /// What an end has sent arrives at the other.
        case arrival(Endpoint)
        /// An end hears that the other has read.
        case room(Endpoint)
        /// An end gives up what has not arrived since that time.
        case surrender(Endpoint, Instant)
    }

    struct Host {
        var name: String
        var address: UInt32
        /// Its own party.
        var party: Int
        /// The parties that its listeners belong to, by port; others belong to the host itself.
        var parties: [UInt16: Int] = [:]
        var listeners: [UInt16: Endpoint] = [:]
        var lastPort: UInt16 = 32_767
        /// Whether it is off: nothing that is sent to it arrives.
        var isOff = false
        /// Whether what arrives is not handed to it.
        var isDeaf = false
    }

    /// A direction between two parties.
    struct Link: Hashable {
        var from: Int
        var to: Int
    }

    /// How long Linux tries to connect: seven attempts, each twice as much later.
    static let attemptLimit = 7
    /// How long it sends again what is not acknowledged (`tcp_retries2`).
    static let retransmissionLimit = Duration.milliseconds(924_600)

    var random: RandomSource
    private(set) var hosts: [Host] = []
    /// The names of the parties: of each host, and of what its listeners are told to be.
    private(set) var parties: [String] = []
    private var partyHosts: [Int] = []
    /// How it goes where nothing else is said.
    var usual = LinkConditions()
    private var links: [Link: LinkConditions] = [:]
    private var busyUntil: [Link: Instant] = [:]
    /// What names mean to a host, or to all (-1), where they do not mean the host of that name.
    private var names: [Int: [String: NameAnswer]] = [:]
    /// Whose addresses lead to somebody else: for who connects from a host, from party to party, by their names.
    private var detours: [Int: [String: String]] = [:]
    var lookUpTime = Latency.constant(.milliseconds(1))
    var ends: [Int32: Endpoint] = [:]
    var agenda = Agenda<Event>()
    /// The ends whose readiness may have changed.
    var changed: [Int32] = []
    var digest = RunDigest()
    /// What was sent, with its time; nil where nobody wants to know.
    var recorded: [(time: Instant, bytes: SentBytes)]?
    private var lastEnd: Int32 = 0
    private var lastConnection: UInt64 = 0

    init(random: RandomSource) { self.random = random }

    deinit {
        // Two ends hold each other.
        for end in ends.values {
            end.other?.other = nil
            end.other = nil
        }
    }

    // MARK: - Who there is

    /// Adds a host, which is found under its name, and gives its number.
    func addHost(_ name: String) -> Int {
        hosts.append(Host(name: name, address: 0x0A00_0001 + UInt32(hosts.count), party: parties.count))
        parties.append(name)
        partyHosts.append(hosts.count - 1)
        return hosts.count - 1
    }

    /// What listens on that port of the host is a party of its own.
    func addParty(_ name: String, port: UInt16, of host: Int) {
        guard hosts.indices.contains(host) else { return }
        parties.append(name)
        partyHosts.append(host)
        hosts[host].parties[port] = parties.count - 1
    }

    /// The numbers of the parties with that name; of a host with all that listen on it.
    func numbers(of party: String) -> [Int] {
        guard let host = hosts.firstIndex(where: { $0.name == party }) else {
            // It may listen on another port than before.
            return parties.indices.filter { parties[$0] == party }
        }
        return parties.indices.filter { partyHosts[$0] == host }
    }

    func party(of host: Int, port: UInt16) -> Int { hosts[host].parties[port] ?? hosts[host].party }

    // MARK: - Conditions

    func conditions(_ link: Link) -> LinkConditions { links[link] ?? usual }

    /// Changes how it goes from one party to another; what waited goes on where it can.
    func change(from: String, to: String, now: Instant, _ body: (inout LinkConditions) -> Void) {
        let targets = numbers(of: to)
        for from in numbers(of: from) {
            for to in targets where from != to {
                var conditions = conditions(Link(from: from, to: to))
                body(&conditions)
                links[Link(from: from, to: to)] = conditions
            }
        }
        resume(now: now)
    }

    /// All links are as usual again.
    func heal(now: Instant) {
        links = [:]
        resume(now: now)
    }

    /// What waits for a link that is there again is sent once more, at some time of the next second.
    func resume(now: Instant) {
        for end in sortedEnds + sortedEnds.compactMap(\.other) where end.stalledSince != nil {
            guard let other = end.other, !isBlocked(end, to: other) else { continue }
            end.stalledSince = nil
            agenda.plan(.arrival(end), at: now + .milliseconds(Int64(random.next() % 1000)))
        }
    }

    var sortedEnds: [Endpoint] { ends.values.sorted { $0.id < $1.id } }

    /// When the last of what was sent arrives, if anything is on its way; who has closed may have sent it.
    var lastArrival: Instant? {
        ends.values.lazy.flatMap { [$0, $0.other] }.compactMap { $0?.flight.last?.arrival }.max()
    }

    func link(_ end: Endpoint, to other: Endpoint) -> Link { Link(from: end.party, to: other.party) }

    func isBlocked(_ end: Endpoint, to other: Endpoint) -> Bool {
        hosts[other.host].isOff || conditions(link(end, to: other)).isBlocked
    }

    /// What the name means to who looks it up from `host`, and after how long that is known; nil is never.
    func lookUp(_ name: String, port: UInt16, isPassive: Bool, from host: Int) -> (
        answer: Result<[SocketAddress], NetError>, after: Duration
    )? {
        if name.isEmpty || name == "0.0.0.0" {
            return (.success([.ipv4(isPassive || !name.isEmpty ? 0 : 0x7F00_0001, port: port)]), .zero)
        }
        if name == "localhost" { return (.success([.loopback(port: port)]), .zero) }
        if let address = Self.number(name) { return (.success([.ipv4(address, port: port)]), .zero) }
        let time = lookUpTime.draw(&random)
        switch names[host]?[name] ?? names[-1]?[name] ?? .hosts([name]) {
        case .silent: return nil
        case .fails(let words): return (.failure(NetError(.unresolved(words), doing: "resolve \(name)")), time)
        case .hosts(let targets):
            let found = targets.compactMap { target in
                Self.number(target) ?? hosts.first { $0.name == target }?.address
            }
            guard !found.isEmpty else {
                let words = "Name or service not known"
                return (.failure(NetError(.unresolved(words), doing: "resolve \(name)")), time)
            }
            return (.success(found.map { .ipv4($0, port: port) }), time)
        }
    }

    /// Says what a name means to a host, or to all of them; with nil the host of that name again.
    func setName(_ name: String, for host: Int?, _ answer: NameAnswer?) {
        names[host ?? -1, default: [:]][name] = answer
    }

    /// For who connects from `host`, the addresses of `party` lead to `other`; with nil to where they should.
    func lead(_ party: String, to other: String?, from host: Int) { detours[host, default: [:]][party] = other }

    /// Where an address leads that somebody connects to from `host`.
    func destination(of address: SocketAddress, from host: Int) -> SocketAddress {
        guard let known = detours[host], !known.isEmpty,
            let target = hosts.first(where: { $0.address == address.ipv4 }),
            let party = target.parties[address.port], let other = known[parties[party]]
        else { return address }
        // It may have had other ports before.
        for host in hosts {
            let ports = host.parties.filter { parties[$0.value] == other }.keys.sorted()
            guard let port = ports.first(where: { host.listeners[$0] != nil }) ?? ports.first else { continue }
            return .ipv4(host.address, port: port)
        }
        return address
    }

    /// The 32 bits of an address in numbers.
    static func number(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard let byte = UInt8(part) else { return nil }
            bits = bits << 8 | UInt32(byte)
        }
        return bits
    }

    // MARK: - Ends

    func end(
        on host: Int, party: Int, local: SocketAddress, remote: SocketAddress?, connection: UInt64,
        _ state: Endpoint.State
    ) -> Endpoint {
        lastEnd += 1
        let end = Endpoint(
            id: lastEnd, host: host, party: party, local: local, remote: remote, connection: connection, state: state)
        ends[end.id] = end
        return end
    }

    func nextConnection() -> UInt64 {
        lastConnection += 1
        return lastConnection
    }

    /// A port that nobody uses.
    func freePort(of host: Int) -> UInt16 {
        repeat {
            hosts[host].lastPort = hosts[host].lastPort == 60_999 ? 32_768 : hosts[host].lastPort + 1
        } while hosts[host].listeners[hosts[host].lastPort] != nil
        return hosts[host].lastPort
    }

    func setListener(_ end: Endpoint?, port: UInt16, of host: Int) { hosts[host].listeners[port] = end }

    func setDeaf(_ isDeaf: Bool, _ host: Int) {
        hosts[host].isDeaf = isDeaf
        for end in sortedEnds where end.host == host { changed.append(end.id) }
    }

    func setOff(_ isOff: Bool, _ host: Int) { hosts[host].isOff = isOff }

    /// What an end is ready for, as its host is told.
    func readiness(of id: Int32) -> Readiness {
        guard let end = ends[id] else { return [] }
        // Who does not read does not find out either that there is nothing more to read.
        return hosts[end.host].isDeaf ? end.readiness.intersection(.writable) : end.readiness
    }

    // MARK: - Time

    /// When it wants to be told the time next.
    var nextDeadline: Instant? { agenda.next }

    /// What is to happen until then happens.
    func advance(to now: Instant) {
        while let (_, event) = agenda.take(now) { perform(event, now) }
    }

    /// How long something of that size takes over the link, the link's queue included.
    func arrival(_ size: Int, over link: Link, now: Instant, _ conditions: LinkConditions) -> Instant {
        let latency = conditions.latency.draw(&random)
        guard let bandwidth = conditions.bandwidth, bandwidth > 0 else { return now + latency }
        let start = max(busyUntil[link] ?? now, now)
        let end = start + .nanoseconds(size &* 1_000_000_000 / bandwidth)
        busyUntil[link] = end
        return end + latency
    }
}

extension NetworkModel {
    /// The ends of one party of its connections with another, in the order in which they were made.
    func connections(between one: String, _ other: String) -> [Endpoint] {
        let (ones, others) = (numbers(of: one), numbers(of: other))
        return sortedEnds.filter { end in
            guard let peer = end.other, end.state == .connected else { return false }
            return ones.contains(end.party) && others.contains(peer.party)
        }
    }
}
