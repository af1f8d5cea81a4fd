import FlyingFox
import FlyingSocks
import Foundation
import JSONLines
import TestSupport
import Testing

/// A server that behaves as Connect's REST API does: connectors with states that change from look to look, conflicts,
/// errors as documents; and, on demand, what a real one never answers.
actor FakeConnect {
    /// An answer other than the usual one.
    struct Answer: Sendable {
        var status = 200
        var body = ""
        var type = "application/json"
        var delay = Duration.zero

        static func error(_ status: Int, _ message: String) -> Answer {
            let text = JSONText.object([("error_code", "\(status)"), ("message", JSONText.string(message))])
            return Answer(status: status, body: text)
        }
    }

    /// The requests so far, `GET /connectors/x/status`, without those that only ask who is there.
    private(set) var requests: [String] = []
    /// The bodies of POST, PUT and PATCH.
    private(set) var bodies: [String] = []
    private(set) var authorizations: Set<String> = []
    private(set) var configs: [String: [String: JSON]] = [:]
    /// The next answers to a request, in place of the usual ones.
    private var detours: [String: [Answer]] = [:]
    /// The states of a connector and its tasks, `RUNNING UNASSIGNED`, one for each look; the last one stays. An empty
    /// one: there is no status.
    private var states: [String: [String]] = [:]
    /// Why what FAILED did.
    private var trace = ""

    func detour(_ request: String, _ answers: Answer...) { detours[request, default: []] += answers }

    /// Gives a connector states; it exists from now on.
    func connector(_ name: String, _ states: String..., config: [String: JSON] = [:], trace: String = "") {
        self.states[name] = states
        if !trace.isEmpty { self.trace = trace }
        if configs[name] == nil { configs[name] = config }
    }

    /// The states that a connector will have once it is registered.
    func future(_ name: String, _ states: String..., trace: String = "") {
        self.states[name] = states
        if !trace.isEmpty { self.trace = trace }
    }

    // MARK: - Answers

    fileprivate func answer(_ method: String, _ path: String, _ query: String, _ body: String, _ authorization: String?)
        -> Answer
    {
        if let authorization { authorizations.insert(authorization) }
        let request = "\(method) \(path)" + (query.isEmpty ? "" : "?\(query)")
        if path != "/" { requests.append(request) }
        if !body.isEmpty { bodies.append(body) }
        if var waiting = detours[request], !waiting.isEmpty {
            let next = waiting.removeFirst()
            detours[request] = waiting
            return next
        }
        let parts = path.split(separator: "/").map { String($0).removingPercentEncoding ?? "" }
        if parts.isEmpty { return Answer(body: #"{"version":"4.3.0","commit":"x","kafka_cluster_id":"c"}"#) }
        if parts == ["connectors"] { return method == "POST" ? create(body) : list() }
        guard parts[0] == "connectors", parts.count >= 2 else { return .error(404, "HTTP 404 Not Found") }
        return connector(method, parts[1], Array(parts.dropFirst(2)), body)
    }

    private func connector(_ method: String, _ name: String, _ rest: [String], _ body: String) -> Answer {
        if method == "PUT", rest == ["config"] {
            let isNew = configs[name] == nil
            configs[name] = JSON(body)?.fields
            return Answer(status: isNew ? 201 : 200, body: #"{"name":"x"}"#)
        }
        guard configs[name] != nil else { return .error(404, "Connector \(name) not found") }
        switch (method, rest) {
        case ("GET", ["status"]): return status(name)
        case ("GET", ["config"]): return Answer(body: text(configs[name] ?? [:]))
        case ("DELETE", []):
            configs[name] = nil
            return Answer(status: 204)
        case ("PUT", ["pause"]), ("PUT", ["resume"]), ("POST", ["restart"]): return Answer(status: 202)
        case ("PUT", ["stop"]), ("POST", ["tasks", "0", "restart"]): return Answer(status: 204)
        default: return .error(405, "HTTP 405 Method Not Allowed")
        }
    }

    private func create(_ body: String) -> Answer {
        guard let wanted = JSON(body), let name = wanted["name"].text, case .object(let config) = wanted["config"]
        else {
            return .error(400, "no connector")
        }
        guard configs[name] == nil else { return .error(409, "Connector \(name) already exists") }
        configs[name] = config
        return Answer(status: 201, body: #"{"name":"x"}"#)
    }

    private func list() -> Answer {
        let all = configs.keys.sorted().map { name in
            let info = JSONText.object([("name", JSONText.string(name)), ("config", text(configs[name] ?? [:]))])
            return (name, JSONText.object([("status", status(name).body), ("info", info)]))
        }
        return Answer(body: JSONText.object(all))
    }

    private func status(_ name: String) -> Answer {
        var left = states[name] ?? [""]
        let now = left.count > 1 ? left.removeFirst() : left[0]
        states[name] = left
        let words = now.split(separator: " ").map(String.init)
        guard let first = words.first else { return .error(404, "No status found for connector \(name)") }
        func part(_ state: String, _ id: Int?) -> String {
            var fields = [("state", JSONText.string(state)), ("worker_id", "\"w:8083\"")]
            if let id { fields.append(("id", "\(id)")) }
            if state == "FAILED" { fields.append(("trace", JSONText.string(trace))) }
            return JSONText.object(fields)
        }
        return Answer(
            body: JSONText.object([
                ("name", JSONText.string(name)), ("connector", part(first, nil)),
                ("tasks", JSONText.array(words.dropFirst().enumerated().map { part($0.element, $0.offset) })),
                ("type", "\"source\""),
            ]))
    }

    private func text(_ config: [String: JSON]) -> String {
        JSONText.object(config.keys.sorted().map { ($0, JSONText.string(config[$0]?.text)) })
    }

    // MARK: - Serving

    private struct Handler: HTTPHandler {
        let connect: FakeConnect

        func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
            let body = String(decoding: try await request.bodyData, as: UTF8.self)
            let query = request.query.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
            let answer = await connect.answer(
                request.method.rawValue, request.path, query, body, request.headers[.authorization])
            try await Task.sleep(for: answer.delay)
            var response = HTTPResponse(
                statusCode: HTTPStatusCode(answer.status, phrase: "x"), body: Data(answer.body.utf8))
            response.headers[.contentType] = answer.type
            return response
        }
    }

    /// Serves one on a free port of 127.0.0.1 while the body runs.
    static func serve(_ body: (FakeConnect, _ url: String) async throws -> Void) async throws {
        let connect = FakeConnect()
        let server = HTTPServer(
            address: try sockaddr_in.inet(ip4: "127.0.0.1", port: 0), timeout: 20, logger: .disabled,
            handler: Handler(connect: connect))
        let task = Task { try await server.run() }
        defer { task.cancel() }
        try await server.waitUntilListening()
        guard case .ip4(_, let port) = await server.listeningAddress else { throw PortUnknown() }
        do { try await body(connect, "http://127.0.0.1:\(port)") } catch {
            await server.stop(timeout: 0)
            throw error
        }
        await server.stop(timeout: 0)
    }

    private struct PortUnknown: Error {}
}

/// Runs `kw connectors` without holding up the tasks of this process, in which the server is.
func connectors(_ arguments: String..., input: String = "/dev/null", at url: String) async throws -> Program.Outcome {
    try await runConnectors(arguments, input: input, at: url)
}

func runConnectors(_ arguments: [String], input: String = "/dev/null", at url: String) async throws -> Program.Outcome {
    let run = try Program.start(["connectors"] + arguments + ["--connect", url], input: input)
    return try await elsewhere { try run.wait() }
}
