import ClusterView
import JSONLines
import KafkaWire
import Screens
import TestSupport
import Testing

@testable import FraudView

/// What the view shows and what keys do to it, without a terminal and without a cluster.
@Suite(.turn) struct FraudWatchScreenTests {
    private static func text(_ state: WatchState) -> [String] {
        WatchScreen.lines(state, clock: "12:34:56").map(\.text)
    }

    private static func press(_ keys: [Key], _ state: inout WatchState) -> [WatchState.Effect] {
        var effects: [WatchState.Effect] = []
        for key in keys { effects += state.press(key) }
        return effects
    }

    private static func press(_ text: String, _ state: inout WatchState) {
        _ = press(text.map { .character($0) }, &state)
    }

    // MARK: - Sizes

    private static let sizes = [
        (40, 10), (41, 11), (60, 15), (80, 16), (80, 24), (100, 30), (132, 43), (200, 60), (300, 12), (1, 1), (2, 3),
        (5, 5), (20, 4),
    ]

    /// Alerts as their enemies write them.
    private static let hostile = [
        #"{"agent":"日本語\u001b[2J","user_id":-9223372036854775808,"amount":"-1e14","x":"\u202e\u0007","y":null,"z":true}"#,
        #"{"agent":"a","user_id":1,"amount":1,"reason":"\#(String(repeating: "w", count: 4000))"}"#, "{", "",
        #"{"agent":"a","user_id":1,"amount":1,"event_time":"9999-12-31T23:59:59Z","partition":0,"offset":0}"#,
    ]

    /// Every view at every size, and at none at all: as many lines as rows, none wider, nothing that steers.
    @Test func noLineIsWiderThanTheTerminal() {
        let walk: [[Key]] = [
            [.character("1")], [.enter], [.pageDown], [.end], [.escape, .character("2")], [.down],
            [.character("3"), .end, .character("s")], [.character("4"), .character("r")], [.character("5")],
            [.pageDown, .end], [.backTab, .enter], [.character("/"), .character("日"), .character("9")],
            [.enter, .escape, .escape], [.character("h")], [.end], [.escape, .character("p")], [.character("p")],
        ]
        for (columns, rows) in Self.sizes {
            var state = WatchSamples.state(columns, rows)
            let messages = Self.hostile.enumerated().map {
                WatchSamples.message(Int64(100 + $0.offset), $0.element, at: .max)
            }
            state.take(WatchSamples.news(messages), now: WatchSamples.start + 41_000)
            for keys in walk {
                _ = Self.press(keys, &state)
                let lines = WatchScreen.lines(state, clock: "12:34:56")
                #expect(lines.count == rows, "\(columns)x\(rows) after \(keys)")
                for line in lines {
                    #expect(line.width <= columns, "\(columns)x\(rows) after \(keys): \(line.text)")
                    #expect(TextWidth.of(line.text) == line.width)
                    let steers = line.text.unicodeScalars.contains { JSONText.isSteering($0) || $0.value < 0x20 }
                    #expect(!steers, "\(line.text.debugDescription)")
                }
            }
        }
    }

    @Test func theFactsAreThere() {
        var state = WatchSamples.state(110, 30)
        let alerts = Self.text(state).joined(separator: "\n")
        for words in [
            "demo watch", "kafka.example.org:9092", "changes → alerts", "every 2 s", "12:34:56", "1 Alerts 40",
            "2 Rules 3",
            "3 Users 8", "4 Merchants 5", "TIME▼", "score 90", "mean 12.34", "merchants 3", "49 ms", "0@39", "q quit",
        ] {
            #expect(alerts.contains(words), "\(words)\n\(alerts)")
        }
        Self.press("5", &state)
        let pipeline = Self.text(state).joined(separator: "\n")
        for words in [
            "in 4,000/s", "looked at 40", "record → alert median 29 ms  p90 45 ms  p99 49 ms",
            "of 40 in the last minute",
            "anomaly-group", "missing-group", "not there yet", "partition 3", "████████████████",
        ] {
            #expect(pipeline.contains(words), "\(words)\n\(pipeline)")
        }
    }

    @Test func barsAreAsLongAsTheirPart() {
        let table: [(Double, Double, Int, String)] = [
            (0, 10, 4, ""), (-1, 10, 4, ""), (10, 10, 4, "████"), (5, 10, 4, "██"), (1, 10, 4, "▍"),
            (0.001, 10, 4, "▏"),
            (99, 10, 4, "████"), (1, 0, 4, ""), (1, 1, 0, ""), (.infinity, 1, 2, "██"),
        ]
        for (value, largest, width, bar) in table {
            #expect(Quantity.bar(value, of: largest, width: width) == bar, "\(value) of \(largest)")
        }
    }

    // MARK: - Keys

    @Test func keysMoveSortAndFilter() {
        var state = WatchSamples.state(110, 24)
        #expect(state.tab == .alerts && state.alertRows.map(\.id.offset) == Array((0..<40).reversed()))
        _ = Self.press([.down, .down, .up], &state)
        #expect(state.cursors[.alerts]?.selected == 1)
        // What is selected stays selected when others come in front of it.
        let more = WatchSamples.alert(40, of: WatchSamples.payment(40, user: 1000))
        state.take(WatchSamples.news([more]), now: WatchSamples.start + 41_000)
        #expect(state.cursors[.alerts]?.selected == 2 && state.alertRows[2].id.offset == 38)
        _ = Self.press([.home], &state)
        let next = WatchSamples.alert(41, of: WatchSamples.payment(41, user: 1001))
        state.take(WatchSamples.news([next]), now: WatchSamples.start + 42_000)
        #expect(state.cursors[.alerts]?.selected == 0 && state.alertRows.first?.id.offset == 41)

        var orders: [[Int64]] = []
        for _ in AlertSort.allCases {
            Self.press("s", &state)
            orders.append(state.alertRows.map(\.id.offset))
            #expect(Self.text(state).joined().contains("▼") || Self.text(state).joined().contains("▲"))
        }
        #expect(Set(orders).count == AlertSort.allCases.count)
        Self.press("/ANOMALY", &state)
        #expect(state.filter.isTyping && state.alertRows.count == 13)
        // While one types, q is a letter.
        #expect(state.press(.character("q")).isEmpty && state.alertRows.isEmpty)
        #expect(Self.text(state).joined().contains("no alerts match"))
        _ = Self.press([.backspace, .enter], &state)
        #expect(!state.filter.isTyping && state.alertRows.count == 13)
        _ = state.press(.escape)
        #expect(state.alertRows.count == 42)
        #expect(state.press(.character("q")) == [.quit] && state.press(.control("c")) == [.quit])
        #expect(state.press(.control("z")) == [.suspend])
    }

    @Test func talliesLeadToTheirAlerts() {
        var state = WatchSamples.state(110, 24)
        Self.press("3", &state)
        #expect(state.tallyRows.count == 8 && state.tallyRows.allSatisfy { $0.tally.count == 5 && $0.lastMinute == 5 })
        Self.press("/1003", &state)
        _ = Self.press([.enter, .enter], &state)
        #expect(state.tab == .alerts && state.pick == .user(1003) && state.alertRows.count == 5)
        #expect(Self.text(state).joined().contains("only user 1003"))
        _ = state.press(.escape)
        #expect(state.pick == nil && state.alertRows.count == 40)
        Self.press("2", &state)
        _ = state.press(.enter)
        #expect(state.pick == .rule("velocity") && state.alertRows.count == 14)
        Self.press("4ssss", &state)
        #expect(state.tallyRows.map(\.tally.largest) == state.tallyRows.map(\.tally.largest).sorted(by: >))
        Self.press("r", &state)
        #expect(state.tallyRows.map(\.tally.largest) == state.tallyRows.map(\.tally.largest).sorted())
    }

    @Test(arguments: [40, 60, 80, 110, 200]) func nothingIsSortedByAHiddenColumn(columns: Int) {
        for tab in "1234" {
            var state = WatchSamples.state(columns, 30)
            Self.press(String(tab), &state)
            var orders: Set<Int> = []
            for _ in 0..<10 {
                Self.press("s", &state)
                orders.insert(state.sorts[state.tab] ?? 0)
                let text = Self.text(state).joined()
                #expect(text.contains("▼") || text.contains("▲"), "\(columns) columns, tab \(tab)")
            }
            #expect(orders.count > 1)
        }
    }

    @Test func aPauseHoldsWhatIsShown() {
        var state = WatchSamples.state(110, 24)
        #expect(state.press(.character("p")).isEmpty && state.isPaused)
        let before = Self.text(state)
        #expect(before[0].contains("PAUSED"))
        let more = WatchSamples.alert(40, of: WatchSamples.payment(40, user: 1000))
        state.take(WatchSamples.news([more]), now: WatchSamples.start + 40_000)
        #expect(Self.text(state) == before)
        // Also where keys arrange it anew.
        Self.press("21", &state)
        #expect(state.alertRows.count == 40 && state.ledger.total == 41)
        #expect(state.press(.character("p")) == [.look] && state.alertRows.count == 41)
        let chosen = (0..<6).map { _ in
            Self.press("+", &state)
            return state.interval.inSeconds
        }
        #expect(chosen == [5, 10, 30, 60, 60, 60])
    }

    @Test func anAlertIsLookedInto() throws {
        var state = WatchSamples.state(110, 40)
        // Five transactions of its user were seen: nothing is read back.
        #expect(state.press(.enter).isEmpty && state.opened?.past == .seen)
        var text = Self.text(state).joined(separator: "\n")
        for words in [
            "Alert velocity, user 1007", "score 90", "partition 0, offset 39", "The user's last transactions", "▸ ",
            "539.00", "0@31", "VISA", "the mean of those before the newest is 519.00",
        ] {
            #expect(text.contains(words), "\(words)\n\(text)")
        }
        #expect(state.pastPayments.map(\.place.offset) == [39, 31, 23, 15, 7])
        #expect(
            WatchScreen.lines(state, clock: "").flatMap(\.spans).contains { $0.text.contains("▸ ") && $0.style.isBold })
        _ = state.press(.escape)
        #expect(state.opened == nil)

        // Of a user who was not seen since the view began, what lies in front is read back.
        let old = WatchSamples.payment(3, user: 55)
        state.take(WatchSamples.news([WatchSamples.alert(40, of: old)]), now: WatchSamples.start + 41_000)
        let row = try #require(state.alertRows.firstIndex { $0.user == 55 })
        _ = Self.press(Array(repeating: .down, count: row), &state)
        let effects = state.press(.enter)
        let id = SeenAlert.ID(partition: 0, offset: 40)
        #expect(effects == [.readBack(id, .past(user: 55, upTo: old.place))])
        #expect(Self.text(state).joined().contains("those before are being read…"))
        state.take(.success([WatchSamples.payment(0, user: 9)]), of: SeenAlert.ID(partition: 0, offset: 1))
        #expect(state.opened?.past == .reading, "another alert's past")
        state.take(.success([WatchSamples.payment(1, user: 55), old]), of: id)
        text = Self.text(state).joined(separator: "\n")
        #expect(text.contains("0@1") && text.contains("0@3") && text.contains("events before were read"))
        state.take(.failure(KafkaError(.connectionFailed, "could not reach it\u{1B}[2J")), of: id)
        #expect(Self.text(state).joined().contains(#"could not reach it\x1b[2J"#))
    }

    /// A place that no log has reached yet is not looked for.
    @Test func anEventThatIsStillToComeIsNotReadBack() {
        var state = WatchSamples.state(110, 40)
        let json = #"{"agent":"a","user_id":5,"amount":5,"partition":0,"offset":9223372036854775807}"#
        state.take(WatchSamples.news([WatchSamples.message(40, json)]), now: WatchSamples.start)
        state.pick = .user(5)
        state.arrange()
        #expect(state.alertRows.count == 1 && state.press(.enter).isEmpty)
        #expect(Self.text(state).joined().contains("none were seen"))
    }

    // MARK: - What is said

    @Test func whatIsWaitedForIsSaid() {
        var state = WatchState(WatchSamples.plan, size: (100, 24))
        #expect(Self.text(state).joined().contains("connecting…"))
        state.take(.success(WatchSamples.snapshot(0, hasAlerts: false)))
        #expect(Self.text(state).joined().contains("there is no topic alerts yet; it is waited for"))
        state.take(.success(WatchSamples.snapshot(1)))
        #expect(state.sentences.isEmpty && Self.text(state).joined().contains("no alerts yet"))
        var news = WatchSamples.news([WatchSamples.message(0, "{}"), WatchSamples.message(1, "[")])
        news.events.skipped = 70_000
        state.take(news, now: WatchSamples.start)
        #expect(
            state.sentences.map(\.text) == [
                "2 records of alerts are no alerts, the last at 0@1: it is no JSON object",
                "70,000 change events were passed over: more came than can be looked at",
            ])
        #expect(Self.text(state).joined().contains("(and 1 more)"))
        news = WatchSamples.news()
        news.alertsTrouble = "alerts-0 has no leader"
        state.take(news, now: WatchSamples.start)
        state.take(.failure(KafkaError(.connectionFailed, "could not reach 10.0.0.1:9092")))
        let line = WatchScreen.lines(state, clock: "").first { $0.text.contains("could not reach 10.0.0.1:9092") }
        #expect(line?.spans.first?.style.colour == .red && Self.text(state)[0].contains("NO ANSWER"))
        #expect(state.sentences.count { $0.isError } == 2)
    }

    // MARK: - Printed once

    @Test func itIsPrintedAsTablesAndAsJSON() throws {
        var state = WatchSamples.state(80, 24)
        state.take(
            WatchSamples.news([WatchSamples.message(99, Self.hostile[0])]), now: WatchSamples.start + 40_000)
        let report = WatchReport(state)
        let lines = report.lines(width: 100)
        #expect(lines.allSatisfy { TextWidth.of($0) <= 100 })
        let text = lines.joined(separator: "\n")
        for words in [
            "GROUP", "anomaly-group", "RULE", "USER", "MERCHANT", "41 alerts seen", "velocity", "0@39", #"\x1b[2J"#,
        ] {
            #expect(text.contains(words), "\(words)\n\(text)")
        }
        #expect(!text.unicodeScalars.contains { $0.value == 0x1B || $0.value == 0x202E })
        let json = try #require(JSON(report.json))
        #expect(json["alertsSeen"].number == 41 && json["alerts"].elements.count == 20)
        #expect(json["rules"].elements.first?["name"].text == "velocity")
        #expect(json["rules"].elements.first?["alerts"].number == 14)
        #expect(json["recordToAlertMs"]["count"].number == 40)
        let group = try #require(json["groups"].elements.first)
        #expect(group["groupId"].text == "anomaly-group" && group["lag"].number == 600)
        #expect(group["partitions"].elements.map { $0["lag"].number } == [0, 100, 200, 300])
        #expect(json["groups"].elements.last?["lag"] == .null)
    }
}
