import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// KafkaWire's side of the comparison: the same arguments as `rdkafka_bench`, and the same line of JSON. Beside that, it
/// makes and removes topics, and fills them with change events.
@main
enum Main {
    static let usage = """
        usage: kwbench produce BROKERS TOPIC RECORDS SIZE idempotent|plain
               kwbench transact BROKERS TOPIC RECORDS SIZE PER_TRANSACTION
               kwbench rebalance BROKERS TOPIC MEMBERS ROUNDS cooperative|eager
               kwbench consume BROKERS TOPIC RECORDS assigned|GROUP [records|values]
               kwbench events BROKERS TOPIC RECORDS schemas|bare [USERS]
               kwbench create BROKERS TOPIC PARTITIONS
               kwbench delete BROKERS TOPIC
        With BENCH_CA, a file of certificates, clients speak TLS.
        """

    static func main() async {
        do {
            try await run(Array(CommandLine.arguments.dropFirst()))
        } catch {
            complain("kwbench: \(error)")
            exit(1)
        }
    }

    static func run(_ arguments: [String]) async throws {
        guard arguments.count >= 3 else { return giveUp() }
        let brokers = arguments[1].split(separator: ",").map(String.init)
        let topic = arguments[2]
        let number = arguments.count > 3 ? Int(arguments[3]) : nil
        switch (arguments[0], number) {
        case ("produce", let records?) where arguments.count == 6:
            guard let size = Int(arguments[4]), size > 0 else { return giveUp() }
            try await Producing(
                brokers: brokers, topic: topic, records: records, size: size, isIdempotent: arguments[5] == "idempotent"
            ).run()
        case ("transact", let records?) where arguments.count == 6:
            guard let size = Int(arguments[4]), size > 0, let span = Int(arguments[5]), span > 0 else {
                return giveUp()
            }
            try await Producing(
                brokers: brokers, topic: topic, records: records, size: size, isIdempotent: true, perTransaction: span
            ).run()
        case ("rebalance", let members?) where arguments.count == 6:
            guard members > 0, let rounds = Int(arguments[4]), rounds > 0 else { return giveUp() }
            try await Rebalancing(
                brokers: brokers, topic: topic, members: members, rounds: rounds,
                isCooperative: arguments[5] == "cooperative"
            ).run()
        case ("consume", let records?) where arguments.count >= 5:
            try await Consuming(
                brokers: brokers, topic: topic, records: records, group: arguments[4],
                onlyValues: arguments.count > 5 && arguments[5] == "values"
            ).run()
        case ("events", let records?) where arguments.count >= 5:
            try await ChangeEvents(
                brokers: brokers, topic: topic, records: records, hasSchemas: arguments[4] == "schemas",
                users: arguments.count > 5 ? Int(arguments[5]) : nil
            ).run()
        case ("create", let partitions?):
            let admin = try admin(brokers)
            let created = await admin.createTopics([.init(topic, partitions: Int32(clamping: partitions))])
            await admin.close()
            _ = try created.get()
        case ("delete", _):
            let admin = try admin(brokers)
            let deleted = await admin.deleteTopics([topic])
            await admin.close()
            _ = try deleted.get()
        default: giveUp()
        }
    }

    private static func admin(_ brokers: [String]) throws -> KafkaAdmin {
        var configuration = ClientConfiguration(bootstrapServers: brokers)
        configuration.security = Protection.options
        return try KafkaAdmin(configuration)
    }

    private static func giveUp() {
        complain(usage)
        exit(2)
    }

    private static func complain(_ text: String) {
        let line = Array((text + "\n").utf8)
        _ = line.withUnsafeBytes { write(2, $0.baseAddress, $0.count) }
    }
}
