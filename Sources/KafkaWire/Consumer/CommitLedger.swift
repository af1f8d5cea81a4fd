/// How far the application has come with each partition, how much of that the group knows, and when it is to be told. A
/// value: the application's moves, assignments, answers and time go in, commits come out; the engine sends them.
///
/// ```
/// gave ─────▶ given ─────▶ processed ─────▶ on its way ─────▶ committed
///                  asked            due, rest           settled
/// ```
///
/// Positions that nothing was read from are committed, too, as Java's consumer does: where a partition is begun at its end,
/// what comes before the next start would never be read otherwise.
///
/// What is committed never goes back, but where the application does: by ``sought(_:to:)``, by a commit of its own, or with
/// another assignment.
struct CommitLedger: Equatable, Sendable {
    /// A commit on its way, with the number of the assignment that it is of: what comes of it is of no matter to a later
    /// one, whose partitions somebody else may have had in between. Nor is it to a partition that is read elsewhere since.
    struct Attempt: Equatable, Sendable {
        /// Who wants it: the application, time, or that partitions are given back.
        enum Kind: Equatable, Sendable { case own, due, rest }

        let kind: Kind
        let offsets: [TopicPartition: CommittedOffset]
        let assignment: Int
        fileprivate let moves: Int
    }

    /// How often positions are committed by themselves; nil leaves it to the application.
    let interval: Duration?
    /// Whether the application marks what it is done with: asking for more says nothing then.
    var isByMarks = false
    /// Counts the assignments, given and taken away.
    private(set) var assignment = 0
    /// The number of the assignment that each partition of the group's share has come with.
    private var since: [TopicPartition: Int] = [:]
    /// The number of the assignment with which each partition was given up, and with which all were.
    private var givenUp: [TopicPartition: Int] = [:]
    private var allGivenUp = 0
    /// Counts how often a partition was gone on with elsewhere, and has the number of the last time of each.
    private var moves = 0
    private var moved: [TopicPartition: Int] = [:]
    /// Positions behind what the application has in hand.
    private var given: [TopicPartition: CommittedOffset] = [:]
    /// Positions behind what it is done with, as far as the group does not know them.
    private var processed: [TopicPartition: CommittedOffset] = [:]
    /// What the group has acknowledged in this assignment.
    private var committed: [TopicPartition: Offset] = [:]
    /// Whether what was processed is on its way.
    private var isCommitting = false
    /// How many commits of the application's own are.
    private var ownCommits = 0
    private var nextCommit: Instant
    /// How often in a row it failed to commit what was processed, and why the last time.
    private var failures = 0
    private(set) var failure: KafkaError?

    init(interval: Duration?, now: Instant) {
        self.interval = interval
        nextCommit = now + (interval ?? .zero)
    }

    // MARK: - The application

    /// The application got records of the partition; behind them is `position`.
    mutating func gave(_ partition: TopicPartition, upTo position: CommittedOffset) { given[partition] = position }

    /// It got only those in front of `position`. False where what it has is no longer of the assignment, or it has sought
    /// elsewhere since.
    mutating func gaveOnly(_ partition: TopicPartition, upTo position: CommittedOffset) -> Bool {
        guard given[partition] != nil else { return false }
        given[partition] = position
        return true
    }

    /// As ``gaveOnly(_:upTo:)``, where no more is known than the offset.
    mutating func gaveOnly(_ partition: TopicPartition, upTo offset: Offset) { given[partition]?.offset = offset }

    /// It has marked all in front of these positions as done.
    mutating func done(_ positions: [TopicPartition: CommittedOffset]) {
        for (partition, position) in positions where position.offset > committed[partition] ?? -1 {
            processed[partition] = position
        }
    }

    /// It got nothing.
    mutating func withheld(_ partition: TopicPartition) { given[partition] = nil }

    /// The application asks for more: it is done with what it has.
    mutating func asked() {
        guard !isByMarks else { return given = [:] }
        for (partition, position) in given where position.offset > committed[partition] ?? -1 {
            processed[partition] = position
        }
        given = [:]
    }

    /// The application goes on elsewhere in the partition: what it commits next may be less than what is committed. Nil
    /// where that is looked up first.
    mutating func sought(_ partition: TopicPartition, to offset: Offset?) {
        given[partition] = nil
        processed[partition] = offset.map { CommittedOffset(offset: $0) }
        move(partition)
    }

    /// The partition's log is another one than it was, or begins further on: so may what is committed.
    mutating func reset(_ partition: TopicPartition) { move(partition) }

    /// The partition is read from here on, and the group does not know it: there was no commit, or it leads nowhere. What the
    /// application has in hand stands in front, and comes first.
    mutating func began(_ partition: TopicPartition, at offset: Offset) {
        let position = CommittedOffset(offset: offset)
        if given[partition] == nil { processed[partition] = position } else { given[partition] = position }
        move(partition)
    }

    private mutating func move(_ partition: TopicPartition) {
        moves += 1
        moved[partition] = moves
        committed[partition] = nil
    }

    // MARK: - Assignments

    /// These partitions are read as well from now on.
    mutating func gained(_ partitions: some Sequence<TopicPartition>) {
        assignment += 1
        for partition in partitions {
            since[partition] = assignment
            committed[partition] = nil
        }
    }

    /// These are read no longer; positions in them can no longer be committed.
    mutating func gaveUp(_ partitions: some Sequence<TopicPartition>) {
        assignment += 1
        for partition in partitions {
            since[partition] = nil
            givenUp[partition] = assignment
            given[partition] = nil
            processed[partition] = nil
            committed[partition] = nil
            moved[partition] = nil
        }
    }

    /// Nothing of what was read is read any more; positions in it can no longer be committed.
    mutating func reassigned() {
        assignment += 1
        allGivenUp = assignment
        (since, givenUp, given, processed, committed, moved) = ([:], [:], [:], [:], [:], [:])
    }

    /// The number of the assignment that the partition has come with.
    func assignment(of partition: TopicPartition) -> Int { since[partition] ?? assignment }

    /// Whether a commit can still be sent: whose partitions were given up, or are had anew, no longer.
    func isCurrent(_ attempt: Attempt) -> Bool {
        attempt.offsets.keys.allSatisfy { isCurrent($0, attempt.assignment) }
    }

    private func isCurrent(_ partition: TopicPartition, _ assignment: Int) -> Bool {
        (since[partition] ?? givenUp[partition] ?? allGivenUp) <= assignment
    }

    /// Others may have the partitions already.
    mutating func lost() {
        given = [:]
        processed = [:]
    }

    // MARK: - Commits

    /// When ``due(now:)`` has something to commit.
    var deadline: Instant? {
        interval != nil && !processed.isEmpty && !isCommitting && ownCommits == 0 ? nextCommit : nil
    }

    /// What is to be committed now by itself. Not while the application commits: its position may be further on, and its
    /// next try come later.
    mutating func due(now: Instant) -> Attempt? {
        guard let interval, now >= nextCommit, !isCommitting, ownCommits == 0 else { return nil }
        nextCommit = now + interval
        guard !processed.isEmpty else { return nil }
        isCommitting = true
        return attempt(.due, processed)
    }

    /// What is left to commit before partitions are given back.
    var rest: Attempt? { interval == nil || processed.isEmpty ? nil : attempt(.rest, processed) }

    /// What is processed, and the group does not know.
    var open: [TopicPartition: CommittedOffset] { processed }

    /// The application commits. Nil where these are positions of an earlier assignment.
    mutating func own(_ offsets: [TopicPartition: CommittedOffset], of assignment: Int? = nil) -> Attempt? {
        if let assignment, !offsets.keys.allSatisfy({ self.assignment(of: $0) == assignment }) { return nil }
        ownCommits += 1
        return attempt(.own, offsets)
    }

    private func attempt(_ kind: Attempt.Kind, _ offsets: [TopicPartition: CommittedOffset]) -> Attempt {
        Attempt(kind: kind, offsets: offsets, assignment: assignment, moves: moves)
    }

    /// The group has acknowledged a commit.
    mutating func settled(_ attempt: Attempt) {
        over(attempt)
        if attempt.kind != .own { (failures, failure) = (0, nil) }
        for (partition, position) in attempt.offsets
        where isCurrent(partition, attempt.assignment) && attempt.moves >= moved[partition] ?? 0 {
            committed[partition] = position.offset
            if let open = processed[partition], open.offset <= position.offset { processed[partition] = nil }
        }
    }

    /// A commit did not come through. The application hears of its own; what was processed is left to be committed, later
    /// by the longer the more often that failed.
    mutating func failed(
        _ attempt: Attempt, because error: KafkaError, now: Instant, pause: (_ failures: Int) -> Duration
    ) {
        over(attempt)
        guard attempt.kind != .own else { return }
        failures += 1
        failure = error
        if let interval { nextCommit = now + max(interval, pause(failures)) }
    }

    private mutating func over(_ attempt: Attempt) {
        switch attempt.kind {
        case .own: ownCommits -= 1
        case .due: isCommitting = false
        case .rest: break
        }
    }

    // MARK: - The end

    /// The last commit begins: what failed before is of the past.
    mutating func closing() { failure = nil }

    /// Why not all could be committed of what was processed, or not of these partitions; nil where it could, or is the
    /// application's matter.
    func closed(_ group: String, _ partitions: Set<TopicPartition>? = nil) -> KafkaError? {
        guard let rest, !(partitions?.isDisjoint(with: rest.offsets.keys) ?? false) else { return nil }
        let end = partitions == nil ? "it was left" : "partitions were given up"
        return failure
            ?? KafkaError(
                .timedOut,
                "could not commit to group \(group) in time before \(end); the records behind the last commit come again",
                api: .offsetCommit)
    }
}
