extension Cluster {
    /// Calls `attempt` until it works, fails for good, or the time for the whole call is up: a try that takes longer goes on
    /// unheard. Between tries it pauses, and refreshes what the error says is stale.
    package nonisolated(nonsending) func retrying<R: Sendable>(
        for time: Duration? = nil, _ what: String, _ attempt: @escaping @Sendable () async throws(KafkaError) -> R
    ) async throws(KafkaError) -> R {
        let deadline = loop.now + (time ?? configuration.apiTimeout)
        var backoff = Backoff(configuration, seed: loop.random())
        var last: KafkaError?
        while true {
            let outcomes = await loop.sideBySide(CollectionOfOne(0), within: deadline - loop.now) { _ in
                do throws(KafkaError) { return Result<R, KafkaError>.success(try await attempt()) } catch {
                    return .failure(error)
                }
            }
            switch outcomes[0] {
            case .success(let value): return value
            case .failure(let error):
                guard error.isRetriable else { throw error }
                // A try that the end of the call's own time has cut off says less than the one before.
                if last == nil || deadline - loop.now > .milliseconds(20) { last = error }
            case nil: break
            }
            let pause = backoff.next()
            guard loop.now + pause < deadline else {
                throw KafkaError(
                    .timedOut,
                    "could not \(what) in time; "
                        + (last.map { "the last error was: \($0.message)" }
                            ?? "no broker has answered; look whether they are reachable"),
                    broker: last?.broker, api: last?.api, topic: last?.topic, partition: last?.partition)
            }
            await told(.retry(call: what, error: last, pause: pause))
            do { try await loop.sleep(for: pause) } catch {
                throw KafkaError(.cancelled, "could not \(what): the task was cancelled")
            }
        }
    }
}
