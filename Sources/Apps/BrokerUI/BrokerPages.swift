import FlyingFox
import Foundation

/// Which request gets what: the page's three parts, the API's JSON, or a refusal.
struct BrokerPages: HTTPHandler {
    let api: BrokerAPI

    /// An answer before it is one of HTTP.
    struct Answer: Equatable {
        var status = 200
        var type = "application/json"
        var body: String

        static func refusal(_ status: Int, _ sentence: String) -> Answer {
            Answer(status: status, type: "text/plain; charset=utf-8", body: sentence + "\n")
        }
    }

    func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
        let query = Dictionary(request.query.map { ($0.name, $0.value) }) { $1 }
        let answer = await answer(
            method: request.method.rawValue, host: request.headers[.host], path: request.path, query: query)
        let phrases = [200: "OK", 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed"]
        var response = HTTPResponse(
            statusCode: HTTPStatusCode(answer.status, phrase: phrases[answer.status] ?? ""),
            body: Data(answer.body.utf8))
        response.headers[.contentType] = answer.type
        for (name, value) in Self.headers { response.headers.setValues([value], for: HTTPHeader(name)) }
        if answer.status == 405 { response.headers.setValues(["GET"], for: HTTPHeader("Allow")) }
        return response
    }

    /// What keeps the page to itself: no script, style or address but its own, in no frame, and nothing is kept.
    private static let headers = [
        (
            "Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "no-referrer"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    ]

    func answer(method: String, host: String?, path: String, query: [String: String]) async -> Answer {
        guard method == "GET" else { return .refusal(405, "This page only shows; ask with GET.") }
        guard Self.isThisMachine(host) else {
            return .refusal(403, "Ask for this page as 127.0.0.1 or localhost; the request's Host is neither.")
        }
        switch path {
        case "/": return Answer(type: "text/html; charset=utf-8", body: PageHTML.text)
        case "/page.css": return Answer(type: "text/css; charset=utf-8", body: PageStyle.text)
        case "/page.js": return Answer(type: "text/javascript; charset=utf-8", body: PageScript.text)
        default:
            let parts = path.split(separator: "/").map(String.init)
            guard parts.first == "api" else { return .refusal(404, "There is nothing here; the page is at /.") }
            return await api.answer(Array(parts.dropFirst()), query)
        }
    }

    /// Whether a request's `Host` names this machine, with any port: a forwarded one has another than ours.
    static func isThisMachine(_ host: String?) -> Bool {
        guard let host = host?.lowercased() else { return false }
        return ["127.0.0.1", "localhost", "[::1]"].contains { name in
            guard host.hasPrefix(name) else { return false }
            let rest = host.dropFirst(name.count)
            return rest.isEmpty || rest.first == ":" && UInt16(rest.dropFirst()) != nil
        }
    }
}
