import KafkaBroker
import KafkaWire
import Logging

/// The web page of an embedded broker: topics, messages, groups and transactions, live, on 127.0.0.1.
///
/// One page without a build step (`PageHTML`, `PageStyle`, `PageScript`), which asks for JSON (``BrokerAPI``) once a
/// second while it is looked at. It only shows: every request but GET is refused, and so is one whose `Host` is not this
/// machine, since a page of elsewhere could otherwise reach it under a name of its own (DNS rebinding), and one that a
/// browser makes for another site's page.
public final class BrokerUI: Sendable {
    /// Why the page could not be served, in a sentence.
    public struct StartError: Error, CustomStringConvertible, Sendable {
        /// The sentence.
        public let description: String
    }

    /// The port that the page is served on.
    public let port: UInt16
    private let server: PageServer
    /// The broker's: the page's own may be at an answer.
    private let loop: any EventLoop

    /// Where a browser finds the page.
    public var url: String { "http://127.0.0.1:\(port)/" }

    /// Serves the page of `broker` on a port of 127.0.0.1; 0 takes any free one. When the call returns, browsers can
    /// connect. `logger` is told where the page cannot take connections.
    public static func start(
        _ broker: KafkaBroker, port: UInt16,
        logger: Logger = Logger(label: "kafka-broker-page", factory: { _ in SwiftLogNoOpLogHandler() })
    ) async throws(StartError) -> BrokerUI {
        let server: PageServer
        do throws(NetError) {
            server = try PageServer(BrokerPages(api: BrokerAPI(broker: broker)), port: port, logger: logger)
        } catch {
            throw StartError(
                description:
                    "The page cannot be served on 127.0.0.1:\(port): \(error.words). Choose another port; 0 is "
                    + "any free one.")
        }
        await server.start()
        return BrokerUI(server, on: broker.loop)
    }

    private init(_ server: PageServer, on loop: any EventLoop) {
        self.loop = loop
        self.server = server
        port = server.port
    }

    /// Closes the port and all connections; an answer that is being made may take 200 ms for that, and is not waited for
    /// any longer: nobody is to wait for a browser.
    public func stop() async {
        let (server, end) = (server, Arrival<Void>())
        Task {
            await server.stop()
            end.give(())
        }
        let timer = loop.schedule(at: loop.now + .milliseconds(200)) { end.give(()) }
        await end.value()
        loop.cancel(timer)
    }
}
