/// The one timer of an actor, and the deadline that it is set to. A value that its owner keeps; `action` is what it does
/// when it fires, and begins with ``fired()``.
///
/// ```swift
/// private lazy var timer = DeadlineTimer(on: loop) { [weak self] in self?.assumeIsolated { $0.timerFired() } }
/// ```
package struct DeadlineTimer: Sendable {
    private let loop: any EventLoop
    private let action: @Sendable () -> Void
    private var current: (deadline: Instant, id: TimerID)?

    package init(on loop: any EventLoop, _ action: @escaping @Sendable () -> Void) {
        self.loop = loop
        self.action = action
    }

    /// What it is set to.
    package var deadline: Instant? { current?.deadline }

    /// Fires at that deadline, in place of the one before; with nil not at all.
    package mutating func set(_ deadline: Instant?) { set(deadline, at: deadline ?? loop.now) }

    /// The same with a deadline of another clock than the loop's, which now shows `now`. It is asked for when the
    /// deadline is another one than before.
    package mutating func set(_ deadline: Instant?, now: () -> Instant) {
        guard let deadline else { return cancel() }
        guard deadline != current?.deadline else { return }
        set(deadline, at: loop.now + max(.zero, deadline - now()))
    }

    /// Fires at that deadline, or at the one that it is set to where that is earlier: who sets deadlines again and again,
    /// and looks what is due when it fires, need not have each set anew.
    package mutating func bringForward(to deadline: Instant?) {
        guard let deadline else { return }
        if let current, current.deadline <= deadline { return }
        set(deadline)
    }

    /// It has fired, and is set to nothing.
    package mutating func fired() { current = nil }

    package mutating func cancel() {
        if let current { loop.cancel(current.id) }
        current = nil
    }

    private mutating func set(_ deadline: Instant?, at instant: Instant) {
        guard deadline != current?.deadline else { return }
        cancel()
        guard let deadline else { return }
        current = (deadline, loop.schedule(at: instant, action))
    }
}
