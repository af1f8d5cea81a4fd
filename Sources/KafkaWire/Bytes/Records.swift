/// The record batches in a Produce request or a Fetch response, back to back, as bytes: what is inside them is the
/// matter of ``RecordBatch``. They stay a slice of the frame that they arrived in; a broker's may stand in a file.
public struct Records: Hashable, Sendable {
    private var held: Bytes
    /// Where they stand while they are not in memory.
    package private(set) var stored: StoredRecords?

    /// The bytes of all batches; the last batch of a fetch may be cut off. None where a file cannot be read.
    public var bytes: Bytes {
        get { stored.map { $0.bytes ?? Bytes() } ?? held }
        set {
            held = newValue
            stored = nil
        }
    }

    /// Batches in `bytes`.
    public init(_ bytes: Bytes) { held = bytes }

    /// Batches that are read when they are needed.
    package init(_ stored: StoredRecords) {
        held = Bytes()
        self.stored = stored
    }

    /// The number of bytes.
    package var count: Int { stored?.count ?? held.count }
}

/// Record batches in a file that were not read yet: who sends them reads a piece at a time.
package final class StoredRecords: Sendable {
    private let source: any RecordsSource
    private let start: Int
    package let count: Int

    package init(_ source: any RecordsSource, start: Int, count: Int) {
        self.source = source
        self.start = start
        self.count = count
    }

    /// Reads on from `position` on, as much as `buffer` holds and there is; answers whether all of that was there.
    package func read(from position: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool {
        let count = min(buffer.count, count - position)
        return source.read(from: start + position, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]))
    }

    /// Where the bytes from `position` on stand, for a system that can send them by itself; nil where there is no file.
    package func filePart(from position: Int) -> FilePart? {
        source.descriptor.map { FilePart(descriptor: $0, offset: start + position, count: count - position) }
    }

    /// All bytes; nil where they cannot be read.
    package var bytes: Bytes? {
        var isWhole = false
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            isWhole = read(from: 0, into: UnsafeMutableRawBufferPointer(buffer))
            filled = isWhole ? count : 0
        }
        return isWhole ? Bytes(bytes) : nil
    }
}

/// Bytes of an open file.
package struct FilePart: Equatable {
    package var descriptor: Int32
    package var offset: Int
    package var count: Int
}

/// What stored records are read from. What was there stays there as long as somebody holds the source.
package protocol RecordsSource: AnyObject, Sendable {
    /// The file's descriptor, open as long as the source is held; nil where there is none.
    var descriptor: Int32? { get }
    /// Fills `buffer` with the bytes from `position` on; answers whether that went well.
    func read(from position: Int, into buffer: UnsafeMutableRawBufferPointer) -> Bool
}

extension StoredRecords: Hashable {
    package static func == (a: StoredRecords, b: StoredRecords) -> Bool { a === b }
    package func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}
