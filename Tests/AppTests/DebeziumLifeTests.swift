import ChangeEvents
import Foundation
import TestSupport
import Testing

/// A table's life as connectors of every kind have written it (`scripts/record/shop.sql`): what comes of each event, in order.
@Suite(.turn) struct DebeziumLifeTests {
    /// A word for what came of an event; rows with their id.
    static func word(_ event: ChangeEvent) -> String {
        switch event {
        case .transaction(let row): (row.origin == .insert ? "c" : "r") + "\(row.id)"
        case .notATransaction(let reason): reason.rawValue
        case .malformed(let flaw): "[\(flaw.problem.name)]"
        }
    }

    private static func words(
        _ name: String, _ options: ChangeEventDecoder.Options = .init()
    ) throws -> [String] {
        var plainOptions = options
        plainOptions.remembersPrefixes = false
        var plain = ChangeEventDecoder(plainOptions)
        var remembering = ChangeEventDecoder(options)
        let events = try RecordedEvent.file(name)
        let words = events.map { word(plain.decode($0)) }
        for _ in 0..<3 { #expect(events.map { word(remembering.decode($0)) } == words, "with memory") }
        return words
    }

    /// The same before and after the table was altered, read again and emptied. A row whose merchant has become a text cannot be
    /// read, nor one whose amount has another name; an incremental snapshot finds rows again.
    private static let whole = [
        "r1", "c2", "c3", "c4", "update", "delete", "tombstone", "movedRow", "delete", "tombstone", "c5", "c6", "c7",
        "[merchant_id of another form]", "[amount missing]", "c10", "r1", "r4", "r5", "r6", "r7", "r8", "r9", "r10",
        "r102", "c11", "truncate", "c12",
    ]
    static let quiet = ["r1"] + whole.filter { !$0.hasPrefix("r") }

    @Test(arguments: ["whole", "bare-whole"]) func everyEventOfTheTable(_ name: String) throws {
        // A row that was inserted while the table was read again may be in it, or not.
        let words = try Self.words("\(name).shop.transactions")
        #expect(words.filter { $0 != "r10" } == Self.whole.filter { $0 != "r10" })
    }

    @Test func rowsAreAsPostgreSQLToldThem() throws {
        let rows = try RecordedRow.file("shop")
        for name in ["whole", "added"] {
            var decoder = ChangeEventDecoder()
            var seen = 0
            for event in try RecordedEvent.file("\(name).shop.transactions") {
                guard let read = decoder.decode(event).transaction else { continue }
                seen += 1
                let told = rows.filter { $0.id == read.id }
                #expect(
                    told.contains { row in
                        let isTime = row.createdMicroseconds.map { Int64($0) == read.createdAt.microseconds }
                        let amount = Decimal(read.amount.unscaled) / pow(Decimal(10), Int(read.amount.scale))
                        return row.user == read.userID && row.amount.flatMap { Decimal(string: $0) } == amount
                            && isTime ?? (read.timeSource == .commit)
                    }, "\(read) is none of \(told)")
            }
            #expect(seen > 9)
        }
    }

    /// Nobody can tell it who has neither a schema nor the column: 77.7777 with scale 4, read with scale 2.
    @Test func withoutASchemaAnotherScaleIsNotSeen() throws {
        var decoder = ChangeEventDecoder()
        let rows = try RecordedEvent.file("bare-whole.shop.transactions").compactMap { decoder.decode($0).transaction }
        #expect(rows.first { $0.id == 7 }?.amount.description == "7777.77")
    }

    /// A row without its envelope says what it is in `__op`, beside its columns or in a header, or it is refused: an update would
    /// else be a transaction.
    @Test(arguments: ["added", "bare-added"]) func unwrappedRowsWithTheirOperation(_ name: String) throws {
        let words = try Self.words("\(name).shop.transactions")
        #expect(words == Self.quiet.filter { $0 != "tombstone" && $0 != "truncate" })
        #expect(try Self.words("\(name).shop.transactions", .init(table: "orders")).allSatisfy { $0 == "otherTable" })
    }

    @Test func unwrappedRowsWithTheirOperationInAHeader() throws {
        let words = try Self.words("bare-headers.shop.transactions")
        // The time of the commit, which stands in for a row's own, is in another header.
        #expect(words == Self.quiet.filter { $0 != "truncate" }.map { $0 == "c3" ? "[created_at null]" : $0 })
    }

    @Test(arguments: ["unwrapped", "bare-unwrapped"]) func unwrappedRowsWithoutTheirOperation(_ name: String) throws {
        let words = try Self.words("\(name).shop.transactions")
        #expect(words.filter { $0 == "tombstone" }.count == 2)
        #expect(Set(words) == ["tombstone", "[a row without op]"])
        var decoder = ChangeEventDecoder()
        let event = try RecordedEvent.file("\(name).shop.transactions")[0]
        guard case .malformed(let flaw) = decoder.decode(event) else {
            Issue.record("it is read")
            return
        }
        #expect(flaw.description.contains("add.fields=op"))
    }

    @Test(arguments: ["whole", "bare-whole"]) func whatElseAConnectorWrites(_ name: String) throws {
        let topics: [(String, Set<String>)] = [
            ("__debezium-heartbeat.\(name)", ["heartbeat"]), ("\(name).notifications", ["notification"]),
            ("\(name).message", ["message"]), ("\(name).transaction", ["transactionMetadata"]),
            ("\(name).shop.signals", ["otherTable", "tombstone"]),
        ]
        for (topic, expected) in topics {
            let words = try Self.words(topic)
            #expect(!words.isEmpty && Set(words).isSubset(of: expected), "\(topic): \(Set(words))")
        }
    }

    @Test func otherConvertersAreRefusedByName() throws {
        #expect(try Set(Self.words("cloud.shop.transactions")) == ["[CloudEvents]", "tombstone"])
        for name in ["avro.shop.transactions", "avro-forms.forms.transactions"] {
            let words = try Set(Self.words(name))
            #expect(words.subtracting(["tombstone"]) == ["[a registry's wire format]"])
        }
    }
}
