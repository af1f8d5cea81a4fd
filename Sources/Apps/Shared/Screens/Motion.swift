// What keys do in every view.

extension Key {
    /// How far the key goes in a list or a text of which so many lines are shown; nil for keys that do something else.
    package func distance(page: Int) -> Int? {
        switch self {
        case .up, .character("k"): -1
        case .down, .character("j"): 1
        case .pageUp, .control("b"): -page
        case .pageDown, .control("f"): page
        case .home, .character("g"): -.max / 2
        case .end, .character("G"): .max / 2
        default: nil
        }
    }
}

/// How often a view is made anew.
package enum RefreshInterval {
    /// What `+` and `-` choose between, in seconds.
    private static let choices: [Double] = [0.5, 1, 2, 5, 10, 30, 60]

    /// The next one, or the same where there is none.
    package static func next(_ now: Duration, longer: Bool) -> Duration {
        let seconds = now / .seconds(1)
        let next = longer ? choices.first { $0 > seconds } : choices.last { $0 < seconds }
        return next.map { .seconds($0) } ?? now
    }
}
