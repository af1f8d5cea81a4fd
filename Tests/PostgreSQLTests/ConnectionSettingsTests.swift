// Who wins: option, PG… variable, service, the exercise's default.

import TestSupport
import Testing

@testable import PostgreSQL

@Suite(.turn) struct ConnectionSettingsTests {
    /// What libpq takes for each keyword: its last value.
    private func merged(_ settings: ConnectionSettings, _ environment: [String: String] = [:]) -> [String: String] {
        let list = settings.parameters(environment: { environment[$0] })
        return Dictionary(list.map { ($0.keyword, $0.value) }, uniquingKeysWith: { _, last in last })
    }

    @Test func withNothingSaidItIsTheExercisesDatabase() {
        let all = merged(ConnectionSettings())
        #expect(all["host"] == "127.0.0.1")
        #expect(all["port"] == "5433")
        #expect(all["user"] == "postgres")
        #expect(all["dbname"] == "mydb")
        #expect(all["password"] == nil)
        #expect(ConnectionSettings().fallbackPassword(environment: { _ in nil }) == "postgrespw")
    }

    @Test(arguments: [
        ("PGHOST", "host"), ("PGHOSTADDR", "host"), ("PGPORT", "port"), ("PGUSER", "user"), ("PGDATABASE", "dbname"),
    ])
    func aVariableIsLeftToLibpq(variable: String, keyword: String) {
        let all = merged(ConnectionSettings(), [variable: "x"])
        // Only this one: the others keep their defaults. An empty variable is none, as for libpq.
        #expect(["host", "port", "user", "dbname"].filter { all[$0] == nil } == [keyword])
        #expect(merged(ConnectionSettings(), [variable: ""])[keyword] != nil)
    }

    @Test func optionsOverrideVariables() {
        let settings = ConnectionSettings(host: "h", port: 1, user: "u", password: "p", database: "d")
        let variables = ["PGHOST": "x", "PGPORT": "2", "PGUSER": "x", "PGDATABASE": "x", "PGPASSWORD": "x"]
        let all = merged(settings, variables)
        #expect([all["host"], all["port"], all["user"], all["password"], all["dbname"]] == ["h", "1", "u", "p", "d"])
        #expect(settings.fallbackPassword(environment: { variables[$0] }) == nil)
    }

    @Test func aGivenPasswordVariableLeavesNoFallback() {
        #expect(ConnectionSettings().fallbackPassword(environment: { $0 == "PGPASSWORD" ? "x" : nil }) == nil)
    }

    @Test(arguments: ["postgresql://a@b:1/c", "postgres://b/c", "host=b dbname=c"])
    func aWholeAddressIsNotMixedWithDefaults(address: String) {
        let settings = ConnectionSettings(user: "option", database: address)
        let list = settings.parameters(environment: { _ in nil })
        #expect(list.first?.keyword == "dbname")
        #expect(list.first?.value == address)
        // Behind the address, so that the option overrides what the address says.
        #expect(list.dropFirst().first?.value == "option")
        #expect(merged(settings)["host"] == nil)
        #expect(settings.fallbackPassword(environment: { _ in nil }) == nil)
    }

    @Test func aServiceIsNotMixedWithDefaults() {
        let all = merged(ConnectionSettings(), ["PGSERVICE": "plant"])
        #expect(["host", "port", "user", "dbname"].allSatisfy { all[$0] == nil })
    }
}
