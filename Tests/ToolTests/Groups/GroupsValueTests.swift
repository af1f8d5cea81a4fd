import TestSupport
import Testing
import ToolKit

@testable import KW
@testable import KafkaWire

/// What `kw groups` reads from a command line or a file.
@Suite(.turn) struct GroupsValueTests {
    /// Moments, and the milliseconds that Python's datetime makes of them.
    @Test(
        arguments: [
            ("2026-01-07T22:15:29.594", 1_767_824_129_594), ("2026-01-07T22:15:29.594Z", 1_767_824_129_594),
            ("2026-01-07T22:15:29", 1_767_824_129_000), ("2024-02-29T23:59:59.999+01:00", 1_709_247_599_999),
            ("1969-12-31T23:59:59.999", -1), ("2000-03-01T00:00:00.000-0800", 951_897_600_000),
            ("2000-03-01T00:00:00.000-08", 951_897_600_000), ("0001-01-01T00:00:00.000", -62_135_596_800_000),
            ("2100-12-31T12:00:00.000+05:30", 4_133_917_800_000),
        ] as [(String, Int64)]) func moments(text: String, milliseconds: Int64) throws
    {
        #expect(try JavaTime.milliseconds(text) == milliseconds)
    }

    @Test(arguments: [
        "", "2026-01-07", "2026-01-07 22:15:29.594", "2026-13-07T22:15:29.594", "2025-02-29T00:00:00.000",
        "2026-01-07T24:00:00.000", "2026-01-07T22:15:29.5", "2026-01-07T22:15:29.594+1",
        "2026-01-07T22:15:29.594+25:00",
        "2026-01-07T22:15:29.594Zulu", "26-01-07T22:15:29.594", "٢٠٢٦-01-07T22:15:29.594",
    ]) func noMoments(text: String) { #expect(throws: JavaTime.Malformed.self) { try JavaTime.milliseconds(text) } }

    /// Durations as the documentation of Java's `Duration.parse` has them, and some more.
    @Test(
        arguments: [
            ("PT20.345S", 20_345), ("PT15M", 900_000), ("PT10H", 36_000_000), ("P2D", 172_800_000),
            ("P2DT3H4M", 183_840_000), ("PT-6H3M", -21_420_000), ("-PT6H3M", -21_780_000), ("-PT-6H+3M", 21_420_000),
            ("pt5m", 300_000), ("PT0S", 0), ("PT-0.5S", -500),
        ] as [(String, Int64)]) func durations(text: String, milliseconds: Int64) throws
    {
        #expect(try JavaTime.duration(text) == milliseconds)
    }

    @Test(arguments: [
        "", "P", "PT", "P1DT", "10m", "P1H", "PT1D", "PT1M1H", "PT1.5H", "PT1H1H", "P99999999999999999999D", "PT1",
        "P9223372036854D", "P106751991168D", "-P106751991168D",
        // Exactly the least of 64 bits, which has no opposite.
        "-P-106751991167DT-7H-12M-55.808S",
    ]) func noDurations(text: String) { #expect(throws: JavaTime.Malformed.self) { try JavaTime.duration(text) } }

    /// A duration back from now may lie beyond the ends of 64 bits.
    @Test(arguments: ["P106751991167D", "-P106751991167D", "P-106751991167D", "-PT-0.001S"])
    func resettingByALongDurationDoesNotTrap(duration: String) throws {
        var options = try ResetOptions.parse(["--by-duration", duration])
        for now: Int64 in [0, 1_767_225_600_000, .max] {
            guard case .time(let time) = try options.goal(now: now, group: "g") else {
                Issue.record("no time")
                continue
            }
            #expect(time >= 0)
        }
        options.byDuration = "PT1M"
        guard case .time(1_767_225_540_000) = try options.goal(now: 1_767_225_600_000, group: nil) else {
            Issue.record("not a minute ago")
            return
        }
    }

    @Test(
        arguments: [
            (Int64.min, Int64.max, Int64.max), (.max, .min, .min), (.min, .min, 0), (-1, .max, .max), (5, 12, 7),
            (12, 5, -7),
        ] as [(Int64, Int64, Int64)]) func lagStopsAtTheEnds(current: Int64, end: Int64, lag: Int64)
    {
        let row = GroupOffsetRow(partition: TopicPartition("t", 0), current: current, leaderEpoch: nil, end: end)
        #expect(row.lag == lag)
    }

    @Test func plans() throws {
        let lines = [(1, "t,0,5"), (3, "\"a,b\" , 1 ,7"), (4, "other,\"q\"\"q\",2,9")]
        let plan = try OffsetPlan.read(lines, path: "f", group: "g")
        #expect(plan["g"] == [TopicPartition("t", 0): 5, TopicPartition("a,b", 1): 7])
        #expect(plan["other"] == [TopicPartition("q\"q", 2): 9])
        for broken in ["t", "t,0", "t,x,1", "t,0,x", "t,-1,1", "a,b,c,d,e", "\"t,0,1", "\"t\"x,0,1"] {
            let error = #expect(throws: OffsetPlan.Malformed.self) {
                try OffsetPlan.read([(7, broken)], path: "f", group: "g")
            }
            #expect(error?.description.hasPrefix("f, line 7: ") ?? false)
        }
        #expect(throws: OffsetPlan.Malformed.self) { try OffsetPlan.read([(1, "t,0,5")], path: "f", group: nil) }
        // As Jackson's CSV writer, which Kafka uses.
        #expect(OffsetPlan.line(group: nil, TopicPartition("t", 1), 5) == "t,1,5")
        #expect(OffsetPlan.line(group: "a b", TopicPartition("t", 1), 5) == "\"a b\",t,1,5")
        let long = String(repeating: "t", count: 25)
        #expect(OffsetPlan.line(group: "g\"", TopicPartition(long, 1), 5) == "\"g\"\"\",\"\(long)\",1,5")
    }

    @Test func tablesHaveKafkasWidths() {
        var table = KafkaTable([.text("GROUP", 15, grows: true), .number("N", 4), .text("LAST", nil)])
        table.rows = [["short", "123456", "x"], ["a group longer than that", "1", ""]]
        #expect(
            table.lines == [
                "GROUP                    N    LAST", "short                    123456 x",
                "a group longer than that 1    ",
            ])
    }

    @Test func filtersOfAllGroups() {
        func group(_ type: KafkaAdmin.GroupType?, _ protocolType: String) -> KafkaAdmin.GroupListing {
            .init(id: "g", protocolType: protocolType, state: nil, type: type)
        }
        let groups = [
            group(.classic, "consumer"), group(.classic, ""), group(.classic, "connect"), group(.consumer, "consumer"),
            group(.share, "share"), group(.streams, "streams"), group(nil, "consumer"),
        ]
        func passing(_ filter: GroupsList.Filter) -> [Int] { groups.indices.filter { filter.passes(groups[$0]) } }
        #expect(passing(.init()) == [0, 1, 2, 3, 4, 5, 6])
        #expect(passing(.init(isConsumer: true)) == [0, 1, 3, 6])
        #expect(passing(.init(isShare: true)) == [4])
        #expect(passing(.init(isStreams: true)) == [5])
        #expect(passing(.init(protocolType: "consumer")) == [0, 3, 6])
        #expect(passing(.init(type: .classic)) == [0, 1, 2])
        #expect(passing(.init(type: .classic, protocolType: "connect")) == [2])
        #expect(groups.indices.filter { groups[$0].isConsumerGroup } == [0, 1, 3, 6])
    }

    /// Patterns, and what is wrong with them by RE2's syntax; nil where nothing is.
    @Test(
        arguments: [
            ("orders.*", nil), ("", nil), ("a|b|", nil), ("^(?i)x[a-z\\d_-]+$", nil), ("[[:alpha:]]+", nil),
            ("[]a]", nil),
            ("[^]a-]", nil), ("\\p{Greek}\\pL\\P{Lu}", nil), ("(?P<n>x)(?<m>y)", nil), ("a{2,5}?", nil), ("a{,5}", nil),
            ("a{2,1001}", "invalid repeat count"), ("\\Q(*\\E+", nil), ("\\x41\\x{1F600}\\07", nil), ("(?i-s:a)", nil),
            ("(a{100}){10}", nil), ("(a{100}){11}", "invalid repeat count"), ("a(", "missing closing )"),
            ("a)", "unexpected )"), ("[a", "missing closing ]"), ("*a", "missing argument to repetition operator"),
            ("(|+)", "missing argument to repetition operator"), ("a**", "invalid nested repetition operator"),
            ("a{3,1}", "invalid repeat count"), ("a\\", "trailing backslash at end of expression"),
            ("(?=a)", "invalid or unsupported Perl syntax"), ("(?!a)", "invalid or unsupported Perl syntax"),
            ("(?P<1!>a)", "invalid named capture"), ("(?P<n>a)(?P<n>b)", "duplicate capture group name"),
            ("(a)\\1", "invalid escape sequence"), ("\\Z", "invalid escape sequence"),
            ("[b-a]", "invalid character class range"),
            ("[[:word1:]]", "invalid character class range"), ("\\p{Klingon}", "invalid character class range"),
        ] as [(String, String?)]) func patterns(pattern: String, fault: String?)
    {
        var found: String?
        do throws(RE2Syntax.Malformed) { try RE2Syntax.check(pattern) } catch { found = error.description }
        #expect(found == fault)
    }

    @Test func validateRegexEndsWithTheStatus() throws {
        let good = try Program.kw(["groups", "--validate-regex", "or.*s"])
        #expect(good.status == 0 && good.output == "The regular expression `or.*s` is valid.\n")
        let bad = try Program.kw(["groups", "--validate-regex", "-(", "--json"])
        #expect(bad.status == 1)
        #expect(bad.output == "{\"pattern\":\"-(\",\"valid\":false,\"error\":\"missing closing )\"}\n")
    }
}
