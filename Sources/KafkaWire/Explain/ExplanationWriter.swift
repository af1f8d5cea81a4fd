/// Collects the rows of an explanation. A row of bytes always begins where the one before it ended, so that no byte can
/// be left out or explained twice.
struct ExplanationWriter {
    /// What is being explained: the message, or what was unpacked.
    private(set) var bytes: Bytes
    /// Whether fields that hold secrets are shown like others.
    let showsSecrets: Bool
    /// The message, where it is known: if it has fields that hold secrets, bytes that cannot be read may be part of one.
    /// That is looked up only where there are such bytes.
    var message: (any WireMessage.Type)?
    /// Whether what cannot be read may be a secret, whatever the message.
    var mayHoldSecrets = false
    /// What it turned out to be.
    var title: Explanation.Title
    /// The first failure.
    private(set) var failure: WireError?
    /// The row at which it was noticed.
    private(set) var failureRow: Int?
    /// The body in which it was noticed.
    var brokenBody: Explanation.BrokenBody?
    /// How many bytes the rows so far explain.
    private(set) var covered = 0

    private var entries: [RowEntry] = []
    private var said: [SaidRow] = []
    private var sections: [RowSection] = []
    /// The section that rows are added to.
    private var section = 0
    /// The row that rows are nested in, or -1.
    private var parent: Int32 = -1
    private var depth: UInt8 = 0

    /// Where the nesting stands, to come back to after a failure.
    struct Mark { fileprivate var parent: Int32 }

    init(_ bytes: Bytes, title: Explanation.Title, showsSecrets: Bool = false) {
        self.bytes = bytes
        self.showsSecrets = showsSecrets
        self.title = title
        // Control messages have some three bytes in a row. Memory is only touched as rows turn up; more rows than that
        // grow the array.
        entries.reserveCapacity(min(bytes.count / 3 + 8, 32_768))
        sections.append(RowSection(rows: 0..<Int.max, bytes: bytes, isUnpacked: false, root: nil, outer: 0))
    }

    var mark: Mark { Mark(parent: parent) }
    /// Whether ``bytes`` were packed inside others.
    var isUnpacked: Bool { sections[section].isUnpacked }

    // MARK: - Rows

    /// Adds a row for the bytes up to `end`, whose texts its form makes.
    @inline(__always)
    mutating func append(
        _ form: RowForm, _ name: StaticString, _ type: (any WireType.Type)? = nil, traits: RowEntry.Traits = [],
        number: Int64 = 0, to end: Int
    ) {
        let end = min(max(end, covered), bytes.count)
        entries.append(
            RowEntry(
                name: name, form: form, traits: traits, depth: depth, parent: parent, type: type, offset: covered,
                count: end &- covered, number: number))
        covered = end
    }

    /// Adds a row with its texts for the bytes up to `end`.
    mutating func field(
        _ name: String, _ type: String, _ value: String, note: String = "", flags: Explanation.Row.FlagLayout? = nil,
        to end: Int
    ) {
        say(SaidRow(name: name, type: type, value: value, note: note, flagLayout: flags), to: end)
    }

    /// Adds a row for bytes that are a secret, unless those are to be shown. `size` is that of the secret itself.
    mutating func secret(_ name: String, _ type: String, _ value: String, size: Int, note: String, to end: Int) {
        guard !showsSecrets else { return field(name, type, value, note: note, to: end) }
        say(SaidRow(name: name, type: type, value: "\(size) bytes, hidden", note: note), [.secret], to: end)
    }

    /// Adds a row for bytes that cannot be read.
    mutating func unread(_ name: String, _ type: String, note: String, to end: Int) {
        let isSecret = !showsSecrets && !isUnpacked && (mayHoldSecrets || (message?.holdsSecrets ?? false))
        say(SaidRow(name: name, type: type, value: "", note: note), isSecret ? [.unread, .secret] : [.unread], to: end)
    }

    private mutating func say(_ row: SaidRow, _ traits: RowEntry.Traits = [], to end: Int) {
        said.append(row)
        append(.said, "", traits: traits, number: Int64(said.count - 1), to: end)
    }

    /// Adds a remark to the row that was added last, whose texts are there.
    mutating func remark(_ note: String) {
        guard let last = entries.last, last.form == .said else { return }
        let index = Int(last.number)
        said[index].note += said[index].note.isEmpty ? note : "; " + note
    }

    // MARK: - Nesting

    /// Adds a heading; ``close()`` ends its part.
    mutating func open(_ name: String, _ type: String, note: String = "") {
        say(SaidRow(name: name, type: type, value: "", note: note), [.group], to: covered)
        push()
    }

    /// Adds a heading whose texts its form makes; ``close()`` ends its part.
    @inline(__always)
    mutating func open(
        _ form: RowForm, _ name: StaticString, _ type: (any WireType.Type)? = nil, traits: RowEntry.Traits,
        number: Int64
    ) {
        append(form, name, type, traits: traits.union(.group), number: number, to: covered)
        push()
    }

    /// Nests the following rows under the last row.
    @inline(__always)
    mutating func push() {
        parent = Int32(truncatingIfNeeded: entries.count &- 1)
        depth &+= 1
    }

    /// Ends what ``open(_:_:note:)`` or ``push()`` began.
    @inline(__always)
    mutating func close() {
        guard parent >= 0 else { return }
        let row = Int(parent)
        if entries[row].traits.contains(.group) { entries[row].count = covered - entries[row].offset }
        depth = entries[row].depth
        parent = entries[row].parent
    }

    /// Ends everything that was begun since `mark`.
    mutating func close(to mark: Mark) {
        while parent > mark.parent { close() }
    }

    // MARK: - Sections

    /// Begins the rows of a structure that stands in no other one; gives the section to return to.
    mutating func begin(_ root: any WireStruct.Type) -> Int {
        begin(RowSection(rows: 0..<0, bytes: bytes, isUnpacked: isUnpacked, root: root, outer: section))
    }

    private mutating func begin(_ new: RowSection) -> Int {
        let outer = section
        sections.append(new)
        section = sections.count - 1
        sections[section].rows = entries.count..<Int.max
        return outer
    }

    /// Ends the rows of a structure, and returns to the section around it.
    mutating func end(returningTo outer: Int) {
        sections[section].rows = sections[section].rows.lowerBound..<entries.count
        section = outer
    }

    /// Adds, under the row that was added last, the rows of what was packed in it.
    mutating func inside(_ payload: Bytes, rows: (inout ExplanationWriter) -> Void) {
        guard let last = entries.indices.last else { return }
        let outer = (bytes: bytes, covered: covered, mark: mark)
        entries[last].traits.insert(.packed)
        push()
        depth &+= 1
        let section = begin(RowSection(rows: 0..<0, bytes: payload, isUnpacked: true, root: nil, outer: section))
        (bytes, covered) = (payload, 0)
        rows(&self)
        close(to: outer.mark)
        end(returningTo: section)
        (bytes, covered) = (outer.bytes, outer.covered)
    }

    // MARK: - The end

    /// Keeps the first failure, which the row added last is about: what follows is only its consequence.
    mutating func fail(_ error: WireError) {
        guard failure == nil else { return }
        failure = error
        failureRow = entries.indices.last
    }

    /// Gives the writer away, rows and all, so that whoever has it appends without copying them; what stays behind is
    /// only good for being replaced.
    mutating func moved() -> ExplanationWriter {
        let taken = self
        entries = []
        sections = []
        said = []
        return taken
    }

    /// Ends everything.
    mutating func finish() -> RowTable {
        close(to: Mark(parent: -1))
        return RowTable(entries: entries, sections: sections, said: said)
    }
}
