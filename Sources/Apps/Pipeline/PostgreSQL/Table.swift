// Tables that a program makes for itself.

extension Connection {
    /// Creates a table unless it is there.
    ///
    /// - Parameters:
    ///   - table: its name, in lower case; it comes from the program, never from outside.
    ///   - columns: the columns' definitions.
    public func createTable(_ table: String, columns: String) throws(PostgreSQLError) {
        // Looked for first: CREATE TABLE IF NOT EXISTS asks for the right to create even when there is nothing to do.
        if try query("SELECT to_regclass($1)::text", [table]).first != nil { return }
        do {
            try query("CREATE TABLE IF NOT EXISTS \(table) (\(columns))")
        } catch {
            // Two programs at once: IF NOT EXISTS still lets the slower one fail, on the table or on its type's name.
            let isThereNow = [.other(sqlState: "42P07"), .other(sqlState: "23505")].contains(error.kind)
            guard isThereNow else { throw error }
        }
    }
}
