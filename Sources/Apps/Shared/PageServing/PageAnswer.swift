/// An answer of a page, and how it stands in HTTP.
package struct PageAnswer: Error, Equatable {
    package var status: Int
    package var type: String
    package var body: String

    package init(status: Int = 200, type: String = "application/json", body: String) {
        (self.status, self.type, self.body) = (status, type, body)
    }

    /// An answer that is a sentence.
    package static func refusal(_ status: Int, _ sentence: String) -> PageAnswer {
        PageAnswer(status: status, type: "text/plain; charset=utf-8", body: sentence + "\n")
    }

    private static let phrases = [
        200: "OK", 400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found",
        405: "Method Not Allowed",
        408: "Request Timeout", 414: "URI Too Long", 431: "Request Header Fields Too Large",
        503: "Service Unavailable", 505: "HTTP Version Not Supported",
    ]

    /// What keeps the page to itself: no script, style or address but its own, in no frame, and nothing is kept.
    private static let headers = """
        Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
        img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'
        X-Content-Type-Options: nosniff
        X-Frame-Options: DENY
        Referrer-Policy: no-referrer
        Cross-Origin-Resource-Policy: same-origin
        Cache-Control: no-store
        Connection: close
        """.split(separator: "\n").joined(separator: "\r\n")

    /// The whole answer. The connection ends with it.
    package var bytes: [UInt8] {
        let further =
            switch status {
            case 401: "WWW-Authenticate: Basic realm=\"Kafka broker\", charset=\"UTF-8\"\r\n"
            case 405: "Allow: GET\r\n"
            default: ""
            }
        let head = """
            HTTP/1.1 \(status) \(Self.phrases[status] ?? "")\r
            Content-Type: \(type)\r
            Content-Length: \(body.utf8.count)\r
            \(further)\(Self.headers)\r
            \r\n
            """
        return Array((head + body).utf8)
    }
}
