import KafkaSimulation
import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Histories from one seed to the next, several at a time, each on a thread of its own.
package struct Hunt: Sendable {
    /// What gives the plan for a seed.
    package var plan: @Sendable (UInt64) -> ScenarioPlan
    package var firstSeed: UInt64
    package var count: Int
    /// How many at a time.
    package var jobs = 1
    /// Whether each is performed twice, and has to be the same.
    package var verifies = false

    package init(firstSeed: UInt64, count: Int, _ plan: @escaping @Sendable (UInt64) -> ScenarioPlan) {
        (self.firstSeed, self.count, self.plan) = (firstSeed, count, plan)
    }

    /// A history that is not as it should be.
    package struct Finding: Sendable, Equatable {
        package var seed: UInt64
        package var digest: String
        /// What is wrong, without the particulars.
        package var breaches: [String]
        /// What is wrong, a sentence for each.
        package var complaints: [String]
    }

    /// What came of them.
    package struct Report: Sendable {
        package var tally = Tally()
        /// In the order of their seeds.
        package var findings: [Finding] = []
        /// The digest of each, by how-manieth it is.
        var digests: [Int: String] = [:]
        /// How many were begun.
        var begun = 0

        /// Of all of them, in the order of their seeds: with the same seeds the same, however many are performed at a time.
        package var digest: String {
            var all = RunDigest()
            for (index, digest) in digests.sorted(by: { $0.key < $1.key }) {
                all.add(UInt64(index))
                all.add(digest)
            }
            return "\(all)"
        }
    }

    /// Performs them, until all are done or `isOver` says so. `each` is told of every one, from any thread, with what there
    /// was until then and how many of them are not as they should be.
    package func run(
        isOver: @escaping @Sendable () -> Bool, each: @escaping @Sendable (Finding?, Tally, Int) -> Void
    ) async -> Report {
        let report = Locked(Report())
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<max(1, min(jobs, count)) {
                group.addTask {
                    while !isOver(), let index = next(report) {
                        let (trial, finding) = perform(firstSeed &+ UInt64(index))
                        let (tally, failed) = report.withLock { report in
                            report.add(trial, finding, index)
                            return (report.tally, report.findings.count)
                        }
                        each(finding, tally, failed)
                    }
                }
            }
        }
        return report.withLock { $0 }
    }

    private func next(_ report: Locked<Report>) -> Int? {
        report.withLock { report in
            guard report.begun < count else { return nil }
            defer { report.begun += 1 }
            return report.begun
        }
    }

    private func perform(_ seed: UInt64) -> (Trial, Finding?) {
        let plan = plan(seed)
        let trial = Trial(plan)
        var (breaches, complaints) = (trial.breaches.sorted(), trial.complaints)
        if verifies {
            let again = Trial(plan).outcome.digest
            if again != trial.outcome.digest {
                breaches.append(Self.otherwise)
                complaints.append("\(Self.otherwise): its digest was \(trial.outcome.digest), and then \(again)")
            }
        }
        guard !breaches.isEmpty else { return (trial, nil) }
        let digest = "\(trial.outcome.digest)"
        return (trial, Finding(seed: seed, digest: digest, breaches: breaches, complaints: complaints))
    }

    /// What is wrong where two runs of a seed differ.
    package static let otherwise = "a second run is not the same"
}

extension Hunt.Report {
    fileprivate mutating func add(_ trial: Trial, _ finding: Hunt.Finding?, _ index: Int) {
        tally.add(trial)
        digests[index] = "\(trial.outcome.digest)"
        guard let finding else { return }
        findings.insert(finding, at: findings.firstIndex { $0.seed > finding.seed } ?? findings.endIndex)
    }
}

extension Hunt {
    /// How many processors this machine has for it.
    package static var processors: Int { max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
