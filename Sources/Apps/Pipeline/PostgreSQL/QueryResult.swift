// A statement's answer, copied out of libpq's memory.

import CLibpq

/// Rows of text, and how many rows the statement touched.
public struct QueryResult: Sendable, Equatable {
    /// The rows; a field is nil for NULL.
    public let rows: [[String?]]
    /// Rows inserted, updated, deleted, copied or selected, as the server counts them.
    public let affected: Int
    /// Whether the server now waits for COPY data.
    let awaitsCopy: Bool

    /// The first field of the first row; nil when there is none, or it is NULL.
    public var first: String? { rows.first?.first ?? nil }

    init() {
        rows = []
        affected = 0
        awaitsCopy = false
    }

    init(copying result: OpaquePointer) {
        var rows: [[String?]] = []
        let columns = PQnfields(result)
        for row in 0..<max(PQntuples(result), 0) {
            var fields: [String?] = []
            for column in 0..<max(columns, 0) {
                let isNull = PQgetisnull(result, row, column) == 1
                fields.append(isNull ? nil : PQgetvalue(result, row, column).map { String(cString: $0) })
            }
            rows.append(fields)
        }
        self.rows = rows
        affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
        awaitsCopy = PQresultStatus(result) == PGRES_COPY_IN
    }
}
