// The server that some tests need: `scripts/test-postgres.sh` starts one and says where.

@testable import PostgreSQL

/// A real PostgreSQL on 127.0.0.1, user `postgres`, password `postgrespw`, database `mydb`, on the port that
/// `KAFKAWIRE_PG_PORT` names. Without that variable the tests that need it are skipped.
enum TestServer {
    static let port: Int? = ConnectionSettings.environment("KAFKAWIRE_PG_PORT").flatMap { Int($0) }
    static var isThere: Bool { port != nil }

    static var settings: ConnectionSettings {
        ConnectionSettings(
            host: "127.0.0.1", port: port ?? 1, user: "postgres", password: "postgrespw", database: "mydb",
            applicationName: "PostgreSQLTests", connectTimeout: .seconds(5), statementTimeout: .seconds(5))
    }
}
