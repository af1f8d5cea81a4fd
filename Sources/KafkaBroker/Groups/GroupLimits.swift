import KafkaWire

/// How much of groups is kept. Kafka's bound is the size of a record of its log, which one group's state has to fit into
/// (1 MB); here it is memory, counted roughly.
struct GroupLimits {
    /// How many groups there are at most. One with neither members nor positions makes room for another.
    var groups = 50_000
    /// How much memory the members of one group take, with what they say of themselves and are assigned.
    var groupBytes = 16 << 20
    /// The same of all groups.
    var memberBytes = 64 << 20
    /// How much memory all committed positions take.
    var offsetBytes = 128 << 20
    /// How large one answer about several groups gets before the rest is asked to come again.
    var answerBytes = 16 << 20
    /// How many strategies a member of a classic group may offer.
    var protocols = 1000

    /// What a member takes that says nothing of itself, and what else each thing takes that it names.
    static let memberOverhead = 768
    static let entryOverhead = 64
}

/// What all groups take.
struct GroupUse: Equatable {
    var memberBytes = 0
    var offsetBytes = 0
}
