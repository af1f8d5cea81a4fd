/// Finds out why a client cannot reach a cluster, or cannot use it, and says what to change.
///
/// ```swift
/// let report = await KafkaDoctor(.init(bootstrapServers: ["localhost:9092"])).examine()
/// for finding in report.problems { print(finding.message, finding.advice ?? "") }
/// ```
///
/// The examination goes the way that every client goes: names, connections, TLS, the protocol, SASL, the addresses that
/// the brokers advertise (`advertised.listeners`, KIP-103), their versions (KIP-35), topics, groups, permissions, clocks.
/// It asks, and changes nothing: no topic is created, no record written, no group joined. What cannot be reached is tried
/// side by side and never longer than ``Configuration/timeout``; only groups are looked at for longer,
/// ``Configuration/watch``.
public struct KafkaDoctor: Sendable {
    /// What to examine, and for how long.
    public struct Configuration: Sendable {
        /// The client whose way is gone: bootstrap servers, name, TLS and SASL. Its time-outs are not used.
        public var client: ClientConfiguration
        /// Files that hold secrets of the client beside those that its settings name, such as the file of the settings:
        /// it is told who else may read them. Default none.
        public var secretFiles: [String] = []
        /// The topics to look at; empty is all that there are.
        public var topics: [String] = []
        /// The groups to watch; empty is none, and a short look at the states of all.
        public var groups: [String] = []
        /// How long groups are watched. Default 10 s: consumers commit by themselves every 5 s
        /// (`auto.commit.interval.ms`), so that a shorter watch cannot tell for sure that one does not.
        public var watch: Duration = .seconds(10)
        /// How long a name, a connection or an answer is waited for. Default 3 s.
        public var timeout: Duration = .seconds(3)
        /// From which time on a connection or a round trip counts as slow. Default 200 ms.
        public var slow: Duration = .milliseconds(200)

        /// Looks a name up and calls back once, on any thread.
        package typealias LookUp =
            @Sendable (String, UInt16, @escaping @Sendable (Result<[SocketAddress], NetError>) -> Void) -> Void
        /// Nil is the loop's; tests give names addresses of their own.
        package var resolver: LookUp?
        /// Ports of the bootstrap server's host to try where the advertised addresses are of no use: those that Kafka's
        /// own examples and the usual compose files publish.
        package var usualPorts: [UInt16] = [9092, 9094, 29092, 19092]

        /// The defaults, for a client of that configuration.
        public init(_ client: ClientConfiguration) { self.client = client }

        /// The defaults, and these brokers.
        public init(bootstrapServers: [String]) { client = ClientConfiguration(bootstrapServers: bootstrapServers) }
    }

    /// What is examined.
    public var configuration: Configuration

    /// A doctor for that client.
    public init(_ configuration: Configuration) { self.configuration = configuration }

    /// Examines, and tells what was found. It does not throw: what fails is a finding. When the task is cancelled, the
    /// watch over groups ends, and what was seen until then is judged.
    ///
    /// - Parameters:
    ///   - begin: Is called when a step begins.
    ///   - end: Is called when a step has ended, with what it found.
    public func examine(
        begin: @escaping @Sendable (DiagnosisReport.Stage) -> Void = { _ in },
        end: @escaping @Sendable (DiagnosisReport.Step) -> Void = { _ in }
    ) async -> DiagnosisReport {
        var report = DiagnosisReport()
        do throws(KafkaError) {
            let loop = try configuration.client.loopToUse()
            let start = loop.now
            report = await Examination(configuration, on: loop, begin: begin, end: end).run()
            report.duration = loop.now - start
        } catch {
            report.steps = [
                .init(
                    .names, "nothing could be tried",
                    findings: [
                        DiagnosisFinding(
                            .problem, .connectionFailed, .client,
                            "This process has no descriptors or threads left (\(error.message)).",
                            advice: "Raise its limits (ulimit -n).")
                    ])
            ]
        }
        return report
    }
}
