import DequeModule
import KafkaWire

/// A rate as Kafka measures it (`Rate` over `SampledStat`): the sum of some samples, by the time since the oldest of them
/// began, where the samples that are not there yet count as whole ones. So a burst at the beginning is spread over the
/// whole window, and what is held back is free again only when its sample goes.
struct SampledRate {
    private struct Sample {
        var start: Int
        /// When something was last added.
        var last: Int
        var value = 0.0

        init(at now: Int) { (start, last) = (now, now) }
    }

    /// The one that goes on is the last.
    private var samples: Deque<Sample> = []

    /// Adds `value`, which is negative where something is taken back, at `now` in milliseconds.
    mutating func record(_ value: Double, at now: Int, _ window: QuotaWindow) {
        var current = samples.popLast() ?? Sample(at: now)
        if now - current.start >= window.lengthMs {
            samples.append(current)
            current = Sample(at: now)
            // One more than the window has: the oldest may reach into it.
            if samples.count > window.samples { _ = samples.popFirst() }
        }
        current.value += value
        current.last = now
        samples.append(current)
    }

    /// The rate in a second, and the time in milliseconds that it is measured over.
    mutating func measure(at now: Int, _ window: QuotaWindow) -> (rate: Double, window: Int) {
        var oldest = now
        var sum = 0.0
        for index in samples.indices {
            if now - samples[index].last >= window.samples * window.lengthMs { samples[index] = Sample(at: now) }
            oldest = min(oldest, samples[index].start)
            sum += samples[index].value
        }
        var elapsed = now - oldest
        elapsed += max(0, window.samples - 1 - elapsed / window.lengthMs) * window.lengthMs
        elapsed = max(elapsed, 1)
        return (sum * 1000 / Double(elapsed), elapsed)
    }

    /// For how long nothing may be added until the rate is no more than `bound`, in milliseconds (`QuotaUtils`): with a
    /// rate of O over a window of W, X is to pass so that O · W / (W + X) is the bound.
    mutating func throttleTime(over bound: Double, at now: Int, _ window: QuotaWindow) -> Int {
        let (rate, time) = measure(at: now, window)
        guard rate > bound, bound > 0 else { return 0 }
        return Int(rounding: (rate - bound) / bound * Double(time))
    }
}

extension Int {
    /// The nearest whole number, as Java's `Math.round`, from 0 to the longest time that an answer can tell.
    init(rounding number: Double) {
        let whole = (number + 0.5).rounded(.down)
        self = whole > 0 ? Int(Int32(exactly: whole) ?? .max) : 0
    }
}
