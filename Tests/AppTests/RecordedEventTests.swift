import ChangeEvents
import Foundation
import TestSupport
import Testing

/// The decoder against Debezium's own events, with Foundation's JSON parser as the second opinion.
@Suite(.turn) struct RecordedEventTests {
    @Test(arguments: RecordedEvent.tables)
    func everyEventAgreesWithFoundation(_ name: String) throws {
        var decoder = ChangeEventDecoder()
        let events = try RecordedEvent.table(name)
        #expect(events.count == 111)
        var transactions = 0
        var counts: [String: Int] = [:]
        for event in events {
            let decoded = decoder.decode(event)
            guard let envelope = event.envelope, let operation = envelope["op"] as? String else {
                #expect(decoded == .notATransaction(.tombstone))
                counts["tombstone", default: 0] += 1
                continue
            }
            counts[operation, default: 0] += 1
            if operation == "u" { #expect(decoded == .notATransaction(.update)) }
            if operation == "d" { #expect(decoded == .notATransaction(.delete)) }
            guard operation == "c" || operation == "r", let row = envelope["after"] as? [String: Any] else { continue }
            if event.hasOldKey {
                #expect(decoded == .notATransaction(.movedRow))
                counts["moved", default: 0] += 1
            } else if row["user_id"] is NSNull {
                #expect(decoded.problem == .null(.userID))
            } else if row["amount"] is NSNull {
                #expect(decoded.problem == .null(.amount))
            } else {
                let transaction = try #require(decoded.transaction)
                transactions += 1
                #expect(transaction.id == row["id"] as? Int64)
                #expect(transaction.userID == row["user_id"] as? Int64)
                #expect(transaction.merchantID == row["merchant_id"] as? Int64)
                #expect(transaction.createdAt.microseconds == row["created_at"] as? Int64)
                #expect(transaction.amount.cents == RecordedEvent.cents(row["amount"]))
                #expect(transaction.amount.scale == 2)
                #expect(transaction.origin == (operation == "r" ? .snapshot : .insert))
                #expect(transaction.timeSource == .column)
                let cards: [String: Transaction.Card] = ["VISA": .visa, "MASTERCARD": .mastercard, "AMEX": .amex]
                let card = row["card_type"] as? String
                #expect(transaction.card == card.map { cards[$0] ?? .other } ?? .none)
            }
        }
        #expect(counts == ["c": 78, "r": 20, "u": 5, "d": 4, "tombstone": 4, "moved": 1])
        #expect(transactions == 95)  // 98 new rows less two with nulls less the moved one
    }

    @Test func theFiveConnectorsReportTheSameRows() throws {
        let rows = try RecordedEvent.tables.map { name in
            var decoder = ChangeEventDecoder()
            return try RecordedEvent.table(name).compactMap { decoder.decode($0).transaction }
        }
        for other in rows.dropFirst() { #expect(other == rows[0]) }
    }

    @Test func exactAmounts() throws {
        var decoder = ChangeEventDecoder()
        var texts: [Int64: String] = [:]
        for event in try RecordedEvent.table("dbserver1") {
            if let row = decoder.decode(event).transaction { texts[row.id] = row.amount.description }
        }
        let expected: [Int64: String] = [
            1: "3710.23", 92: "-12.34", 93: "0.00", 94: "99999999.99", 95: "-99999999.99", 96: "0.01",
        ]
        for (id, text) in expected { #expect(texts[id] == text) }
    }

    @Test func transactionMetadata() throws {
        var decoder = ChangeEventDecoder()
        let events = try RecordedEvent.file("keyed.transaction")
        #expect(events.count == 96)
        for event in events { #expect(decoder.decode(event) == .notATransaction(.transactionMetadata)) }
    }

    @Test func anotherTableIsNotOurs() throws {
        var decoder = ChangeEventDecoder(.init(table: "orders"))
        for event in try RecordedEvent.table("bare") where event.value != nil {
            #expect(decoder.decode(event) == .notATransaction(.otherTable))
        }
        var ours = ChangeEventDecoder(.init(schema: "audit"))
        #expect(try ours.decode(RecordedEvent.table("bare")[0]) == .notATransaction(.otherTable))
    }

    @Test func prefixMemoryChangesNoResult() throws {
        var events: [RecordedEvent] = []
        let files = try RecordedEvent.tables.map { try RecordedEvent.table($0) }
        for index in 0..<111 { events += files.map { $0[index] } }
        // More schemas than are remembered, alternating, so that each one is forgotten and learnt again.
        let base = try #require(files[0][0].value)
        let text = String(decoding: base, as: UTF8.self)
        for round in 0..<40 {
            var other = text.replacing("dbserver1.public", with: "db\(round % 7).public")
            if round % 3 == 0 { other = other.replacing(#""scale":"2""#, with: #""scale":"3""#) }
            if round % 5 == 0 { other = other.replacing("MicroTimestamp", with: "NanoTimestamp") }
            if round % 11 == 0 { other += " " }
            events.append(RecordedEvent(key: nil, value: Array(other.utf8), hasOldKey: false))
        }
        var with = ChangeEventDecoder()
        var without = ChangeEventDecoder(.init(remembersPrefixes: false))
        for event in events { #expect(with.decode(event) == without.decode(event)) }
    }
}

/// Damaged events: every result is a value, never a trap.
@Suite(.turn) struct DamagedEventTests {
    @Test(arguments: RecordedEvent.tables)
    func everyTruncationIsMalformed(_ name: String) throws {
        var decoder = ChangeEventDecoder()
        var seen = 0
        var last: [UInt8] = []
        // Events of every kind; the many plain inserts between them have one form.
        for (index, event) in try RecordedEvent.table(name).enumerated() where index < 3 || index > 88 {
            guard let value = event.value else { continue }
            _ = decoder.decode(value)
            // What begins like the event before has been cut there already.
            let same = zip(value, last).prefix { $0 == $1 }.count
            for length in same..<value.count {
                let part = Array(value[..<length])  // of its own, so that reading past its end is found
                if decoder.decode(part).problem == nil { Issue.record("\(name) \(index) cut to \(length) is accepted") }
                seen += 1
            }
            last = value
        }
        #expect(seen > 5_000)
    }

    /// Each event of one file at each length, by a decoder that knows the event's own shape.
    @Test func everyTruncationOfEveryBareEventIsMalformed() throws {
        var seen = 0
        for (index, event) in try RecordedEvent.table("bare").enumerated() {
            guard let value = event.value else { continue }
            let knowing = RecordedEvent.decoder(knowing: value)
            for length in 0..<value.count {
                var decoder = knowing
                if decoder.decode(Array(value[..<length])).problem == nil {
                    Issue.record("event \(index) cut to \(length) is accepted")
                }
                seen += 1
            }
        }
        #expect(seen == 60_602)
    }

    @Test(arguments: ["dbserver1", "bare", "bare-string"])
    func everySingleByteMutationIsDecodedAsWithoutMemory(_ name: String) throws {
        var without = ChangeEventDecoder(.init(remembersPrefixes: false))
        let events = try RecordedEvent.table(name)
        for index in [0, 94] {
            let value = try #require(events[index].value)
            let knowing = RecordedEvent.decoder(knowing: value)
            let step = value.count > 1000 ? 3 : 1
            for place in stride(from: 0, to: value.count, by: step) {
                for byte: UInt8 in [0, 0x20, 0x22, 0x2C, 0x30, 0x5C, 0x5D, 0x65, 0x7B, 0x7D, 0x80, 0xED, 0xFF] {
                    var damaged = value
                    damaged[place] = byte
                    var with = knowing  // a new copy: too many damaged events would end the use of shapes
                    let result = with.decode(damaged)
                    if result != without.decode(damaged) { Issue.record("\(name) byte \(place) set to \(byte)") }
                    let accepted = result.problem.map(Self.isSyntax) ?? false ? false : true
                    let isJSON = (try? JSONSerialization.jsonObject(with: Data(damaged))) != nil
                    // An `e` makes numbers that no double holds: sound JSON, yet Foundation refuses them.
                    if accepted, !isJSON, byte != 0x65 {
                        Issue.record("\(name) byte \(place) set to \(byte): accepted, not JSON")
                    }
                }
            }
        }
    }

    private static func isSyntax(_ problem: Malformed.Problem) -> Bool {
        switch problem {
        case .missing, .null, .wrongForm, .outOfRange, .unknownOperation: false
        default: true
        }
    }
}
