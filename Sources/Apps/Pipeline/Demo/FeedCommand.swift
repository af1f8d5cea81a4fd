import AppSupport
import ArgumentParser
import ChangeEvents
import ClientSetup
import EventGenerator
import KafkaWire

/// `demo feed`: produces recorded events, then generated ones, and waits until the groups have read them all.
struct FeedCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "feed", abstract: "Produce recorded and generated change events, then wait for the agents.")

    @Option(help: "Brokers to ask first. (default: $KAFKA_BOOTSTRAP, else localhost:9094)") var bootstrapServer: String?
    @OptionGroup var settings: SettingOptions
    @Option(help: "The topic.") var topic = "dbserver1.public.transactions"
    @Option(help: "How many partitions the topic has.") var partitions: Int32 = 4
    @Option(help: "Events to generate.") var events = 250_000
    @Option(help: "Events per second; 0 for as many as possible.") var rate = 15_000.0
    @Option(help: "Decides what is generated.") var seed: UInt64 = 1
    @Option(help: "The share of generated events with an embedded schema, 0 to 1.") var schemas = 0.3
    @Option(help: "The share of generated events that belong to spikes, bursts and tried cards, 0 to 0.5.")
    var suspicious = 0.01
    @Option(help: "A file of recorded events to feed first; may be repeated.") var recorded: [String] = []
    @Option(help: "A group that has to read everything; may be repeated.") var group: [String] = []
    @Option(help: "How long the groups may take without getting on.") var patience = TimeSpan(.seconds(60))

    func validate() throws {
        if partitions < 1 { throw ValidationError("--partitions must be at least 1.") }
        if !(0...1_000_000_000_000).contains(events) { throw ValidationError("--events must be 0 to 1000000000000.") }
        if !(0...0.5).contains(suspicious) { throw ValidationError("--suspicious must be 0 to 0.5.") }
        if !(0...1).contains(schemas) { throw ValidationError("--schemas must be 0 to 1.") }
    }

    func run() async throws {
        let console = Console()
        do {
            let client = try settings.client(at: bootstrapServer, console)
            let loop = try SocketLoop.common()
            let started = loop.now
            let fed = try await feed(client, console, on: loop)
            let time = loop.now - started
            console.endProgress()
            console.line(
                "fed \(Figures.grouped(fed)) events in \(Figures.duration(time)) (\(Figures.rate(fed, in: time)) events/s)"
            )
            console.flush()
            try await waitForGroups(client, console, on: loop)
        } catch {
            throw Demo.failure(error, console)
        }
    }

    private func feed(
        _ client: ClientConfiguration, _ console: Console, on loop: any EventLoop
    ) async throws -> Int {
        var configuration = KafkaProducer.Configuration(bootstrapServers: client.bootstrapServers)
        configuration.client = client
        // What cannot be sent while a broker is away waits, and so does the feed.
        configuration.maximumBlock = .seconds(120)
        let producer = try KafkaProducer(configuration)
        var count = 0
        for path in recorded {
            for event in try RecordedEvent.read(path) {
                try await producer.enqueue(record(event))
                count += 1
            }
        }
        var options = EventGenerator.Options()
        options.seed = seed
        options.schemas = schemas == 0 ? .none : schemas == 1 ? .embedded : .mixed(share: schemas)
        options.suspiciousShare = suspicious
        options.firstID = 1_000_000
        // From an hour ago on: in front of the recorded events they would be late for who judges by event time.
        options.startMicroseconds = loop.wallMicroseconds &- 3_600_000_000
        var generator = EventGenerator(options)
        var pace = rate > 0 ? Pace(rate: rate, start: loop.now) : nil
        let meter = ProgressMeter(console, total: events + count, on: loop)
        var key: [UInt8] = []
        var value: [UInt8] = []
        var homes = UserHomes(partitions)
        let step = 100
        for start in stride(from: 0, to: events, by: step) {
            let chunk = min(step, events - start)
            for _ in 0..<chunk {
                let row = generator.next(key: &key, value: &value)
                try await producer.enqueue(
                    ProducerRecord(
                        topic: topic, key: Bytes(key), value: Bytes(value), partition: homes.partition(of: row.userID)))
            }
            count += chunk
            meter.show("feeding", count)
            if let early = pace?.wait(after: chunk, now: loop.now) { try await loop.sleep(for: early) }
        }
        try await producer.close()
        return count
    }

    /// A recorded event as it was, in the partition of its user.
    private func record(_ event: RecordedEvent) -> ProducerRecord {
        var decoder = ChangeEventDecoder()
        let value = event.value.map { Bytes(utf8: $0) }
        var partition: PartitionID?
        if let value, case .transaction(let row) = value.withUnsafeBytes({ decoder.decode($0) }) {
            partition = UserHomes.partition(of: row.userID, among: partitions)
        }
        let headers = event.headers.compactMap { pair -> RecordHeader? in
            guard let name = pair.first ?? nil else { return nil }
            let bytes = (pair.count > 1 ? pair[1] : nil).flatMap { Hex.decode($0) }
            return RecordHeader(name, bytes.map { Bytes($0) })
        }
        return ProducerRecord(
            topic: topic, key: event.key.map { Bytes(utf8: $0) }, value: value, headers: headers, partition: partition)
    }

    private func waitForGroups(
        _ client: ClientConfiguration, _ console: Console, on loop: any EventLoop
    ) async throws {
        let admin = try KafkaAdmin(client)
        var last: [Int64] = []
        var lastChange = loop.now
        while true {
            var lags: [Int64] = []
            for name in group { lags.append(try await admin.lag(of: name, in: topic).values.reduce(0, +)) }
            if lags.allSatisfy({ $0 == 0 }) { break }
            console.progress(
                "waiting for the agents: lag " + lags.map { Figures.grouped($0) }.joined(separator: " and "))
            if lags != last { lastChange = loop.now }
            last = lags
            if loop.now - lastChange > patience.duration {
                console.endProgress()
                let state = zip(group, lags).map { "\($0) \($1)" }.joined(separator: ", ")
                console.note("demo: the groups do not get on; lag: \(state). Look at the agents' logs.")
                throw ExitCode.failure
            }
            try await loop.sleep(for: .milliseconds(100))
        }
        console.endProgress()
        await admin.close()
    }
}

/// The partitions of users: all events of a user stay together, whether or not their keys carry a schema.
private struct UserHomes {
    private let count: Int32
    private var known: [Int64: PartitionID] = [:]

    init(_ count: Int32) { self.count = count }

    /// The partition of one of the generator's users, who are not many.
    mutating func partition(of user: Int64) -> PartitionID {
        if let partition = known[user] { return partition }
        let partition = Self.partition(of: user, among: count)
        known[user] = partition
        return partition
    }

    static func partition(of user: Int64, among count: Int32) -> PartitionID {
        Murmur2.partition(of: Bytes(utf8: "{\"user_id\":\(user)}"), among: count)
    }
}

/// Tells how far a long piece of work is: a line that changes on a terminal, one every few seconds elsewhere.
final class ProgressMeter {
    private let console: Console
    private let total: Int
    private let loop: any EventLoop
    private let started: Instant
    private var lastLine: Instant

    init(_ console: Console, total: Int, on loop: any EventLoop) {
        self.loop = loop
        started = loop.now
        lastLine = started
        self.console = console
        self.total = total
    }

    func show(_ what: String, _ count: Int) {
        let text =
            "\(what): \(Figures.grouped(count)) of \(Figures.grouped(total)) events, "
            + "\(Figures.rate(count, in: loop.now - started))/s"
        console.progress(text)
        guard !console.errorIsTerminal, loop.now - lastLine > .seconds(3) else { return }
        lastLine = loop.now
        console.note(text)
    }
}
