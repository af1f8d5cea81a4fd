import Foundation
import JSONLines

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Kafka Connect's REST API at one worker, over HTTP or HTTPS. Every call has an end: that of its time-out.
package struct ConnectClient: Sendable {
    package enum Method: String, Sendable {
        case get = "GET"
        case post = "POST"
        case put = "PUT"
        case patch = "PATCH"
        case delete = "DELETE"
    }

    /// The worker that is asked.
    package let address: ConnectAddress
    /// Its release, as in `4.3.0`.
    package let version: String
    private let session: URLSession

    /// How long the first answer may take: a worker answers `GET /` without asking anybody.
    package static let patience = Duration.seconds(5)
    /// How long other answers may take: Connect's own limit is 90 seconds.
    package static let longest = Duration.seconds(95)

    /// The first of the addresses at which Connect answers. Throws what is wrong with the last one, or with each.
    package static func open(
        _ addresses: [ConnectAddress], patience: Duration = patience
    ) async throws(ConnectError) -> ConnectClient {
        var failures: [ConnectError] = []
        for address in addresses {
            do throws(ConnectError) { return try await ConnectClient(address, patience) } catch {
                failures.append(error)
            }
        }
        guard let last = failures.last else { throw ConnectError(.usage, "no address of Connect is given.") }
        throw failures.count == 1 ? last : ConnectError(last.kind, all: failures.flatMap(\.sentences))
    }

    private init(_ address: ConnectAddress, _ patience: Duration) async throws(ConnectError) {
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpCookieStorage = nil
        configuration.urlCache = nil
        session = URLSession(configuration: configuration)
        self.address = address
        let (_, body) = try await Self.send(session, address, .get, [], [], nil, patience)
        guard let document = Document(body), let version = document["version"]?.text,
            document["kafka_cluster_id"] != nil || document["commit"] != nil
        else { throw Self.stranger(address, body) }
        self.version = version
    }

    /// The answer's document; null where it has no body.
    @discardableResult package func call(
        _ method: Method, _ path: [String], query: [(String, String)] = [], body: Document? = nil,
        timeout: Duration = longest
    ) async throws(ConnectError) -> Document {
        let content = body.map { Data($0.compact.utf8) }
        let (status, bytes) = try await Self.send(session, address, method, path, query, content, timeout)
        let isBlank = bytes.allSatisfy { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D }
        let document = Document(bytes)
        if (200..<300).contains(status) {
            if isBlank { return .null }
            guard let document else { throw Self.stranger(address, bytes) }
            return document
        }
        let request = "\(method.rawValue) /\(path.joined(separator: "/"))"
        if let message = document?["message"]?.text ?? (document == nil || isBlank ? nil : "") {
            throw ConnectError.refusal(status: status, message: message, request: request, at: address)
        }
        if isBlank || status == 401 || status == 503 {
            throw ConnectError.refusal(status: status, message: "", request: request, at: address)
        }
        throw Self.stranger(address, bytes)
    }

    // MARK: - HTTP

    private static func send(
        _ session: URLSession, _ address: ConnectAddress, _ method: Method, _ path: [String],
        _ query: [(String, String)], _ body: Data?, _ timeout: Duration
    ) async throws(ConnectError) -> (status: Int, body: [UInt8]) {
        guard let url = address.url(path, query) else {
            throw ConnectError(.usage, "\(address) is no address of Connect; it looks like http://localhost:8083.")
        }
        let seconds = max(0.05, timeout / .seconds(1))
        var request = URLRequest(url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: seconds)
        request.httpMethod = method.rawValue
        request.setValue("application/json", forHTTPHeaderField: "Accept")
        if let authorization = address.authorization {
            request.setValue(authorization, forHTTPHeaderField: "Authorization")
        }
        if let body {
            request.httpBody = body
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        do {
            let (content, response) = try await bounded(timeout) { [request] in try await session.data(for: request) }
            guard let response = response as? HTTPURLResponse else { throw URLError(.badServerResponse) }
            return (response.statusCode, [UInt8](content))
        } catch let error as URLError {
            throw failure(error, address, seconds)
        } catch {
            throw ConnectError(.unreachable, "Connect at \(address) cannot be asked: \(error).")
        }
    }

    /// URLSession's own time-out counts from the last byte: an answer in drops would never end.
    private static func bounded<T: Sendable>(
        _ timeout: Duration, _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        try await withThrowingTaskGroup(of: T.self) { group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw URLError(.timedOut)
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw URLError(.unknown) }
            return first
        }
    }

    private static func failure(_ error: URLError, _ address: ConnectAddress, _ seconds: Double) -> ConnectError {
        let advice = "Is Kafka Connect running there? --connect or CONNECT_URL names another place."
        switch error.code {
        case .timedOut:
            return ConnectError(
                .timedOut,
                "Connect at \(address) did not answer within \(Int(seconds.rounded(.up))) s; look at the worker's log, "
                    + "and whether a firewall is in between.")
        case .cannotFindHost, .dnsLookupFailed:
            return ConnectError(.unreachable, "The host of \(address) is not known; check its name. \(advice)")
        case .cannotConnectToHost:
            return ConnectError(.unreachable, "Nothing answers at \(address). \(advice)")
        case .secureConnectionFailed, .serverCertificateUntrusted, .serverCertificateHasBadDate,
            .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid:
            return ConnectError(
                .unreachable,
                "The TLS connection to \(address) failed: its certificate is not trusted here, or it speaks plain HTTP."
            )
        default:
            return ConnectError(
                .notConnect,
                "\(address) does not answer as Kafka Connect does (\(error.localizedDescription)). \(advice)")
        }
    }

    private static func stranger(_ address: ConnectAddress, _ body: [UInt8]) -> ConnectError {
        let start = String(decoding: body.prefix(200), as: UTF8.self).lowercased()
        let what =
            body.isEmpty
            ? "an empty answer"
            : start.contains("<html") || start.contains("<!doctype")
                ? "a web page" : Document(body) == nil ? "something that is no JSON" : "another JSON document"
        return ConnectError(
            .notConnect,
            "What answers at \(address) is not Kafka Connect: it sends \(what). --connect or CONNECT_URL names the REST "
                + "address of a worker, by default port 8083.")
    }
}
