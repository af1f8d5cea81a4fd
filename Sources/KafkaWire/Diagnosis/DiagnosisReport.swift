/// What a ``KafkaDoctor`` has found, step by step. A value.
public struct DiagnosisReport: Sendable, Equatable {
    /// The steps, in the order in which they were taken.
    public var steps: [Step] = []
    /// How long everything took.
    public var duration: Duration = .zero
    /// The cluster's id, where a broker has told it.
    public var clusterId: String?
    /// The brokers' release as far as their versions tell it, such as `4.3`; nil where they tell none.
    public var release: String?

    package init() {}

    /// One step of an examination.
    public struct Step: Sendable, Equatable {
        /// Which step it is.
        public var stage: Stage
        /// What came of it, in half a sentence, such as `2 of 3 brokers can be reached`.
        public var summary: String
        /// How long it took.
        public var duration: Duration
        /// Whether it could not be taken, because of what was found before.
        public var isSkipped: Bool
        /// What was found, the worst first.
        public var findings: [DiagnosisFinding]

        package init(
            _ stage: Stage, _ summary: String, duration: Duration = .zero, isSkipped: Bool = false,
            findings: [DiagnosisFinding] = []
        ) {
            self.stage = stage
            self.summary = summary
            self.duration = duration
            self.isSkipped = isSkipped
            // The order among equals stays, which `sorted` does not promise.
            self.findings = DiagnosisFinding.Severity.allCases.reversed().flatMap { severity in
                findings.filter { $0.severity == severity }
            }
        }

        /// The worst of the findings; ``DiagnosisFinding/Severity/ok`` where there are none.
        public var severity: DiagnosisFinding.Severity { findings.map(\.severity).max() ?? .ok }
    }

    /// The steps of an examination, in their order.
    public enum Stage: String, Sendable, CaseIterable {
        /// Host names are looked up.
        case names
        /// Connections are made.
        case connections
        /// TLS is agreed on, where the client is to use it, and its own settings are looked at.
        case security
        /// What listens there is asked for Kafka's protocol, and told who the client is.
        case `protocol`
        /// Each broker is visited under the address that it advertises.
        case brokers
        /// Its versions are held against what clients need.
        case release
        /// Topics: leaders, replicas.
        case topics
        /// Groups: members, assignment, progress.
        case groups
        /// Permissions: what producers and consumers need.
        case permissions
        /// Clocks: the cluster's and ours.
        case clocks
    }

    /// All findings, the worst first, those of earlier steps before those of later ones.
    public var findings: [DiagnosisFinding] {
        let all = steps.flatMap(\.findings)
        return DiagnosisFinding.Severity.allCases.reversed().flatMap { severity in
            all.filter { $0.severity == severity }
        }
    }

    /// The findings that are problems.
    public var problems: [DiagnosisFinding] { findings.filter { $0.severity == .problem } }
    /// The findings that are warnings.
    public var warnings: [DiagnosisFinding] { findings.filter { $0.severity == .warning } }
    /// The worst of the findings.
    public var severity: DiagnosisFinding.Severity { findings.first?.severity ?? .ok }

    /// The findings with that code.
    public subscript(code: DiagnosisFinding.Code) -> [DiagnosisFinding] { findings.filter { $0.code == code } }
}
