// What all executables share: spans, figures, timestamps, random numbers, console.

import AppSupport
import TestSupport
import Testing

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

@Suite(.turn) struct AppSupportTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("60s", .seconds(60)), ("10m", .seconds(600)), ("1h30m", .seconds(5400)),
        ("1.5s", .milliseconds(1500)), ("2d", .seconds(172_800)), ("250us", .microseconds(250)), ("0", .zero),
        ("0.001ms", .microseconds(1)),
    ])
    func spansAreRead(text: String, duration: Duration) {
        #expect(TimeSpan(text)?.duration == duration)
    }

    @Test(arguments: [
        "", "60", "s", "-1s", "1x", "1 s", "1.s", ".5s", "1.2.3s", "١s", "99999999999d", "9223372036854775807s", "1s2",
        "1e3s", "1S",
    ])
    func nonsenseIsNoSpan(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test(arguments: [
        ("600s", "10m", "10 minutes"), ("90s", "1m30s", "1 minute 30 seconds"), ("1h", "1h", "1 hour"),
        ("1500ms", "1s500ms", "1 second 500 milliseconds"), ("0", "0s", "0 seconds"),
    ])
    func spansAreShown(text: String, short: String, words: String) throws {
        let span = try #require(TimeSpan(text))
        #expect(span.description == short)
        #expect(TimeSpan(short) == span)
        #expect(span.words == words)
    }

    @Test func numbersAreGroupedAndRounded() {
        #expect(Figures.grouped(0) == "0")
        #expect(Figures.grouped(999) == "999")
        #expect(Figures.grouped(1_234_567) == "1,234,567")
        #expect(Figures.grouped(Int64.min) == "-9,223,372,036,854,775,808")
        #expect(Figures.fixed(21.254, decimals: 2) == "21.25")
        #expect(Figures.fixed(23.5, decimals: 2) == "23.50")
        #expect(Figures.fixed(-0.001, decimals: 2) == "0.00")
        #expect(Figures.fixed(-2.5, decimals: 0) == "-3")
        #expect(Figures.fixed(.nan, decimals: 2) == "nan")
        #expect(Figures.fixed(1e300, decimals: 2) == "1e+300")
        #expect(Figures.rate(300_000, in: .seconds(2)) == "150,000")
        #expect(Figures.rate(1, in: .zero) == "–")
    }

    @Test(arguments: [
        (Duration.microseconds(850), "850 µs"), (.microseconds(12500), "12.5 ms"), (.seconds(3), "3 s"),
        (.seconds(600), "10 min"), (.seconds(605), "10 min 5 s"), (.seconds(3905), "1 h 5 min"),
    ])
    func durationsAreReadable(duration: Duration, text: String) {
        #expect(Figures.duration(duration) == text)
    }

    @Test func timestampsAreLocalWithSixDecimals() {
        // The referee is the C library's strftime.
        for microseconds: Int64 in [1_767_824_129_594_990, 0, 1, -1, 4_102_444_800_000_000] {
            var seconds = time_t((Double(microseconds) / 1e6).rounded(.down))
            var local = tm()
            localtime_r(&seconds, &local)
            var buffer = [CChar](repeating: 0, count: 64)
            let length = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &local)
            let expected = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let text = Timestamp(microseconds: microseconds).description
            #expect(text.hasPrefix(expected + "."))
            #expect(text.utf8.count == 26)
        }
        #expect(Timestamp(microseconds: 1_767_824_129_594_990).description.hasSuffix(".594990"))
        #expect(!Timestamp(microseconds: .max).description.isEmpty)
        #expect(!Timestamp(microseconds: .min).description.isEmpty)
    }

    @Test func randomNumbersAreThoseOfTheirSeed() {
        // The first outputs for the seed 1234567 of the reference implementation in C.
        var random = SeededRandom(seed: 1_234_567)
        let numbers = (0..<3).map { _ in random.next() }
        #expect(numbers == [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423])
    }

    @Test func aConsoleWithoutTerminalWritesPlainBytes() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        let console = Console(output: ends[1], error: ends[1])
        #expect(!console.outputIsTerminal)
        console.line(console.paint("ALERT", .red))
        console.write(bytes: [0x78, 0x0A])
        console.progress("not shown")
        console.note("a note comes after what was written before it")
        close(ends[1])
        var buffer = [UInt8](repeating: 0, count: 256)
        let length = read(ends[0], &buffer, buffer.count)
        #expect(
            String(decoding: buffer.prefix(max(length, 0)), as: UTF8.self)
                == "ALERT\nx\na note comes after what was written before it\n")
        close(ends[0])
    }

    @Test func aReaderThatIsGoneIsToldOnce() {
        var ends: [Int32] = [-1, -1]
        #expect(pipe(&ends) == 0)
        close(ends[0])
        let told = Counter()
        let console = Console(output: ends[1], error: ends[1], whenClosed: { told.increment() })
        for _ in 0..<3 {
            console.line("nobody reads this")
            console.flush()
        }
        #expect(told.count == 1)
        close(ends[1])
    }
}
