import KafkaWire

/// Why a simulation did not come to its end.
public enum SimulationError: Error, Equatable, Sendable {
    /// Nothing can happen any more, and these still wait.
    case stalled(at: Duration, waiting: [String])
    /// Something went on outside of the simulation: what it did there, and in whose turn.
    case escaped([String])
    /// The time that it was given is over, and these still run.
    case tookTooLong(Duration, running: [String])
    /// Without any time passing something goes on and on, of that thread of a host most.
    case spinning(at: Duration, thread: String)
}

extension SimulationError: CustomStringConvertible {
    /// What happened, when, and who still waits or runs.
    public var description: String {
        switch self {
        case .stalled(let time, let waiting):
            "after \(time) nothing can happen any more, but these wait: \(waiting.joined(separator: ", ")); they wait for "
                + "each other, or for something outside of the simulation, as Task.sleep does, which waits by the system's "
                + "clock (take sleep(for:) of the simulation or of a host)"
        case .escaped(let what):
            "something went on outside of the simulation, which cannot be repeated: \(what.joined(separator: "; "))"
        case .tookTooLong(let limit, let running):
            "after \(limit) these still run: \(running.joined(separator: ", "))"
        case .spinning(let time, let thread):
            "at \(time) \(thread) goes on and on without any time passing"
        }
    }
}
