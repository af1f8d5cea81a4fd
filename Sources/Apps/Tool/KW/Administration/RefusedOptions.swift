import ArgumentParser

/// Ways to a cluster that Kafka's tools have and this one has not: refused in a sentence, not ignored.
struct RefusedOptions: ParsableArguments {
    @Option(
        name: [.customLong("bootstrap-controller"), .customShort("C")], parsing: .unconditional,
        help: .hidden)
    var bootstrapController: String?

    @Option(parsing: .unconditional, help: .hidden)
    var zookeeper: String?

    func validate() throws {
        if bootstrapController != nil {
            throw ValidationError(
                "--bootstrap-controller is not supported: name brokers with --bootstrap-server; they pass on what is for "
                    + "the controllers")
        }
        if zookeeper != nil {
            throw ValidationError(
                "Kafka has no ZooKeeper since 4.0; name the brokers with --bootstrap-server HOST:PORT")
        }
    }
}

/// The option that every command has: output for programs.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Write one JSON document instead of text.")
    var json = false
}
