import TestSupport
import Testing

@testable import KafkaWire

/// What Java's `Duration.parse` takes, and what it does not.
@Suite(.turn) struct ISODurationTests {
    @Test(arguments: [
        ("PT1H", Duration.seconds(3600)), ("PT15M", .seconds(900)), ("P2D", .seconds(172_800)),
        ("P2DT3H4M", .seconds(183_840)), ("PT10S", .seconds(10)), ("PT20.345S", .milliseconds(20_345)),
        ("PT0,5S", .milliseconds(500)), ("pt1h", .seconds(3600)), ("PT-6H+3M", .seconds(-21_420)),
        ("-PT-6H+3M", .seconds(21_420)), ("-PT6H", .seconds(-21_600)), ("+PT1S", .seconds(1)),
        ("PT-0.5S", .milliseconds(-500)), ("PT0S", .zero), ("PT1.S", .seconds(1)),
        ("P1DT0.000000001S", .seconds(86_400) + .nanoseconds(1)),
        ("PT36H", .seconds(129_600)),
    ])
    func durations(_ text: String, _ span: Duration) { #expect(ISODuration.parse(text) == span) }

    @Test(arguments: [
        "", "P", "PT", "P1DT", "1H", "PT1", "P1H", "PT1D", "P1Y", "P1M", "P1W", "PT1M1H", "PT1S1M", "PT1.0000000001S",
        "PT.5S", "PT1H ", " PT1H", "PT1HX", "PT99999999999999999999H", "PT9223372036854775807H", "PT1.5H", "PT--1H",
        "PT1H1H", "P1D1D", "PT１H",
    ])
    func noDurations(_ text: String) { #expect(ISODuration.parse(text) == nil) }
}
