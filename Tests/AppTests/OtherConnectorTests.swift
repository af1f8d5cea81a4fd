import ChangeEvents
import TestSupport
import Testing

/// Envelopes of other databases' connectors, as Debezium's documentation shows them, around rows of `transactions`.
@Suite(.turn) struct OtherConnectorTests {
    private static let row =
        #"{"id":1004,"user_id":2354,"amount":"BrVw","card_type":"VISA","merchant_id":12,"created_at":1795234901060297}"#

    private static let mysql = """
        {"op":"c","ts_ms":1465491411815,"ts_us":1465491411815437,"ts_ns":1465491411815437158,"before":null,"after":\(row),\
        "source":{"version":"3.6.3.Final","connector":"mysql","name":"mysql-server-1","ts_ms":1465491411000,"snapshot":"false",\
        "db":"inventory","sequence":null,"table":"transactions","server_id":223344,"gtid":null,"file":"mysql-bin.000003",\
        "pos":484,"row":0,"thread":7,"query":null},"transaction":null}
        """

    private static let sqlServer = """
        {"before":null,"after":\(row),"source":{"version":"3.6.3.Final","connector":"sqlserver","name":"server1",\
        "ts_ms":1559729468470,"snapshot":"false","db":"testDB","schema":"dbo","table":"transactions",\
        "change_lsn":"00000027:00000758:0003","commit_lsn":"00000027:00000758:0005","event_serial_no":"1"},"op":"c",\
        "ts_ms":1559729471739}
        """

    /// Its names are in upper case.
    private static let oracle = """
        {"before":null,"after":{"ID":1004,"USER_ID":2354,"AMOUNT":"BrVw","CARD_TYPE":"VISA","MERCHANT_ID":12,\
        "CREATED_AT":1795234901060297},"source":{"version":"3.6.3.Final","connector":"oracle","name":"server1",\
        "ts_ms":1520085154000,"txId":"6.28.807","scn":"2122185","commit_scn":"2122185","rs_id":"001234.00012345.0124",\
        "ssn":1,"redo_thread":1,"user_name":"user","snapshot":"false","db":"ORCLPDB1","schema":"DEBEZIUM",\
        "table":"TRANSACTIONS"},"op":"c","ts_ms":1532592105975}
        """

    private static let fields = """
        [{"type":"struct","fields":[{"type":"int32","optional":false,"field":"ID"},{"type":"int32","field":"USER_ID"},\
        {"type":"struct","fields":[{"type":"int32","optional":false,"field":"scale"},{"type":"bytes","optional":false,\
        "field":"value"}],"optional":true,"name":"io.debezium.data.VariableScaleDecimal","version":1,"field":"AMOUNT"},\
        {"type":"int64","optional":true,"name":"io.debezium.time.Timestamp","version":1,"field":"CREATED_AT"}],\
        "optional":true,"name":"server1.DEBEZIUM.TRANSACTIONS.Value","field":"after"}]
        """

    private static func transaction(_ event: ChangeEvent, at microseconds: Int64 = 1_795_234_901_060_297) -> Bool {
        guard let row = event.transaction else { return false }
        return row.id == 1004 && row.userID == 2354 && row.amount.description == "4396.64" && row.card == .visa
            && row.merchantID == 12 && row.createdAt.microseconds == microseconds && row.origin == .insert
    }

    /// Decodes an event three times, and expects the same with memory as without.
    private static func decode(_ text: String, _ options: ChangeEventDecoder.Options = .init()) -> ChangeEvent {
        var plainOptions = options
        plainOptions.remembersPrefixes = false
        var plain = ChangeEventDecoder(plainOptions)
        var remembering = ChangeEventDecoder(options)
        let event = plain.decode(text)
        for _ in 0..<3 { #expect(remembering.decode(text) == event) }
        return event
    }

    @Test(arguments: [(mysql, "transactions"), (sqlServer, "transactions"), (oracle, "TRANSACTIONS")])
    func rowsOfOtherDatabases(_ event: String, _ table: String) {
        #expect(Self.transaction(Self.decode(event, .init(table: table))))
        #expect(Self.decode(event, .init(table: "orders")) == .notATransaction(.otherTable))
        let updated = event.replacing(#""op":"c""#, with: #""op":"u""#)
        #expect(Self.decode(updated, .init(table: table)) == .notATransaction(.update))
    }

    @Test func theSchemaOfAnOracleRowHasItsNames() {
        let row = Self.oracle.replacing(#""BrVw""#, with: #"{"scale":2,"value":"BrVw"}"#)
            .replacing("1795234901060297", with: "1795234901060")
        let event = #"{"schema":{"type":"struct","fields":\#(Self.fields)},"payload":\#(row)}"#
        #expect(Self.transaction(Self.decode(event, .init(table: "TRANSACTIONS")), at: 1_795_234_901_060_000))
    }

    /// A document is no row.
    @Test func documentsOfMongoDBAreRefusedByName() {
        let event = #"""
            {"before":null,"after":"{\"_id\" : {\"$numberLong\" : \"1004\"},\"amount\" : 4396.80}",
            "updateDescription":null,"source":{"version":"3.6.3.Final","connector":"mongodb","name":"fulfillment",
            "ts_ms":1558965508000,"snapshot":"false","db":"inventory","collection":"transactions","ord":31,"h":1546547425148721999},
            "op":"c","ts_ms":1558965515240}
            """#
        #expect(Self.decode(event).problem == .document)
    }

    @Test func statementsThatChangeTablesAreTold() {
        let event = #"""
            {"source":{"version":"3.6.3.Final","connector":"mysql","name":"mysql","ts_ms":1651535750218,"snapshot":"false",
            "db":"inventory","sequence":null,"table":"transactions","server_id":223344,"gtid":null,"file":"mysql-bin.000003",
            "pos":570,"row":0,"thread":null,"query":null},"databaseName":"inventory","schemaName":null,
            "ddl":"ALTER TABLE transactions ADD middle_name varchar(255) AFTER first_name","tableChanges":[{"type":"ALTER",
            "id":"\"inventory\".\"transactions\"","table":{"defaultCharsetName":"utf8mb4","primaryKeyColumnNames":["id"],
            "columns":[{"name":"id","jdbcType":4,"position":1}],"comment":null}}],"ts_ms":1651535750218}
            """#
        #expect(Self.decode(event) == .notATransaction(.schemaChange))
    }

    /// What only resembles them.
    @Test(arguments: [
        (#"{"ts_ms":"1"}"#, Malformed.Problem.missing(.operation)), (#"{"ts_ms":1,"x":2}"#, .missing(.operation)),
        (#"{"id":1}"#, .missing(.operation)), (#"{"databaseName":"x","ddl":"y"}"#, .missing(.operation)),
        (#"{"user_id":1}"#, .unwrapped), (#"{"user_id":1,"__deleted":"false"}"#, .unwrapped),
        (#"{"user_id":1,"__op":"x"}"#, .unknownOperation), (#"{"user_id":1,"__op":7}"#, .unknownOperation),
        (#"{"user_id":1,"__op":"c"}"#, .missing(.id)), (#"{"id":3,"user_id":null,"__op":"r"}"#, .null(.userID)),
        (#"{"after":{"user_id":1}}"#, .missing(.operation)), (#"{"schema":{},"payload":{"user_id":1}}"#, .unwrapped),
        (#"{"schema":{},"payload":[]}"#, .missing(.operation)), (#"{"specversion":"1.0","id":"7"}"#, .cloudEvent),
    ])
    func whatOnlyResemblesThem(_ text: String, _ problem: Malformed.Problem) {
        #expect(Self.decode(text).problem == problem)
    }

    @Test func aHeaderSaysTheOperationOnlyWhereTheRowDoesNot() {
        let row = #"{"id":1004,"user_id":2354,"amount":"BrVw","created_at":1795234901060297}"#
        func word(_ text: String, _ operation: Character?) -> ChangeEvent {
            var decoder = ChangeEventDecoder()
            var event = ChangeEvent.notATransaction(.tombstone)
            for _ in 0..<3 {
                event = Array(text.utf8).withUnsafeBytes { decoder.decode($0) { operation?.asciiValue } }
            }
            return event
        }
        #expect(word(row, "c").transaction?.origin == .insert)
        #expect(word(row, "r").transaction?.origin == .snapshot)
        #expect(word(row, "u") == .notATransaction(.update) && word(row, "d") == .notATransaction(.delete))
        #expect(word(row, "x").problem == .unknownOperation && word(row, nil).problem == .unwrapped)
        #expect(word(row.replacing("}", with: #","__op":"u"}"#), "c") == .notATransaction(.update))
        #expect(word(row.replacing("}", with: #","__deleted":"true"}"#), "c") == .notATransaction(.delete))
    }
}
