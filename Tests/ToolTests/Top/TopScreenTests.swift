import KafkaWire
import Screens
import TestSupport
import Testing

@testable import ClusterView

/// What the view shows and what keys do to it, without a terminal and without a cluster.
@Suite(.turn) struct TopScreenTests {
    /// A cluster with everything that may be shown: wide names, steering characters, leaderless partitions.
    static func snapshot(_ number: Int, topics: Int = 30) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot(
            at: .seconds(number * 2), id: "MkU3OEVBNTcwNTJENDM2Qg", controller: 2, bootstrap: "kafka.example.org:9092")
        snapshot.brokers = [
            .init(id: 1, address: "kafka-1.example.org:9092", rack: "eu-1a"), .init(id: 2, address: "10.0.0.2:9092"),
        ]
        for index in 0..<topics {
            let name = [
                "orders", "注文-日本語-トピック", "evil\u{1B}[2J\u{7}", "a-very-long-name.with.parts.that.goes.on.and.on",
            ]
            snapshot.topics.append(
                .init(
                    index < 4 ? name[index] : "topic-\(index)",
                    partitions: (0..<6).map { partition in
                        .init(
                            PartitionID(index: partition), leader: index == 1 && partition == 0 ? nil : 1,
                            replicas: [1, 2], inSync: index == 0 && partition == 1 ? [1] : [1, 2],
                            start: 0, end: Int64(number * 1000 * (index + 1)))
                    }))
        }
        for index in 0..<8 {
            var group = ClusterSnapshot.Group(
                index == 0 ? "請求グループ" : "group-\(index)", type: "consumer", state: index == 1 ? "Empty" : "Stable",
                protocolType: "consumer")
            group.committed = [TopicPartition("orders", 0): Int64(number * 100 * index)]
            group.members = [
                .init(
                    id: "m-\(index)", clientId: "reader", host: "/10.0.0.9", assignment: [TopicPartition("orders", 0)])
            ]
            snapshot.groups.append(group)
        }
        snapshot.topics.sort { $0.name < $1.name }
        snapshot.groups.sort { $0.id < $1.id }
        snapshot.logs = .init(
            at: snapshot.at, sizes: [1: [TopicPartition("orders", 0): 5_000_000]], free: [1: 7_000_000_000])
        return snapshot
    }

    static func state(_ columns: Int, _ rows: Int) -> TopState {
        var state = TopState(size: (columns, rows))
        // Longer than members may take from one commit to the next.
        for number in 0..<7 { state.take(.success(snapshot(number))) }
        return state
    }

    static let messages = [
        TailMessage(
            TopicPartition("orders", 1), offset: 41, timestamp: 1_700_000_000_000, key: .init(Array("k\u{1B}c".utf8)),
            value: .init([0xFF, 0x00, 0x1B, 0x5B])),
        TailMessage(
            TopicPartition("orders", 0), offset: 7, timestamp: 1_700_000_000_123, key: nil,
            value: .init(Array(#"{"user":"Zoë","n":[1,2.50],"text":"日本","empty":{}}"#.utf8)),
            headers: [("trace", .init([0x61])), ("none", nil)]),
        TailMessage(TopicPartition("orders", 0), offset: 8, timestamp: -1, key: .init([0x31]), value: nil),
    ]

    static func text(_ state: TopState) -> [String] { TopScreen.lines(state, clock: "12:34:56").map(\.text) }

    // MARK: - Sizes

    private static let sizes = [
        (40, 10), (41, 11), (60, 15), (80, 16), (80, 24), (100, 30), (132, 43), (200, 60), (300, 12),
    ]

    /// Every view at every size, and at none at all: as many lines as rows, none wider, nothing that steers.
    @Test func noLineIsWiderThanTheTerminal() {
        let walk: [[Key]] = [
            [.character("1")], [.character("2")], [.character("3")], [.enter], [.down, .down],
            [.escape, .character("2")],
            [.home, .enter], [.tab, .down, .end], [.tab], [.enter], [.pageDown], [.escape, .escape],
            [.character("h")], [.end], [.escape, .character("/"), .character("日"), .character("o")],
            [.enter, .character("s"), .character("r"), .character("p")],
        ]
        for (columns, rows) in Self.sizes + [(1, 1), (2, 3), (5, 5), (20, 4)] {
            var state = Self.state(columns, rows)
            for keys in walk {
                for key in keys { _ = state.press(key) }
                if state.detail != nil { state.take(.messages(Self.messages)) }
                let lines = TopScreen.lines(state, clock: "12:34:56")
                #expect(lines.count == rows, "\(columns)x\(rows) after \(keys)")
                for line in lines {
                    #expect(line.width <= columns, "\(columns)x\(rows) after \(keys): \(line.text)")
                    #expect(TextWidth.of(line.text) == line.width)
                    let steers = line.text.unicodeScalars.contains {
                        $0.value < 0x20 || (0x7F..<0xA0).contains($0.value)
                    }
                    #expect(!steers, "\(line.text.debugDescription)")
                }
            }
        }
    }

    @Test func theFactsAreThereWhateverTheSize() {
        for (columns, rows) in Self.sizes {
            var state = Self.state(columns, rows)
            let topics = Self.text(state).joined(separator: "\n")
            #expect(topics.contains("kw top") && topics.contains("12:34:56"))
            #expect(topics.contains("TOPIC▲") && topics.contains("IN/S"), "\(columns)x\(rows)\n\(topics)")
            #expect(topics.contains("q quit") && topics.contains("h help"))
            _ = state.press(.character("3"))
            let groups = Self.text(state).joined(separator: "\n")
            #expect(groups.contains("LAG▼") && groups.contains("never"), "\(columns)x\(rows)\n\(groups)")
            #expect(groups.contains("請求"))
        }
    }

    @Test func whatIsWrongIsRed() throws {
        let state = Self.state(100, 30)
        let lines = TopScreen.lines(state, clock: "")
        func styles(_ text: String) -> [TextStyle] {
            lines.flatMap(\.spans).filter { $0.text.contains(text) }.map(\.style)
        }
        #expect(styles("1 leaderless").contains(.alarm) && styles("1 under-repl.").contains(.alarm))
        #expect(styles("ok").contains(.green))
        // In the terminal's own words; without colours it stays readable.
        let row = try #require(lines.first { $0.text.contains("1 under-repl.") && $0.text.contains("orders") })
        #expect(row.terminalText(hasColours: true).contains("\u{1B}[1;31m1 under-repl."))
        #expect(!row.terminalText(hasColours: false).contains("31m"))
    }

    // MARK: - Keys

    @Test func keysMoveSortAndFilter() {
        var state = Self.state(100, 20)
        #expect(state.tab == .topics && state.selectedId(.topics) == state.topicRows.first?.id)
        _ = state.press(.character("j"))
        _ = state.press(.down)
        _ = state.press(.up)
        #expect(state.cursors[.topics]?.selected == 1)
        _ = state.press(.end)
        #expect(state.cursors[.topics]?.selected == 29)
        let last = state.topicRows[29].id
        #expect(Self.text(state).contains { $0.hasPrefix(last.prefix(12)) })
        // What is selected stays selected in another order, and when looks come.
        state.take(.success(Self.snapshot(6)))
        #expect(state.selectedId(.topics) == last)
        for _ in 0..<TopicRow.Sort.allCases.count {
            _ = state.press(.character("s"))
            let isDescending = Self.text(state).joined().contains("▼")
            #expect(isDescending == (state.topicSort != .name))
            _ = state.press(.character("r"))
            #expect(Self.text(state).joined().contains("▼") != isDescending)
        }
        #expect(state.topicSort == .name)
        _ = state.press(.character("s"))
        _ = state.press(.character("s"))
        _ = state.press(.character("s"))
        #expect(state.topicSort == .records)
        #expect(state.topicRows.map { $0.records ?? 0 } == state.topicRows.map { $0.records ?? 0 }.sorted(by: >))

        for character in "/TOPIC-2" { _ = state.press(.character(character)) }
        #expect(
            state.filter.isTyping && state.topicRows.count == 10
                && state.topicRows.allSatisfy { $0.id.hasPrefix("topic-2") })
        #expect(Self.text(state).joined().contains("/TOPIC-2"))
        // While one types, q is a letter.
        #expect(state.press(.character("q")).isEmpty && state.topicRows.isEmpty)
        #expect(Self.text(state).joined().contains("no topics match"))
        _ = state.press(.backspace)
        _ = state.press(.enter)
        #expect(!state.filter.isTyping && state.topicRows.count == 10)
        _ = state.press(.escape)
        #expect(state.topicRows.count == 30 && state.filter.text.isEmpty)
        #expect(state.press(.character("q")) == [.quit] && state.press(.control("c")) == [.quit])
    }

    @Test(arguments: [40, 60, 80, 100, 200]) func nothingIsSortedByAHiddenColumn(columns: Int) {
        for tab in "123" {
            var state = Self.state(columns, 30)
            _ = state.press(.character(tab))
            var orders: Set<Int> = []
            for _ in 0..<10 {
                _ = state.press(.character("s"))
                orders.insert(
                    [state.brokerSort.rawValue, state.topicSort.rawValue, state.groupSort.rawValue][state.tab.rawValue])
                let text = Self.text(state).joined()
                #expect(text.contains("▼") || text.contains("▲"), "\(columns) columns, tab \(tab)")
            }
            #expect(orders.count > 1)
        }
    }

    @Test func intervalsAndPauses() {
        var state = Self.state(80, 24)
        let chosen = (0..<8).map { _ in
            _ = state.press(.character("+"))
            return state.interval.inSeconds
        }
        #expect(chosen == [5, 10, 30, 60, 60, 60, 60, 60])
        for _ in 0..<10 { _ = state.press(.character("-")) }
        #expect(state.interval == .milliseconds(500))
        #expect(state.press(.character("p")).isEmpty && state.isPaused)
        #expect(Self.text(state)[0].contains("PAUSED"))
        #expect(state.press(.character("p")) == [.look] && !state.isPaused)
    }

    @Test func aTopicIsLookedInto() throws {
        var state = Self.state(100, 40)
        for character in "/orders" { _ = state.press(.character(character)) }
        _ = state.press(.enter)
        #expect(state.press(.enter) == [.openTail("orders")])
        state.take(.messages(Self.messages))
        // Messages of another topic, or told of twice, are none.
        state.take(.messages(Self.messages))
        state.take(.messages([TailMessage(TopicPartition("x", 0), offset: 1, timestamp: 0, key: nil, value: nil)]))
        #expect(state.messages.count == 3 && state.messageCursor.selected == 2)
        let screen = Self.text(state).joined(separator: "\n")
        #expect(screen.contains("Topic orders") && screen.contains("PARTITION") && screen.contains("Latest messages"))
        #expect(screen.contains(#"{"user":"Zoë""#) && screen.contains(#"\xff\x00\x1b["#) && screen.contains("null"))
        _ = state.press(.up)
        #expect(!state.follows)
        // New ones do not move what one reads.
        state.take(.messages([TailMessage(TopicPartition("orders", 3), offset: 1, timestamp: 5, key: nil, value: nil)]))
        #expect(state.messages[state.messageCursor.selected].offset == 7)
        _ = state.press(.enter)
        let message = Self.text(state)
        for line in [
            "  \"user\": \"Zoë\",", "  \"n\": [1,2.50],", "  \"empty\": {}", "header     trace = a",
            "header     none = null",
        ] {
            #expect(message.contains(line), "\(line)")
        }
        _ = state.press(.backspace)
        #expect(state.openMessage == nil && state.detail == .topic("orders"))
        _ = state.press(.end)
        #expect(state.follows)
        #expect(state.press(.escape) == [.closeTail] && state.detail == nil && state.messages.isEmpty)
        #expect(state.tab == .topics)
        // A topic that goes away while one looks at it.
        _ = state.press(.enter)
        state.take(.success(Self.snapshot(9, topics: 0)))
        #expect(Self.text(state).joined().contains("not there any more"))
    }

    @Test func aGroupIsLookedInto() {
        var state = Self.state(100, 30)
        _ = state.press(.character("3"))
        _ = state.press(.enter)
        let screen = Self.text(state).joined(separator: "\n")
        #expect(screen.contains("never") && screen.contains("reader") && screen.contains("orders-0"))
        #expect(screen.contains("falls behind") || screen.contains("nothing is consumed"))
        #expect(state.press(.character("2")).isEmpty && state.detail == nil && state.tab == .topics)
    }

    @Test func tailsAreBounded() {
        var state = Self.state(100, 30)
        state.detail = .topic("orders")
        for number in 0..<50 {
            state.take(
                .messages(
                    (0..<100).map {
                        TailMessage(
                            TopicPartition("orders", 0), offset: Int64(number * 100 + $0), timestamp: 0, key: nil,
                            value: nil)
                    }))
        }
        #expect(state.messages.count == TopicTail.kept && state.messages.last?.offset == 4999)
        let part = TailMessage.Part([UInt8](repeating: 0x61, count: 1_000_000))
        #expect(part.bytes.count == TailMessage.longest && part.missing == 1_000_000 - TailMessage.longest)
        #expect(TailMessage.lines(part).last == "… 983616 more bytes")
        // A character that is cut is not shown by half.
        #expect(TailMessage.line(.init(Array("日本語".utf8)), limit: 4) == "日…")
    }

    @Test func aFailureIsShownAndPasses() {
        var state = Self.state(80, 24)
        state.take(.failure(KafkaError(.connectionFailed, "could not reach 10.0.0.1:9092")))
        let line = TopScreen.lines(state, clock: "").first { $0.text.contains("could not reach 10.0.0.1:9092") }
        #expect(line?.spans.first?.style.colour == .red)
        #expect(Self.text(state)[0].contains("NO ANSWER") && Self.text(state).joined().contains("TOPIC"))
        state.take(.success(Self.snapshot(7)))
        #expect(!Self.text(state).joined().contains("could not reach"))
    }

    // MARK: - Frames

    @Test func onlyWhatChangesIsWritten() {
        var writer = FrameWriter(hasColours: true)
        let first = [ScreenLine("a"), ScreenLine("b", .red)]
        let whole = writer.output(first)
        #expect(whole.contains("\u{1B}[2J") && whole.contains("\u{1B}[1;1H") && whole.contains("\u{1B}[31mb\u{1B}[0m"))
        #expect(writer.output(first).isEmpty)
        let changed = writer.output([ScreenLine("a"), ScreenLine("c")])
        #expect(changed.contains("\u{1B}[2;1H") && !changed.contains("\u{1B}[1;1H") && !changed.contains("\u{1B}[2J"))
        writer.forget()
        #expect(writer.output(first).contains("\u{1B}[2J"))
        #expect(writer.output(first + first).contains("\u{1B}[2J"))
    }

    @Test func jsonIsIndentedAsItIsWritten() {
        func shown(_ text: String) -> String { TailMessage.lines(.init(Array(text.utf8))).joined(separator: "\n") }
        #expect(
            shown(#"{"b":1.10,"a":[1,{"x":"a,{\"]"}],"e":[],"s":[1, 2],"o":{ }}"#) == """
                {
                  "b": 1.10,
                  "a": [
                    1,
                    {
                      "x": "a,{\\"]"
                    }
                  ],
                  "e": [],
                  "s": [1,2],
                  "o": {}
                }
                """)
        #expect(shown(" {\n} ") == "{}")
        for text in ["", "1", "\"a\"", "{", "{\"a\":}", "{}  x"] { #expect(shown(text) == text) }
        let deep =
            String(repeating: "[", count: 90) + String(repeating: "{},", count: 1000) + "{}"
            + String(repeating: "]", count: 90)
        #expect(shown(deep) == deep)
    }
}
