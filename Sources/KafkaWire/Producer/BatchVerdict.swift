/// What becomes of a batch after its request. A value, made of what came back.
enum BatchVerdict: Equatable, Sendable {
    /// It is in the log, at this offset where that is known.
    case arrived(Offset)
    /// It goes again.
    case again(KafkaError, Further = [])
    /// It is larger than its topic takes, and goes again in parts (KIP-126).
    case divided(KafkaError)
    /// It will not arrive.
    case lost(KafkaError, Further = [])

    /// What else the answer means.
    struct Further: OptionSet, Sendable {
        let rawValue: UInt8
        /// The partition's batches are numbered anew: the numbers of those behind this one would leave a gap, or the broker
        /// has lost what it knew.
        static let renumber = Further(rawValue: 1)
        /// The leader may be another one.
        static let lookUp = Further(rawValue: 2)
    }

    /// How a producer goes about its batches.
    struct Policy: Equatable, Sendable {
        var isIdempotent: Bool
        var maximumInFlight: Int
        /// How often a batch is sent again; nil for as often as there is time.
        var maximumRetries: Int?
        /// Whether a gap in the numbers ends a transaction: what is in front of it would be missing.
        var isTransactional = false
    }

    /// The batch of so many records was answered with `code`, which `error` tells of.
    init(_ code: ErrorCode, at offset: Offset, records: Int, _ error: KafkaError, attempts: Int, _ policy: Policy) {
        switch code {
        case .none: self = .arrived(offset)
        // The batch had arrived before; its answer was lost (KIP-98).
        case .duplicateSequenceNumber: self = .arrived(offset)
        // As in Java this is no try that counts.
        case .messageTooLarge where records > 1: self = .divided(error)
        case .outOfOrderSequenceNumber where attempts == 0 && policy.maximumInFlight > 1:
            // A batch in front of this one failed; both are sent again in order.
            self = .again(error)
        case .outOfOrderSequenceNumber, .unknownProducerId, .invalidProducerEpoch:
            if policy.isTransactional {
                self = .lost(error, .renumber)
                return
            }
            self = policy.isIdempotent ? .again(error, .renumber) : Self(error, attempts: attempts, policy)
        default: self = Self(error, attempts: attempts, policy)
        }
    }

    /// The batch did not arrive. Whether its time is up is looked at before it is sent again.
    init(_ error: KafkaError, attempts: Int, _ policy: Policy) {
        guard error.isRetriable, attempts < policy.maximumRetries ?? .max else {
            self = .lost(error, policy.isIdempotent ? .renumber : [])
            return
        }
        self = .again(error, error.code.broker?.invalidatesMetadata ?? true ? .lookUp : [])
    }
}
