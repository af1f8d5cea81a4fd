import AppSupport
import JSONLines
import KafkaBroker
import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What `kw broker` prints: a line when it is ready, one for each request where that is asked for, and a last one.
struct BrokerLines {
    let isJSON: Bool

    /// More topics than that are counted instead of named.
    private static let namedTopics = 10

    // MARK: - The beginning and the end

    func ready(
        _ broker: KafkaBroker, directory: String?, page: String?, _ clients: SecureClients? = nil
    ) async -> [String] {
        let topics = await broker.topics
        if isJSON {
            var fields = [
                ("event", JSONText.string("ready")), ("bootstrap", JSONText.string(broker.bootstrapServers)),
                ("topics", JSONText.object(topics.map { ($0.name, "\($0.partitions.count)") })),
                ("dataDirectory", JSONText.string(directory)), ("ui", JSONText.string(page)),
            ]
            if let clients {
                fields.append(("secure", JSONText.object(clients.paths.map { ($0.name, JSONText.string($0.path)) })))
            }
            return [JSONText.object(fields)]
        }
        var parts = [Self.list(topics), directory.map { "data in \($0)" } ?? "data in memory"]
        if let page { parts.append("page at \(page)") }
        let first = "kw broker is ready on \(broker.bootstrapServers) (\(parts.joined(separator: "; ")))"
        return [first] + (clients?.lines ?? [])
    }

    /// What is to be said where a broker listens everywhere, which is no address that clients could be told; nil where it is
    /// told which one they are to take. Kafka refuses such a setting; in a container's port that is published it does.
    static func advice(host: String, advertised: String?, bootstrap: String) -> String? {
        guard advertised == nil, ["0.0.0.0", "::", ""].contains(host) else { return nil }
        return
            "clients are told to come to \(bootstrap), since \(host.isEmpty ? "every address" : host) is no address to "
            + "connect to: those on other machines will not get beyond their first request. --advertise HOST:PORT names an "
            + "address that they reach."
    }

    func stopped(_ broker: KafkaBroker, after uptime: Duration) async -> String {
        let topics = await broker.topics
        let records = topics.flatMap(\.partitions).map { $0.endOffset - $0.startOffset }.saturatedSum()
        if isJSON {
            return JSONText.object([
                ("event", JSONText.string("stopped")), ("records", "\(records)"), ("topics", "\(topics.count)"),
                ("uptimeSeconds", Figures.fixed(Figures.seconds(uptime), decimals: 3)),
            ])
        }
        return "kw broker stopped: \(Figures.counted(records, "record")) in \(Figures.counted(topics.count, "topic")), "
            + "up \(Figures.duration(uptime))"
    }

    private static func list(_ topics: [KafkaBroker.TopicInfo]) -> String {
        if topics.isEmpty { return "no topics yet" }
        guard topics.count <= namedTopics else { return "\(topics.count) topics" }
        return "topics " + topics.map { "\($0.name):\($0.partitions.count)" }.joined(separator: ", ")
    }

    /// The sentence, and whom to ask where an address is taken.
    static func startFailure(_ sentence: String) -> String {
        let isTaken = sentence.contains(String(cString: strerror(EADDRINUSE)))
        return isTaken ? sentence + " The command ss -ltnp tells which program has it." : sentence
    }

    // MARK: - Requests

    /// A line about a request.
    func request(_ request: RequestObservation, _ console: Console) -> String {
        isJSON ? json(request) : text(request, console)
    }

    private func text(_ request: RequestObservation, _ console: Console) -> String {
        let clock = Timestamp(microseconds: request.timestamp * 1000).description.dropFirst(11).prefix(12)
        // A client's name comes from outside: quoted, so that it cannot steer the terminal.
        let client = request.clientId.map { JSONText.string($0) } ?? "-"
        let call = "\(request.api) v\(request.version)"
        var line =
            console.paint(String(clock), .dim, for: .error) + "  #\(request.connection) \(request.peer) \(client)  "
        line += console.paint(call, .cyan, for: .error) + "  correlation \(request.correlationId)  "
        switch request.result {
        case .answered(let bytes, let errors):
            line += "\(request.requestBytes) → \(bytes) bytes  \(Figures.duration(request.duration))"
            if !errors.isEmpty {
                line += "  " + console.paint(errors.map(\.name).joined(separator: ", "), .red, for: .error)
            }
        case .silent: line += "\(request.requestBytes) bytes, no answer asked for"
        case .hungUp(let reason):
            line +=
                "\(request.requestBytes) bytes  " + console.paint("closed: \(SafeText.line(reason))", .red, for: .error)
        }
        return line
    }

    private func json(_ request: RequestObservation) -> String {
        var fields = [
            ("event", JSONText.string("request")), ("timestamp", "\(request.timestamp)"),
            ("connection", "\(request.connection)"), ("peer", JSONText.string(request.peer)),
            ("clientId", JSONText.string(request.clientId)), ("api", JSONText.string("\(request.api)")),
            ("version", "\(request.version)"), ("correlationId", "\(request.correlationId)"),
            ("requestBytes", "\(request.requestBytes)"),
            ("milliseconds", Figures.fixed(Figures.seconds(request.duration) * 1000, decimals: 3)),
        ]
        switch request.result {
        case .answered(let bytes, let errors):
            fields += [
                ("responseBytes", "\(bytes)"), ("errors", JSONText.array(errors.map { JSONText.string($0.name) })),
            ]
        case .silent: fields.append(("responseBytes", "0"))
        case .hungUp(let reason): fields.append(("closed", JSONText.string(reason)))
        }
        return JSONText.object(fields)
    }
}
