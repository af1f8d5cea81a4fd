// What libpq says becomes a kind and one sentence. The messages are those of libpq and PostgreSQL 15.

import TestSupport
import Testing

@testable import PostgreSQL

@Suite(.turn) struct PostgreSQLErrorTests {
    private static let server = "connection to server at \"127.0.0.1\", port 5433 failed: "

    static let failures: [(message: String, kind: PostgreSQLError.Kind)] = [
        (server + "Connection refused\n\tIs the server running on that host and accepting connections?\n", .refused),
        (
            "connection to server on socket \"/tmp/.s.PGSQL.5433\" failed: No such file or directory\n"
                + "\tIs the server running locally and accepting connections on that socket?\n", .refused
        ),
        ("could not translate host name \"nosuch\" to address: Name or service not known\n", .unreachable),
        (server + "No route to host\n", .unreachable),
        (server + "fe_sendauth: no password supplied\n", .passwordMissing),
        (
            server + "FATAL:  28P01: password authentication failed for user \"postgres\"\n"
                + "LOCATION:  auth_failed, auth.c:326\n", .wrongPassword
        ),
        (server + "FATAL:  3D000: database \"x\" does not exist\n", .unknownDatabase),
        // A server that speaks German: the state is what counts.
        (server + "FATAL:  3D000: Datenbank »x« existiert nicht\n", .unknownDatabase),
        (server + "FATAL:  57P03: the database system is starting up\n", .notReady),
        (server + "FATAL:  28000: no pg_hba.conf entry for host \"127.0.0.1\", no encryption\n", .notAdmitted),
        (server + "FATAL:  28000: role \"nobody\" does not exist\n", .unknownRole),
        (server + "server closed the connection unexpectedly\n", .connectionLost),
        ("something new", .other(sqlState: "")), ("", .other(sqlState: "")),
    ]

    @Test(arguments: failures)
    func aFailedConnectionHasAKind(message: String, kind: PostgreSQLError.Kind) {
        let error = PostgreSQLError(connecting: message, server: "127.0.0.1:5433/mydb")
        #expect(error.kind == kind)
        #expect(!error.detail.contains("\n"))
        #expect(!error.detail.contains("LOCATION"))
        #expect(!error.detail.contains("FATAL"))
    }

    @Test(
        arguments: failures.map(\.kind) + [.timedOut, .interrupted, .missingTable, .statementTimeout, .invalidSettings])
    func eachErrorIsOneSentenceWithItsPlace(kind: PostgreSQLError.Kind) {
        let text = PostgreSQLError(kind, server: "db.example:5433/mydb", detail: "so it said").description
        #expect(text.contains("db.example:5433/mydb"))
        #expect(text.hasSuffix("."))
        #expect(!text.contains("\n"))
        #expect(!text.contains(". "))
    }

    @Test(arguments: [
        ("42P01", PostgreSQLError.Kind.missingTable), ("57014", .statementTimeout), ("57P01", .connectionLost),
        ("42501", .permissionDenied), ("53300", .notReady), ("23505", .other(sqlState: "23505")),
    ])
    func aRefusedStatementHasAKind(state: String, kind: PostgreSQLError.Kind) {
        #expect(PostgreSQLError.kind(sqlState: state) == kind)
    }

    @Test func onlyWhatTimeMendsIsTriedAgain() {
        let passing: [PostgreSQLError.Kind] = [
            .refused, .timedOut, .notReady, .connectionLost, .other(sqlState: "40P01"),
        ]
        let lasting: [PostgreSQLError.Kind] = [
            .wrongPassword, .unknownDatabase, .missingTable, .other(sqlState: "22003"),
        ]
        #expect(passing.allSatisfy { PostgreSQLError($0, server: "").isRetriable })
        #expect(!lasting.contains { PostgreSQLError($0, server: "").isRetriable })
    }
}
