/// Collects the rows of an explanation. A row of bytes always begins where the one before it ended, so that no byte can
/// be left out or explained twice.
struct ExplanationWriter {
    /// What is explained.
    let bytes: Bytes
    /// Whether fields that hold secrets are shown like others.
    let showsSecrets: Bool
    /// The message, where it is known: if it has fields that hold secrets, bytes that cannot be read may be part of one.
    /// That is looked up only where there are such bytes.
    var message: (any WireMessage.Type)?
    /// Whether what cannot be read may be a secret, whatever the message.
    var mayHoldSecrets = false
    /// What it turned out to be.
    var title: String
    private(set) var rows: [Explanation.Row] = []
    /// The first failure.
    private(set) var failure: WireError?
    /// The row at which it was noticed.
    private(set) var failureRow: Int?
    /// The body in which it was noticed.
    var brokenBody: Explanation.BrokenBody?
    /// How many bytes the rows so far explain.
    private(set) var covered = 0
    /// Whether ``bytes`` were packed inside others.
    let isUnpacked: Bool
    private let outerDepth: Int
    private var levels: [Level] = []

    /// Something that rows are nested in.
    private struct Level {
        var path: String
        /// The row of the heading, where there is one.
        var heading: Int?
    }

    /// Where the nesting stands, to come back to after a failure.
    struct Mark { fileprivate var levels: Int }

    init(
        _ bytes: Bytes, title: String = "", isUnpacked: Bool = false, depth: Int = 0, path: String = "",
        showsSecrets: Bool = false
    ) {
        self.bytes = bytes
        self.showsSecrets = showsSecrets
        self.title = title
        self.isUnpacked = isUnpacked
        outerDepth = depth
        // Fields have some eight bytes on average; more rows than that grow the array.
        rows.reserveCapacity(min(bytes.count / 8 + 8, 4096))
        if !path.isEmpty { levels = [Level(path: path)] }
    }

    var depth: Int { outerDepth + levels.count }
    var mark: Mark { Mark(levels: levels.count) }

    /// Adds a row for the bytes up to `end`.
    mutating func field(
        _ name: String, _ type: String, _ value: String, note: String = "", flags: Explanation.Row.FlagLayout? = nil,
        to end: Int
    ) {
        append(.field, name, type, value, note, flags: flags, to: end)
    }

    /// Adds a row for bytes that are a secret, unless those are to be shown. `size` is that of the secret itself.
    mutating func secret(_ name: String, _ type: String, _ value: String, size: Int, note: String, to end: Int) {
        guard !showsSecrets else { return field(name, type, value, note: note, to: end) }
        append(.field, name, type, "\(size) bytes, hidden", note, isSecret: true, to: end)
    }

    /// Adds a row for bytes that cannot be read.
    mutating func unread(_ name: String, _ type: String, note: String, to end: Int) {
        let isSecret = !showsSecrets && (mayHoldSecrets || (message?.holdsSecrets ?? false))
        append(.unread, name, type, "", note, isSecret: isSecret, to: end)
    }

    /// Adds a heading; ``close()`` ends its part.
    mutating func open(_ name: String, _ type: String, note: String = "") {
        let inside = path(of: name)
        rows.append(row(.group, name, type, "", note, covered..<covered))
        levels.append(Level(path: inside, heading: rows.count - 1))
    }

    /// Nests the following rows under the last row's name, or, where `name` is empty, only deeper.
    mutating func push(_ name: String) { levels.append(Level(path: path(of: name))) }

    /// Ends what ``open(_:_:note:)`` or ``push(_:)`` began.
    mutating func close() {
        guard let level = levels.popLast(), let heading = level.heading else { return }
        rows[heading].bytes = bytes[rows[heading].offset..<covered]
    }

    /// Ends everything that was begun since `mark`.
    mutating func close(to mark: Mark) {
        while levels.count > mark.levels { close() }
    }

    /// Gives the writer away, rows and all, so that whoever has it appends without copying them; what stays behind is
    /// only good for being replaced.
    mutating func moved() -> ExplanationWriter {
        let taken = self
        rows = []
        return taken
    }

    /// Ends everything.
    mutating func finish() { close(to: Mark(levels: 0)) }

    /// Keeps the first failure, which the row added last is about: what follows is only its consequence.
    mutating func fail(_ error: WireError) {
        guard failure == nil else { return }
        failure = error
        failureRow = rows.indices.last
    }

    /// Adds a remark to the row that was added last.
    mutating func remark(_ note: String) {
        guard let last = rows.indices.last else { return }
        rows[last].note += rows[last].note.isEmpty ? note : "; " + note
    }

    /// Takes over the rows of another writer, which explained unpacked data.
    mutating func adopt(_ other: ExplanationWriter) {
        let start = rows.count
        rows += other.rows
        guard failure == nil, other.failure != nil else { return }
        failure = other.failure
        failureRow = other.failureRow.map { start + $0 }
    }

    /// The path of the rows being added.
    var path: String { levels.last?.path ?? "" }

    private mutating func append(
        _ kind: Explanation.Row.Kind, _ name: String, _ type: String, _ value: String, _ note: String,
        isSecret: Bool = false, flags: Explanation.Row.FlagLayout? = nil, to end: Int
    ) {
        let end = min(max(end, covered), bytes.count)
        rows.append(row(kind, name, type, value, note, isSecret: isSecret, flags: flags, covered..<end))
        covered = end
    }

    private func row(
        _ kind: Explanation.Row.Kind, _ name: String, _ type: String, _ value: String, _ note: String,
        isSecret: Bool = false, flags: Explanation.Row.FlagLayout? = nil, _ range: Range<Int>
    ) -> Explanation.Row {
        Explanation.Row(
            kind: kind, depth: depth, offset: range.lowerBound, bytes: bytes[range], name: name,
            parentPath: path, type: type, value: value, note: note, isUnpacked: isUnpacked,
            isSecret: isSecret, flagLayout: flags)
    }

    private func path(of name: String) -> String { Explanation.Row.path(path, name) }
}
