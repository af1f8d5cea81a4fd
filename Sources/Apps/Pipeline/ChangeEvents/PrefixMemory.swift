#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Remembers how events with an embedded schema begin: `{"schema":{…},"payload":`, 2.9 KB that are the same in every
/// event of a topic until its table changes.
///
/// A prefix is remembered only after the scanner has validated it, together with all that it says. An event that
/// starts with the same bytes leaves the scanner in the same state, so the comparison replaces the scan and changes
/// no result. A few prefixes are kept (several topics, or a table altered under way); the one that was not used for
/// longest makes room, in its own storage.
struct PrefixMemory {
    /// Prefixes kept at a time.
    static let capacity = 4
    /// Longer prefixes are scanned each time, so that memory stays bounded: 4 × 64 KiB.
    static let longestPrefix = 65_536

    private struct Entry {
        var bytes: [UInt8]
        var form: RowForm
    }

    private var entries: [Entry] = []  // the most recently used first

    init() { entries.reserveCapacity(Self.capacity) }

    /// The remembered prefix with which the value begins: its length and what its schema says.
    @inline(__always)
    mutating func match(_ value: UnsafeRawBufferPointer) -> (length: Int, form: RowForm)? {
        for index in entries.indices {
            let length = entries[index].bytes.count
            guard length < value.count, let base = value.baseAddress,
                entries[index].bytes.withUnsafeBytes({ $0.baseAddress.map { memcmp($0, base, length) } }) == 0
            else { continue }
            if index > 0 { moveToFront(index) }
            return (length, entries[0].form)
        }
        return nil
    }

    /// Remembers a validated prefix.
    @inline(never)
    mutating func remember(_ prefix: UnsafeRawBufferPointer, form: RowForm) {
        guard prefix.count <= Self.longestPrefix else { return }
        if entries.count < Self.capacity {
            entries.append(Entry(bytes: Array(prefix), form: form))
        } else {
            let last = entries.count - 1
            entries[last].bytes.removeAll(keepingCapacity: true)
            entries[last].bytes.append(contentsOf: prefix)
            entries[last].form = form
        }
        moveToFront(entries.count - 1)
    }

    private mutating func moveToFront(_ index: Int) {
        for place in stride(from: index, to: 0, by: -1) { entries.swapAt(place, place - 1) }
    }
}
