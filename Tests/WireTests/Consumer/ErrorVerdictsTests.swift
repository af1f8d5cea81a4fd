import TestSupport
import Testing

@testable import KafkaWire

/// What a code means to a consumer: only what can never pass ends it.
@Suite(.turn) struct ErrorVerdictsTests {
    private static let codes = (-1...133).map { ErrorCode(rawValue: Int16($0)) }.filter { $0 != .none }

    private static func those(_ verdict: ErrorVerdicts.Verdict, _ of: (ErrorCode) -> ErrorVerdicts.Verdict) -> Set<
        ErrorCode
    > {
        Set(codes.filter { of($0) == verdict })
    }

    /// UNKNOWN_SERVER_ERROR ended the program; Java warns, waits and asks again.
    @Test func allCodesButAFewMayPass() {
        let never: Set<ErrorCode> = [
            .topicAuthorizationFailed, .groupAuthorizationFailed, .clusterAuthorizationFailed,
            .saslAuthenticationFailed, .securityDisabled, .unsupportedVersion, .invalidRequest, .invalidTopicException,
        ]
        #expect(Self.those(.fatal, ErrorVerdicts.fetch) == never.union([.unsupportedCompressionType]))
        #expect(Self.those(.fatal, ErrorVerdicts.listOffsets) == never.union([.unsupportedForMessageFormat]))
        #expect(Self.those(.reset, ErrorVerdicts.fetch) == [.offsetOutOfRange])
        #expect(Self.those(.reset, ErrorVerdicts.listOffsets).isEmpty)
        for of in [ErrorVerdicts.fetch, ErrorVerdicts.listOffsets] {
            #expect(of(.unknownServerError) == .again)
            #expect(of(ErrorCode(rawValue: 999)) == .again)
        }
    }

    /// Each code that says that metadata is out of date has it looked up.
    @Test func whatIsOutOfDateIsLookedUp() {
        for code in Self.codes where code.invalidatesMetadata {
            #expect([.moved, .outOfDate].contains(ErrorVerdicts.fetch(code)), "\(code.name)")
        }
    }

    @Test func errorsOfThisClientSayThemselvesWhetherTheyMayPass() {
        #expect(ErrorVerdicts.mayPass(.refused(.unknownServerError, "x")))
        #expect(!ErrorVerdicts.mayPass(.refused(.topicAuthorizationFailed, "x")))
        #expect(ErrorVerdicts.mayPass(KafkaError(.timedOut, "x")))
        #expect(!ErrorVerdicts.mayPass(KafkaError(.unsupportedVersion, "x")))
    }
}
