import TestSupport
import Testing

@testable import KafkaWire

/// SASLprep: RFC 4013's examples, and what Python's tables say of two thousand texts.
@Suite(.turn) struct SASLPrepTests {
    static func scalars(_ text: String) throws -> String {
        var out = String.UnicodeScalarView()
        for part in text.split(separator: " ") {
            out.append(try #require(UInt32(part, radix: 16).flatMap(Unicode.Scalar.init)))
        }
        return String(out)
    }

    @Test(arguments: [("published_saslprep.txt", 7), ("saslprep.txt", 2000)])
    func preparesAsOthersDo(file: String, least: Int) throws {
        let rows = try SASLFixture.rows(file, fields: 2)
        #expect(rows.count >= least)
        for row in rows {
            let text = try Self.scalars(row[0])
            do throws(SASLPrep.Failure) {
                let prepared = try SASLPrep.prepare(text)
                let shown = prepared.unicodeScalars.map { String($0.value, radix: 16) }.joined(separator: " ")
                #expect(shown == (row[1] == "empty" ? "" : row[1]), "\(row[0])")
            } catch { #expect("\(error)" == "\(Self.failure(row[1]) ?? .unassigned)", "\(row[0])") }
        }
    }

    static func failure(_ name: String) -> SASLPrep.Failure? {
        switch name {
        case "prohibited": .prohibited
        case "bidirectional": .bidirectional
        default: nil
        }
    }

    /// U+0221 came with Unicode 4.
    @Test func unassigned() throws {
        #expect(throws: SASLPrep.Failure.unassigned) { try SASLPrep.prepare("\u{221}", isQuery: false) }
        #expect(try SASLPrep.prepare("\u{221}") == "\u{221}")
        #expect(try SASLPrep.prepare("plain") == "plain")
    }
}
