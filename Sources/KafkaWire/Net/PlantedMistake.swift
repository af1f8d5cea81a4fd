/// A mistake that a test plants in the client or the broker, to see that a simulation's checker finds it: each is a slip that
/// a programmer might make at its place, which asks whether it ``isMade``. In debug builds the task that runs a simulation
/// says which one, and what it sets going makes it; in others nobody makes any, and the question is a constant.
package enum PlantedMistake: String, CaseIterable, Sendable {
    // MARK: The broker

    /// A new leader acknowledges a batch, and does not append it.
    case acknowledgesUnwritten
    /// What is acknowledged is not made safe against a loss of power.
    case forgetsToFlush
    /// A batch that comes twice is appended twice.
    case appendsTwice
    /// A batch that comes twice is refused for good.
    case refusesDuplicates
    /// A batch that comes twice is acknowledged at the end of the log, and not where it is.
    case tellsEndForDuplicates
    /// A new leader writes a record of its own, which is not marked as one.
    case leadersWriteRecords
    /// A commit while members join anew is acknowledged, and not kept.
    case dropsCommitsInRebalance
    /// A commit is taken of whoever was a member once.
    case takesCommitsOfAnybody
    /// A fetch of several partitions gets of each what the first one has.
    case readsFirstPartition
    /// A fetch gets what the leader alone has.
    case ignoresHighWatermark

    /// A fetch of who wants what is committed gets what transactions have that go on.
    case ignoresLastStableOffset
    /// A fetch of who wants what is committed is not told which transactions were aborted.
    case hidesAborted
    /// Of a transaction's partitions only the first is told that it was committed, the others that it was aborted.
    case commitsOnePartition
    /// Who was shut out ends the transaction of who came after.
    case takesEndOfFenced
    /// The positions of an aborted transaction hold.
    case keepsAbortedOffsets

    // MARK: The producer

    /// What goes again gets new sequence numbers.
    case numbersRetriesAnew
    /// What goes again goes behind what came later.
    case retriesBehindOthers
    /// Of those who wait for a batch one is woken.
    case wakesOnlyOne

    // MARK: The consumer

    /// What could not be fetched is read from where the assignment began.
    case goesBackAfterErrors
    /// What was asked for before an assignment, or a seek, is taken for what is read now.
    case takesLateAnswers
    /// The application is not told that a partition is read on elsewhere.
    case resetsUntold
    /// Two members are given the same partitions.
    case assignsTwice
    /// Partitions that cannot be looked up when they are given are forgotten.
    case forgetsLaterPartitions
    /// What was fetched is committed in place of what was processed.
    case commitsPositions
    /// What a cooperative rebalance has taken away is read on.
    case readsRevoked
    /// While the application works on what it has no heartbeats are sent.
    case stopsHeartbeats
    /// Troubles are noted, and not told.
    case tellsNothing

    // MARK: Connections

    /// A connection on which an answer has not come in time is forgotten, and not closed.
    case leaksTimedOutConnections
    /// Of the requests that wait until the client has said anew who it is, all but one are forgotten.
    case forgetsHeldRequests
    /// A timer that has fired is taken for one that is set still.
    case losesTimer

    #if DEBUG
        /// The one that is made.
        @TaskLocal package static var planted: PlantedMistake?
    #endif
}

// Not seen by other modules: there the compiler would not know that it is constant.
extension PlantedMistake {
    /// Whether it is made here and now.
    var isMade: Bool {
        #if DEBUG
            Self.planted == self
        #else
            false
        #endif
    }
}
