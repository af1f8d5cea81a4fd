import KafkaBroker
import KafkaWire

/// Requests to a broker that has data, over three connections, and the time between them: a ``BrokerScript``.
///
/// The first byte says what the broker has (its low five bits, ``PopulatedBroker/Content``), and where: with the upper
/// three bits set it keeps a data directory and is stopped at the end, with 110 it is killed; else it is in memory.
///
/// Whatever comes, each request is answered in its version, at once or when its time has come, or its connection is
/// closed with a reason; memory stays in proportion; and what always holds of a broker's state holds afterwards. Then
/// it is looked at: whatever it has can be shown, listed and read. A broker that is started on the data directory has
/// the same again.
enum BrokerCheck {
    static let connections = PopulatedBroker.connections
    /// How often an input may ask for something.
    private static let stepLimit = 96

    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        let mode = input.isEmpty ? 0 : input[0]
        let script = BrokerScript(input[min(1, input.count)..<input.count])
        let content = PopulatedBroker.Content(rawValue: mode & 31)
        guard mode >= 0xC0 else {
            let server = try started { () throws(KafkaBroker.StartError) in try PopulatedBroker(content) }
            return try play(script, on: server, memory)
        }
        let directory = ScratchFolder.next()
        defer { OfflineServer.remove(directory: directory) }
        let kept = try lived(script, content, directory, isKilled: mode < 0xE0, memory)
        let again = try started { () throws(KafkaBroker.StartError) in
            try PopulatedBroker.server(directory: directory, at: kept.at)
        }
        again.advance(.zero)
        try claim(again.kept == kept.lines, "after a restart \(difference(kept.lines, again.kept))")
        try hold(again)
        try look(at: again, salt: input.count)
        again.close()
    }

    /// Plays the script on a broker with a data directory until it ends; gives what has to be there again, and the time.
    private static func lived(
        _ script: BrokerScript, _ content: PopulatedBroker.Content, _ directory: String, isKilled: Bool,
        _ memory: MemoryMeter
    ) throws(Finding) -> (lines: [String], at: Instant) {
        let populated = try started { () throws(KafkaBroker.StartError) in
            try PopulatedBroker(content, directory: directory)
        }
        try play(script, on: populated, memory)
        let server = populated.server
        try claim(server.isSaved, "something that was answered is not written")
        let kept = (server.kept, server.now)
        if !isKilled { server.close() }
        return kept
    }

    private static func started<B>(_ start: () throws(KafkaBroker.StartError) -> B) throws(Finding) -> B {
        do throws(KafkaBroker.StartError) { return try start() } catch {
            throw Finding("the broker does not start: \(error)")
        }
    }

    private static func difference(_ before: [String], _ after: [String]) -> String {
        let lost = Set(before).subtracting(after).sorted()
        let new = Set(after).subtracting(before).sorted()
        return "\(lost) is gone, and \(new) is there"
    }

    // MARK: - A script

    private static func play(
        _ script: BrokerScript, on populated: PopulatedBroker, _ memory: MemoryMeter
    ) throws(Finding) {
        var script = script
        let server = populated.server
        script.known = populated.known
        for _ in 0..<stepLimit {
            guard let step = script.next() else { break }
            // A request may concern every topic, group and setting that there is.
            try memory.bound("\(step)", 64, perByte: 1 << 10, base: 48 << 20) {
                perform(step, on: server)
            }
            try judge(server) { script.known.learn($0, named: "") }
            try hold(server)
        }
        // What waits has its time: at most that of an Int32 in milliseconds, and then what follows from it.
        for _ in 0..<16 where server.waiting > 0 {
            server.advance(.seconds(30 * 86_400))
            try judge(server)
        }
        try claim(server.waiting == 0, "\(server.waiting) requests are never answered")
        try look(at: server, salt: script.requests)
        server.advance(.seconds(30 * 86_400))
        try judge(server)
        try hold(server)
    }

    static func perform(_ step: BrokerScript.Step, on server: OfflineServer) {
        switch step {
        case .request(let frame, let connection): server.receive(frame, on: connection)
        case .pause(let duration): server.advance(duration)
        case .disconnect(let connection): server.disconnect(connection)
        }
    }

    // MARK: - Looking

    /// Everything that is shown of a broker, and every listing, in a version that depends on `salt`, or in all.
    static func look(at server: OfflineServer, salt: Int?) throws(Finding) {
        for topic in server.topics {
            for (index, partition) in topic.partitions.enumerated() {
                _ = server.batches(
                    topic: topic.name, partition: PartitionID(index: index), from: partition.startOffset)
            }
        }
        for group in server.groups {
            try claim(group.members.allSatisfy { !$0.id.isEmpty }, "a member of \(group.id) has no id")
        }
        _ = server.transactions
        for (place, question) in BrokerListings(of: server).questions.enumerated() {
            let versions = question.versions
            let chosen = salt.map { versions.lowerBound + Int16(truncatingIfNeeded: ($0 + place) % versions.count) }
            for version in versions where version == chosen ?? version {
                guard let frame = question.frame(version) else { continue }
                server.receive(frame, on: 0)
                try judge(server)
            }
        }
    }

    // MARK: - Claims

    private static func hold(_ server: OfflineServer) throws(Finding) {
        let objections = server.objections
        try claim(objections.isEmpty, objections.joined(separator: "; "))
    }

    private static func judge(_ server: OfflineServer, learn: (WireValue) -> Void = { _ in }) throws(Finding) {
        for event in server.takeEvents() {
            switch event {
            case .answer(_, let key, let version, let correlationId, let frame):
                learn(try values(of: frame, key, version, correlationId))
            case .silence(_, let key):
                try claim(key == .produce, "\(key) is not answered, and only Produce may be")
            case .hangUp(_, let reason):
                try claim(!reason.isEmpty, "a connection is closed without a reason")
                try claim(!reason.hasPrefix("an answer could not be written"), reason)
            case .stray: throw Finding("an answer comes to a request that nobody waits for")
            }
        }
    }

    /// The answer is one frame; its body reads in its version, and writes to the same bytes. Gives what it gives out.
    private static func values(of frame: [UInt8], _ key: APIKey, _ version: Int16, _ correlationId: Int32)
        throws(Finding) -> WireValue
    {
        guard let api = API.of(key) else { throw Finding("an unknown API \(key) is answered") }
        let whole = Bytes(frame)
        let size = frame.prefix(4).reduce(0) { $0 << 8 | Int($1) }
        try claim(size == frame.count - 4, "\(api.name) v\(version): a frame of \(frame.count) bytes says \(size)")
        let rest = whole[4..<whole.count]
        switch outcome({ () throws(WireError) in try decode(rest, api.response, version) }) {
        case .failure(let error): throw Finding("\(api.name) v\(version): the answer \(rest) cannot be read: \(error)")
        case .success(let answer):
            try claim(answer.correlationId == correlationId, "\(api.name) v\(version): another request is answered")
            try claim(answer.again == answer.body, "\(api.name) v\(version): the answer \(answer.body) is written anew")
            return answer.values
        }
    }

    private struct Answer {
        var correlationId: Int32
        var body: Bytes
        /// The body, decoded and encoded.
        var again: Bytes
        var values: WireValue
    }

    private static func decode<R: WireMessage>(_ bytes: Bytes, _ type: R.Type, _ version: Int16) throws(WireError)
        -> Answer
    {
        let headerVersion = ResponseHeader.version(for: type, version)
        let (header, size) = try ResponseHeader.decodePrefix(bytes, version: headerVersion)
        let body = bytes[size..<bytes.count]
        let message = try type.decode(body, version: version)
        return Answer(
            correlationId: header.correlationId, body: body, again: Bytes(try message.encode(version: version)),
            values: KnownValues.areIn(type.api) ? try message.values(version: version) : .null)
    }
}
