/// How what is remembered is brought into the processor's caches before it is needed. Where it lies is found in steps, each of which
/// reads what the one before it has had loaded; a step that is made for some dozen rows at a time waits for memory but once.
public enum Prefetch: CaseIterable, Sendable {
    /// Where it is told which slot a user, or a row, has.
    case place
    /// That slot.
    case slot
    /// What else is found by the slot.
    case contents
}
