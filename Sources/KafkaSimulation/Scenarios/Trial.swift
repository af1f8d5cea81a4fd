import KafkaWire

/// A plan performed, and what is held against what came of it.
public struct Trial: Sendable {
    /// What was performed.
    public let plan: ScenarioPlan
    /// What came of it.
    public let outcome: ScenarioRun.Outcome
    /// What does not hold; nothing is held against what broke off.
    public let objections: [Objection]
    /// Why it broke off, in a sentence; nil where it came to its end.
    public let failure: String?
    /// What is wrong, without the particulars: what a smaller plan has to have as well.
    public let breaches: Set<String>

    /// Performs the plan, on this thread.
    ///
    /// - Parameter records: Whether all that goes over the network is kept.
    public init(_ plan: ScenarioPlan, records: Bool = false) {
        self.plan = plan
        let (outcome, failure) = ScenarioRun.attempt(plan, records: records)
        self.outcome = outcome
        self.failure = failure.map { "\($0)" }
        objections = failure == nil ? outcome.objections : []
        breaches = failure.map { [Self.kind($0)] } ?? Set(objections.map(\.rule.rawValue))
    }

    /// Whether all is as it should be.
    public var isSound: Bool { breaches.isEmpty }

    /// What is wrong, a sentence for each.
    public var complaints: [String] { failure.map { [$0] } ?? objections.map(\.description) }

    /// What happened, for people.
    public func timeline(_ name: String? = nil) -> Timeline {
        Timeline(plan, outcome.history, objections, failure: failure, scenario: name)
    }

    /// The smallest plan that is found for which something of this is wrong as well.
    ///
    /// - Parameters:
    ///   - tries: How many plans are performed at most.
    ///   - goesOn: Asked before each of them, with the plan, whether to go on.
    public func shrunk(tries: Int = 200, while goesOn: (ScenarioPlan) -> Bool = { _ in true }) -> ScenarioPlan {
        plan.shrunk(tries: tries) { smaller in
            goesOn(smaller) && !Trial(smaller).breaches.isDisjoint(with: breaches)
        }
    }

    private static func kind(_ error: any Error) -> String {
        switch error as? SimulationError {
        case .stalled: "it stalls"
        case .escaped: "something goes on outside of the simulation"
        case .tookTooLong: "it does not come to its end"
        case .spinning: "something goes on without time passing"
        case nil: "\(type(of: error))"
        }
    }
}
