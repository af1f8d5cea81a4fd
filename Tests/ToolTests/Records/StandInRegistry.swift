import FlyingFox
import FlyingSocks
import Foundation
import JSONLines
import Testing

/// A schema registry over HTTP that knows the recorded schemas, a JSON Schema as number 20 and a Protobuf one as number 21.
actor StandInRegistry {
    /// The paths that it was asked for.
    private(set) var asked: [String] = []
    /// What stood in `Authorization`.
    private(set) var logins: Set<String> = []
    private let answers: [String: String]
    /// The status of every answer; nil answers what there is, and 0 nothing, for a long time.
    private let trouble: Int?
    private var task: Task<Void, any Error>?

    init(trouble: Int? = nil) throws {
        self.trouble = trouble
        var answers = [
            "/schemas/ids/20": #"{"schema":"{}","schemaType":"JSON"}"#,
            "/schemas/ids/21": #"{"schema":"syntax = \"proto3\";","schemaType":"PROTOBUF"}"#,
        ]
        for (id, schema) in try RecordedChange.schemas() {
            answers["/schemas/ids/\(id)"] = JSONText.object([("schema", JSONText.string(schema))])
        }
        self.answers = answers
    }

    /// Starts it; gives its address.
    func start() async throws -> String {
        let server = HTTPServer(address: try .inet(ip4: "127.0.0.1", port: 0))
        await server.appendRoute("*") { try await self.answer($0) }
        task = Task { try await server.run() }
        try await server.waitUntilListening()
        guard case .ip4(_, let port)? = await server.listeningAddress else { return "" }
        return "http://127.0.0.1:\(port)"
    }

    func stop() { task?.cancel() }

    private func answer(_ request: HTTPRequest) async throws -> HTTPResponse {
        asked.append(request.path)
        logins.insert(request.headers[.authorization] ?? "none")
        if trouble == 0 { try await Task.sleep(for: .seconds(60)) }
        if let trouble { return HTTPResponse(statusCode: HTTPStatusCode(trouble, phrase: "")) }
        guard let body = answers[request.path] else {
            return HTTPResponse(
                statusCode: .notFound, body: Data(#"{"error_code":40403,"message":"Schema not found"}"#.utf8))
        }
        return HTTPResponse(statusCode: .ok, body: Data(body.utf8))
    }
}
