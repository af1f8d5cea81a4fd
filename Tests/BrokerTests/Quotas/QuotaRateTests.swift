import KafkaWire
import TestSupport
import Testing

@testable import KafkaBroker

/// Rates and buckets as Kafka computes them; the numbers are from its formulas, in the comments, and from its own tests.
@Suite(.turn) struct QuotaRateTests {
    private static let eleven = QuotaWindow()
    private static let ten = QuotaWindow(samples: 10)

    /// What is recorded when, in bytes and milliseconds, and what is measured in the end.
    @Test(
        arguments: [
            // Nothing: no rate, over the ten samples that are taken for whole.
            ([], 0, 0.0, 10_000),
            // One sample, not begun: 1000 / 10 s.
            ([(0, 1000.0)], 0, 100.0, 10_000),
            // Half of it has passed: 1000 / 10.5 s.
            ([(0, 1000.0)], 500, 1000 / 10.5, 10_500),
            // A second sample, and one whole second: 9 more are missing, 2000 / 10 s.
            ([(0, 1000.0), (1000, 1000.0)], 1000, 200.0, 10_000),
            // Within the same sample: 2000 / 10.999 s.
            ([(0, 1000.0), (999, 1000.0)], 999, 2000 / 10.999, 10_999),
            // The last millisecond in which it counts: 10 whole samples have passed, 1000 / 10.999 s.
            ([(0, 1000.0)], 10_999, 1000 / 10.999, 10_999),
            // It is 11 s old.
            ([(0, 1000.0)], 11_000, 0.0, 10_000),
            // Its beginning is, and its end is not: the whole counts, 1000 / 11.5 s.
            ([(0, 400.0), (900, 600.0)], 11_500, 1000 / 11.5, 11_500),
            // Taken back.
            ([(0, 1000.0), (0, -1000.0)], 0, 0.0, 10_000),
            // After a pause only what came then: 500 / 10 s.
            ([(0, 1000.0), (60_000, 500.0)], 60_000, 50.0, 10_000),
        ] as [([(Int, Double)], Int, Double, Int)])
    func rates(_ records: [(Int, Double)], _ now: Int, _ rate: Double, _ window: Int) {
        var sampled = SampledRate()
        for (time, value) in records { sampled.record(value, at: time, Self.eleven) }
        let found = sampled.measure(at: now, Self.eleven)
        #expect(abs(found.rate - rate) < 0.001 && found.window == window)
    }

    /// Kafka's `testQuotaViolation`: 6300 / 10.5 s = 600, and (600 - 500) / 500 · 10.5 s = 2100 ms. The samples go round
    /// meanwhile, and the spike goes with its own.
    @Test func aSpikeIsPaidForUntilItsSampleGoes() {
        var rate = SampledRate()
        var now: Int = 1_000_000
        func record(_ value: Double) -> Int {
            rate.record(value, at: now, Self.eleven)
            return rate.throttleTime(over: 500, at: now, Self.eleven)
        }
        for _ in 0..<10 {
            #expect(record(400) == 0)
            now += 1000
        }
        now += 500
        #expect(record(2300) == 2100)
        now += 2100
        for _ in 0..<10 {
            _ = record(400)
            now += 1000
        }
        #expect(record(0) == 0)
    }

    /// (1000 - 500) / 500 · 10 s, and what is nearest to a whole millisecond.
    @Test(
        arguments: [
            (10_000.0, 500.0, 10_000), (5000.0, 500.0, 0), (5001.0, 500.0, 2), (5000.2, 500.0, 0),
            (1.0, 0.000_001, 999_990_000),
            (5000.0, .infinity, 0), (1e300, 1.0, 2_147_483_647),
        ] as [(Double, Double, Int)])
    func throttleTimes(_ value: Double, _ bound: Double, _ time: Int) {
        var rate = SampledRate()
        rate.record(value, at: 0, Self.eleven)
        #expect(rate.throttleTime(over: bound, at: 0, Self.eleven) == time)
    }

    /// Kafka's `ControllerMutationQuotaManagerTest`: 10 in a second, at most 100 at once.
    @Test func aBucketIsPaidBack() {
        var bucket = TokenBucket()
        var now: Int = 5_000_000
        #expect(bucket.measure(10, at: now, Self.ten) == 100)
        bucket.take(90, 10, at: now, Self.ten)
        #expect(bucket.throttleTime(10, at: now, Self.ten) == 0)
        bucket.take(90, 10, at: now, Self.ten)
        #expect(bucket.throttleTime(10, at: now, Self.ten) == 8000)
        bucket.take(90, 10, at: now, Self.ten)
        #expect(bucket.throttleTime(10, at: now, Self.ten) == 17_000)
        now += 5000
        #expect(bucket.throttleTime(10, at: now, Self.ten) == 12_000)
        now += 3_600_000
        #expect(bucket.measure(10, at: now, Self.ten) == 100)
        // With another bound there is no more than that gives in a window.
        #expect(bucket.measure(2, at: now, Self.ten) == 20)
    }

    @Test func windowsCanBeMeasured() {
        #expect(QuotaWindow(samples: 0, length: .zero).bounded == QuotaWindow(samples: 1, length: .milliseconds(1)))
        #expect(
            QuotaWindow(samples: .max, length: .seconds(Int.max)).bounded
                == QuotaWindow(samples: 3600, length: .seconds(86_400)))
        var rate = SampledRate()
        let least = QuotaWindow(samples: 1, length: .milliseconds(1))
        rate.record(5, at: 0, least)
        // A window of no time is a millisecond.
        #expect(rate.measure(at: 0, least) == (5000, 1))
    }
}
