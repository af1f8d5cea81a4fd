import Foundation
import TestSupport
import Testing

@testable import KafkaWire

/// The tables of `Errors.md` are what the client does with each code.
@Suite(.turn) struct ArticleTableTests {
    private static let codes = ErrorCode.names.compactMap(ErrorCode.named)

    private static func names(_ codes: some Sequence<ErrorCode>) -> String {
        let names = codes.sorted { $0.rawValue < $1.rawValue }.map { "`\($0.name)`" }
        return names.isEmpty ? "–" : names.joined(separator: ", ")
    }

    private static func rows() -> [String] {
        let fetch = [ErrorVerdicts.Verdict.moved, .outOfDate, .reset, .fatal].map { verdict in
            "| \(verdict) | \(names(codes.filter { ErrorVerdicts.fetch($0) == verdict })) | "
                + "\(names(codes.filter { ErrorVerdicts.listOffsets($0) == verdict })) |"
        }
        let apis: [APIKey] = [
            .initProducerId, .addPartitionsToTxn, .addOffsetsToTxn, .txnOffsetCommit, .endTxn, .findCoordinator,
            .produce,
        ]
        let verdicts: [TransactionFaults.Verdict] = [.lookUp, .abortable, .unmapped, .fenced, .fatal]
        let transactions = apis.flatMap { api in
            verdicts.compactMap { verdict -> String? in
                let found = (TransactionFaults.table[api] ?? [:]).filter { $0.value == verdict }.map(\.key)
                return found.isEmpty ? nil : "| \(api) | \(verdict) | \(names(found)) |"
            }
        }
        return fetch + transactions + [
            "| ends reading | \(names(GroupFaults.final)) |",
            "| looking up a topic (Metadata) | \(names(ProducerFaults.metadata)) |",
            "| getting an id (InitProducerId) | \(names(ProducerFaults.initProducerId)) |",
        ]
    }

    private static func article() throws -> String {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        return try String(
            contentsOf: root.appending(path: "Sources/KafkaWire/KafkaWire.docc/Errors.md"), encoding: .utf8)
    }

    @Test func theTablesOfErrorsAreWhatTheClientDoes() throws {
        let lines = Set(try Self.article().components(separatedBy: "\n"))
        for row in Self.rows() { #expect(lines.contains(row), "Errors.md should have: \(row)") }
        #expect(Self.rows().count > 25)
    }

    /// What is said in words of answers to Produce.
    @Test func theWordsOnProduceAreWhatBecomesOfBatches() {
        let policy = BatchVerdict.Policy(isIdempotent: true, maximumInFlight: 5, maximumRetries: nil)
        var transactional = policy
        transactional.isTransactional = true
        func verdict(
            _ code: ErrorCode, records: Int = 2, attempts: Int = 0, _ policy: BatchVerdict.Policy
        ) -> String {
            let error = KafkaError(.broker(code), "refused")
            switch BatchVerdict(code, at: 0, records: records, error, attempts: attempts, policy) {
            case .arrived: return "stored"
            case .again(_, let further): return further.contains(.renumber) ? "numbered anew" : "again"
            case .divided: return "divided"
            case .lost: return "fails"
            }
        }
        #expect(verdict(.none, policy) == "stored")
        #expect(verdict(.duplicateSequenceNumber, policy) == "stored")
        #expect(verdict(.messageTooLarge, policy) == "divided")
        #expect(verdict(.messageTooLarge, records: 1, policy) == "fails")
        #expect(verdict(.outOfOrderSequenceNumber, policy) == "again")
        for code in [ErrorCode.outOfOrderSequenceNumber, .unknownProducerId, .invalidProducerEpoch] {
            #expect(verdict(code, attempts: 1, policy) == "numbered anew")
            #expect(verdict(code, attempts: 1, transactional) == "fails")
        }
        #expect(verdict(.notLeaderOrFollower, attempts: 9, policy) == "again")
        #expect(verdict(.invalidRecord, policy) == "fails")
    }

    /// The codes of this client's own that the article explains.
    @Test func theClientsOwnCodesAreExplained() throws {
        let article = try Self.article()
        let own: [KafkaError.Code] = [
            .connectionFailed, .unresolvedHost, .timedOut, .unsupportedVersion, .malformedResponse, .corruptBatch,
            .logTruncated, .recordTooLarge, .invalidConfiguration, .closed, .cancelled, .refusedBatch, .purged,
            .invalidRequest, .invalidTransactionState,
        ]
        for code in own { #expect(article.contains("| `\(code)` |"), "\(code)") }
    }
}
