/// The steps of opening a connection: its pause, its socket, and what the broker speaks.
extension BrokerConnection {
    func pause(until start: Instant) async {
        guard state.closeReason == nil, loop.now < start else { return }
        let arrival = Arrival<Void>()
        pausing = arrival
        let timer = loop.schedule(at: start) { arrival.give(()) }
        await arrival.value()
        loop.cancel(timer)
    }

    func dial(until deadline: Instant) async throws(KafkaError) -> any LoopSocket {
        guard state.closeReason == nil else { throw failure(.closed, nil) }
        guard let dialer = options.dialer else {
            do throws(NetError) { return try await connector.connect(host: host, port: port, until: deadline) } catch {
                throw state.closeReason == nil ? .net(error, broker: name) : failure(.closed, nil)
            }
        }
        let call = DialedCall(host: host, port: port, connector: connector, deadline: deadline)
        let arrival = Arrival<Result<any LoopSocket, DialFailure>>()
        dialing = arrival
        let task = Task {
            let outcome: Result<any LoopSocket, DialFailure>
            do { outcome = .success(try await dialer.dial(call).socket) } catch {
                outcome = .failure(DialFailure(error))
            }
            if !arrival.give(outcome), case .success(let late) = outcome { late.close() }
        }
        let way = (dialer as? HTTPProxyDialer).map { " through \($0)" } ?? ""
        let timer = loop.schedule(at: deadline) { [name] in
            arrival.give(.failure(DialFailure(NetError.timedOut(doing: "connect to \(name)\(way)"))))
        }
        let outcome = await arrival.value()
        loop.cancel(timer)
        task.cancel()
        switch outcome {
        case .success(let socket): return socket
        case .failure(let failure):
            await connector.stop()
            throw state.closeReason == nil ? failure.error(broker: name) : self.failure(.closed, nil)
        }
    }

    /// Asks for the broker's versions. A broker that does not know the version of the question says so (KIP-511), in
    /// one form or another: whatever the rest of such an answer looks like, the oldest version is tried next.
    func negotiate(until deadline: Instant) async throws(KafkaError) -> VersionTable {
        let request = ApiVersionsRequest.with {
            $0.clientSoftwareName = "kafkawire"
            $0.clientSoftwareVersion = kafkaWireVersion
        }
        // A release without this request is older than any that a client can be held to.
        let newest = min(API.of(.apiVersions)?.latestStable ?? 0, pin?.limit(of: .apiVersions) ?? .max)
        for version in newest > 0 ? [newest, 0] : [0] {
            let answer = try await exchange(request, version: version, deadline: deadline)
            var reader = ByteReader(answer)
            var code = ErrorCode.none
            do throws(WireError) {
                try reader.skip(4)
                code = ErrorCode(rawValue: try reader.integer())
                if code == .unsupportedVersion, version > 0 { continue }
                let response = try Frame.decodeResponse(ApiVersionsResponse.self, answer, version: version)
                if code == .none { return VersionTable(response, version: version, pin: pin) }
            } catch {
                throw failure(.wire(error), .apiVersions)
            }
            var refused = KafkaError.refused(code, "could not ask for the versions", by: name, api: .apiVersions)
            // The broker is in trouble, which need not last: Java connects anew (NetworkClient.handleApiVersionsResponse).
            refused.isRetriable = code != .unsupportedVersion
            throw refused
        }
        throw .refused(.unsupportedVersion, "could not ask for the versions", by: name, api: .apiVersions)
    }
}
