import KafkaWire

/// What the proxy itself says to brokers on connections that clients use.
extension Proxy {
    /// Says anew who the proxy is, before the session ends (KIP-368), on the connection that there is: the client's next
    /// request waits for it, what it has asked before is answered before.
    func renewSession(_ number: Int, _ relay: Relay) async {
        guard let target = relay.upstream, let mechanism = configuration.security.sasl else { return }
        let login = RelayedLogin(number, target, of: self, on: loop)
        do throws(KafkaError) {
            let session = try await login.authenticate(
                by: mechanism, relay.session.versions, renewing: relay.session,
                until: loop.now + SASLSession.patience)
            guard relays[number] === relay, !relay.isClosed else { return }
            relay.sessionEnds(session, now: loop.now)
        } catch {
            // Who refuses closes at once: that may have been seen before the answer was read.
            let isOpen = relays[number] === relay && !relay.isClosed
            guard isOpen || error.code != .timedOut else { return }
            context.complain(
                "session \(target)",
                "the session with \(target) could not be renewed, and its client has to connect anew: "
                    + error.message)
            guard isOpen else { return }
            relay.close("the proxy's session with the broker could not be renewed")
        }
        watchNewGates()
        update(number, relay)
    }

    /// Asks a connection's broker something for the proxy itself; nil where it does not answer by then.
    func ask(_ number: Int, _ frame: [UInt8], _ head: RequestHead, until deadline: Instant) async -> Bytes? {
        guard let relay = relays[number], !relay.isClosed else { return nil }
        let arrival = Arrival<Bytes?>()
        asking[number] = arrival
        relay.ask(frame, head, now: loop.now) { arrival.give($0) }
        update(number, relay)
        let timer = loop.schedule(at: deadline) { arrival.give(nil) }
        defer { loop.cancel(timer) }
        return await arrival.value()
    }
}
