// Look-ups: what any broker can answer is asked of one after the other, since one that is silent must not take the client
// with it.

extension Cluster {
    private enum Event<R: Sendable>: Sendable {
        case answered(BrokerAddress, Result<R, Failure>)
        case late(BrokerAddress)
    }

    private struct Failure: Error {
        var error: KafkaError
        /// Whether there was a connection, and the request failed.
        var wasReached: Bool
    }

    /// After so long another broker is asked as well. The first answer counts.
    private nonisolated var patience: Duration {
        min(max(configuration.requestTimeout / 10, .milliseconds(500)), configuration.requestTimeout)
    }

    /// Asks a question that any broker can answer. `question` names it, so that it is not asked of the same one again and
    /// again.
    nonisolated func look<R: WireRequest>(
        _: R.Type = R.self, _ question: String, _ build: @escaping @Sendable (Int16) throws(KafkaError) -> R
    ) async throws(KafkaError) -> Answer<R.Response> {
        // In a task of its own: one that is cancelled may still have to commit.
        let task = Task<Result<Answer<R.Response>, KafkaError>, Never> {
            do throws(KafkaError) { return .success(try await self.askInTurn(R.self, question, build)) } catch {
                return .failure(error)
            }
        }
        return try await task.value.get()
    }

    private nonisolated func askInTurn<R: WireRequest>(
        _: R.Type, _ question: String, _ build: @escaping @Sendable (Int16) throws(KafkaError) -> R
    ) async throws(KafkaError) -> Answer<R.Response> {
        let (events, sink) = AsyncStream.makeStream(of: Event<Answer<R.Response>>.self)
        await findBootstrap()
        var open = await candidates(for: question)[...]
        let count = open.count
        var waiting: Set<BrokerAddress> = []
        var timers: [TimerID] = []
        defer { for timer in timers { loop.cancel(timer) } }
        func askNext() async {
            guard let address = open.popFirst() else { return }
            waiting.insert(address)
            await note { $0.asks(address, about: question, now: self.loop.now) }
            Task { sink.yield(.answered(address, await self.ask(address, build))) }
            timers.append(loop.schedule(at: loop.now + patience) { sink.yield(.late(address)) })
        }
        await askNext()
        var isRetriable = false
        var worst: KafkaError?
        for await event in events {
            switch event {
            case .answered(let address, .success(let answer)):
                await note { $0.worked(address) }
                return answer
            case .answered(let address, .failure(let failure)):
                waiting.remove(address)
                isRetriable = isRetriable || failure.error.isRetriable
                worst = Self.weightier(worst, failure.error)
                if failure.error.code != .closed { await askNext() }
                guard waiting.isEmpty else { continue }
                guard count > 1, !failure.wasReached else { throw failure.error }
                throw unreachable(count, worst ?? failure.error, isRetriable: isRetriable)
            case .late(let address):
                guard waiting.contains(address) else { continue }
                await note { $0.failed(address, now: self.loop.now) }
                await askNext()
            }
        }
        throw KafkaError(.closed, "the client is closed")
    }

    /// The error that is told of several brokers': the last, but for one that says that the client is not let in, which no
    /// broker that is away explains.
    static func weightier(_ before: KafkaError?, _ next: KafkaError) -> KafkaError {
        if let before, before.isOfLogin, !next.isOfLogin { before } else { next }
    }

    nonisolated func unreachable(_ count: Int, _ error: KafkaError, isRetriable: Bool) -> KafkaError {
        KafkaError(
            error.code, "none of \(count) brokers can be reached; the last error was: \(error.message)",
            broker: error.broker, setting: "bootstrap.servers", isRetriable: isRetriable)
    }

    private nonisolated func ask<R: WireRequest>(
        _ address: BrokerAddress, _ build: @Sendable (Int16) throws(KafkaError) -> R
    ) async -> Result<Answer<R.Response>, Failure> {
        var wasReached = false
        do throws(KafkaError) {
            let link = try await link(address, .general)
            wasReached = true
            return .success(try await exchange(R.self, over: link, build))
        } catch {
            return .failure(Failure(error: error, wasReached: wasReached))
        }
    }
}
