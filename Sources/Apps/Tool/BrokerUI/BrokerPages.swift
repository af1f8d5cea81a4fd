import PageServing

/// Which request gets what: the page's three parts, the API's JSON, or a refusal.
struct BrokerPages: Sendable {
    let api: BrokerAPI

    /// What becomes of a request.
    enum Route: Equatable {
        /// It is known at once.
        case answer(PageAnswer)
        /// The broker is to be asked.
        case api([String], [String: String])
    }

    /// Decides without work: what is refused costs nothing. Where visitors say who they are (`hasDoor`), they come over TLS, and
    /// by any name of this machine: a browser gives no other name their password.
    static func route(_ request: PageRequest, hasDoor: Bool = false) -> Route {
        guard request.method == "GET" else { return .answer(.refusal(405, "This page only shows; ask with GET.")) }
        guard hasDoor || isThisMachine(request.host) else {
            return .answer(
                .refusal(403, "Ask for this page as 127.0.0.1 or localhost; the request's Host is neither."))
        }
        guard isOwn(request, hasDoor ? "https" : "http") else {
            return .answer(.refusal(403, "Only this page itself may ask; the request comes from another site."))
        }
        switch request.path {
        case []: return .answer(PageAnswer(type: "text/html; charset=utf-8", body: PageHTML.text))
        case ["page.css"]: return .answer(PageAnswer(type: "text/css; charset=utf-8", body: PageStyle.text))
        case ["page.js"]: return .answer(PageAnswer(type: "text/javascript; charset=utf-8", body: PageScript.text))
        case let path where path.first == "api": return .api(Array(path.dropFirst()), request.query)
        default: return .answer(.refusal(404, "There is nothing here; the page is at /."))
        }
    }

    func answer(_ request: PageRequest, hasDoor: Bool = false) async -> PageAnswer {
        switch Self.route(request, hasDoor: hasDoor) {
        case .answer(let answer): answer
        case .api(let path, let query): await api.answer(path, query)
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

    /// Whether it is the page's own script that asks, or no browser. Another site's script cannot read the answer, but
    /// could keep the broker busy. A link from elsewhere may lead to the page, not to its data.
    static func isOwn(_ request: PageRequest, _ scheme: String) -> Bool {
        if let origin = request.origin, origin.lowercased() != "\(scheme)://\(request.host?.lowercased() ?? "")" {
            return false
        }
        guard let site = request.site, site != "same-origin", site != "none" else { return true }
        return request.mode == "navigate" && request.path.first != "api"
    }
}
