import ChangeEvents
import Detectors
import EventGenerator
import TestSupport
import Testing

/// Generated events against recorded ones.
@Suite(.turn) struct EventGeneratorTests {
    private static func generate(_ count: Int, _ options: EventGenerator.Options) -> [(String, String)] {
        var generator = EventGenerator(options)
        var key: [UInt8] = []
        var value: [UInt8] = []
        return (0..<count).map { _ in
            _ = generator.next(key: &key, value: &value)
            return (String(decoding: key, as: UTF8.self), String(decoding: value, as: UTF8.self))
        }
    }

    /// The payload with every value replaced by its kind: names, order and types remain.
    private static func shape(_ payload: Substring) -> Substring {
        payload.replacing(/"(?:[^"\\]|\\.)*"(:?)/) { $0.output.1.isEmpty ? "S" : String($0.output.0) }
            .replacing(/(:)-?[0-9]+/) { "\($0.output.1)N" }
    }

    private static func parts(_ event: String) -> (prefix: Substring, payload: Substring) {
        guard let range = event.range(of: #","payload":"#) else { return ("", event[...]) }
        return (event[..<range.upperBound], event[range.upperBound...])
    }

    @Test func eventsWithSchemasHaveTheRecordedForm() throws {
        let recorded = try RecordedEvent.table("keyed")[21]
        let plain = try RecordedEvent.table("dbserver1")[21]
        var options = EventGenerator.Options()
        options.topicPrefix = "keyed"
        let (key, value) = Self.generate(1, options)[0]
        let (prefix, payload) = Self.parts(value)
        let recordedValue = String(decoding: try #require(recorded.value), as: UTF8.self)
        let plainValue = String(decoding: try #require(plain.value), as: UTF8.self)
        #expect(prefix == Self.parts(recordedValue).prefix)
        #expect(Self.shape(payload) == Self.shape(Self.parts(plainValue).payload))
        let recordedKey = Self.parts(try #require(recorded.key))
        #expect(Self.parts(key).prefix == recordedKey.prefix)
        #expect(Self.shape(Self.parts(key).payload) == Self.shape(recordedKey.payload))
        let own = Self.generate(1, EventGenerator.Options())[0].1
        #expect(Self.parts(own).prefix == Self.parts(plainValue).prefix)
    }

    @Test func bareEventsHaveTheRecordedForm() throws {
        let recorded = String(decoding: try #require(RecordedEvent.table("bare")[22].value), as: UTF8.self)
        var options = EventGenerator.Options()
        options.schemas = .none
        for (key, value) in Self.generate(50, options) {
            #expect(Self.shape(value[...]) == Self.shape(recorded[...]))
            #expect(key.wholeMatch(of: /\{"user_id":[1-9][0-9]{3}\}/) != nil)
        }
    }

    @Test func aSeedDecidesEverything() {
        var options = EventGenerator.Options()
        options.schemas = .mixed(share: 0.3)
        let first = Self.generate(500, options)
        let second = Self.generate(500, options)
        #expect(first.elementsEqual(second) { $0 == $1 })
        let embedded = first.count { $0.1.hasPrefix(#"{"schema""#) }
        #expect((100...200).contains(embedded))
        options.seed = 2
        #expect(!first.elementsEqual(Self.generate(500, options)) { $0 == $1 })
    }

    @Test func decodedAgainTheyAreTheRowsAndEachRuleCatchesItsSuspects() throws {
        var options = EventGenerator.Options()
        options.schemas = .mixed(share: 0.5)
        var generator = EventGenerator(options)
        var decoder = ChangeEventDecoder()
        var anomaly = AnomalyDetector()
        var velocity = VelocityDetector()
        var probe = ProbeDetector()
        var key: [UInt8] = []
        var value: [UInt8] = []
        var spikes = (made: 0, caught: 0)
        var thefts = (made: 0, caught: 0, anomalies: 0)
        var trials = 0
        var burstRows = 0
        var alerts = 0
        var ordinaryAlerts = 0
        var lastTime = Int64.min
        for index in 0..<100_000 {
            let row = generator.next(key: &key, value: &value)
            let decoded = try #require(decoder.decode(value).transaction)
            guard decoded.id == Int64(index + 1), decoded.id == row.id, decoded.userID == row.userID,
                decoded.amount.cents == row.cents, decoded.merchantID == row.merchantID,
                decoded.createdAt.microseconds == row.createdAt, row.createdAt > lastTime,
                (1000...9999).contains(row.userID), (5_00...5000_00 + 1).contains(row.cents),
                (1...100).contains(row.merchantID)
            else {
                Issue.record("event \(index) is not its row \(row)")
                return
            }
            lastTime = row.createdAt
            let isAnomaly = anomaly.observe(decoded, partition: 0).isAnomaly
            let isAlert = velocity.observe(decoded, partition: 0).isAlert
            let isTheft = probe.observe(decoded, partition: 0).isAlert
            switch row.kind {
            case .spike: spikes = (spikes.made + 1, spikes.caught + (isAnomaly ? 1 : 0))
            case .burst:
                burstRows += 1
                alerts += isAlert ? 1 : 0
            case .theft:
                let (caught, anomalies) = (isTheft ? 1 : 0, isAnomaly ? 1 : 0)
                thefts = (thefts.made + 1, thefts.caught + caught, thefts.anomalies + anomalies)
            case .trial:
                trials += 1
                ordinaryAlerts += (isAnomaly ? 1 : 0) + (isAlert ? 1 : 0) + (isTheft ? 1 : 0)
            case .ordinary: ordinaryAlerts += (isAnomaly ? 1 : 0) + (isAlert ? 1 : 0) + (isTheft ? 1 : 0)
            }
        }
        #expect(spikes.made > 200)
        #expect(spikes.caught == spikes.made)
        #expect(thefts.made > 40 && thefts.caught == thefts.made && thefts.anomalies == thefts.made)
        #expect((0..<4 * 65).contains(trials - 4 * thefts.made), "those still on their way")
        #expect(burstRows > 200)
        #expect(alerts >= burstRows / 8 * 3)  // the sixth, seventh and eighth of each
        #expect(ordinaryAlerts == 0)
    }

    @Test func nowIsTheConnectorsTime() throws {
        var generator = EventGenerator()
        var key: [UInt8] = []
        var value: [UInt8] = []
        _ = generator.next(key: &key, value: &value, nowMicroseconds: 1_800_000_000_123_456)
        let text = String(decoding: value, as: UTF8.self)
        #expect(text.hasSuffix(#""ts_ms":1800000000123,"ts_us":1800000000123456,"ts_ns":1800000000123456000}}"#))
    }
}
