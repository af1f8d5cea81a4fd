import KafkaWire

/// What can be fuzzed. Each target makes one claim about any bytes: they are read or refused, in bounded memory, and
/// what was read holds together.
///
/// The fuzzers (`Fuzzing/`) feed ``check(_:allocated:)`` with what libFuzzer thinks up; the tests feed it with the
/// findings of earlier runs (`Fixtures/fuzz`) and with damaged golden bytes. An input begins with a byte or two that
/// choose what is read; they name things by the protocol's own numbers, so that a finding stays one when APIs are added.
public enum FuzzTarget: String, CaseIterable, Sendable {
    /// A stream cut into frames, and the headers in them.
    case frames
    /// Every request's and response's body, in every version, with its explanation.
    case messages
    /// Record batches in each codec, and the message sets before them, with their explanation.
    case batches
    /// Structures with versions of their own: the consumer protocol, control records, headers.
    case embedded
    /// Sequences of change events.
    case events
    /// Requests to a broker that has data, and the time between them.
    case broker
    /// The client with a broker whose answers are changed.
    case answers
    /// The doctor and `kw top` with such a broker.
    case doctor
    /// The broker's web page, from the bytes of a request to its answer.
    case page
    /// The proxy's relay.
    case proxy
    /// The agents' rules.
    case agents
    /// What the tool reads of files, of its command line and of other services, and records as it prints them.
    case readers
    /// What is read before anybody has said who he is: SASL on both sides, and its texts.
    case login
    /// TLS, from the first byte, and files of certificates and keys.
    case tls

    /// The longest input that is worth making, in bytes (libFuzzer's `-max_len`).
    public var longestInput: Int {
        switch self {
        case .frames, .messages, .embedded: 512
        case .batches: 1024
        case .events: 1536
        case .broker: 2048
        case .answers, .doctor, .readers: 512
        case .page, .proxy, .agents, .login: 1024
        case .tls: 2048
        }
    }

    /// Throws what is wrong with the way in which `input` is read. With `allocated`, which tells how many bytes were
    /// ever allocated, also where reading took more memory than the input can account for.
    public func check(_ input: Bytes, allocated: (() -> Int)? = nil) throws(Finding) {
        let memory = MemoryMeter(allocated)
        switch self {
        case .frames: try FrameCheck.run(input, memory)
        case .messages: try MessageCheck.run(input, memory)
        case .batches: try BatchCheck.run(input, memory)
        case .embedded: try EmbeddedCheck.run(input, memory)
        case .events: try EventCheck.run(input, memory)
        case .broker: try BrokerCheck.run(input, memory)
        case .answers: try AnswersCheck.run(input, memory)
        case .doctor: try DoctorCheck.run(input, memory)
        case .page: try PageCheck.run(input, memory)
        case .proxy: try ProxyCheck.run(input, memory)
        case .agents: try AgentsCheck.run(input, memory)
        case .readers: try ReadersCheck.run(input, memory)
        case .login: try LoginCheck.run(input, memory)
        case .tls: try TLSCheck.run(input, memory)
        }
    }
}

/// A claim that does not hold, as a sentence.
public struct Finding: Error, CustomStringConvertible, Sendable {
    /// The sentence.
    public let description: String

    init(_ description: String) { self.description = description }
}

/// Throws a finding where a claim does not hold.
func claim(_ holds: Bool, _ otherwise: @autoclosure () -> String) throws(Finding) {
    if !holds { throw Finding(otherwise()) }
}

/// Holds reading to memory proportional to what is read.
struct MemoryMeter {
    private let allocated: (() -> Int)?

    init(_ allocated: (() -> Int)?) { self.allocated = allocated }

    /// What `work` gives. All that it allocates, also what it frees again, must stay below `perByte` times `count`,
    /// plus `base` for what is needed once: tables, contexts of codecs, the text of an error.
    func bound<R>(
        _ what: @autoclosure () -> String, _ count: Int, perByte: Int, base: Int = 64 << 10, _ work: () -> R
    ) throws(Finding) -> R {
        guard let allocated else { return work() }
        let before = allocated()
        let result = work()
        let taken = allocated() - before
        try claim(
            taken <= perByte * count + base, "\(what()) allocated \(taken) bytes over \(count) bytes of input")
        return result
    }
}

/// What became of reading: typed throws through closures cost more than this.
func outcome<R>(_ work: () throws(WireError) -> R) -> Result<R, WireError> {
    do throws(WireError) { return .success(try work()) } catch { return .failure(error) }
}
