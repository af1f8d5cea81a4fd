import ArgumentParser

/// `kw bench`: how fast a cluster takes and gives records, and how long they take through it.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure producing, consuming, and the time that records take.",
        discussion: """
            The lines on standard output are those of Kafka's own perf tools, so that they can be compared. What those \
            do not tell, such as CPU time for a record and finer latencies, stands on standard error, and in --json.

            kw bench produce --topic t --num-records 5000000 --record-size 100
            kw bench consume --topic t --num-records 5000000
            kw bench latency --topic latency --num-records 10000
            kw bench produce --topic t --record-size 100,1000 --compression-type none,lz4
            """,
        subcommands: [BenchProduceCommand.self, BenchConsumeCommand.self, BenchLatencyCommand.self])
}
