import Logging

/// What every client needs: where the cluster is, what the client calls itself, and how long it waits.
public struct ClientConfiguration: Sendable {
    /// Brokers to ask first, as `host:port` (`bootstrap.servers`); the port is 9092 where none is given; several in
    /// one text have commas between them. One that answers is enough: it names the others. `unix:/path` is a Unix socket.
    public var bootstrapServers: [String]
    /// What the client calls itself in the broker's logs and quotas (`client.id`). Default `kafkawire`.
    public var clientId = "kafkawire"
    /// How long opening a connection may take (`socket.connection.setup.timeout.ms`). It grows while a broker cannot be
    /// connected to, up to ``ConnectionOptions/maximumConnectTimeout``. Default 10 s, as in Java.
    public var connectTimeout: Duration = .seconds(10)
    /// How long an answer may take (`request.timeout.ms`). Default 30 s, as in Java. Requests that wait at the broker,
    /// such as joining a group, get the time of their waiting on top.
    public var requestTimeout: Duration = .seconds(30)
    /// How long a call that needs several requests and retries may take in all (`default.api.timeout.ms`). Default
    /// 60 s, as in Java.
    public var apiTimeout: Duration = .seconds(60)
    /// How long an administrative call goes on trying a broker to which no connection can be made; nil is the whole of
    /// ``apiTimeout``, as in Java. Default nil: a program waits until the broker is back. A person would rather be told.
    public var reachTimeout: Duration?
    /// The pause before the first retry (`retry.backoff.ms`), doubled each time. Default 100 ms, as in Java.
    public var retryBackoff: Duration = .milliseconds(100)
    /// The longest pause between retries (`retry.backoff.max.ms`). Default 1 s, as in Java.
    public var maximumRetryBackoff: Duration = .seconds(1)
    /// After how long topics and leaders are asked for anew though nothing failed (`metadata.max.age.ms`). Default
    /// 5 minutes, as in Java.
    public var metadataMaximumAge: Duration = .seconds(300)
    /// How connections are made, and how long they are kept.
    public var connections = ConnectionOptions()
    /// TLS and SASL (`security.protocol`, `ssl.*`, `sasl.*`). Default: neither.
    public var security = SecurityOptions()
    /// Up to which versions of the protocol the client speaks (`api.versions.release`). Default nil: the highest that both sides
    /// do.
    public var versions: VersionLimits?
    /// What happens when no known broker tells of the cluster any more (`metadata.recovery.strategy`,
    /// `metadata.recovery.rebootstrap.trigger.ms`). Default: the bootstrap servers are asked anew, at the latest after 5
    /// minutes, as in Java.
    public var recovery = MetadataRecovery.rebootstrap(after: .seconds(300))
    /// Where the client logs to, at the levels of ``LogObserver``. It never logs keys, values or credentials. Default: nowhere.
    public var logger = Logger(label: "kafkawire") { _ in SwiftLogNoOpLogHandler() }

    /// Are told what happens, on the client's loop. Default: none.
    public var observers: [any ClientObserver] = []
    /// Is told what happens, as ``observers`` are, for programs that want no type of their own. Default nil.
    public var onEvent: (@Sendable (ClientEvent) -> Void)?
    /// Whether ``ClientMetrics`` are kept, which costs each request and each batch a look into a dictionary. Default true.
    public var keepsMetrics = true
    /// After how long without progress ``ClientEvent/stalled(_:)`` is told of a partition that has records
    /// (`progress.limit.ms`, which other clients do not have). Default 30 s; zero never tells it.
    public var progressLimit: Duration = .seconds(30)

    /// The loop that the client is on; nil is the one that all share.
    package var loop: (any EventLoop)?

    /// That loop.
    package func loopToUse() throws(KafkaError) -> any EventLoop {
        if let loop { return loop }
        do { return try SocketLoop.common() } catch {
            throw KafkaError(.connectionFailed, "\(error)", isRetriable: false)
        }
    }

    /// The defaults, and these brokers.
    public init(bootstrapServers: [String]) { self.bootstrapServers = bootstrapServers }
}

/// A broker's address.
package struct BrokerAddress: Hashable, Sendable {
    package var host: String
    package var port: UInt16

    package init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// Reads `host`, `host:port`, `[v6]:port`, or any of them behind a listener's `PLAINTEXT://`; or `unix:/path`.
    package init(_ text: String) throws(KafkaError) {
        if let path = UnixPath.read(text) {
            guard SocketAddress.unix(path) != nil else {
                throw KafkaError(
                    .invalidConfiguration,
                    "\"\(text)\" is no path of a Unix socket; it has some 100 bytes at most",
                    setting: "bootstrap.servers")
            }
            self.init(host: text, port: 0)
            return
        }
        var rest = text[...]
        if let scheme = rest.range(of: "://") { rest = rest[scheme.upperBound...] }
        var host = rest
        var port: UInt16? = 9092
        if let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]"),
            rest.hasPrefix("[") || !rest[..<colon].contains(":")
        {
            host = rest[..<colon]
            port = UInt16(rest[rest.index(after: colon)...]).flatMap { $0 == 0 ? nil : $0 }
        }
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        guard let port, !host.isEmpty, !host.contains(where: \.isWhitespace) else {
            throw KafkaError(
                .invalidConfiguration,
                "\"\(text)\" is no broker's address; write it as host:port, such as localhost:9092",
                setting: "bootstrap.servers")
        }
        self.init(host: String(host), port: port)
    }
}

extension BrokerAddress: CustomStringConvertible {
    package var description: String { BrokerConnection.name(host, port) }
}

extension Substring {
    /// The first place where `text` stands.
    fileprivate func range(of text: String) -> Range<Index>? {
        var at = startIndex
        while at < endIndex {
            if self[at...].hasPrefix(text) { return at..<index(at, offsetBy: text.count) }
            at = index(after: at)
        }
        return nil
    }
}
