import Foundation
import KafkaWire

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// An address that HTTP is spoken with.
package struct HTTPAddress: Sendable {
    let url: URL
    /// The address without what may be secret in it, for errors.
    let place: String

    /// Throws where the text is no address, or not one whose bytes nobody on the way reads or changes; `risk` says what that
    /// would be good for.
    init(_ text: String, setting: String, example: String, risk: String) throws(SASLError) {
        func refusal(_ words: String) -> SASLError {
            SASLError(.settings, mechanism: "OAUTHBEARER", "\(setting) \(words)")
        }
        guard let url = URL(string: text), let scheme = url.scheme?.lowercased(), url.host != nil else {
            throw refusal("is no address; it looks like \(example)")
        }
        guard Self.isSafe(url) else { throw refusal("begins with \(scheme):, \(risk): use https:") }
        self.url = url
        place = Self.place(of: url)
    }

    /// An address without what may be secret in it.
    package static func place(of url: URL) -> String {
        "\(url.scheme?.lowercased() ?? "")://\(url.host ?? "")\(url.port.map { ":\($0)" } ?? "")\(url.path)"
    }

    /// Whether it is under TLS, or on this machine.
    package static func isSafe(_ url: URL) -> Bool {
        let scheme = url.scheme?.lowercased()
        return scheme == "https" || scheme == "http" && ["localhost", "127.0.0.1", "::1"].contains(url.host)
    }
}

/// One request over HTTP and its answer, of which no more is taken than was said. It is sent on to another address only where
/// that is as safe, and not at all where that is not wanted.
package final class HTTPExchange: NSObject, URLSessionDataDelegate, Sendable {
    /// What came back.
    package struct Answer: Sendable {
        package var status: Int
        package var body: [UInt8]
        /// `Retry-After`, as it stands there.
        package var retryAfter: String?
    }

    /// Why there is no answer.
    package enum Failure: Error {
        case unreachable(String)
        case tooLong(Int)
    }

    private struct State {
        var body: [UInt8] = []
        var isTooLong = false
        var isTooLate = false
        var waiting: CheckedContinuation<Result<Answer, Failure>, Never>?
    }

    private let limit: Int
    private let followsRedirects: Bool
    private let state = Locked(State())

    private init(limit: Int, followsRedirects: Bool) {
        self.limit = limit
        self.followsRedirects = followsRedirects
    }

    /// Sends a request; gives the answer.
    package nonisolated(nonsending) static func perform(
        _ request: URLRequest, limit: Int, followsRedirects: Bool = true
    ) async throws(Failure) -> Answer {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        let exchange = HTTPExchange(limit: limit, followsRedirects: followsRedirects)
        let session = URLSession(configuration: configuration, delegate: exchange, delegateQueue: nil)
        defer { session.finishTasksAndInvalidate() }
        // On Linux a time that was given to the initializer of a request counts for nothing, only one that was set (in whole seconds,
        // and from the last byte on: an answer in drops would never end).
        var request = request
        let timeout = request.timeoutInterval
        request.timeoutInterval = max(1, timeout.rounded(.up))
        let task = session.dataTask(with: request)
        let watch = Task {
            try await Task.sleep(for: .seconds(timeout))
            exchange.state.withLock { $0.isTooLate = true }
            task.cancel()
        }
        defer { watch.cancel() }
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

    package func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
        let isTooLong = state.withLock { state in
            if state.body.count + data.count > limit { state.isTooLong = true } else { state.body += data }
            return state.isTooLong
        }
        if isTooLong { dataTask.cancel() }
    }

    package func urlSession(
        _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
        newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
    ) {
        completionHandler(followsRedirects && request.url.map(HTTPAddress.isSafe) == true ? request : nil)
    }

    package func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
        let response = task.response as? HTTPURLResponse
        let (waiting, outcome) = state.withLock { state in
            defer { state.waiting = nil }
            let answer = Answer(
                status: response?.statusCode ?? 0, body: state.body,
                retryAfter: response?.value(forHTTPHeaderField: "Retry-After"))
            let outcome: Result<Answer, Failure> =
                state.isTooLong
                ? .failure(.tooLong(limit))
                : state.isTooLate
                    ? .failure(.unreachable("there was no answer in time"))
                    : error.map { .failure(.unreachable($0.localizedDescription)) } ?? .success(answer)
            return (state.waiting, outcome)
        }
        waiting?.resume(returning: outcome)
    }
}
