import ChangeEvents
import Detectors
import JSONLines
import KafkaWire

/// The agents' rules over transactions whose numbers and times are at the ends of what they can be: each step is a row
/// as a connector tells it, read by the decoder, judged, and told as a line and as JSON.
///
/// A step takes six bytes: what it is, and which number the id, the user, the amount, `created_at` and the arrival are.
/// What cannot be read is malformed, and nothing stops.
enum AgentsCheck {
    static func run(_ input: Bytes, _ memory: MemoryMeter) throws(Finding) {
        guard !input.isEmpty else { return }
        var source = ByteSource(input)
        let options = source.next()
        var rule = VelocityDetector.Rule()
        rule.clock = options & 1 == 0 ? .event : .arrival
        var velocity = VelocityDetector(rule)
        var anomaly = AnomalyDetector()
        var probe = ProbeDetector(numbers(of: options))
        var decoder = ChangeEventDecoder(.init(amount: options & 2 == 0 ? .automatic(scale: 2) : .string))
        var steps = 0
        while !source.isEmpty, steps < 256 {
            steps += 1
            let kind = source.next()
            let row = Row(&source)
            let event = row.text(kind)
            let place = RecordPlace(partition: Int32(truncatingIfNeeded: row.arrival), offset: row.id)
            let outcome = try memory.bound("judging \(event)", event.utf8.count, perByte: 1 << 10, base: 256 << 10) {
                let decoded = Array(event.utf8).withUnsafeBytes { decoder.decode($0, hasOldKey: kind & 0x40 != 0) }
                guard case .transaction(let transaction) = decoded else { return ([[UInt8]](), [[UInt8]]()) }
                var lines: [UInt8] = []
                var alerts: [[UInt8]] = []
                let arrival = EventTime(microseconds: row.arrival)
                let fast = velocity.observe(transaction, partition: place.partition, arrival: arrival)
                let odd = anomaly.observe(transaction, partition: place.partition)
                let tried = probe.observe(
                    transaction, partition: place.partition, arrival: options & 4 == 0 ? arrival : nil)
                Report.append(fast, of: transaction, to: &lines)
                Report.append(odd, of: transaction, to: &lines)
                Report.append(tried, of: transaction, to: &lines)
                let found = [
                    Alert(fast, of: transaction, at: place), Alert(odd, of: transaction, at: place),
                    Alert(tried, of: transaction, at: place),
                ]
                for alert in found.compactMap({ $0 }) {
                    var json: [UInt8] = []
                    alert.appendJSON(to: &json)
                    alerts.append(json)
                }
                return ([lines], alerts)
            }
            for line in outcome.0 {
                try TerminalCheck.isHarmless(String(decoding: line, as: UTF8.self), allowing: "\n")
            }
            for alert in outcome.1 {
                try claim(Document(alert, isStrict: true) != nil, "no JSON: \(String(decoding: alert, as: UTF8.self))")
            }
            if kind & 0x80 != 0 {
                _ = velocity.forget(partition: place.partition)
                _ = anomaly.forget(partition: place.partition)
                _ = probe.forget(partition: place.partition)
            }
            try takesOver(probe, row, of: place.partition)
        }
    }

    private static func numbers(of options: UInt8) -> ProbeDetector.Rule {
        var rule = ProbeDetector.Rule()
        if options & 8 != 0 { rule.leastMerchants = 1 }
        if options & 16 != 0 { (rule.windowMicroseconds, rule.latenessMicroseconds) = (.max, .max) }
        return rule
    }

    /// Who takes a memory over by its bytes has the same again.
    private static func takesOver(_ probe: ProbeDetector, _ row: Row, of partition: Int32) throws(Finding) {
        var heir = ProbeDetector(probe.rule)
        var (user, whole) = ([UInt8](), [UInt8]())
        if probe.appendState(ofPartition: partition, to: &whole) {
            try claim(heir.restore(partition: partition, from: whole[...]), "a partition's state is not taken over")
        }
        guard probe.appendState(of: row.user, to: &user) else { return }
        try claim(heir.restore(row.user, partition: partition, from: user[...]), "a user's state is not taken over")
        var again: [UInt8] = []
        _ = heir.appendState(of: row.user, to: &again)
        try claim(again == user, "a user's state is another one when it is taken over")
    }

    /// A row of the table `transactions`.
    private struct Row {
        var id: Int64
        var user: Int64
        var amount: String
        var createdAt: Int64
        var arrival: Int64

        init(_ source: inout ByteSource) {
            id = Self.number(source.next())
            user = Self.number(source.next())
            let choice = source.next()
            amount = Self.amounts[Int(choice) % Self.amounts.count]
            createdAt = Self.number(source.next())
            arrival = Self.number(source.next())
        }

        private static func number(_ byte: UInt8) -> Int64 {
            if byte < 0x60 { return Int64(byte) }
            if byte < 0x80 { return 1_700_000_000_000_000 + Int64(byte) * 1_000_000 }
            let values = Boundaries.integers(Int64.self)
            return values[Int(byte - 0x80) % values.count]
        }

        private static let amounts = [
            "1.00", "4000.01", "500.01", "0", "-0.01", "92233720368547758.07", "-92233720368547758.08",
            "92233720368547758.08", "9223372036854775807", "-9223372036854775808", "0.000000000000000001", "1e18",
            "NaN",
            "Infinity", "-Infinity", "1e-400", "99999999999999999999999999999999999999", "", "1,5",
        ]

        /// As Debezium writes it without a schema.
        func text(_ kind: UInt8) -> String {
            let operation = ["c", "r", "u", "d"][Int(kind & 3)]
            let amount = kind & 4 == 0 ? "\"\(amount)\"" : amount
            let numbers = "\"id\":\(id),\"user_id\":\(user),\"amount\":\(amount)"
            let others = "\"card_type\":\"VISA\",\"merchant_id\":\(arrival),\"created_at\":\(createdAt)"
            let row = "{\(numbers),\(others)}"
            let source = kind & 8 == 0 ? "" : "\"source\":{\"ts_ms\":\(createdAt),\"table\":\"transactions\"},"
            return "{\(source)\"op\":\"\(operation)\",\"after\":\(row),\"ts_ms\":\(arrival)}"
        }
    }

    /// Runs of plain transactions of one user, and one of each extreme behind them.
    static let seeds: [Bytes] = {
        func row(_ kind: UInt8, _ id: UInt8, _ amount: UInt8, _ time: UInt8) -> [UInt8] {
            [kind, id, 1, amount, time, time]
        }
        let plain: [UInt8] = (0..<8).flatMap { row(0, $0, 0, 0x60 + $0) }
        var all: [[UInt8]] = [plain, plain + plain]
        for index in UInt8(0)..<32 {
            let extreme = row(0, 0x80 + index, index, 0x80 + index)
            all.append(plain + extreme)
            all.append(extreme + plain)
        }
        return all.flatMap { script in [0, 1, 2, 3].map { Bytes([$0] + script) } }
    }()
}
