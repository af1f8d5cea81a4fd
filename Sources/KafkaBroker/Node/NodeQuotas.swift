import KafkaWire

// What requests cost the clients that are held to quotas.

extension BrokerNode {
    /// A request is answered, or is done without an answer: what it has cost is counted. For how long its client is held
    /// back; nil is not at all. Requests between brokers cost nothing, and the time for a Produce that wants no answer does
    /// not either, as in Kafka. What a Fetch is answered with was counted when the answer was made.
    func throttle(_ charge: RequestCharge, _ api: APIKey, isAnswered: Bool, told: Milliseconds) -> Duration? {
        let now = time.now()
        var longest = Int(told.rawValue)
        if api == .produce { longest = max(longest, ledger.produced(charge.bytes, charge.client, now)) }
        if api != .writeTxnMarkers, isAnswered || api != .produce {
            longest = max(longest, ledger.worked(charge.spent, charge.client, now))
        }
        return longest > 0 ? .milliseconds(longest) : nil
    }

    /// What a client is told instead of the answer to its fetch, where that would be more than its quota gives: nothing, and
    /// for how long it is held back. A new session is not begun; one that goes on has told nothing.
    func throttled(_ fetch: WaitingFetch, _ answers: [FetchAnswer]) -> FetchResponse? {
        let client = fetch.context.quotaClient
        let now = time.now()
        let working = ledger.workThrottle(client, now)
        var bandwidth = 0
        if ledger.bound(.fetched, of: client) != nil {
            var full = FetchResponse()
            for answer in sessions.told(fetch.mode, answers) { full.append(answer) }
            let size = Self.size(full, fetch.context.version)
            bandwidth = ledger.fetched(size, client, isHeldBack: working > 0, now)
        }
        let longest = max(working, bandwidth)
        guard longest > 0 else { return nil }
        return .with {
            $0.throttleTimeMs = Milliseconds(.milliseconds(longest))
            $0.sessionId = sessions.withhold(fetch.mode)
        }
    }

    /// The bytes of an answer with its size, as Kafka counts them: without the header.
    private static func size(_ response: FetchResponse, _ version: Int16) -> Int {
        var writer = ByteWriter(capacity: 256)
        writer.attachesRecords = true
        // What cannot be written is not sent either.
        guard let written = try? response.encode(into: writer, version: version) else { return 0 }
        return written.attachments.reduce(4 + written.count) { $0 + $1.count }
    }

    /// Bounds a fetch to what its client's quota gives in a window.
    func bound(_ request: inout FetchRequest, _ context: RequestContext) {
        guard ledger.isInForce, let largest = ledger.largestFetch(context.quotaClient) else { return }
        request.maxBytes = min(request.maxBytes, Int32(clamping: largest))
        request.minBytes = min(request.minBytes, request.maxBytes)
    }

    /// Whether a request may make or remove so many partitions now.
    func allows(_ partitions: Int, _ charge: inout MutationCharge) -> Bool {
        charge.allows(partitions, &ledger, time.now())
    }
}

extension TopicRegistry.Refusal {
    /// What was asked for is too much for now (KIP-599).
    static let throttled = TopicRegistry.Refusal(
        code: .throttlingQuotaExceeded, message: "The throttling quota has been exceeded.")
}
