import ChangeText
import JSONLines
import KafkaWire
import TestSupport
import Testing

/// What people read of change events that a real Debezium wrote.
@Suite(.turn) struct ChangePrinterTests {
    private static func lines(_ name: String, at offset: Int, width: Int? = nil, verbose: Bool = false) throws
        -> [String]
    {
        let all = try RecordedChange.all(name)
        var printer = plainPrinter(width: width, verbose: verbose)
        // Those before it teach the printer.
        for record in all.prefix(offset) { _ = record.lines(&printer) }
        return all[offset].lines(&printer)
    }

    /// Every kind of event in the exercise's own recording. The figures are PostgreSQL's: the amount `BalP` is
    /// `int.from_bytes(b"\x05\xa9\x4f", "big", signed=True)` hundredths.
    @Test(
        arguments: [
            (
                0,
                [
                    "t 0:0  @1795234902810  SNAPSHOT public.transactions  id=1",
                    "    id=1  user_id=5185  amount=3710.23  card_type=AMEX  merchant_id=95  "
                        + "created_at=2026-11-21T04:21:41.060297Z",
                ]
            ),
            (
                90,
                [
                    "t 0:90  @1795234909363  INSERT public.transactions  id=91",
                    "    id=91  user_id=7001  amount=null  card_type=null  merchant_id=null  "
                        + "created_at=2026-11-21T04:21:48.912831Z",
                ]
            ),
            (
                94,
                [
                    "t 0:94  @1795234909364  INSERT public.transactions  id=95",
                    #"    id=95  user_id=7005  amount=-99999999.99  card_type="Visa \"quoted\" \\\\ é中😀"  merchant_id=4  "#
                        + "created_at=2026-11-21T04:21:48.912831Z",
                ]
            ),
            (
                95,
                [
                    "t 0:95  @1795234909364  INSERT public.transactions  id=96",
                    #"    id=96  user_id=7006  amount=0.01  card_type=""  merchant_id=5  "#
                        + "created_at=2026-11-21T04:21:48.912831Z",
                ]
            ),
            (
                97,
                [
                    "t 0:97  @1795234909369  UPDATE public.transactions  id=1",
                    "    id=1  user_id=5185  amount=3711.23  card_type=AMEX  merchant_id=95  "
                        + "created_at=2026-11-21T04:21:41.060297Z",
                    "    the event has no old row; ALTER TABLE … REPLICA IDENTITY FULL makes PostgreSQL log it",
                ]
            ),
            // The hint stands once.
            (
                98,
                [
                    "t 0:98  @1795234909369  UPDATE public.transactions  id=2",
                    "    id=2  user_id=9684  amount=150.88  card_type=MASTERCARD  merchant_id=100  "
                        + "created_at=2026-11-21T04:21:41.088060Z",
                ]
            ),
            (
                100,
                ["t 0:100  @1795234909369  UPDATE public.transactions  id=4", "    amount  2348.00 → 1234.56"]
            ),
            (
                102,
                [
                    "t 0:102  @1795234909369  DELETE public.transactions  id=6",
                    "    id=6  user_id=4550  amount=2043.71  card_type=VISA  merchant_id=99  "
                        + "created_at=2026-11-21T04:21:41.199696Z",
                ]
            ),
            (103, ["t 0:103  @1795234909369  TOMBSTONE  id=6"]),
            (
                108,
                [
                    "t 0:108  @1795234909870  DELETE public.transactions  id=9",
                    "    id=9  user_id=null  amount=null  card_type=null  merchant_id=null  "
                        + "created_at=1970-01-01T00:00:00.000000Z",
                    "    its key is now id=100000",
                ]
            ),
            (
                110,
                [
                    "t 0:110  @1795234909870  INSERT public.transactions  id=100000",
                    "    id=100000  user_id=4431  amount=3869.10  card_type=VISA  merchant_id=22  "
                        + "created_at=2026-11-21T04:21:41.282781Z",
                    "    its key was id=9",
                ]
            ),
        ] as [(Int, [String])]) func everyKindIsShown(offset: Int, expected: [String]) throws
    {
        #expect(try Self.lines("dbserver1.public.transactions", at: offset) == expected)
    }

    @Test(
        arguments: [
            (0, ["t 0:0  @1795234908471  BEGIN  transaction 758:26378336"]),
            (1, ["t 0:1  @1795234908472  END  transaction 758:26378536  1 event", "    public.transactions 1"]),
            (95, ["t 0:95  @1795234909519  END  transaction 808:26396520  0 events"]),
        ] as [(Int, [String])]) func transactionsAreShown(offset: Int, expected: [String]) throws
    {
        #expect(try Self.lines("keyed.transaction", at: offset) == expected)
    }

    @Test func whereItComesFromIsToldWhenAsked() throws {
        let lines = try Self.lines("dbserver1.public.transactions", at: 100, verbose: true)
        #expect(
            lines.dropFirst(2) == [
                "    committed @1795234909014  lsn 0/192BAB8  transaction 802  connector dbserver1"
            ])
        let snapshot = try Self.lines("dbserver1.public.transactions", at: 0, verbose: true)
        #expect(
            snapshot.last
                == "    committed @1795234902202  lsn 0/1927600  transaction 749  snapshot first  connector dbserver1")
        let keyed = try Self.lines("keyed.public.transactions", at: 24, verbose: true)
        #expect(keyed.last?.contains("event 1 of it") == true)
    }

    @Test func linesFitTheTerminal() throws {
        let lines = try Self.lines("bare.public.transactions", at: 0, width: 60)
        #expect(
            lines == [
                "t 0:0  @1795234903202  SNAPSHOT public.transactions  id=1",
                "    id=1  user_id=5185  amount=3710.23  card_type=AMEX",
                "    merchant_id=95  created_at=2026-11-21T04:21:41.060297Z",
            ])
        for width in [1, 2, 7, 20, 33, 80] {
            for name in RecordedChange.tables {
                var printer = plainPrinter(width: width)
                for record in try RecordedChange.all("\(name).public.transactions") {
                    let lines = record.lines(&printer).dropFirst()
                    if width >= 20 { #expect(lines.allSatisfy { TextLength.of($0) <= width }, "\(lines)") }
                }
            }
        }
    }

    /// Debezium itself decoded the decimals of `bare-string`: what is read out of the other forms must be the same.
    @Test(arguments: ["dbserver1", "bare", "keyed", "bare-double"])
    func allFormsSayTheSame(name: String) throws {
        let referee = try RecordedChange.all("bare-string.public.transactions")
        let others = try RecordedChange.all("\(name).public.transactions")
        #expect(referee.count == 111 && others.count == 111)
        var one = plainPrinter()
        var other = plainPrinter()
        // By what they say: with another key, an update is a delete and an insert, elsewhere.
        var rows: [Set<String>] = [[], []]
        for (a, b) in zip(referee, others) {
            rows[0].formUnion(Self.facts(a.lines(&one)))
            rows[1].formUnion(Self.facts(b.lines(&other)))
        }
        if name == "bare-double" {
            // A double has no trailing zeros, and writes the largest and smallest decimal its own way.
            #expect(rows[0].count == rows[1].count)
        } else {
            #expect(rows[0].symmetricDifference(rows[1]) == [])
        }
        #expect(rows[0].count > 100)
    }

    private static func facts(_ lines: [String]) -> [String] {
        let word = lines[0].split(separator: " ").dropFirst(3).first.map(String.init) ?? ""
        return lines.dropFirst().filter { !$0.contains("its key") }.map { "\(word) \($0)" }
    }

    /// A table with PostgreSQL's types, recorded from a real Debezium 3.6.3; the values are those that were inserted.
    @Test func allTypesAreRead() throws {
        let all = try RecordedChange.all("types.public.things")
        var printer = plainPrinter()
        let lines = all.map { $0.lines(&printer) }
        let first = try #require(lines[0].last)
        let expected: [String] = [
            "    id=1", "small=-3", "big=9223372036854775807", "flag=true", "r=1.5", "d=0.1",
            "n=12345678901234567890.123456789", "n2=12.3400", "m=1234.56", #"t="a\tb\nc""#, "v=vé", #"c="ab   ""#,
            #"b=\xdeadbeef00"#, "bt=1000000101", "vb=00000101", "da=2026-11-21", "ti=06:26:00.123456", "tz=04:26:00Z",
            "ts=2026-11-21T06:26:00.123456Z", "ts3=1969-12-31T23:59:59.999Z", "tstz=2026-11-21T04:26:00.500000Z",
            "iv=10303:05:06.789000", "u=6ecd8c99-4036-403d-bf84-cf8400f67836", #"j="{\"a\": 1}""#,
            #"jb="{\"b\": [1, 2]}""#, "x=<a>x</a>", "ia=[1,null,3]", #"ta=["x y","z"]"#,
            #"da2=["2026-01-01","1969-12-31"]"#,
            #"p={"x":1.0,"y":2.0,"wkb":"\\x0101000000000000000000f03f0000000000000040","srid":null}"#, "ip=10.0.0.1/8",
            "mo=ok", "rng=[1,5)", "big_text=01234567890123456789",
        ]
        let beginning = expected.joined(separator: "  ")
        #expect(first.hasPrefix(beginning))
        #expect(first.hasSuffix("… (5000 characters)"))
        #expect(lines[1].last?.contains("ti=24:00:00.000000  tz=null  ts=infinity  ts3=null  tstz=-infinity") == true)
        #expect(lines[3][1].contains("n=0.5  n2=-0.0001") && lines[3][1].hasSuffix("big_text=(not in the event)"))
        #expect(
            lines[5] == [
                "t 0:5  @1795284494782  UPDATE public.things  id=1", "    n   0.5 → 0.25", "    n2  -0.0001 → 7.0000",
                #"    b   \xdeadbeef00 → \x00"#, "    ti  06:26:00.123456 → 07:00:00.000000",
                #"    j   {"a": 1} → {"a": 2}"#,
            ])
        #expect(lines[8] == ["t 0:8  @1795284494794  TRUNCATE public.things"])
        #expect(
            lines[9] == [
                "t 0:0  @1795284494792  MESSAGE  prefix=audit", #"    prefix=audit  content="by Ann""#,
            ])
    }

    @Test func jsonHasItDecoded() throws {
        var printer = plainPrinter()
        let all = try RecordedChange.all("dbserver1.public.transactions").map { record in
            try #require(JSON(record.json(&printer)))
        }
        #expect(all.count == 111)
        var kinds: [String: Int] = [:]
        for object in all { kinds[object["op"].text ?? "?", default: 0] += 1 }
        #expect(kinds == ["read": 20, "create": 78, "update": 5, "delete": 4, "tombstone": 4])
        let update = all[100]
        #expect(update["table"].text == "public.transactions" && update["key"]["id"].number == 4)
        #expect(update["before"]["amount"] == .double(2348) && update["after"]["amount"] == .double(1234.56))
        #expect(
            update["changed"]
                == .array([
                    .object(["column": .string("amount"), "from": .double(2348), "to": .double(1234.56)])
                ]))
        #expect(update["ts"].number == 1_795_234_909_014 && update["timestamp"].number == 1_795_234_909_369)
        #expect(all[110]["oldKey"]["id"].number == 9 && all[108]["newKey"]["id"].number == 100_000)
        #expect(all[0]["after"]["created_at"].text == "2026-11-21T04:21:41.060297Z")
        #expect(all[0]["before"] == .null && all[0]["changed"] == .array([]))
    }
}

/// Columns of a line, counted without the library's help: these texts have two wide characters at most.
private enum TextLength {
    static func of(_ text: String) -> Int { text.reduce(0) { $0 + ("中😀".contains($1) ? 2 : 1) } }
}
