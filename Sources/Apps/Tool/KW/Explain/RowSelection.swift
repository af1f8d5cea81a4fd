import KafkaWire

/// Which rows of an explanation are shown: all of them, or an excerpt.
struct RowSelection {
    /// Rows at these paths and below; empty for all. What begins with `body.` may leave that out.
    var paths: [String] = []
    /// Rows from the one that holds this byte on.
    var offset = 0
    /// How many levels of nesting are shown.
    var depth = Int.max

    /// What stands on a line: a row, or how many were left out.
    enum Piece {
        case row(Explanation.Row)
        case elided(Int, depth: Int)
    }

    /// Whether no row is left out.
    var isEverything: Bool { paths.isEmpty && offset <= 0 && depth == .max }

    /// The rows that are shown, and in place of each run of others their number.
    func pieces(_ rows: Explanation.Rows) -> [Piece] {
        if isEverything { return rows.map(Piece.row) }
        var pieces: [Piece] = []
        // Unpacked rows count their bytes anew; they go with the row that they were packed in.
        var reached = offset <= 0
        for row in rows {
            if !row.isUnpacked { reached = row.offset + row.bytes.count > offset }
            if reached && row.depth < depth && isWanted(row.path) {
                pieces.append(.row(row))
            } else if case .elided(let count, let depth)? = pieces.last {
                pieces[pieces.count - 1] = .elided(count + 1, depth: depth)
            } else {
                pieces.append(.elided(1, depth: row.depth))
            }
        }
        return pieces
    }

    private func isWanted(_ path: String) -> Bool {
        paths.isEmpty || paths.contains { Self.isAt($0, path) || Self.isAt("body." + $0, path) }
    }

    private static func isAt(_ wanted: String, _ path: String) -> Bool {
        guard path.hasPrefix(wanted) else { return false }
        let rest = path.dropFirst(wanted.count)
        return rest.isEmpty || rest.first == "." || rest.first == "["
    }
}
