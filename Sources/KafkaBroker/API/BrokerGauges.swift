// What tests hold bounds against.

extension KafkaBroker {
    /// How many bytes of memory requests and answers take that are on their way.
    package var heldBytes: Int { get async { await server.heldBytes } }
    /// In how many steps long work was done so far.
    package var workSteps: Int { get async { await server.withNode { $0.workSteps } } }
    /// How many partitions all fetch sessions name together.
    package var sessionPartitions: Int { get async { await server.withNode { $0.sessions.partitionCount } } }
}
