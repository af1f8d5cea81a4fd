import Screens

/// When a group will have caught up, from its lag, what comes in and what it takes.
package enum Forecast: Sendable, Equatable {
    /// Nothing can be said yet: too few looks, or the group's offsets have just been moved.
    case unknown
    /// There is nothing to read.
    case caughtUp
    /// It keeps pace with what comes in, so many seconds behind.
    case keepsPace(behind: Duration)
    /// It will have caught up after that time.
    case catchesUp(after: Duration)
    /// Never at this rate: its lag grows by so many records per second.
    case fallsBehind(Double)
    /// It takes nothing, though there is something to read.
    case standsStill

    /// A lag of so many seconds may come from committing now and then: its slope is taken less seriously.
    private static let commitPause = 10.0
    /// A group that has members has to be watched so long before it can be said to fall behind or to stand still: what they
    /// have read and not yet committed is lag, too, and between two commits (5 s, as clients do by default) it only grows.
    package static let patience = Duration.seconds(11)
    /// A lag that changes by less than this part of what comes in stays the same.
    private static let steady = (near: 0.15, far: 0.03)

    /// - Parameters:
    ///   - lag: Records that are still to read; nil where the group has committed nothing.
    ///   - slope: By how many records per second the lag grows; nil where that is not known yet.
    ///   - incoming: Records per second that come in; nil where that is not known yet.
    ///   - consumed: Records per second that are taken; nil where that is not known yet.
    package init(lag: Int64?, slope: Double?, incoming: Double?, consumed: Double?) {
        guard let lag else {
            self = .unknown
            return
        }
        guard lag > 0 else {
            self = .caughtUp
            return
        }
        guard let slope, let consumed else {
            self = .unknown
            return
        }
        let incoming = max(incoming ?? 0, 0)
        let isNear = incoming > 0 && Double(lag) / incoming <= Self.commitPause
        let isSteady = slope.magnitude <= max(incoming * (isNear ? Self.steady.near : Self.steady.far), 0.01)
        // More than a century says nothing.
        func seconds(_ number: Double) -> Duration { .seconds(min(number, 3.2e9)) }
        if consumed < 0.01 {
            self = slope > 0 && !isSteady ? .fallsBehind(slope) : .standsStill
        } else if isSteady {
            self = .keepsPace(behind: seconds(Double(lag) / (incoming > 0 ? incoming : consumed)))
        } else if slope < 0 {
            self = .catchesUp(after: seconds(Double(lag) / -slope))
        } else {
            self = .fallsBehind(slope)
        }
    }

    /// What can be said after a group was watched for `time` only.
    package func watched(for time: Duration, hasMembers: Bool) -> Forecast {
        switch self {
        case .fallsBehind, .standsStill: hasMembers && time < Self.patience ? .unknown : self
        case .unknown, .caughtUp, .keepsPace, .catchesUp: self
        }
    }

    /// In words, as in "in 2 min 10 s".
    package var words: String {
        switch self {
        case .unknown: "–"
        case .caughtUp: "caught up"
        case .keepsPace(let behind): "keeps pace, \(Quantity.span(behind)) behind"
        case .catchesUp(let after): "in \(Quantity.span(after))"
        case .fallsBehind(let rate): "never at this rate (falls behind \(Quantity.rate(rate))/s)"
        case .standsStill: "never (nothing is consumed)"
        }
    }

    /// In few words, for narrow columns.
    package var shortWords: String {
        switch self {
        case .unknown, .caughtUp, .catchesUp: words
        case .keepsPace(let behind): "\(Quantity.span(behind)) behind"
        case .fallsBehind(let rate): "never, +\(Quantity.rate(rate))/s"
        case .standsStill: "never, stopped"
        }
    }

    /// A word for programs.
    package var name: String {
        switch self {
        case .unknown: "unknown"
        case .caughtUp: "caughtUp"
        case .keepsPace: "keepsPace"
        case .catchesUp: "catchesUp"
        case .fallsBehind: "fallsBehind"
        case .standsStill: "standsStill"
        }
    }
}
