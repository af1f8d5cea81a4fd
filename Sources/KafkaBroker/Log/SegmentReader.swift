import KafkaWire

/// Reads a segment's batches one after the other, with few calls to the system, and finds the next one behind damage.
struct SegmentReader {
    struct Damage: Error {
        var reason: String
        /// Whether it may be nothing but a batch whose end was never written.
        var isTorn = false
    }

    struct Found {
        var batch: RecordBatch
        var position: Int
        var size: Int
        /// Whether the batch's records were read, and not only its header.
        var isWhole: Bool
    }

    let file: DiskFile
    private var bytes = Bytes()
    private var start = 0
    /// How many bytes may still be looked at in search of batches behind damage. What a file holds could be made so that
    /// the search takes the square of its size.
    private var searchLimit: Int

    private typealias Layout = RecordBatch.Layout

    init(_ file: DiskFile) {
        self.file = file
        searchLimit = (64 << 20) + 8 * file.size
    }

    /// The batch at `position`: its header alone, or all of it, checked.
    mutating func batch(at position: Int, whole: Bool) throws(StorageError) -> Result<Found, Damage> {
        let rest = file.size - position
        guard rest >= Layout.headerSize else {
            return .failure(Damage(reason: "the file ends inside a batch's header", isTorn: true))
        }
        let header = try take(position, Layout.headerSize, ahead: whole ? 4 << 20 : 64 << 10)
        guard let size = Self.size(header) else {
            // What a machine that loses power leaves of a file that had just grown.
            let isEmpty = header.withUnsafeBytes { $0.allSatisfy { $0 == 0 } }
            return .failure(Damage(reason: "what stands there is no record batch", isTorn: isEmpty))
        }
        guard header[Layout.magic] == 2 else {
            return .failure(Damage(reason: "magic \(header[Layout.magic]) is not 2"))
        }
        guard rest >= size else {
            return .failure(Damage(reason: "the file ends inside a batch of \(size) bytes", isTorn: true))
        }
        do {
            let batch = try RecordBatch(header: whole ? try take(position, size, ahead: 4 << 20) : header)
            guard batch.baseOffset >= 0, batch.baseOffset <= Offset(Int64.max - (1 << 32)) else {
                return .failure(Damage(reason: "\(batch.baseOffset) is no offset"))
            }
            if whole { try batch.verifyChecksum() }
            return .success(Found(batch: batch, position: position, size: size, isWhole: whole))
        } catch let error as StorageError {
            throw error
        } catch {
            return .failure(Damage(reason: "\(error)"))
        }
    }

    /// Reads all of a batch whose header was read; nil where its checksum is wrong.
    mutating func whole(_ found: Found) throws(StorageError) -> RecordBatch? {
        if found.isWhole { return found.batch }
        guard case .success(let whole) = try batch(at: found.position, whole: true), whole.size == found.size else {
            return nil
        }
        return whole.batch
    }

    /// Where the next good batch begins behind the damaged one at `position`: the file's end where there is none. Its
    /// offset is one of `offsets`.
    ///
    /// Where the damaged batch's length is whole, the next one stands behind it. Where it is not, the checksum may be:
    /// it covers what stands up to the next batch. Else the first whole batch is taken that comes, which could be one that
    /// a record holds as its value.
    mutating func next(after position: Int, offsets: ClosedRange<Offset>) throws(StorageError) -> Int {
        guard file.size - position >= Layout.headerSize else { return file.size }
        let header = try take(position, Layout.headerSize, ahead: 0)
        let following = try following(header, position, offsets)
        let end = following ?? file.size
        let covered = position + Layout.attributes
        // How far a batch may reach that is recognised by its checksum.
        let horizon = header[Layout.magic] == 2 ? min(end, position + (16 << 20)) : position
        let wanted = header.withUnsafeBytes { UInt32(bigEndian: $0.loadUnaligned(fromByteOffset: 17, as: UInt32.self)) }
        var state: UInt32 = ~0
        var checked = covered
        var first: Int?
        var at = position + 1
        while at < end, searchLimit > 0 {
            if let first, at >= horizon { return first }
            let chunk = at..<min(end, at + (1 << 20))
            searchLimit -= chunk.count
            for candidate in try candidates(in: chunk, offsets) + (chunk.upperBound == end ? [end] : []) {
                if candidate > covered, candidate <= horizon {
                    try extend(&state, &checked, to: candidate)
                    if ~state == wanted { return candidate }
                }
                guard following == nil, first == nil, candidate < end, searchLimit > 0 else { continue }
                searchLimit -= Self.size(try take(candidate, Layout.headerSize, ahead: 0)) ?? 0
                guard case .success = try batch(at: candidate, whole: true) else { continue }
                if candidate >= horizon { return candidate }
                first = candidate
            }
            at = chunk.upperBound
        }
        return following ?? first ?? end
    }

    /// Where a batch ends by its length, if a good one or the file's end is there.
    private mutating func following(_ header: Bytes, _ position: Int, _ offsets: ClosedRange<Offset>)
        throws(StorageError) -> Int?
    {
        guard let size = Self.size(header), size <= file.size - position else { return nil }
        let end = position + size
        if end == file.size { return end }
        guard case .success(let found) = try batch(at: end, whole: true), offsets.contains(found.batch.baseOffset)
        else { return nil }
        return end
    }

    /// The places in `range` that look like a batch's beginning.
    private mutating func candidates(in range: Range<Int>, _ offsets: ClosedRange<Offset>) throws(StorageError)
        -> [Int]
    {
        let size = file.size
        let bytes = try take(range.lowerBound, min(range.count + Layout.headerSize, size - range.lowerBound), ahead: 0)
        return bytes.withUnsafeBytes { raw in
            var found: [Int] = []
            for at in 0..<max(0, min(range.count, raw.count - Layout.headerSize + 1)) where raw[at + Layout.magic] == 2
            {
                let base = Int64(bigEndian: raw.loadUnaligned(fromByteOffset: at, as: Int64.self))
                let length = Int(Int32(bigEndian: raw.loadUnaligned(fromByteOffset: at + 8, as: Int32.self)))
                let position = range.lowerBound + at
                if offsets.contains(Offset(base)), length >= Layout.headerSize - Layout.overhead,
                    length <= size - position - Layout.overhead
                {
                    found.append(position)
                }
            }
            return found
        }
    }

    /// Goes on with a checksum up to `end`.
    private mutating func extend(_ state: inout UInt32, _ checked: inout Int, to end: Int) throws(StorageError) {
        while checked < end {
            let part = try file.read(checked..<min(end, checked + (1 << 20)))
            searchLimit -= part.count
            state = part.withUnsafeBytes { CRC32C.portable(state, $0) }
            checked += part.count
        }
    }

    /// A batch's size by its header; nil where that cannot be one.
    private static func size(_ header: Bytes) -> Int? {
        let length = header.withUnsafeBytes { Int32(bigEndian: $0.loadUnaligned(fromByteOffset: 8, as: Int32.self)) }
        guard length >= Layout.headerSize - Layout.overhead else { return nil }
        return Int(length) + Layout.overhead
    }

    private mutating func take(_ position: Int, _ count: Int, ahead: Int) throws(StorageError) -> Bytes {
        if position < start || position + count > start + bytes.count {
            bytes = Bytes(try file.read(position..<min(file.size, position + max(count, ahead))))
            start = position
        }
        return bytes[position - start..<position - start + count]
    }
}
