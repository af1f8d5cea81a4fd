import KafkaWire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A file that grows at its end and is read anywhere. It is opened when it is needed, and may be closed between two
/// uses: there can be more partitions than descriptors (``FilePool``).
final class DiskFile {
    private(set) var path: String
    /// How many bytes belong to the file. What a write that failed has left behind does not.
    private(set) var size: Int
    private let pool: FilePool
    fileprivate var descriptor: Int32 = -1
    fileprivate var lastUse: UInt64 = 0
    private weak var lent: OpenFile?
    /// Whether bytes may stand behind `size`, left by a write that failed.
    private var hasDebris = false
    /// Whether something was written since the file was last made safe.
    private var isDirty = false {
        didSet { if isDirty != oldValue { pool.noteDirt(of: self, isDirty) } }
    }

    /// The file at `path`, of which the first `size` bytes count; it is created with the first write.
    init(path: String, size: Int, pool: FilePool) {
        self.path = path
        self.size = size
        self.pool = pool
    }

    deinit { close() }

    // MARK: - Reading and writing

    /// Appends two runs of bytes, both or nothing: where the disk is full, what was written of them is cut off again.
    func append(_ head: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer) throws(StorageError) {
        let descriptor = try open()
        if hasDebris { try cutDebris() }
        var written = 0
        let total = head.count + rest.count
        while written < total {
            let count = pool.disk.write(
                UnsafeRawBufferPointer(rebasing: head[min(written, head.count)...]),
                UnsafeRawBufferPointer(rebasing: rest[max(0, written - head.count)...]), to: descriptor,
                at: size + written)
            guard count > 0 else {
                let error = failure("write to", count == 0 ? ENOSPC : Int32(clamping: -count))
                hasDebris = true
                try? cutDebris()
                throw error
            }
            written += count
        }
        size += total
        isDirty = true
    }

    /// Writes over bytes that belong to the file.
    func overwrite(_ bytes: [UInt8], at position: Int) throws(StorageError) {
        let descriptor = try open()
        let none = UnsafeRawBufferPointer(start: nil, count: 0)
        let count = bytes.withUnsafeBytes { pool.disk.write($0, none, to: descriptor, at: position) }
        guard count == bytes.count else {
            throw failure("write to", count < 0 ? Int32(clamping: -count) : ENOSPC)
        }
        isDirty = true
    }

    /// Makes the file, if it is not there.
    func touch() throws(StorageError) { _ = try open() }

    private func cutDebris() throws(StorageError) {
        let descriptor = try open()
        let code = pool.disk.truncate(descriptor, to: size)
        guard code >= 0 else { throw failure("cut", -code) }
        hasDebris = false
        isDirty = true
    }

    /// The bytes in `range`, which lies inside the file.
    func read(_ range: Range<Int>) throws(StorageError) -> [UInt8] {
        let descriptor = try open()
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: range.count) { buffer, count in
            while count < range.count {
                let place = UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: buffer[count...]))
                let got = pool.disk.read(descriptor, into: place, at: range.lowerBound + count)
                guard got > 0 else {
                    code = got < 0 ? Int32(clamping: -got) : ENODATA
                    return
                }
                count += got
            }
        }
        guard bytes.count == range.count else {
            throw code == ENODATA
                ? StorageError("read \(path)", "the file ends at \(range.lowerBound + bytes.count)")
                : failure("read", code)
        }
        return bytes
    }

    /// From how many bytes on records are read only when they are sent.
    private static let leastLent = 64 << 10

    /// The record batches in `range`, which lies inside the file: read now where they are few, or where there are no
    /// descriptors for who reads later.
    func records(_ range: Range<Int>) throws(StorageError) -> Records {
        guard range.count >= Self.leastLent, let handle = try handle() else { return Records(Bytes(try read(range))) }
        return Records(StoredRecords(handle, start: range.lowerBound, count: range.count))
    }

    /// The handle that all who read later share; nil where there are too many.
    private func handle() throws(StorageError) -> OpenFile? {
        if let lent { return lent }
        let descriptor = try open()
        guard pool.disk.size(of: descriptor) >= size else {
            throw StorageError("read \(path)", "the file is shorter than \(size) bytes")
        }
        let handle = pool.lend(descriptor)
        lent = handle
        return handle
    }

    /// Appends `bytes`, all or nothing.
    func append(_ bytes: [UInt8]) throws(StorageError) {
        // The array's own method does not pass errors of a type on.
        try append(Bytes(bytes))
    }

    func append(_ bytes: Bytes) throws(StorageError) {
        try bytes.withUnsafeBytes { (bytes) throws(StorageError) in
            try append(bytes, UnsafeRawBufferPointer(start: nil, count: 0))
        }
    }

    /// Appends what `other` holds in `range`.
    func append(contentsOf other: DiskFile, _ range: Range<Int>) throws(StorageError) {
        var at = range.lowerBound
        while at < range.upperBound {
            let chunk = try other.read(at..<min(range.upperBound, at + 1 << 20))
            try append(chunk)
            at += chunk.count
        }
    }

    /// Cuts the file after `size` bytes.
    func truncate(to size: Int) throws(StorageError) {
        self.size = min(size, self.size)
        hasDebris = true
        try cutDebris()
    }

    /// Makes what was written safe against a loss of power (`fdatasync`).
    func sync() throws(StorageError) {
        guard isDirty else { return }
        let descriptor = try open()
        let code = pool.disk.sync(descriptor, isFolder: false)
        guard code >= 0 else { throw failure("flush", -code) }
        isDirty = false
    }

    /// Removes the file; what was read of it stays.
    func remove() {
        close()
        isDirty = false
        _ = pool.disk.removeFile(path)
        size = 0
    }

    /// Lets go of the file, whose place another one takes.
    func forget() {
        close()
        isDirty = false
    }

    /// Gives the file another name in the same folder.
    func rename(to path: String) throws(StorageError) {
        let code = pool.disk.rename(self.path, to: path)
        guard code >= 0 else { throw failure("rename", -code) }
        self.path = path
    }

    // MARK: - The descriptor

    private func open() throws(StorageError) -> Int32 {
        pool.use(self)
        if descriptor >= 0 { return descriptor }
        let opened = pool.disk.openFile(path)
        guard opened >= 0 else { throw failure("open", -opened) }
        descriptor = opened
        pool.opened(self)
        return descriptor
    }

    fileprivate func close() {
        guard descriptor >= 0 else { return }
        pool.disk.close(descriptor)
        descriptor = -1
        pool.closed(self)
    }

    private func failure(_ what: String, _ code: Int32) -> StorageError {
        StorageError("\(what) \(path)", String(cString: strerror(code)))
    }
}

/// Bounds how many files of the data directory are open at once: beyond, those that were not used for longest are
/// closed, to be opened again when they are needed.
final class FilePool {
    /// Where the files are.
    let disk: any Disk
    private let limit: Int
    private var open: [ObjectIdentifier: Weak] = [:]
    private var uses: UInt64 = 0
    /// How many handles are lent: half as many more as files may be open.
    private let handles = Locked(0)
    /// The files with something that may not be on the disk itself yet.
    private var dirty: [ObjectIdentifier: DiskFile] = [:]

    private struct Weak {
        unowned let file: DiskFile
    }

    /// By default a third of the descriptors that the process may have, and at most 4,096: the others are for
    /// connections.
    init(limit: Int? = nil, on disk: any Disk = SystemDisk()) {
        self.disk = disk
        self.limit = max(8, limit ?? min(4096, disk.openLimit.map { $0 / 3 } ?? 256))
    }

    /// A handle of an open file, for who reads later; nil where there are too many.
    fileprivate func lend(_ descriptor: Int32) -> OpenFile? {
        guard handles.withLock({ $0 }) < limit / 2 else { return nil }
        return OpenFile(of: descriptor, on: disk, handles)
    }

    /// How many files are open now.
    var openCount: Int { open.count }

    /// Makes everything that was written to any file safe against a loss of power.
    func sync() throws(StorageError) {
        for file in dirty.values.sorted(by: { $0.path < $1.path }) { try file.sync() }
    }

    /// Closes them all; who reads one again opens it.
    func closeAll() {
        for file in open.values.map(\.file).sorted(by: { $0.path < $1.path }) { file.close() }
    }

    /// Lets go of the files without making them safe.
    func abandon() { dirty = [:] }

    fileprivate func noteDirt(of file: DiskFile, _ isDirty: Bool) {
        dirty[ObjectIdentifier(file)] = isDirty ? file : nil
    }

    fileprivate func use(_ file: DiskFile) {
        uses += 1
        file.lastUse = uses
    }

    fileprivate func opened(_ file: DiskFile) {
        open[ObjectIdentifier(file)] = Weak(file: file)
        guard open.count > limit else { return }
        // An eighth at once, so that the sorting is paid for by many files.
        let idle = open.values.map(\.file).sorted { $0.lastUse < $1.lastUse }.prefix(limit / 8 + 1)
        for one in idle where one !== file { one.close() }
    }

    fileprivate func closed(_ file: DiskFile) { open[ObjectIdentifier(file)] = nil }
}
