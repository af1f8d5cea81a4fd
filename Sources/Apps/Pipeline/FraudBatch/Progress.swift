// How far the table has been judged, and the file that keeps it.

import JSONLines

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// What was judged: every row up to an id, but for the gaps below it.
struct Progress: Equatable, Sendable {
    /// The highest id that was read.
    var upTo: Int64
    /// The ids below it that had no row yet.
    var gaps = IDGaps()

    /// Rows from above that id on.
    init(after id: Int64) { upTo = id }

    /// What `text` has written; nil for anything else.
    init?(_ text: [UInt8]) {
        guard let document = Document(text, isStrict: true), let id = document["up_to"]?.number,
            let gaps = document["gaps"]?.elements
        else { return nil }
        upTo = id
        var last = Int64.min
        var read: [IDGap] = []
        for gap in gaps {
            let numbers = gap.elements.compactMap(\.number)
            guard numbers.count == 5, numbers[0] > last, numbers[1] >= numbers[0], numbers[1] <= id else { return nil }
            last = numbers[1]
            let seen = SnapshotBounds(oldestRunning: numbers[2], next: numbers[3], time: numbers[4])
            read.append(IDGap(first: numbers[0], last: numbers[1], seen: seen))
        }
        self.gaps = IDGaps(read)
    }

    /// One line of JSON: the id, and of each gap its first and last id and the snapshot that first missed it.
    var text: String {
        let gaps = gaps.gaps.map { gap in
            JSONText.array(
                [gap.first, gap.last, gap.seen.oldestRunning, gap.seen.next, gap.seen.time].map { "\($0)" })
        }
        return JSONText.object([("up_to", "\(upTo)"), ("gaps", JSONText.array(gaps))]) + "\n"
    }
}

/// The file in which a program finds its progress again.
struct ProgressFile: Sendable {
    let path: String

    /// What it holds; nil when there is no such file yet.
    func read() throws(FileError) -> Progress? {
        guard access(path, F_OK) == 0 else { return nil }
        guard let progress = Progress(try FileContent.bytes(path)) else {
            throw FileError("\(path) is no state of fraud-batch: name another file, or remove it to begin anew")
        }
        return progress
    }

    /// Writes beside the file, then puts that in its place, so that a program that is killed leaves one or the other.
    func write(_ progress: Progress) throws(FileError) {
        let text = Array(progress.text.utf8)
        let new = path + ".new"
        let descriptor = open(new, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw failure() }
        var start = 0
        while start < text.count {
            let written = text[start...].withUnsafeBytes { systemWrite(descriptor, $0) }
            guard written > 0 else {
                let error = failure()
                close(descriptor)
                throw error
            }
            start += written
        }
        guard fsync(descriptor) == 0, close(descriptor) == 0, rename(new, path) == 0 else { throw failure() }
    }

    private func failure() -> FileError {
        FileError("cannot keep the state in \(path): \(String(cString: strerror(errno)))")
    }
}

/// The system's `write`, which inside the type its own would hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}
