import KafkaBroker
import KafkaWire
import Logging
import PageServing

/// The web page of an embedded broker: topics, messages, groups and transactions, live, on 127.0.0.1; or elsewhere over TLS, for
/// the broker's users (``PageDoor``).
///
/// One page without a build step (`PageHTML`, `PageStyle`, `PageScript`), which asks for JSON (``BrokerAPI``) once a
/// second while it is looked at. It only shows: every request but GET is refused, and so is one whose `Host` is not this
/// machine where no password is asked for, since a page of elsewhere could otherwise reach it under a name of its own (DNS
/// rebinding), and one that a browser makes for another site's page.
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
    public let url: String
    /// Whether it asks for a user of the broker.
    public let asksForUser: Bool

    /// Serves the page of `broker` at a host and port; port 0 takes any free one. When the call returns, browsers can connect.
    /// `logger` is told where the page cannot take connections.
    ///
    /// An address that other machines reach is served over TLS, with the broker's certificate, to its users alone: a broker without
    /// both is a `StartError`. Default: 127.0.0.1, which asks nobody.
    public static func start(
        _ broker: KafkaBroker, host: String = "127.0.0.1", port: UInt16,
        logger: Logger = Logger(label: "kafka-broker-page", factory: { _ in SwiftLogNoOpLogHandler() })
    ) async throws(StartError) -> BrokerUI {
        let address: SocketAddress
        let server: PageServer
        do throws(NetError) {
            address = try await PageServer.address(host.isEmpty ? "0.0.0.0" : host, port, on: broker.loop)
        } catch {
            throw Self.failure(host, port, error)
        }
        let door = address.isLoopback ? nil : try await Self.door(of: broker, host, port, logger)
        do throws(NetError) {
            let source = BrokerPageSource(pages: BrokerPages(api: BrokerAPI(broker: broker)), door: door)
            server = try PageServer(source, at: address, logger: logger)
        } catch { throw Self.failure(host, port, error) }
        await server.start()
        return BrokerUI(server, on: broker.loop, host: host, asksForUser: door != nil)
    }

    private static func failure(_ host: String, _ port: UInt16, _ error: NetError) -> StartError {
        StartError(
            description:
                "The page cannot be served on \(host):\(port): \(error.words). Choose another host or port; port 0 is any "
                + "free one.")
    }

    private static func door(
        of broker: KafkaBroker, _ host: String, _ port: UInt16, _ logger: Logger
    ) async throws(StartError) -> PageDoor {
        guard let options = await broker.viewerTLS else {
            throw StartError(
                description:
                    "The page cannot be served on \(host):\(port): it shows everything in the broker, and this one has no "
                    + "certificate, or no users with passwords, to keep others out. Start it with --secure (or a listener with "
                    + "SASL_SSL), or serve the page on 127.0.0.1.")
        }
        do throws(TLSError) {
            let tls = try TLSContext(server: options) { logger.warning("The page: \($0)") }
            return PageDoor(tls) { await broker.viewer($0, from: $1) }
        } catch { throw StartError(description: "The page cannot be served on \(host):\(port): \(error)") }
    }

    private init(_ server: PageServer, on loop: any EventLoop, host: String, asksForUser: Bool) {
        self.loop = loop
        self.server = server
        self.asksForUser = asksForUser
        port = server.port
        // "Every address" is none that a browser could connect to.
        let name = ["", "0.0.0.0", "::"].contains(host) ? "localhost" : host.contains(":") ? "[\(host)]" : host
        url = "\(asksForUser ? "https" : "http")://\(name):\(server.port)/"
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
