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

        /// Whether there is none missing between the first and the last of them.
        package var isWhole: Bool { (digests.keys.max() ?? -1) + 1 == tally.histories }

        /// Of all of them, in the order of their seeds: with the same seeds the same, however many are performed at a time.
        package var digest: String {
            var all = RunDigest()
            for (index, digest) in digests.sorted(by: { $0.key < $1.key }) {
                all.add(UInt64(clamping: index))
                all.add(digest)
            }
            return "\(all)"
        }
    }

    /// Begins to perform them. `each` is told of every one, from any thread, with what there was until then and how many of
    /// them are not as they should be; `end` when all are done.
    package func start(
        each: @escaping @Sendable (Finding?, Tally, Int) -> Void, end: @escaping @Sendable () -> Void
    ) -> Run {
        let run = Run()
        let workers = max(1, min(jobs, count))
        let working = Locked(workers)
        for _ in 0..<workers {
            WorkerThread.start {
                while let index = run.next(of: count) {
                    let (trial, finding) = perform(firstSeed &+ UInt64(clamping: index))
                    run.add(trial, finding, index, each)
                }
                let isLast = working.withLock { working in
                    working -= 1
                    return working == 0
                }
                if isLast { end() }
            }
        }
        return run
    }

    /// Histories that are being performed.
    package final class Run: Sendable {
        private let state = Locked((report: Report(), begun: 0, isOver: false))

        /// No more are begun, and none is told of; gives what there is.
        package func stop() -> Report {
            state.withLock { state in
                state.isOver = true
                return state.report
            }
        }

        fileprivate func next(of count: Int) -> Int? {
            state.withLock { state in
                guard !state.isOver, state.begun < count else { return nil }
                defer { state.begun += 1 }
                return state.begun
            }
        }

        fileprivate func add(
            _ trial: Trial, _ finding: Finding?, _ index: Int, _ each: (Finding?, Tally, Int) -> Void
        ) {
            state.withLock { state in
                guard !state.isOver else { return }
                state.report.add(trial, finding, index)
                each(finding, state.report.tally, state.report.findings.count)
            }
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
        findings.append(finding)
        findings.sort { $0.seed < $1.seed }
    }
}

extension Hunt {
    /// How many processors this machine has for it.
    package static var processors: Int { max(1, Int(sysconf(Int32(clamping: _SC_NPROCESSORS_ONLN)))) }
}
