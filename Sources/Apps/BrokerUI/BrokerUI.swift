import FlyingFox
import FlyingSocks
import Foundation
import KafkaBroker

/// The web page of an embedded broker: topics, messages, groups and transactions, live, on 127.0.0.1.
///
/// One page without a build step (`PageHTML`, `PageStyle`, `PageScript`), which asks for JSON (``BrokerAPI``) once a
/// second while it is looked at. It only shows: every request but GET is refused, and so is one whose `Host` is not this
/// machine, since a page of elsewhere could otherwise reach it under a name of its own (DNS rebinding).
public final class BrokerUI: Sendable {
    /// Why the page could not be served, in a sentence.
    public struct StartError: Error, CustomStringConvertible, Sendable {
        public let description: String
    }

    /// The port that the page is served on.
    public let port: UInt16
    private let server: HTTPServer
    private let task: Task<Void, Never>

    /// Where a browser finds the page.
    public var url: String { "http://127.0.0.1:\(port)/" }

    /// Serves the page of `broker` on a port of 127.0.0.1; 0 takes any free one. When the call returns, browsers can
    /// connect.
    public static func start(_ broker: KafkaBroker, port: UInt16) async throws(StartError) -> BrokerUI {
        do {
            let pages = BrokerPages(api: BrokerAPI(broker: broker))
            let server = HTTPServer(
                address: try sockaddr_in.inet(ip4: "127.0.0.1", port: port), timeout: 10, logger: .disabled,
                handler: pages)
            let (outcomes, outcome) = AsyncStream<Result<Void, any Error>>.makeStream()
            let task = Task {
                do { try await server.run() } catch { outcome.yield(.failure(error)) }
            }
            let waiting = Task {
                if (try? await server.waitUntilListening()) != nil { outcome.yield(.success(())) }
            }
            defer { waiting.cancel() }
            for await first in outcomes {
                try first.get()
                break
            }
            guard case .ip4(_, let port) = await server.listeningAddress else {
                throw StartError(description: "The page cannot be served: its port is not known.")
            }
            return BrokerUI(server, task, port)
        } catch let error as StartError {
            throw error
        } catch {
            throw StartError(
                description: "The page cannot be served on 127.0.0.1:\(port): \(error.localizedDescription). Choose "
                    + "another port; 0 is any free one.")
        }
    }

    private init(_ server: HTTPServer, _ task: Task<Void, Never>, _ port: UInt16) {
        self.server = server
        self.task = task
        self.port = port
    }

    /// Closes the port, and the connections as far as that takes no longer than 200 ms: the server waits for those in
    /// turn that are in the middle of something, and nobody is to wait for a browser.
    public func stop() async {
        let (ends, end) = AsyncStream<Void>.makeStream()
        let server = server
        let task = task
        Task {
            await server.stop(timeout: 0)
            task.cancel()
            end.yield()
        }
        let limit = Task {
            try? await Task.sleep(for: .milliseconds(200))
            end.yield()
        }
        for await _ in ends { break }
        limit.cancel()
    }
}
