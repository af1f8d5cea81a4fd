import KafkaWire
import Screens
import TestSupport
import Testing

@testable import ClusterView

/// Rates, trends and forecasts, from looks whose times are written down.
@Suite(.turn) struct HistoryTests {
    private static let partition = TopicPartition("t", 0)

    /// A look at one partition and one group.
    static func look(
        _ seconds: Double, end: Int64, committed: Int64? = nil, id: UInt8 = 1, size: Int64? = nil
    ) -> ClusterSnapshot {
        var snapshot = ClusterSnapshot(at: .seconds(seconds))
        snapshot.brokers = [.init(id: 1, address: "a:1")]
        snapshot.topics = [
            .init(
                "t", id: TopicID(rawValue: Uuid(high: UInt64(id), low: 0)),
                partitions: [.init(0, leader: 1, replicas: [1], inSync: [1], start: 0, end: end)])
        ]
        if let committed {
            var group = ClusterSnapshot.Group("g", type: "classic", state: "Stable")
            group.committed = [partition: committed]
            snapshot.groups = [group]
        }
        if let size { snapshot.logs = .init(at: .seconds(seconds), sizes: [1: [partition: size]]) }
        return snapshot
    }

    static func history(_ looks: [ClusterSnapshot]) -> ClusterHistory {
        var history = ClusterHistory()
        for look in looks { history.add(look) }
        return history
    }

    @Test func ratesAreWhatCameInAndWasTaken() throws {
        var looks = (0...3).map { Self.look(Double($0) * 2, end: Int64($0) * 100, committed: Int64($0) * 60) }
        let history = Self.history(looks)
        #expect(history.incoming("t") == 50)
        #expect(history.incoming(Self.partition) == 50)
        #expect(history.outgoing("t") == 30)
        #expect(history.consumed("g") == 30)
        #expect(history.consumed("g", Self.partition) == 30)
        #expect(history.incomingSteps("t") == [50, 50, 50])
        #expect(history.lags("g") == [0, 40, 80, 120])
        #expect(history.slope("g") == 20)
        let group = try #require(looks.removeLast().groups.first)
        #expect(history.lag(group) == 120)
        #expect(history.forecast(group) == .fallsBehind(20))
        #expect(history.forecast(group).words == "never at this rate (falls behind 20/s)")
    }

    /// A broker may say any offset and size: the differences and sums stop at the ends of 64 bits.
    @Test func offsetsAndSizesAtTheEndsTrapNowhere() throws {
        let ends: [Int64] = [.min, -1, 0, 1, .max]
        for first in ends {
            for second in ends {
                var looks = [
                    Self.look(0, end: first, committed: second, size: first),
                    Self.look(2, end: second, committed: first, size: second),
                ]
                for index in looks.indices {
                    looks[index].topics[0].partitions += [
                        .init(1, leader: 1, replicas: [1], inSync: [1], start: first, end: second),
                        .init(1, leader: 1, replicas: [1], inSync: [1], start: .min, end: .max),
                    ]
                    looks[index].groups[0].committed[TopicPartition("t", 1)] = .min
                    let key = TopicPartition("t", 1)
                    looks[index].logs?.sizes[1]?[key] = .max
                }
                let history = Self.history(looks)
                let group = try #require(looks[1].groups.first)
                #expect(history.lag(group) ?? 0 >= 0)
                _ = (history.forecast(group), history.bytes("t"), history.incoming, history.slope("g"))
                let rows = (TopRows.brokers(looks[1], history), looks[1].topics[0].records ?? 0)
                #expect(!rows.0.isEmpty && rows.1 == .max)
                #expect(looks[1].size(of: looks[1].topics[0], allCopies: true) != nil)
            }
        }
    }

    @Test func aListThatBecameShorterThanItsTopShowsNothing() {
        var cursor = ListCursor()
        cursor.first = 7
        #expect(cursor.shown(5, of: 3) == 3..<3)
        #expect(cursor.shown(5, of: 0) == 0..<0)
        #expect(cursor.shown(0, of: 20) == 7..<7)
        #expect(cursor.shown(-1, of: 20).isEmpty)
        #expect(cursor.shown(5, of: 20) == 7..<12)
        #expect(cursor.shown(5, of: 9) == 7..<9)
    }

    @Test func oneLookTellsNoRates() throws {
        let look = Self.look(0, end: 10, committed: 4)
        let history = Self.history([look])
        #expect(history.incoming("t") == nil && history.consumed("g") == nil && history.slope("g") == nil)
        #expect(history.incoming == nil && history.bytes == nil)
        #expect(history.forecast(try #require(look.groups.first)) == .unknown)
        #expect(history.lag(try #require(look.groups.first)) == 6)
    }

    @Test func timeThatStandsStillOrGoesBackIsPassedOver() {
        let history = Self.history([
            Self.look(0, end: 0), Self.look(2, end: 100), Self.look(2, end: 900), Self.look(1, end: 5000),
        ])
        #expect(history.incoming("t") == 50)
    }

    @Test func onlyTheLastSecondsCount() {
        // 1000/s for a minute, then nothing for twenty seconds.
        var looks = (0...30).map { Self.look(Double($0) * 2, end: Int64($0) * 2000) }
        looks += (1...10).map { Self.look(60 + Double($0) * 2, end: 60_000) }
        #expect(Self.history(looks).incoming("t") == 0)
        // Looks that are rarer than the window still give a rate.
        #expect(Self.history([Self.look(0, end: 0), Self.look(60, end: 600)]).incoming("t") == 10)
    }

    @Test func offsetsThatGoBackAreNoNegativeRates() throws {
        let looks = [
            Self.look(0, end: 1000, committed: 900), Self.look(2, end: 1100, committed: 1000),
            // The end goes back: an unclean election. Counting goes on from there.
            Self.look(4, end: 50, committed: 50), Self.look(6, end: 150, committed: 100),
        ]
        let history = Self.history(looks)
        #expect(history.incoming("t") == 200.0 / 6)
        #expect(history.incomingSteps("t") == [50, 0, 50])
        #expect(history.consumedSteps("g") == [50, 0, 25])
        // The trend begins anew behind the jump.
        #expect(history.slope("g") == 25)
    }

    /// A look of a group with a member, which has read everything and commits every `pause` seconds.
    private static func committing(_ second: Int, every pause: Int?) -> ClusterSnapshot {
        let committed = 1000 + 100 * (pause.map { second / $0 * $0 } ?? 0)
        var look = look(Double(second), end: 1100 + 100 * Int64(second), committed: Int64(committed))
        look.groups[0].members = [.init(id: "m", clientId: "c", host: "h", assignment: [partition])]
        return look
    }

    /// `kw top --once` looked for two seconds, and called every group that commits every five one that falls behind.
    @Test(arguments: [1, 2, 4, 10]) func betweenTwoCommitsNobodyFallsBehind(seconds: Int) throws {
        let looks = (0...seconds).map { Self.committing($0, every: seconds < 10 ? 5 : nil) }
        let history = Self.history(looks)
        #expect(history.forecast(looks[seconds].groups[0]) == .unknown)
        #expect(history.isUndecided(looks[seconds]))
    }

    @Test func overSeveralCommitsAGroupIsJudged() throws {
        let healthy = (0...12).map { Self.committing($0, every: 5) }
        var history = Self.history(healthy)
        #expect(history.forecast(healthy[12].groups[0]) == .keepsPace(behind: .seconds(3)))
        #expect(!history.isUndecided(healthy[12]))
        let stopped = (0...12).map { Self.committing($0, every: nil) }
        history = Self.history(stopped)
        #expect(history.forecast(stopped[12].groups[0]).name == "fallsBehind")
        #expect(!history.isUndecided(stopped[12]))
        // Without members there is nobody whose commit is still to come.
        var empty = (0...2).map { Self.committing($0, every: nil) }
        for index in empty.indices { empty[index].groups[0].members = [] }
        history = Self.history(empty)
        #expect(history.forecast(empty[2].groups[0]).name == "fallsBehind" && !history.isUndecided(empty[2]))
    }

    @Test func aGroupThatIsResetHasNoTrendOfTheJump() throws {
        let before = (0...3).map { Self.look(Double($0), end: 10_000, committed: 9000 + Int64($0) * 100) }
        let reset = Self.look(4, end: 10_000, committed: 0)
        var history = Self.history(before + [reset])
        #expect(history.forecast(try #require(reset.groups.first)) == .unknown)
        #expect(history.lags("g") == [1000, 900, 800, 700, 10_000])
        let after = Self.look(6, end: 10_000, committed: 1000)
        history.add(after)
        #expect(history.forecast(try #require(after.groups.first)) == .catchesUp(after: .seconds(18)))
    }

    @Test func aTopicMadeAnewBeginsAnew() {
        let history = Self.history([
            Self.look(0, end: 500), Self.look(2, end: 600), Self.look(4, end: 5000, id: 2),
            Self.look(6, end: 5020, id: 2),
        ])
        #expect(history.incoming("t") == 10)
        #expect(history.incomingSteps("t") == [10])
    }

    @Test func whatIsGoneIsForgotten() {
        var history = Self.history([Self.look(0, end: 1, committed: 1), Self.look(1, end: 2, committed: 2)])
        history.add(ClusterSnapshot(at: .seconds(2)))
        #expect(history.incoming("t") == nil && history.consumed("g") == nil && history.lags("g").isEmpty)
    }

    @Test func logsThatGrowAreBytesPerSecond() {
        let sizes: [Int64] = [1000, 3000, 500, 1500]
        let history = Self.history(
            sizes.enumerated().map { Self.look(Double($0.offset) * 10, end: 0, size: $0.element) })
        // 2000, cut by retention, 1000, in 30 seconds.
        #expect(history.bytes("t") == 100)
    }

    @Test func seriesAreBounded() {
        var series = Series(limit: 5)
        for number in 0..<100 { series.add(Double(number), at: .seconds(number)) }
        #expect(series.points.map(\.value) == [95, 96, 97, 98, 99])
        #expect(series.rate(over: .seconds(1000)) == 1)
        #expect(Series().rate(over: .seconds(1)) == nil && Series().slope(over: .seconds(1)) == nil)
    }

    // MARK: - Forecasts

    struct ForecastRow: Sendable, CustomTestStringConvertible {
        var lag: Int64?
        var slope: Double?
        var incoming: Double?
        var consumed: Double?
        var words: String
        var testDescription: String { words }
    }

    @Test(arguments: [
        ForecastRow(lag: nil, words: "–"),
        ForecastRow(lag: 0, words: "caught up"),
        ForecastRow(lag: 0, slope: 50, incoming: 50, consumed: 0, words: "caught up"),
        ForecastRow(lag: 5, words: "–"),
        ForecastRow(lag: 5, slope: 0, incoming: 0, consumed: nil, words: "–"),
        ForecastRow(lag: 1300, slope: -10, incoming: 90, consumed: 100, words: "in 2 min 10 s"),
        ForecastRow(lag: 100, slope: -100, incoming: 0, consumed: 100, words: "in 1 s"),
        ForecastRow(lag: 720_000, slope: -1, incoming: 0, consumed: 1, words: "in 8 d 8 h"),
        ForecastRow(lag: .max, slope: -0.011, incoming: 0, consumed: 1, words: "in 37,037 d"),
        ForecastRow(
            lag: 5000, slope: 120, incoming: 220, consumed: 100, words: "never at this rate (falls behind 120/s)"),
        ForecastRow(
            lag: 5000, slope: 220, incoming: 220, consumed: 0, words: "never at this rate (falls behind 220/s)"),
        ForecastRow(lag: 5000, slope: 0, incoming: 0, consumed: 0, words: "never (nothing is consumed)"),
        // Auto-commit: the lag goes up and down by what comes in between two commits.
        ForecastRow(lag: 300, slope: 8, incoming: 100, consumed: 100, words: "keeps pace, 3 s behind"),
        // As fast as what comes in, and an hour behind: that stays so.
        ForecastRow(lag: 360_000, slope: 0.5, incoming: 100, consumed: 100, words: "keeps pace, 1 h behind"),
        ForecastRow(lag: 360_000, slope: -50, incoming: 100, consumed: 150, words: "in 2 h"),
    ]) func forecasts(row: ForecastRow) {
        let forecast = Forecast(
            lag: row.lag, slope: row.slope, incoming: row.incoming, consumed: row.consumed)
        #expect(forecast.words == row.words)
    }

    /// A member that reads everything at once and commits every five seconds: the lag is a saw.
    @Test func aSawIsNotATrend() throws {
        let looks = (0...30).map { (number: Int) in
            let (end, committed) = (Int64(number * 100), Int64(number / 5 * 500))
            return Self.look(Double(number), end: end, committed: committed)
        }
        let forecast = Self.history(looks).forecast(try #require(looks.last?.groups.first))
        #expect(forecast == .caughtUp)
        let earlier = Array(looks.dropLast(2))
        guard case .keepsPace = Self.history(earlier).forecast(try #require(earlier.last?.groups.first)) else {
            Issue.record("\(Self.history(earlier).forecast(earlier[28].groups[0]))")
            return
        }
    }

    @Test(arguments: [
        (0.0, "0 s"), (0.3, "0.3 s"), (4.4, "4 s"), (59.6, "1 min"), (130, "2 min 10 s"), (3600, "1 h"),
        (11_100, "3 h 5 min"), (90_000, "1 d 1 h"), (864_000, "10 d"), (1e30, "11,574,074 d"),
    ]) func spans(seconds: Double, text: String) {
        #expect(Quantity.span(.seconds(min(seconds, 1e18))) == text)
    }

    @Test func quantities() {
        #expect(Quantity.bytes(Int64(0)) == "0 B" && Quantity.bytes(Int64(1023)) == "1023 B")
        #expect(Quantity.bytes(Int64(1024)) == "1.0 KB" && Quantity.bytes(Int64(3) << 30) == "3.0 GB")
        #expect(Quantity.bytes(Int64.max) == "8.0 EB" && Quantity.bytes(nil) == "–")
        #expect(Quantity.count(Int64(9_999_999)) == "9,999,999" && Quantity.count(Int64(123_400_000)) == "123 M")
        #expect(Quantity.rate(0.04) == "0" && Quantity.rate(12.34) == "12.3" && Quantity.rate(1234.5) == "1,235")
        #expect(Quantity.rate(.infinity) == "–" && Quantity.rate(nil) == "–")
        #expect(Quantity.sparkline([0, 1, 4, 8], width: 6) == "  ▁▂▅█")
        #expect(Quantity.sparkline([0, 0], width: 2) == "▁▁" && Quantity.sparkline([5, 6], width: 0).isEmpty)
    }
}
