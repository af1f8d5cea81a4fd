import TestSupport
import Testing

@testable import KafkaWire

@Suite(.turn) struct ErrorCodeTests {
    @Test func namesAndMarksAreThoseOfKafka() throws {
        for line in try Fixture.lines("protocol/errors.tsv").dropFirst() {
            let cells = line.split(separator: "\t")
            let code = ErrorCode(rawValue: try #require(Int16(cells[0])))
            #expect(code.name == cells[1])
            #expect("\(code.isRetriable)" == cells[2])
            #expect("\(code.invalidatesMetadata)" == cells[3])
        }
    }

    @Test func unknownCodesHaveANameAndAreNotRetried() {
        #expect(ErrorCode(rawValue: 9999).name == "UNKNOWN_ERROR_CODE_9999")
        #expect(!ErrorCode(rawValue: 9999).isRetriable)
    }
}
