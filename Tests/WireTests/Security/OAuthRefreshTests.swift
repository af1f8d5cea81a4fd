import Foundation
import Synchronization
import TestSupport
import Testing

@testable import KafkaWire

/// Tokens that are kept: when they are renewed, and that one connection fetches for all.
@Suite(.turn) struct OAuthRefreshTests {
    /// In seconds: fetched, begun, ended, chance, expected. What Java's ExpiringCredentialRefreshingLogin computes.
    @Test(arguments: [
        (0, 0, 3600, 0.0, 2880), (0, 0, 3600, 1.0, 3060), (0, 0, 1000, 0.0, 700), (0, 0, 361, 0.0, 61),
        (0, 0, 359, 0.0, 287), (0, 0, 60, 0.0, 48), (100, 0, 3600, 0.0, 2880), (2879, 0, 3600, 0.0, 2939),
        (0, 0, 0, 0.0, 0), (10, 0, 5, 0.0, 10),
    ])
    func renewal(now: Int64, start: Int64, end: Int64, chance: Double, expected: Int64) {
        let found = OAuthRefresh().renewal(now: now * 1000, start: start * 1000, end: end * 1000, chance: chance)
        #expect(found / 1000 == expected)
    }

    @Test(arguments: [Int64.min, -1, 0, 1, .max]) func noTimeTraps(time: Int64) {
        for other in [Int64.min, -1, 0, 1, .max] {
            for start in [nil, Int64.min, 0, .max] {
                _ = OAuthRefresh().renewal(now: time, start: start, end: other, chance: 1)
            }
        }
    }

    @Test(arguments: [Double.nan, .infinity, -.infinity, -1, 2]) func noFactorTraps(factor: Double) {
        var refresh = OAuthRefresh()
        refresh.windowFactor = factor
        refresh.windowJitter = factor
        let found = refresh.renewal(now: 0, start: 0, end: 3_600_000, chance: 0.5)
        #expect((0...3_600_000).contains(found))
    }

    /// Counts, and gives tokens for an hour; fails as often as it is told.
    struct Counting: OAuthTokenProvider {
        let count = Locked(0)
        var failures: ClosedRange<Int> = 0...0
        var pause = Duration.zero

        func token(for call: SASLCall) async throws -> OAuthToken {
            let number = count.withLock { count in
                count += 1
                return count
            }
            if pause > .zero { try await Task.sleep(for: pause) }
            if failures.contains(number) { throw SASLError(.credentials, mechanism: "", "failure \(number)") }
            return OAuthToken(
                value: Secret("t\(number)"), expiresAtMilliseconds: call.wallMilliseconds + 3_600_000)
        }
    }

    /// The token at so many seconds, by the number of its fetch; 0 for an error.
    static func numbers(_ provider: Counting, at seconds: [Int64]) async throws -> [Int] {
        let cache = OAuthTokenCache(provider, refresh: OAuthRefresh())
        var out: [Int] = []
        for second in seconds {
            let call = SASLFixture.call(milliseconds: second * 1000)
            let token = try? await cache.token(for: call)
            out.append(token.flatMap { Int($0.value.text.dropFirst()) } ?? 0)
        }
        return out
    }

    @Test func isKeptAndRenewed() async throws {
        #expect(try await Self.numbers(Counting(), at: [0, 1, 2879, 2880, 2881, 5759, 5760]) == [1, 1, 1, 2, 2, 2, 3])
    }

    /// While the old one is valid it is used on, and another is tried for after ten seconds.
    @Test func aRenewalThatFails() async throws {
        let seconds: [Int64] = [0, 2880, 2885, 2891, 3599, 3600, 3601]
        #expect(try await Self.numbers(Counting(failures: 2...4), at: seconds) == [1, 1, 1, 1, 1, 5, 5])
        #expect(try await Self.numbers(Counting(failures: 1...1), at: [0, 0]) == [0, 2])
    }

    @Test func oneFetchForAll() async throws {
        let provider = Counting(pause: .milliseconds(50))
        let cache = OAuthTokenCache(provider, refresh: OAuthRefresh())
        let tokens = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<50 { group.addTask { try await cache.token(for: SASLFixture.call()).value.text } }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(tokens == ["t1"])
        #expect(provider.count.withLock { $0 } == 1)
    }

    /// Whoever fetched is cancelled: the others are not, and one of them fetches.
    @Test func aCancelledFetchIsAnothers() async throws {
        let provider = Counting(pause: .milliseconds(200))
        let cache = OAuthTokenCache(provider, refresh: OAuthRefresh())
        let first = Task { try await cache.token(for: SASLFixture.call()) }
        try await eventually { provider.count.withLock { $0 } == 1 }
        let second = Task { try await cache.token(for: SASLFixture.call()).value.text }
        let third = Task { try await cache.token(for: SASLFixture.call()).value.text }
        first.cancel()
        await #expect(throws: CancellationError.self) { try await first.value }
        #expect(try await second.value == "t2")
        #expect(try await third.value == "t2")
    }

    @Test func aCancelledWaiterDoesNotWait() async throws {
        let gate = Locked<CheckedContinuation<Void, Never>?>(nil)
        let provider = ClosureTokenProvider { _ in
            await withCheckedContinuation { continuation in gate.withLock { $0 = continuation } }
            return OAuthToken(value: "t", expiresAtMilliseconds: .max)
        }
        let cache = OAuthTokenCache(provider, refresh: OAuthRefresh())
        let first = Task { try await cache.token(for: SASLFixture.call()).value.text }
        try await eventually { gate.withLock { $0 != nil } }
        let second = Task { try await cache.token(for: SASLFixture.call()).value.text }
        second.cancel()
        await #expect(throws: CancellationError.self) { try await second.value }
        gate.withLock { $0 }?.resume()
        #expect(try await first.value == "t")
    }

    @Test func aFileIsWatched() async throws {
        try await SASLFixture.withFolder { folder in
            let path = folder + "/token"
            let mechanism = OAuthBearerMechanism(FileTokenProvider(path: path, extensions: ["a": "b"]))
            func first() async throws -> String {
                var client = try await mechanism.begin(SASLFixture.call())
                return String(decoding: try client.start(), as: UTF8.self)
            }
            await #expect(throws: SecretFileError.self) { try await first() }
            for token in ["one", "another", "third"] {
                // As Kubernetes does it: another file of the same name.
                try Data("\(token)\n".utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
                for _ in 0..<2 {
                    #expect(try await first() == "n,,\u{1}auth=Bearer \(token)\u{1}a=b\u{1}\u{1}")
                }
            }
            try Data("\n".utf8).write(to: URL(fileURLWithPath: path))
            await #expect(throws: SASLError.self) { try await first() }
        }
    }
}
