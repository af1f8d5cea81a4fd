import KafkaWire

/// Over which time the rate of a quota is measured: so many samples of such a length, of which the last is the one that goes
/// on.
public struct QuotaWindow: Sendable, Equatable {
    /// How many samples are kept (`quota.window.num`, `controller.quota.window.num`): 1 to 3,600, 11 by default.
    public var samples: Int
    /// How long a sample is (`quota.window.size.seconds`, `controller.quota.window.size.seconds`): 1 s by default, of which
    /// whole milliseconds count, and a day at most.
    public var length: Duration

    /// So many samples of that length.
    public init(samples: Int = 11, length: Duration = .seconds(1)) {
        self.samples = samples
        self.length = length
    }

    /// The same where it can be measured: at least one sample of a millisecond.
    var bounded: QuotaWindow {
        QuotaWindow(
            samples: min(max(samples, 1), 3600), length: min(max(length, .milliseconds(1)), .seconds(86_400)))
    }
    /// The length of a sample; of a window that is bounded.
    var lengthMs: Int { Int(Milliseconds(length).rawValue) }
}
