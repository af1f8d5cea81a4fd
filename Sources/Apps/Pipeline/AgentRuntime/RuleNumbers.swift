import Detectors

/// How many users a detector may keep: some 250 to 450 bytes each.
private let userLimits = 1...10_000_000

/// The numbers of the agents' rules. Their defaults are those of the detectors: the exercise's.
extension AnomalyDetector {
    /// Times the mean, the least amount, how many amounts there have to be, and how many are kept.
    public static let numbers: [RuleNumber<Rule>] = [
        .whole("factor", 1...1000, \.factor), .amount("minimum", \.floor), .whole("least", 1...50, \.minimumHistory),
        .whole("keep", 1...50, \.history), .whole("users", userLimits, \.maximumUsers),
    ]
}

extension VelocityDetector {
    /// How many are not too many within which time, what is a high amount, and what scores.
    public static let numbers: [RuleNumber<Rule>] = [
        .whole("most", 1...60, \.maximumTransactions), .span("window", \.windowMicroseconds),
        .amount("high", \.highAmount),
        .whole("velocity-score", 0...1_000_000, \.velocityScore), .whole("amount-score", 0...1_000_000, \.amountScore),
        .whole("alert-score", 0...1_000_000, \.alertScore), .whole("users", userLimits, \.maximumUsers),
    ]
}

extension ProbeDetector {
    /// What is small and what large, at how many merchants within which time, and how late an event may be.
    public static let numbers: [RuleNumber<Rule>] = [
        .amount("small", \.small), .amount("large", \.large), .whole("least", 1...15, \.leastMerchants),
        .span("window", \.windowMicroseconds), .span("lateness", from: .zero, \.latenessMicroseconds),
        .whole("users", userLimits, \.maximumUsers),
    ]
}
