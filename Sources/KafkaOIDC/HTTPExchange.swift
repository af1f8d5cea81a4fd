import Foundation
import KafkaWire

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// An address that HTTP is spoken with.
struct HTTPAddress: Sendable {
    let url: URL
    /// The address without what may be secret in it, for errors.
    let place: String

    /// Throws where the text is no address, or not one whose bytes nobody on the way reads or changes; `risk` says what that
    /// would be good for.
    init(_ text: String, setting: String, example: String, risk: String) throws(SASLError) {
        func refusal(_ words: String) -> SASLError {
            SASLError(.settings, mechanism: "OAUTHBEARER", "\(setting) \(words)")
        }
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), let host = url.host else {
            throw refusal("is no address; it looks like \(example)")
        }
        guard Self.isSafe(url) else { throw refusal("begins with \(scheme):, \(risk): use https:") }
        self.url = url
        place = "\(scheme)://\(host)\(url.port.map { ":\($0)" } ?? "")\(url.path)"
    }

    /// Whether it is under TLS, or on this machine.
    static func isSafe(_ url: URL) -> Bool {
        let scheme = url.scheme?.lowercased()
        return scheme == "https" || scheme == "http" && ["localhost", "127.0.0.1", "::1"].contains(url.host)
    }
}

/// One request over HTTP and its answer, of which no more is taken than was said. It is sent on to another address only where
/// that is as safe.
final class HTTPExchange: NSObject, URLSessionDataDelegate, Sendable {
    /// Why there is no answer.
    enum Failure: Error {
        case unreachable(String)
        case tooLong(Int)
    }

    private struct State {
        var body: [UInt8] = []
        var isTooLong = false
        var status = 0
        var waiting: CheckedContinuation<Result<(status: Int, body: [UInt8]), Failure>, Never>?
    }

    private let limit: Int
    private let state = Locked(State())

    private init(limit: Int) { self.limit = limit }

    /// Sends a request; gives the answer's status and body.
    nonisolated(nonsending) static func perform(
        _ request: URLRequest, limit: Int
    ) async throws(Failure) -> (status: Int, body: [UInt8]) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        let exchange = HTTPExchange(limit: limit)
        let session = URLSession(configuration: configuration, delegate: exchange, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        let task = session.dataTask(with: request)
        let outcome = await withTaskCancellationHandler {
            await withCheckedContinuation { waiting in
                exchange.state.withLock { $0.waiting = waiting }
                task.resume()
            }
        } onCancel: {
            task.cancel()
        }
        return try outcome.get()
    }

    func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = state.withLock { state in
            if state.body.count + data.count > limit { state.isTooLong = true } else { state.body += data }
            return state.isTooLong
        }
        if isTooLong { dataTask.cancel() }
    }

    func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(request.url.map(HTTPAddress.isSafe) == true ? request : nil)
    }

    func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let status = (task.response as? HTTPURLResponse)?.statusCode ?? 0
        let (waiting, outcome) = state.withLock { state in
            defer { state.waiting = nil }
            let outcome: Result<(status: Int, body: [UInt8]), Failure> =
                state.isTooLong
                ? .failure(.tooLong(limit))
                : error.map { .failure(.unreachable($0.localizedDescription)) } ?? .success((status, state.body))
            return (state.waiting, outcome)
        }
        waiting?.resume(returning: outcome)
    }
}
