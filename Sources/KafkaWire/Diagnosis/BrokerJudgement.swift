/// What the advertised addresses of a cluster's brokers say, visited from here. Facts in, findings out.
///
/// A client uses the bootstrap server only to ask who the brokers are; everything else goes to the addresses that these
/// advertise (`advertised.listeners`, KIP-103). A broker advertises to each client the address of the listener that the
/// client came in through: so one that works inside of Docker may be of no use outside.
package enum BrokerJudgement {
    /// The bootstrap server that answered, the cluster as it told it, and the visits to its brokers.
    package struct Facts: Sendable, Equatable {
        package var bootstrap: Visit
        package var cluster: BrokerContact.ClusterFacts
        package var visits: [BrokerID: Visit]
        /// Settings of brokers, where the bootstrap server could be asked.
        package var settings: [BrokerID: [String: String]] = [:]
        /// Other addresses that were tried, because those advertised are of no use: those whose brokers advertise what can
        /// be reached from here.
        package var ways: [BrokerAddress] = []
        /// How the client is set to protect what it says.
        package var own = OwnSecurity()

        package init(bootstrap: Visit, cluster: BrokerContact.ClusterFacts, visits: [BrokerID: Visit]) {
            self.bootstrap = bootstrap
            self.cluster = cluster
            self.visits = visits
        }
    }

    package static func findings(_ facts: Facts, slowFrom limit: Duration) -> [DiagnosisFinding] {
        var findings: [DiagnosisFinding] = []
        if facts.cluster.brokers.isEmpty {
            findings.append(
                DiagnosisFinding(
                    .problem, .noBrokers, .cluster, "The cluster knows no broker that runs.",
                    advice:
                        "Look at the logs of brokers and controllers: brokers that are not registered, or are fenced, "
                        + "are not told to clients (KIP-631)."))
        }
        for (id, visit) in facts.visits.sorted(by: { $0.key < $1.key }) {
            if let finding = judge(id, visit, facts) { findings.append(finding) }
            if let tls = visit.tls, tls.failure != nil, visit.contact == nil {
                // Several things may be wrong with a certificate.
                findings += certificate(id, visit, tls, facts).dropFirst()
            }
        }
        let reachable = facts.visits.filter { isUsable($0.key, $0.value, facts) }
        if facts.cluster.controller < 0, !facts.cluster.brokers.isEmpty {
            findings.append(
                DiagnosisFinding(
                    .problem, .noController, .cluster,
                    "The cluster has no controller at present: topics cannot be created, and partitions whose leader is "
                        + "lost get no other.",
                    advice:
                        "Look at the logs of the controllers: a majority of them has to run (kafka-metadata-quorum.sh "
                        + "describe --status)."))
        }
        for (id, visit) in reachable.sorted(by: { $0.key < $1.key }) {
            guard let time = visit.broker?.roundTrip, time > limit else { continue }
            let place = place(id, visit)
            findings.append(
                DiagnosisFinding(
                    .warning, .slowNetwork, place,
                    "A round trip to \(place) takes \(DiagnosisText.time(time)) at best; no request is faster, and with "
                        + "acks=all a producer of one request at a time sends \(perSecond(time)) a second.",
                    advice: "Run the client nearer to the brokers; else raise linger.ms and batch.size, and "
                        + "fetch.min.bytes and fetch.max.wait.ms on the other side."))
        }
        if findings.isEmpty {
            findings.append(
                DiagnosisFinding(
                    .ok, .brokersReachable, .cluster,
                    reachable.count == 1
                        ? "The one broker can be reached under the address that it advertises: "
                            + "\(reachable.values.first.map { "\($0.host.address)" } ?? "")."
                        : "All \(reachable.count) brokers can be reached under the addresses that they advertise."))
        }
        return findings + endingSoon(facts)
    }

    private static func certificate(
        _ id: BrokerID, _ visit: Visit, _ tls: TLSFacts, _ facts: Facts
    ) -> [DiagnosisFinding] {
        CertificateJudgement.findings(
            tls, "broker \(id) at \(visit.host.address)", place(id, visit), facts.own,
            setting: "advertised.listeners")
    }

    /// What is to be said of certificates that work, and were not seen before.
    private static func endingSoon(_ facts: Facts) -> [DiagnosisFinding] {
        var seen = Set((facts.bootstrap.tls?.chain ?? []).map(\.fingerprint))
        var findings: [DiagnosisFinding] = []
        for (id, visit) in facts.visits.sorted(by: { $0.key < $1.key }) {
            guard var tls = visit.tls, tls.failure == nil else { continue }
            guard let leaf = tls.chain.first, !seen.contains(leaf.fingerprint) else { continue }
            tls.chain = tls.chain.filter { seen.insert($0.fingerprint).inserted }
            findings += certificate(id, visit, tls, facts).filter { $0.severity > .ok }
        }
        return findings
    }

    /// Whether clients can work with a broker at the address that it advertises.
    package static func isUsable(_ id: BrokerID, _ visit: Visit, _ facts: Facts) -> Bool {
        judge(id, visit, facts) == nil
    }

    private static func perSecond(_ time: Duration) -> Int64 {
        let milliseconds = time / .milliseconds(1)
        return Int64(max(1, 1000 / max(milliseconds, 1)))
    }

    private static func place(_ id: BrokerID, _ visit: Visit) -> DiagnosisFinding.Place {
        .broker(id, address: "\(visit.host.address)")
    }

    // MARK: - One broker

    private static func judge(_ id: BrokerID, _ visit: Visit, _ facts: Facts) -> DiagnosisFinding? {
        let place = place(id, visit)
        if let trouble = HostJudgement.trouble(visit.host) { return unreachable(id, visit, trouble, facts) }
        if let tls = visit.tls, tls.failure != nil, visit.contact == nil {
            return certificate(id, visit, tls, facts).first
        }
        guard let contact = visit.contact else { return nil }
        if let objection = ContactJudgement.objection(contact) {
            return DiagnosisFinding(
                .problem, .advertisedAddressUnusable, place,
                "Broker \(id) advertises \(visit.host.address), and that is no broker which clients can use: "
                    + "\(objection). They get no further than the bootstrap server.",
                advice: remedy(id, visit, facts))
        }
        guard let broker = visit.broker, let there = broker.cluster else { return nil }
        if let own = facts.cluster.clusterId, let other = there.clusterId, own != other {
            return DiagnosisFinding(
                .problem, .anotherCluster, place,
                "Broker \(id) of cluster \(own) advertises \(visit.host.address), and seen from here that is a broker of "
                    + "another cluster, \(other). Clients would find none of their topics there, or other ones of the "
                    + "same name.",
                advice: remedy(id, visit, facts))
        }
        if let actual = broker.saysItIs, actual != id {
            return DiagnosisFinding(
                .problem, .anotherBroker, place,
                "Broker \(id) advertises \(visit.host.address), and broker \(actual) answers there. Clients send it "
                    + "requests for partitions that it does not lead, and get NOT_LEADER_OR_FOLLOWER without end.",
                advice:
                    "Give each broker an address of its own in advertised.listeners; with Docker also a published port "
                    + "of its own.")
        }
        return nil
    }

    private static func unreachable(
        _ id: BrokerID, _ visit: Visit, _ trouble: HostJudgement.Trouble, _ facts: Facts
    ) -> DiagnosisFinding {
        let place = place(id, visit)
        let (advertised, bootstrap) = (visit.host.address, facts.bootstrap.host.address)
        let start = "\(bootstrap) answers, but tells clients to go on to \(advertised) (broker \(id)), and "
        let isLoopback = HostFacts.isLoopbackName(advertised.host) || visit.host.isLoopback
        if isLoopback, !facts.bootstrap.host.isLoopback {
            return DiagnosisFinding(
                .problem, .advertisedLoopback, place,
                start + "that means the client's own machine: \(reason(trouble, advertised)). Only clients on the "
                    + "broker's machine can use it.",
                advice: remedy(id, visit, facts))
        }
        switch trouble {
        case .unresolved, .slowResolver:
            return DiagnosisFinding(
                .problem, .advertisedNameUnresolved, place,
                start + "\(reason(trouble, advertised)). So clients connect, and then find no broker to work with.",
                advice: remedy(id, visit, facts))
        default:
            return DiagnosisFinding(
                .problem, .advertisedAddressUnreachable, place,
                start + "\(reason(trouble, advertised)). So clients connect, and then find no broker to work with.",
                advice: remedy(id, visit, facts))
        }
    }

    private static func reason(_ trouble: HostJudgement.Trouble, _ address: BrokerAddress) -> String {
        switch trouble {
        case .unresolved(let words): "the name \(address.host) is not known here (\(words))"
        case .slowResolver(let time): "nobody tells within \(DiagnosisText.time(time)) where \(address.host) is"
        case .refused: "nobody listens there, as seen from here"
        case .noAnswer(let time): "nothing comes back from there for \(DiagnosisText.time(time))"
        case .unreachable(let words): "no way leads there from here (\(words))"
        case .failed(let words): "connecting to it fails (\(words))"
        }
    }

    /// What to change so that clients here get an address that works for them.
    private static func remedy(_ id: BrokerID, _ visit: Visit, _ facts: Facts) -> String {
        let (advertised, bootstrap) = (visit.host.address, facts.bootstrap.host.address)
        let settings = facts.settings[id] ?? [:]
        var sentences: [String] = []
        if let way = facts.ways.first {
            sentences.append(
                "From here, use \(way) in bootstrap.servers: the broker there advertises an address that can be reached."
            )
        }
        let now = settings["advertised.listeners"].map { " (now \($0))" } ?? ""
        // A Unix socket is no address for a listener; who comes by one is on the broker's machine.
        let isSocket = UnixPath.read(bootstrap.host) != nil
        let host = isSocket ? "localhost" : bootstrap.host
        let own = BrokerAddress(
            host: host, port: facts.cluster.brokers.count == 1 && !isSocket ? bootstrap.port : advertised.port)
        let isName =
            !advertised.host.contains(".") && !advertised.host.contains(":")
            && !HostFacts.isLoopbackName(advertised.host)
        if facts.ways.isEmpty {
            if isName {
                // Inside of a container network the name is right: it needs a second listener, not another name.
                let outside = BrokerAddress(host: host, port: advertised.port == 9094 ? 9095 : 9094)
                sentences.append(
                    "\(advertised.host) looks like a name of a container network, where it is right. For clients outside, "
                        + "give the broker a second listener and connect to that: "
                        + "advertised.listeners=INTERNAL://\(advertised),EXTERNAL://\(outside)\(now), with EXTERNAL in "
                        + "listeners and listener.security.protocol.map, and port \(outside.port) published.")
                if case .addresses = facts.bootstrap.host.resolution, bootstrap.port == advertised.port,
                    let numeric = facts.bootstrap.host.attempts.first(where: { $0.outcome.isConnected })?.address
                {
                    let ip = numeric.lastIndex(of: ":").map { String(numeric[..<$0]) } ?? numeric
                    sentences.append(
                        "For a quick try, a line \"\(ip.filter { $0 != "[" && $0 != "]" }) \(advertised.host)\" in this "
                            + "machine's /etc/hosts does too.")
                }
            } else {
                sentences.append(
                    "Change advertised.listeners of broker \(id)\(now) so that this listener names an address which clients "
                        + "can reach; \(own) would probably do, as it can be reached from here.")
            }
        } else {
            sentences.append(
                "Or change advertised.listeners of broker \(id)\(now): the listener of \(bootstrap) has to name what "
                    + "clients of that listener can reach.")
        }
        return sentences.joined(separator: " ")
    }

    /// Bootstrap servers that answered with different clusters.
    package static func severalClusters(_ visits: [Visit]) -> [DiagnosisFinding] {
        var clusters: [String: [String]] = [:]
        for visit in visits {
            guard let id = visit.cluster?.clusterId else { continue }
            clusters[id, default: []].append("\(visit.host.address)")
        }
        guard clusters.count > 1 else { return [] }
        let list = clusters.sorted { $0.value[0] < $1.value[0] }.map {
            "\($0.value.joined(separator: " and ")) in \($0.key)"
        }
        return [
            DiagnosisFinding(
                .problem, .severalClusters, .client,
                "The bootstrap servers belong to different clusters: \(list.joined(separator: ", ")). Which one a client "
                    + "works with is left to chance.",
                advice: "Name brokers of one cluster only in bootstrap.servers.")
        ]
    }
}
