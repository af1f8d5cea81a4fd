/// One run of a ``KafkaDoctor``: takes the steps in their order, and lets the judgements make findings of what is seen.
struct Examination: Sendable {
    let configuration: KafkaDoctor.Configuration
    let loop: any EventLoop
    let begin: @Sendable (DiagnosisReport.Stage) -> Void
    let end: @Sendable (DiagnosisReport.Step) -> Void

    init(
        _ configuration: KafkaDoctor.Configuration, on loop: any EventLoop,
        begin: @escaping @Sendable (DiagnosisReport.Stage) -> Void,
        end: @escaping @Sendable (DiagnosisReport.Step) -> Void
    ) {
        self.configuration = configuration
        self.loop = loop
        self.begin = begin
        self.end = end
    }

    func run() async -> DiagnosisReport {
        var report = DiagnosisReport()
        let options = configuration.client.security
        var doors = ClientDoors(
            options, secretFiles: configuration.secretFiles, now: loop.wallMilliseconds / 1000)
        await doors.learnPrincipal(options, on: loop, within: configuration.timeout)
        let (own, visitor) = (doors.own, BrokerVisitor(configuration, doors: doors, loop: loop))
        let (addresses, wrong) = bootstrapAddresses()
        let places = await step(.names, &report) { await names(addresses, wrong, visitor) }
        let connected = await step(.connections, &report, unless: places.isEmpty ? "no name resolves" : nil) {
            await connections(places, visitor)
        }
        let closed = connected?.isEmpty ?? true ? "no connection can be made" : nil
        let secured = await step(.security, &report, unless: closed) {
            await agreements(connected ?? [], own, visitor)
        }
        let visits = await step(.protocol, &report, unless: closed ?? obstacle(secured ?? [], own)) {
            await talks(secured ?? [], own, visitor)
        }
        let open = (visits ?? []).first { $0.visit.cluster != nil }
        let blocked = open == nil ? "no broker lets itself be asked" : nil
        let brokers: BrokerJudgement.Facts?? = await step(.brokers, &report, unless: blocked) {
            await self.brokers(open, visits ?? [], own, visitor)
        }
        let facts = brokers ?? nil
        report.clusterId = facts?.cluster.clusterId
        // Versions are told also by brokers that tell nothing else.
        let spoken = (visits ?? []).first { $0.visit.broker != nil }
        let silence = spoken == nil ? "no broker tells its versions" : nil
        let release: String?? = await step(.release, &report, unless: silence) { self.release(spoken?.visit, facts) }
        report.release = release ?? nil
        guard let facts, let open, let client = client(open) else {
            for stage in [DiagnosisReport.Stage.topics, .groups, .permissions, .clocks] {
                skip(stage, &report, blocked ?? "the client cannot be set up")
            }
            return report
        }
        let usable = Set(facts.visits.filter { BrokerJudgement.isUsable($0.key, $0.value, facts) }.map(\.key))
        let look = ClusterLook(
            configuration: configuration, admin: client, brokers: facts.cluster, usable: usable, own: own,
            login: open.visit.broker?.login,
            bootstrap: "\(open.visit.host.address)")
        let topics = await step(.topics, &report) { await look.topics() }
        let noBroker = usable.isEmpty ? "no broker can be worked with from here" : nil
        _ = await step(.groups, &report, unless: noBroker) { await look.groups(topics) }
        _ = await step(.permissions, &report, unless: noBroker) { await look.permissions(topics) }
        _ = await step(.clocks, &report, unless: noBroker) { await look.clocks(topics) }
        await client.close()
        return report
    }

    /// What a step found: a summary, findings, and what later steps go on with.
    typealias Outcome<Value> = (summary: String, findings: [DiagnosisFinding], value: Value)

    private func step<Value>(
        _ stage: DiagnosisReport.Stage, _ report: inout DiagnosisReport, unless obstacle: String?,
        _ body: () async -> Outcome<Value>
    ) async -> Value? {
        if let obstacle {
            skip(stage, &report, obstacle)
            return nil
        }
        return await step(stage, &report, body)
    }

    private func skip(_ stage: DiagnosisReport.Stage, _ report: inout DiagnosisReport, _ obstacle: String) {
        let step = DiagnosisReport.Step(stage, obstacle, isSkipped: true)
        report.steps.append(step)
        end(step)
    }

    private func step<Value>(
        _ stage: DiagnosisReport.Stage, _ report: inout DiagnosisReport, _ body: () async -> Outcome<Value>
    ) async -> Value {
        begin(stage)
        let start = loop.now
        let outcome = await body()
        let step = DiagnosisReport.Step(
            stage, outcome.summary, duration: loop.now - start, findings: outcome.findings)
        report.steps.append(step)
        end(step)
        return outcome.value
    }

    // MARK: - Names, connections, protocol

    private func bootstrapAddresses() -> ([BrokerAddress], [DiagnosisFinding]) {
        var addresses: [BrokerAddress] = []
        var findings: [DiagnosisFinding] = []
        let servers = configuration.client.bootstrapServers.flatMap { $0.split(separator: ",") }
        for server in servers {
            do throws(KafkaError) {
                let address = try BrokerAddress(String(server.drop { $0 == " " }))
                if !addresses.contains(address) { addresses.append(address) }
            } catch {
                findings.append(
                    DiagnosisFinding(
                        .problem, .invalidConfiguration, .client, "\(error.message).",
                        advice: "Mend bootstrap.servers: host:port, with commas between several."))
            }
        }
        if servers.isEmpty {
            findings.append(
                DiagnosisFinding(
                    .problem, .invalidConfiguration, .client, "No broker is named.",
                    advice: "Set bootstrap.servers to host:port of a broker or two."))
        }
        return (addresses, findings)
    }

    private func names(
        _ addresses: [BrokerAddress], _ wrong: [DiagnosisFinding], _ visitor: BrokerVisitor
    ) async -> Outcome<[BrokerVisitor.Place]> {
        let places = await concurrently(addresses) { await visitor.resolve($0) }
        let resolved = places.filter { !$0.addresses.isEmpty }
        let list = resolved.map { place in
            let host = place.facts.address.host
            let numbers = place.addresses.map { $0.path == nil ? $0.host : "\($0)" }
            return numbers == [host] ? host : "\(host) → \(numbers.joined(separator: ", "))"
        }
        var seen: Set<String> = []
        let summary =
            resolved.isEmpty
            ? "no host name resolves" : DiagnosisText.list(list.filter { seen.insert($0).inserted }, limit: 4)
        return (summary, wrong + unique(places.flatMap { HostJudgement.names($0.facts) }), resolved)
    }

    /// Two ports of a host are one name.
    private func unique(_ findings: [DiagnosisFinding]) -> [DiagnosisFinding] {
        findings.enumerated().filter { place, finding in
            !findings[..<place].contains { $0.code == finding.code && $0.place == finding.place }
        }.map(\.element)
    }

    private func connections(
        _ places: [BrokerVisitor.Place], _ visitor: BrokerVisitor
    ) async -> Outcome<[BrokerVisitor.Place]> {
        let tried = await concurrently(places) { await visitor.connect($0) }
        let open = tried.filter { $0.open != nil }
        let quickest = open.compactMap(\.facts.connectTime).min()
        let summary =
            open.count == tried.count && tried.count == 1
            ? "\(tried[0].facts.address) answers\(quickest.map { " in \(DiagnosisText.time($0))" } ?? "")"
            : "\(open.count) of \(DiagnosisText.count(tried.count, "bootstrap server")) "
                + "\(tried.count == 1 ? "answers" : "answer")"
        var findings = tried.flatMap { HostJudgement.connections($0.facts, slowFrom: configuration.slow) }
        if !open.isEmpty {
            // One that answers is enough: the others are a loss of safety, not of service.
            for index in findings.indices where findings[index].severity == .problem {
                findings[index].severity = .warning
                findings[index].message += " Clients go on with the other bootstrap servers."
            }
        }
        return (summary, findings, open)
    }

    /// A visit, and the port that it was made to.
    private struct Talk: Sendable {
        var visit: Visit
        var port: BrokerVisitor.Port
    }

    private func agreements(
        _ places: [BrokerVisitor.Place], _ own: OwnSecurity, _ visitor: BrokerVisitor
    ) async -> Outcome<[Talk]> {
        let talks = await concurrently(places) { place -> Talk? in
            guard let address = place.open else { return nil }
            let port = BrokerVisitor.Port(address: address, name: place.facts.address)
            return Talk(visit: await visitor.secure(Visit(place.facts), port), port: port)
        }.compactMap(\.self)
        let findings =
            SecurityJudgement.findings(own)
            + talks.flatMap { CertificateJudgement.findings($0.visit, own) + SecurityJudgement.findings($0.visit, own) }
        return (SecurityJudgement.summary(own, talks.map(\.visit)), findings, talks)
    }

    /// Why nothing is asked after TLS.
    private func obstacle(_ talks: [Talk], _ own: OwnSecurity) -> String? {
        if own.failure != nil { return "the client cannot be set up as its settings say" }
        let isStopped = talks.allSatisfy { $0.visit.tls?.failure != nil && $0.visit.contact == nil }
        return isStopped ? "TLS could not be agreed on" : nil
    }

    private func talks(_ secured: [Talk], _ own: OwnSecurity, _ visitor: BrokerVisitor) async -> Outcome<[Talk]> {
        let talks = await concurrently(secured) { talk in
            Talk(visit: await visitor.talk(with: talk.port, talk.visit), port: talk.port)
        }
        var findings = talks.flatMap { ContactJudgement.findings($0.visit, own) }
        findings += BrokerJudgement.severalClusters(talks.map(\.visit))
        let speaking = talks.filter { $0.visit.broker != nil && $0.visit.broker?.guess != .controller }
        let open = talks.filter { $0.visit.cluster != nil }
        let trip = open.compactMap { $0.visit.broker?.roundTrip }.min()
        let who = own.mechanism == nil ? "" : own.principal.map { ", and takes the client for \($0)" } ?? ""
        let summary =
            speaking.isEmpty
            ? "no Kafka broker answers"
            : open.isEmpty
                ? "Kafka answers, and lets nobody in"
                : "Kafka answers\(trip.map { " in \(DiagnosisText.time($0))" } ?? "")\(who)"
        return (summary, findings, talks.filter { $0.visit.broker?.guess != .controller })
    }

    // MARK: - Brokers

    private static let mostBrokers = 200

    private func brokers(
        _ open: Talk?, _ talks: [Talk], _ own: OwnSecurity, _ visitor: BrokerVisitor
    ) async -> Outcome<BrokerJudgement.Facts?> {
        guard let open, let cluster = open.visit.cluster else { return ("", [], nil) }
        let ids = cluster.brokers.keys.sorted().prefix(Self.mostBrokers)
        let visits = await concurrently(ids.map { ($0, cluster.brokers[$0]) }) { id, address -> Visit? in
            guard let address else { return nil }
            return await visitor.visit(address, expecting: id)
        }
        var facts = BrokerJudgement.Facts(bootstrap: open.visit, cluster: cluster, visits: [:])
        facts.own = own
        for (id, visit) in zip(ids, visits) { facts.visits[id] = visit }
        let useless = facts.visits.keys.filter { id in
            facts.visits[id].map { !BrokerJudgement.isUsable(id, $0, facts) } ?? false
        }
        if !useless.isEmpty {
            // What an unreachable broker advertises, it tells itself: at the addresses that work.
            let questions = useless.sorted().prefix(3).flatMap { id in talks.map { (id, $0.port) } }
            let answers = await concurrently(questions) { await visitor.settings(of: $0.0, at: $0.1) }
            for ((id, _), settings) in zip(questions, answers) where !settings.isEmpty { facts.settings[id] = settings }
            facts.ways = await ways(facts, visitor)
        }
        let usable = facts.visits.count - useless.count
        let summary =
            usable == facts.visits.count
            ? usable == 1
                ? "1 broker, reached under the address it advertises"
                : "\(usable) brokers, reached under the addresses they advertise"
            : "\(usable) of \(DiagnosisText.count(facts.visits.count, "broker")) can be worked with from here"
        return (summary, BrokerJudgement.findings(facts, slowFrom: configuration.slow), facts)
    }

    /// Other addresses of the cluster whose brokers advertise what can be reached: those in the broker's settings, and the
    /// usual ports of the bootstrap server's host.
    private func ways(_ facts: BrokerJudgement.Facts, _ visitor: BrokerVisitor) async -> [BrokerAddress] {
        let own = facts.bootstrap.host.address
        var candidates: [BrokerAddress] = []
        func add(_ address: BrokerAddress?) {
            guard let address, address != own, !candidates.contains(address),
                !facts.cluster.brokers.values.contains(address)
            else { return }
            candidates.append(address)
        }
        for (_, settings) in facts.settings.inOrder {
            for listener in (settings["advertised.listeners"] ?? "").split(separator: ",") {
                add(try? BrokerAddress(String(listener)))
            }
        }
        // Who comes by a Unix socket is on the broker's machine.
        let host = UnixPath.read(own.host) == nil ? own.host : "localhost"
        for port in configuration.usualPorts { add(BrokerAddress(host: host, port: port)) }
        let good = await concurrently(Array(candidates.prefix(12))) { candidate -> Bool in
            let visit = await visitor.visit(candidate)
            guard let cluster = visit.cluster, cluster.clusterId == facts.cluster.clusterId, !cluster.brokers.isEmpty
            else {
                return false
            }
            let reached = await concurrently(cluster.brokers.inOrder.map(\.value)) { await visitor.visit($0) }
            return reached.allSatisfy { $0.cluster?.clusterId == facts.cluster.clusterId }
        }
        return zip(candidates, good).filter(\.1).map(\.0)
    }

    // MARK: - Release

    private func release(_ first: Visit?, _ facts: BrokerJudgement.Facts?) -> Outcome<String?> {
        var brokers: [(DiagnosisFinding.Place, BrokerID, BrokerContact)] = []
        for (id, visit) in (facts?.visits ?? [:]).sorted(by: { $0.key < $1.key }) {
            guard let broker = visit.broker, let facts, BrokerJudgement.isUsable(id, visit, facts) else { continue }
            brokers.append((.broker(id, address: "\(visit.host.address)"), id, broker))
        }
        if brokers.isEmpty, let first, let broker = first.broker {
            brokers = [(.host("\(first.host.address)"), .none, broker)]
        }
        var findings: [DiagnosisFinding] = []
        for (place, _, broker) in brokers {
            findings += ReleaseJudgement.findings(broker.versions, guess: broker.guess, at: place)
        }
        let guesses = Dictionary(brokers.map { ($0.1, $0.2.guess) }, uniquingKeysWith: { first, _ in first })
        findings += ReleaseJudgement.findings(guesses)
        let inOrder = guesses.inOrder.map(\.value)
        let release = inOrder.compactMap(\.release).first
        let summary: String
        switch inOrder.first {
        case .kafka, .newerThan: summary = "speaks as Apache Kafka \(release ?? "")"
        case .near(let name, _): summary = "like no release; Apache Kafka \(name) is nearest"
        case .mockCluster: summary = "librdkafka's mock cluster"
        case .redpanda: summary = "Redpanda"
        case .controller, nil: summary = "a controller"
        }
        return (summary, findings, guesses.count == 1 || Set(guesses.values.map(\.release)).count == 1 ? release : nil)
    }

    /// For what is asked of the cluster as a whole: the admin client, which begins where a broker has answered.
    private func client(_ open: Talk) -> KafkaAdmin? {
        var client = configuration.client
        // Under the name that certificates are for, at the address that was found.
        client.bootstrapServers = ["\(open.port.name)"]
        if client.connections.dialer == nil {
            client.connections.dialer = FoundAddresses(found: [open.port.name: open.port.address])
        }
        client.connectTimeout = configuration.timeout
        client.requestTimeout = configuration.timeout
        client.apiTimeout = configuration.timeout * 2
        return try? KafkaAdmin(client)
    }
}
