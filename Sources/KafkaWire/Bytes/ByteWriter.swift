/// A growing raw buffer that messages and record batches are written into.
///
/// Integers are big-endian, varints as in ``ByteReader``. The buffer is not initialised before it is written, and one
/// capacity check covers a whole value: appending to `[UInt8]` was measured six times slower.
public struct ByteWriter: ~Copyable {
    private var pointer: UnsafeMutableRawPointer
    /// Whether the memory is somebody else's, as it is in ``array(expecting:_:)`` until it is too small.
    private var isBorrowing = false
    /// How many bytes were written.
    public private(set) var count: Int
    /// How many bytes there is memory for.
    package private(set) var capacity: Int
    /// Whether large record batches stay where they are; see ``attachments``.
    package var attachesRecords = false
    /// Record batches that were not copied: whoever sends what was written has to put them in.
    package private(set) var attachments: [Attachment] = []

    /// Bytes that stand elsewhere.
    package struct Attachment: Sendable {
        /// How many of the writer's own bytes come before.
        package fileprivate(set) var position: Int
        package fileprivate(set) var bytes: Bytes
        /// Where the bytes stand in a file; then they are not in memory.
        package fileprivate(set) var stored: StoredRecords?

        /// The number of bytes.
        package var count: Int { stored?.count ?? bytes.count }
        /// How much memory is the attachment's alone: what is a part of a segment is the log's.
        package var held: Int { bytes.count == bytes.storage.count ? bytes.count : 0 }
    }

    /// An empty writer with room for `capacity` bytes before it first grows.
    public init(capacity: Int = 256) {
        self.capacity = max(capacity, 16)
        pointer = .allocate(byteCount: self.capacity, alignment: 16)
        count = 0
    }

    private init(borrowing memory: UnsafeMutableRawBufferPointer, at pointer: UnsafeMutableRawPointer) {
        self.pointer = pointer
        capacity = memory.count
        count = 0
        isBorrowing = true
    }

    deinit { if !isBorrowing { pointer.deallocate() } }

    /// What `write` writes, as an array. With about `size` bytes, and no more than that, they are written where the
    /// array has them, and are not copied.
    package static func array<E: Error>(
        expecting size: Int, _ write: (consuming ByteWriter) throws(E) -> ByteWriter
    ) throws(E) -> [UInt8] {
        var outcome: Result<[UInt8]?, E> = .success(nil)
        let array = [UInt8](unsafeUninitializedCapacity: size) { memory, count in
            let raw = UnsafeMutableRawBufferPointer(memory)
            guard let base = raw.baseAddress else { return }
            do throws(E) {
                let writer = try write(ByteWriter(borrowing: raw, at: base))
                if writer.isBorrowing { count = writer.count } else { outcome = .success(writer.array()) }
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get() ?? array
    }

    /// Makes room for `extra` further bytes.
    @inline(__always)
    package mutating func reserve(_ extra: Int) {
        if capacity &- count < extra { grow(extra) }
    }

    @inline(never)
    private mutating func grow(_ extra: Int) {
        // What follows a large part is small: a little more room than asked for saves growing twice.
        capacity = max(capacity * 2, count + extra + 256)
        let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
        larger.copyMemory(from: pointer, byteCount: count)
        if !isBorrowing { pointer.deallocate() }
        isBorrowing = false
        pointer = larger
    }

    /// Appends a big-endian integer.
    @inline(__always)
    public mutating func integer<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        unchecked(value)
    }

    /// Appends a big-endian integer where ``reserve(_:)`` has made room.
    @inline(__always)
    private mutating func unchecked<T: FixedWidthInteger & BitwiseCopyable>(_ value: T) {
        pointer.storeBytes(of: value.bigEndian, toByteOffset: count, as: T.self)
        count += MemoryLayout<T>.size
    }

    /// Appends an unsigned varint (1 to 5 bytes).
    @inline(__always)
    public mutating func unsignedVarint(_ value: UInt32) {
        reserve(5)
        uncheckedVarint(UInt64(value))
    }

    /// Appends a zig-zag varint (1 to 5 bytes).
    @inline(__always)
    public mutating func varint(_ value: Int32) { unsignedVarint(UInt32(bitPattern: (value << 1) ^ (value >> 31))) }

    /// Appends a zig-zag varint (1 to 10 bytes).
    @inline(__always)
    public mutating func varlong(_ value: Int64) {
        reserve(10)
        uncheckedVarint(UInt64(bitPattern: (value << 1) ^ (value >> 63)))
    }

    @inline(__always)
    private mutating func uncheckedVarint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            pointer.storeBytes(of: UInt8(truncatingIfNeeded: rest) | 0x80, toByteOffset: count, as: UInt8.self)
            count += 1
            rest >>= 7
        }
        pointer.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Appends `extra` zero bytes.
    package mutating func zeros(_ extra: Int) {
        reserve(extra)
        (pointer + count).initializeMemory(as: UInt8.self, repeating: 0, count: extra)
        count += extra
    }

    /// Appends raw bytes.
    @inline(__always)
    public mutating func raw(_ bytes: UnsafeRawBufferPointer) {
        reserve(bytes.count)
        uncheckedRaw(bytes)
    }

    /// Appends at most `room` bytes through a pointer that `write` moves on. Through a pointer of its own, since each
    /// ``integer(_:)`` must store how far the writer is, and the next one waits for that.
    @inline(__always)
    package mutating func appending(_ room: Int, _ write: (inout UnsafeMutableRawPointer) -> Void) {
        reserve(room)
        var at = pointer + count
        write(&at)
        count = at - pointer
        assert(count <= capacity, "no more is written than there is room for")
    }

    @inline(__always)
    private mutating func uncheckedRaw(_ bytes: UnsafeRawBufferPointer) {
        if let from = bytes.baseAddress { (pointer + count).copyMemory(from: from, byteCount: bytes.count) }
        count += bytes.count
    }

    /// Appends the bytes of a slice.
    public mutating func raw(_ bytes: Bytes) { bytes.withUnsafeBytes { raw($0) } }

    /// Appends record batches: a copy, or where the writer ``attachesRecords`` a note of where they are. In memory not
    /// where they are few, nor where they are a small part of what they would keep alive. Answers whether they could be
    /// read.
    package mutating func records(_ records: Records) -> Bool {
        if let stored = records.stored {
            if attachesRecords {
                attachments.append(Attachment(position: count, bytes: Bytes(), stored: stored))
                return true
            }
            guard let bytes = stored.bytes else { return false }
            raw(bytes)
            return true
        }
        let bytes = records.bytes
        if attachesRecords, bytes.count >= 16 << 10, bytes.count >= bytes.storage.count / 16 {
            attachments.append(Attachment(position: count, bytes: bytes))
        } else {
            raw(bytes)
        }
        return true
    }

    /// Lets go of an attachment's bytes: they were sent.
    package mutating func releaseAttachment(_ index: Int) {
        attachments[index].bytes = Bytes()
        attachments[index].stored = nil
    }

    /// Forgets the first `count` bytes and the attachments among them, `attached` many: they were sent.
    package mutating func drop(first count: Int, attachments attached: Int) {
        precondition(count >= 0 && count <= self.count, "only what was written can be dropped")
        self.count -= count
        pointer.copyMemory(from: pointer + count, byteCount: self.count)
        attachments.removeFirst(attached)
        for index in attachments.indices { attachments[index].position -= count }
    }

    /// Appends the UTF-8 bytes of `text`.
    public mutating func utf8(_ text: String) {
        var text = text
        text.withUTF8 { raw(UnsafeRawBufferPointer($0)) }
    }

    /// Overwrites an integer that was written at `offset`.
    package mutating func patch<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, at offset: Int) {
        precondition(offset >= 0 && offset + MemoryLayout<T>.size <= count, "only what was written can be patched")
        pointer.storeBytes(of: value.bigEndian, toByteOffset: offset, as: T.self)
    }

    /// Forgets everything after the first `count` bytes; the memory is kept for further writing.
    package mutating func truncate(to count: Int) {
        precondition(count >= 0 && count <= self.count, "a writer can only be cut back")
        self.count = count
        while let last = attachments.last, last.position > count || count == 0 { attachments.removeLast() }
    }

    /// Calls `body` with what was written; the pointer is valid only during the call.
    public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeRawBufferPointer(start: pointer, count: count))
    }

    /// What was written, as an array of its own.
    public func array() -> [UInt8] { withUnsafeBytes { Array($0) } }
}
