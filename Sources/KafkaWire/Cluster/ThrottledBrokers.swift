/// Brokers that want no requests for a while.
extension Cluster {
    /// Waits until the broker wants requests again, for no longer than a request may take.
    func waitUntilFree(_ key: Key) async throws(KafkaError) {
        let deadline = loop.now + configuration.requestTimeout
        let name = "\(key.address)"
        while let end = throttling.end(of: key.place, now: loop.now), !isClosed {
            guard loop.now < deadline else {
                throw KafkaError(
                    .timedOut,
                    "broker \(name) throttles this client for longer than a request may take; use less than its quota, or "
                        + "have that raised", broker: name, setting: "request.timeout.ms")
            }
            do { try await rest(until: min(end, deadline)) } catch {
                throw KafkaError(.cancelled, "the task was cancelled while broker \(name) throttled this client")
            }
        }
    }

    /// Waits, for no longer than the client is open.
    private func rest(until deadline: Instant) async throws(CancellationError) {
        let arrival = Arrival<Result<Void, CancellationError>>()
        lastRest += 1
        let number = lastRest
        resting[number] = arrival
        let timer = loop.schedule(at: deadline) { arrival.give(.success(())) }
        let outcome = await withTaskCancellationHandler {
            await arrival.value()
        } onCancel: {
            arrival.give(.failure(CancellationError()))
        }
        loop.cancel(timer)
        resting[number] = nil
        try outcome.get()
    }

    /// Until when no request may go to the broker; nil where it may.
    func throttleEnd(of broker: BrokerID, _ use: Use) -> Instant? {
        guard !throttling.isEmpty, let address = metadata.brokers[broker] else { return nil }
        return throttling.end(of: Key(address: address, use: use).place, now: loop.now)
    }

    func throttled(_ link: Link, _ api: APIKey, for time: Duration) async {
        throttling.told(link.place, for: time, now: loop.now)
        let broker = link.connection.name
        tell(.throttled(broker: broker, api: api, time: time))
        await link.connection.hold(for: time)
    }
}
