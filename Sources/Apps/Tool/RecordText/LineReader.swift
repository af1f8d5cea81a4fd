import JSONLines

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// Cuts what a descriptor gives into lines, without a copy of each: they lie in the reader's own memory until the next
/// ``fill()``. A line ends in a line feed, a carriage return, or both, as in Java; the last one may end with the input.
package final class LineReader {
    private let descriptor: Int32
    private let name: String
    private var memory: UnsafeMutableRawBufferPointer
    /// What was read and not yet given out.
    private var start = 0
    private var end = 0
    /// Up to where there is no line's end, as was seen before.
    private var searched = 0
    private var isAtEnd = false
    /// A carriage return ended the last line: a line feed behind it belongs to it.
    private var skipsLineFeed = false
    /// How many lines were given out.
    package private(set) var number = 0

    /// A reader of an open descriptor, whose name stands in errors.
    package init(_ descriptor: Int32, name: String, size: Int = 256 << 10) {
        self.descriptor = descriptor
        self.name = name
        memory = .allocate(byteCount: size, alignment: 16)
    }

    deinit { memory.deallocate() }

    /// The next line that is there in full; nil where more has to be read. It is valid until ``fill()``.
    package func next() -> UnsafeRawBufferPointer? {
        guard let base = memory.baseAddress else { return nil }
        if skipsLineFeed, start < end {
            skipsLineFeed = false
            if memory[start] == 0x0A { start += 1 }
        }
        let from = max(start, searched)
        let feed = memchr(base + from, 0x0A, end - from).map { $0 - base }
        // Looked for in front of the line feed only: most lines have none, and are looked through twice.
        let ret = memchr(base + from, 0x0D, (feed ?? end) - from).map { $0 - base }
        guard let place = ret ?? feed else {
            searched = end
            guard isAtEnd, start < end else { return nil }
            defer { start = end }
            number += 1
            return UnsafeRawBufferPointer(start: base + start, count: end - start)
        }
        let line = UnsafeRawBufferPointer(start: base + start, count: place - start)
        start = place + 1
        if ret != nil { skipsLineFeed = true }
        number += 1
        return line
    }

    /// Reads more, once; false at the input's end. Waits where nothing is there.
    package func fill() throws(FileError) -> Bool {
        guard !isAtEnd else { return false }
        makeRoom()
        var got = 0
        repeat {
            got = read(descriptor, memory.baseAddress.map { $0 + end }, memory.count - end)
        } while got < 0 && errno == EINTR
        guard got >= 0 else { throw FileError("cannot read \(name): \(String(cString: strerror(errno)))") }
        end += got
        isAtEnd = got == 0
        return true
    }

    /// Whether there is something to read, or an end; waits for that long at most. Also true when `other` is readable.
    package func waitForInput(_ milliseconds: Int32, or other: Int32) -> Bool {
        var entries = [
            pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: other, events: Int16(POLLIN), revents: 0),
        ]
        return poll(&entries, 2, milliseconds) != 0
    }

    /// Whether all was read and given out.
    package var isFinished: Bool { isAtEnd && start == end }

    private func makeRoom() {
        let left = end - start
        searched = max(0, searched - start)
        if left * 2 > memory.count {
            // A line longer than the memory.
            let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: memory.count * 2, alignment: 16)
            larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[start..<end]))
            memory.deallocate()
            memory = larger
        } else if start > 0, let base = memory.baseAddress {
            memmove(base, base + start, left)
        }
        start = 0
        end = left
    }
}
