import ChangeEvents
import Foundation
import TestSupport
import Testing

/// Decimals and times in every mode of Debezium's, held against what PostgreSQL itself told of the rows.
@Suite(.turn) struct DebeziumFormTests {
    static let modes = ["precise-adaptive", "double-connect", "string-isostring", "double-nanoseconds"]
    static let bareModes = modes + ["precise-microseconds", "string-adaptive_time_microseconds"]

    /// What should come of a row: its values, or the field that forbids it.
    private enum Outcome: Equatable {
        case transaction(user: Int64, amount: String, time: Int64?)
        case malformed(Malformed.Problem)
    }

    /// By PostgreSQL's words, and by what the mode can carry.
    private static func expected(_ row: RecordedRow, _ mode: String) -> Outcome {
        guard let amount = row.amount else { return .malformed(.null(.amount)) }
        let isPrecise = mode.hasPrefix("precise")
        if ["NaN", "Infinity"].contains(amount) { return .malformed(isPrecise ? .null(.amount) : .wrongForm(.amount)) }
        guard amount.count < 30 else { return .malformed(.outOfRange(.amount)) }
        let text = mode.hasPrefix("double") ? "\(Double(amount) ?? 0)" : amount
        guard let at = row.createdAt, row.schema != "money" else {
            return .transaction(user: row.user, amount: text, time: nil)
        }
        // Nanoseconds of these do not fit: Debezium writes null.
        let isFar = at.hasPrefix("12026") || at.hasSuffix("BC")
        if isFar, mode.hasSuffix("nanoseconds") { return .transaction(user: row.user, amount: text, time: nil) }
        guard !at.hasSuffix("infinity"), let time = row.createdMicroseconds.flatMap({ Int64($0) }) else {
            return .malformed(.outOfRange(.createdAt))
        }
        // Connect's own types have milliseconds, but a timestamptz stays a string.
        let rest = mode.hasSuffix("connect") && row.schema != "free" ? ((time % 1000) + 1000) % 1000 : 0
        return .transaction(user: row.user, amount: text, time: time - rest)
    }

    private static func outcome(_ event: ChangeEvent) -> Outcome? {
        switch event {
        case .transaction(let row):
            .transaction(
                user: row.userID, amount: plain(row.amount),
                time: row.timeSource == .column ? row.createdAt.microseconds : nil)
        case .malformed(let flaw): .malformed(flaw.problem)
        case .notATransaction: nil
        }
    }

    private static func plain(_ amount: Amount) -> String {
        let value = Decimal(amount.unscaled) / pow(Decimal(10), Int(amount.scale))
        return "\(value)"
    }

    private static func isSame(_ outcome: Outcome?, _ expected: Outcome) -> Bool {
        guard case .transaction(let user, let amount, let time) = outcome,
            case .transaction(let otherUser, let otherAmount, let otherTime) = expected
        else { return outcome == expected }
        return user == otherUser && time == otherTime
            && Decimal(string: amount) == Decimal(string: otherAmount)
    }

    private static func schema(_ event: RecordedEvent) -> String {
        (event.envelope?["source"] as? [String: Any])?["schema"] as? String ?? ""
    }

    private static func told() throws -> [String: RecordedRow] {
        try Dictionary(RecordedRow.file("forms").map { ("\($0.schema) \($0.id)", $0) }) { first, _ in first }
    }

    private static func name(_ event: RecordedEvent) -> String {
        let id = (event.envelope?["after"] as? [String: Any])?["id"] as? Int64
        return "\(schema(event)) \(id ?? -1)"
    }

    @Test(arguments: modes) func withASchemaEveryRowIsAsPostgreSQLToldIt(_ mode: String) throws {
        let told = try Self.told()
        let events = try RecordedEvent.file("\(mode).forms.transactions")
        #expect(events.count == told.count)
        var remembering = ChangeEventDecoder()
        for event in events + events + events {
            let row = try #require(told[Self.name(event)])
            let decoded = remembering.decode(event)
            let expected = Self.expected(row, mode)
            #expect(Self.isSame(Self.outcome(decoded), expected), "\(row): \(decoded), not \(expected)")
            var plain = ChangeEventDecoder(.init(remembersPrefixes: false))
            #expect(plain.decode(event) == decoded)
        }
    }

    /// What is told to a decoder of events without a schema.
    private static func options(_ mode: String, _ schema: String) -> ChangeEventDecoder.Options {
        let scale = ["s0": 0, "s4": 4][schema] ?? 2
        let amount: AmountEncoding =
            mode.hasPrefix("double") ? .double : mode.hasPrefix("string") ? .string : .base64(scale: scale)
        let isMilliseconds = mode.hasSuffix("connect") || mode.contains("adaptive") && schema == "s0"
        // A date's days have no unit.
        let time: TimeUnit =
            schema == "money"
            ? .automatic
            : isMilliseconds ? .milliseconds : mode.hasSuffix("nanoseconds") ? .nanoseconds : .microseconds
        return .init(amount: amount, time: time)
    }

    @Test(arguments: bareModes) func withoutASchemaTheOptionsSayTheRest(_ mode: String) throws {
        let told = try Self.told()
        for event in try RecordedEvent.file("bare-\(mode).forms.transactions") {
            let schema = Self.schema(event)
            let row = try #require(told[Self.name(event)])
            var decoder = ChangeEventDecoder(Self.options(mode, schema))
            let expected = Self.expected(row, mode)
            for _ in 0..<3 {
                let decoded = decoder.decode(event)
                #expect(Self.isSame(Self.outcome(decoded), expected), "\(row): \(decoded), not \(expected)")
            }
        }
    }

    /// Times of these years are told by their numbers, whatever the mode.
    @Test(arguments: bareModes) func withoutASchemaTheNumberTellsItsUnit(_ mode: String) throws {
        let told = try Self.told()
        var seen = 0
        for event in try RecordedEvent.file("bare-\(mode).forms.transactions") {
            let schema = Self.schema(event)
            let row = try #require(told[Self.name(event)])
            let isNear = row.createdAt?.hasPrefix("2026") ?? true
            guard isNear || row.createdAt?.hasSuffix("infinity") == true || schema == "money" else { continue }
            var options = Self.options(mode, schema)
            options.time = .automatic
            var decoder = ChangeEventDecoder(options)
            #expect(Self.isSame(Self.outcome(decoder.decode(event)), Self.expected(row, mode)), "\(row)")
            seen += 1
        }
        #expect(seen > 18)
    }
}
