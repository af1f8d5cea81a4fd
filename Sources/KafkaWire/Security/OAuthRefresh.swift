/// When a token that is kept is renewed: as Java's client does (KIP-255), though not by a thread of its own but by the
/// authentication that needs it.
public struct OAuthRefresh: Sendable, Equatable {
    /// After which part of its life a token is renewed: 0.8 (`sasl.login.refresh.window.factor`).
    public var windowFactor = 0.8
    /// Up to which part of its life by chance is added, so that not all clients come at once: 0.05
    /// (`sasl.login.refresh.window.jitter`).
    public var windowJitter = 0.05
    /// How long a token is kept at least, in seconds: 60 (`sasl.login.refresh.min.period.seconds`).
    public var minimumPeriodSeconds = 60
    /// How long before its end it is renewed at the latest, in seconds: 300 (`sasl.login.refresh.buffer.seconds`).
    public var bufferSeconds = 300

    /// The defaults.
    public init() {}

    /// How long after a renewal that failed the next is tried, while the old token is still valid; as Java's.
    package static let pauseAfterFailure: Int64 = 10_000

    /// When to renew, in milliseconds since 1970, a token that was fetched at `now`. The minimum and the buffer are
    /// passed over for a token that lives no longer than both.
    package func renewal(now: Int64, start: Int64?, end: Int64, chance: Double) -> Int64 {
        guard end > now else { return now }
        // Nobody's tokens live for three million years; so nothing below overflows.
        let limit: Int64 = 1 << 56
        let now = min(max(now, -limit), limit)
        let end = min(max(end, -limit), limit)
        let start = min(max(start ?? now, -limit), end)
        // What is no number is as the default.
        let wanted = windowFactor + windowJitter * chance
        let part = wanted.isNaN ? 0.8 : min(max(wanted, 0), 1)
        let minimum = Int64(min(max(minimumPeriodSeconds, 0), 1 << 40)) * 1000
        let buffer = Int64(min(max(bufferSeconds, 0), 1 << 40)) * 1000
        if now + minimum + buffer > end { return now + Int64(Double(end - now) * part) }
        let proposed = start + Int64(Double(end - start) * part)
        if proposed > end - buffer { return end - buffer }
        return max(proposed, now + minimum)
    }
}

/// The token of all connections of a client: fetched once however many wait for it, kept, renewed in time.
final class OAuthTokenCache: Sendable {
    private struct State {
        var token: OAuthToken?
        var renewal: Int64 = 0
        var isFetching = false
        var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
        var lastWaiter = 0
    }

    private enum Turn {
        case use(OAuthToken)
        case fetch(old: OAuthToken?)
        case wait(Int)
    }

    private let provider: any OAuthTokenProvider
    private let refresh: OAuthRefresh
    private let state = Locked(State())

    init(_ provider: any OAuthTokenProvider, refresh: OAuthRefresh) {
        self.provider = provider
        self.refresh = refresh
    }

    nonisolated(nonsending) func token(for call: SASLCall) async throws -> OAuthToken {
        if provider.keepsTokens { return try await provider.token(for: call) }
        while true {
            try Task.checkCancellation()
            switch turn(now: call.wallMilliseconds) {
            case .use(let token): return token
            case .fetch(let old): return try await fetch(call, old: old)
            case .wait(let id): await wait(id)
            }
        }
    }

    private func turn(now: Int64) -> Turn {
        state.withLock { state in
            let valid = state.token.flatMap { token in
                token.expiresAtMilliseconds.map { $0 > now } == true ? token : nil
            }
            if let valid, now < state.renewal || state.isFetching { return .use(valid) }
            guard state.isFetching else {
                state.isFetching = true
                return .fetch(old: valid)
            }
            state.lastWaiter &+= 1
            return .wait(state.lastWaiter)
        }
    }

    /// The one fetch. When it fails (or is cancelled), the next of those who wait tries in its turn; a token that is
    /// still valid is used on.
    private nonisolated(nonsending) func fetch(_ call: SASLCall, old: OAuthToken?) async throws -> OAuthToken {
        do {
            let token = try await provider.token(for: call)
            let chance = Double(call.nonce.first ?? 0) / 256
            let renewal = token.expiresAtMilliseconds.map {
                refresh.renewal(
                    now: call.wallMilliseconds, start: token.startsAtMilliseconds, end: $0, chance: chance)
            }
            finish(token, renewal: renewal ?? 0)
            return token
        } catch {
            finish(
                old, renewal: call.wallMilliseconds.addingReportingOverflow(OAuthRefresh.pauseAfterFailure).partialValue
            )
            guard let old, !(error is CancellationError) else { throw error }
            return old
        }
    }

    private func finish(_ token: OAuthToken?, renewal: Int64) {
        let waiting = state.withLock { state in
            state.token = token
            state.renewal = renewal
            state.isFetching = false
            defer { state.waiting = [:] }
            return state.waiting
        }
        for (_, waiter) in waiting.inOrder { waiter.resume() }
    }

    private nonisolated(nonsending) func wait(_ id: Int) async {
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isLate = state.withLock { state in
                    guard state.isFetching, !Task.isCancelled else { return true }
                    state.waiting[id] = continuation
                    return false
                }
                if isLate { continuation.resume() }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume()
        }
    }
}
