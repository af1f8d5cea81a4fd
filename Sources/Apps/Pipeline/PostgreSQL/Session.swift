// A connection that comes back: what a program that runs for days holds on to.

import Foundation

/// How long an outage may last before the program gives up.
public struct Patience: Sendable, Equatable {
    /// Before the first connection ever: what never worked may simply be misconfigured.
    public var first: Duration
    /// Afterwards; nil is without end, since settings that have worked are right, and only waiting helps.
    public var later: Duration?
    /// Once the program is to end, with work in hand whose outcome nobody knows: less than supervisors wait before they kill.
    public var ending: Duration

    /// 30 seconds for the first connection, without end afterwards, and 5 seconds when the program is to end.
    public init(first: Duration = .seconds(30), later: Duration? = nil, ending: Duration = .seconds(5)) {
        self.first = first
        self.later = later
        self.ending = ending
    }
}

/// Waits between attempts: each about twice as long as the one before, up to a limit, and never two programs in step.
public struct Backoff: Sendable {
    /// The first wait, before jitter.
    public static let shortest = Duration.milliseconds(250)
    /// The longest wait.
    public static let longest = Duration.seconds(10)
    private var attempt = 0

    /// Before the first attempt.
    public init() {}

    /// The next wait.
    ///
    /// - Parameter jitter: a random number from 0 to 1; the wait lies between a half and the whole of its step.
    public mutating func next(jitter: Double) -> Duration {
        let step = min(Backoff.shortest * (1 << min(attempt, 10)), Backoff.longest)
        attempt += 1
        return step / 2 + step / 2 * min(max(jitter, 0), 1)
    }
}

/// Runs work over a connection, and again over a new one after an outage.
public final class Session {
    /// What there is to tell a person: twice per outage, however many attempts it takes.
    public enum Event: Sendable {
        /// The database went away; the program keeps trying.
        case away(PostgreSQLError)
        /// It is back after so long.
        case back(server: String, after: Duration)
    }

    private let settings: ConnectionSettings
    private let patience: Patience
    private let interrupt: Int32
    private let pause: (Duration) -> Bool
    private let report: (Event) -> Void
    private var connection: Connection?
    private var hasWorked = false

    /// A session that connects when first used.
    ///
    /// - Parameters:
    ///   - interrupt: a descriptor that becomes readable when the program is to end; -1 for none.
    ///   - pause: waits so long, and says whether the program is to end.
    ///   - report: is told of an outage's begin and end.
    public init(
        _ settings: ConnectionSettings, patience: Patience = Patience(), interrupt: Int32 = -1,
        pause: @escaping (Duration) -> Bool, report: @escaping (Event) -> Void
    ) {
        self.settings = settings
        self.patience = patience
        self.interrupt = interrupt
        self.pause = pause
        self.report = report
    }

    /// Runs `work`, again after each outage: so it must be safe to run again when its outcome is unknown.
    ///
    /// - Parameter isInDoubt: Whether what `work` has done so far has an outcome that nobody knows: it then runs again although the
    ///   program is to end, for ``Patience/ending``.
    /// - Throws: what `work` or connecting throws and waiting cannot mend, the outage's error when patience is over,
    ///   `.interrupted` when the program is to end.
    public func perform<R>(
        whileInDoubt isInDoubt: () -> Bool = { false }, _ work: (Connection) throws(PostgreSQLError) -> R
    ) throws(PostgreSQLError) -> R {
        var backoff = Backoff()
        var since: ContinuousClock.Instant?
        // Until when there are further attempts, once the program is to end.
        var end: ContinuousClock.Instant?
        while true {
            do {
                let open = try usableConnection(interrupt: end == nil ? interrupt : -1)
                let result = try work(open)
                // Only now is the outage over: a server that takes connections and does nothing is still away.
                if let began = since { report(.back(server: open.server, after: began.duration(to: .now))) }
                return result
            } catch {
                if !(connection?.isUsable ?? false) { connection = nil }
                guard error.isRetriable || error.kind == .interrupted else { throw error }
                let wait = backoff.next(jitter: Double.random(in: 0...1))
                if error.isRetriable, end == nil {
                    let began = since ?? .now
                    let limit = hasWorked ? patience.later : patience.first
                    if let limit, began.duration(to: .now) >= limit { throw error }
                    if since == nil { report(.away(error)) }
                    since = began
                    guard pause(wait) else { continue }
                }
                let last = end ?? .now + patience.ending
                guard isInDoubt(), .now < last else { throw PostgreSQLError(.interrupted, server: error.server) }
                end = last
                Thread.sleep(forTimeInterval: min(wait, Backoff.shortest) / .seconds(1))
            }
        }
    }

    /// Closes the connection until it is needed again.
    public func rest() {
        connection = nil
    }

    private func usableConnection(interrupt: Int32) throws(PostgreSQLError) -> Connection {
        if let connection, connection.isUsable { return connection }
        connection = nil
        let fresh = try Connection.open(settings, interrupt: interrupt)
        connection = fresh
        hasWorked = true
        return fresh
    }
}
