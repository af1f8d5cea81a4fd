import KafkaWire

extension Proxy {
    /// How a proxy is set up.
    package struct Configuration: Sendable {
        /// Where clients begin; port 0 takes any free one. The listeners of the cluster's brokers take the ports behind
        /// it that are free.
        package var listen: HostPort
        /// The brokers to begin with: the first that can be reached is used.
        package var bootstrap: [HostPort]
        /// The host that clients are told to connect to; nil is the one that is listened on, or the address by which
        /// the client came where that is every address of the machine.
        package var advertisedHost: String?
        /// How many clients may be connected at once.
        package var connectionLimit = 1000
        /// How long a broker may take to accept a connection.
        package var connectTimeout = Duration.seconds(5)
        /// Whether a connection to a broker is tried at the beginning, so that a wrong address is said at once.
        package var probes = false
        /// What goes wrong on purpose.
        package var faults = FaultPlan()
        /// Where what passes is told; nil is nowhere.
        package var feed: ExchangeFeed?
        /// Whether the exchanges that are told have the bytes of requests, of those APIs or (nil) of all.
        package var keepsRequests = false
        package var keptRequests: Set<APIKey>?
        /// Whether they have the bytes of answers.
        package var keepsAnswers = false
        /// Whether they have the error codes of answers, or else the bytes in which those are.
        package var tellsErrors = false
        /// Whether every frame is told too.
        package var tellsFrames = false
        /// Whether what is secret in those frames is told as it passed; else there are zeros in its place.
        package var showsSecrets = false
        /// How the brokers are reached: under TLS, where that is wanted.
        package var security = ConnectionSecurity()
        /// Whether the proxy says to the brokers who it is, for clients that do not.
        package var logsIn = false
        /// Is told what a person should know, in a sentence. Called on the proxy's thread.
        package var complain: @Sendable (String) -> Void = { _ in }
        /// Is told of each listener that is opened for a broker.
        package var announce: @Sendable (_ listener: HostPort, _ broker: HostPort) -> Void = { _, _ in }

        /// The loop that the proxy is on; nil is one of its own.
        package var loop: (any EventLoop)?

        package init(listen: HostPort, bootstrap: [HostPort]) {
            self.listen = listen
            self.bootstrap = bootstrap
        }
    }
}

/// What the connections of a proxy share; of the proxy's actor, and never elsewhere.
final class ProxyContext {
    let configuration: Proxy.Configuration
    let loop: any EventLoop
    let gates: Gates
    /// Where every connection reads into: what does not pass at once is copied out.
    let scratch: UnsafeMutableRawBufferPointer
    let memory = WarmMemory()
    private var complained: [String: Instant] = [:]

    init(_ configuration: Proxy.Configuration, _ gates: Gates, on loop: any EventLoop) {
        self.configuration = configuration
        self.loop = loop
        self.gates = gates
        scratch = .allocate(byteCount: 256 << 10, alignment: 16)
    }

    deinit { scratch.deallocate() }

    /// Says a sentence, but not each time where the same kind of trouble comes again and again.
    func complain(_ kind: String, every pause: Duration = .seconds(5), _ sentence: @autoclosure () -> String) {
        let now = loop.now
        if let last = complained[kind], now < last + pause { return }
        if complained.count > 1000 { complained = [:] }
        complained[kind] = now
        configuration.complain(sentence())
    }
}
