#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder on the disk: what it holds, and small files that are written as a whole.
struct Folder {
    let path: String
    let disk: any Disk

    init(_ path: String, on disk: any Disk = SystemDisk()) {
        self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
        self.disk = disk
    }

    /// The path of what is called `name` in the folder.
    func path(of name: String) -> String { "\(path)/\(name)" }
    /// The folder called `name` in the folder.
    func folder(_ name: String) -> Folder { Folder(path(of: name), on: disk) }

    var exists: Bool { disk.entry(path, followsLinks: true) == .folder }

    /// Makes the folder, and those above it, where they are missing.
    func create() throws(StorageError) {
        let code = disk.makeFolder(path)
        if code >= 0 || code == -EEXIST && exists { return }
        guard code == -ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("create", -code)
        }
        try Folder(String(path[..<slash]), on: disk).create()
        let again = disk.makeFolder(path)
        guard again >= 0 || again == -EEXIST && exists else { throw failure("create", -again) }
    }

    /// The names in the folder, in their order; none where it is missing.
    func names() throws(StorageError) -> [String] {
        do throws(DiskFailure) { return try disk.names(in: path).get().sorted() } catch {
            if error.code == ENOENT { return [] }
            throw failure("list", error.code)
        }
    }

    /// How many bytes the file called `name` has; nil where there is none.
    func size(of name: String) -> Int? {
        switch disk.entry(path(of: name), followsLinks: true) {
        case .file(let size): size
        case .folder, .other: 0
        case nil: nil
        }
    }

    /// The same, where what has that name can be nothing but a file.
    func fileSize(of name: String) throws(StorageError) -> Int? {
        guard disk.entry(path(of: name), followsLinks: false) != nil else { return nil }
        guard case .file(let size)? = disk.entry(path(of: name), followsLinks: true) else {
            throw StorageError("read \(path(of: name))", "it is no file; move it away")
        }
        return size
    }

    /// Whether there is a folder called `name`; where something else has that name, that is an error.
    func holdsFolder(_ name: String) throws(StorageError) -> Bool {
        if folder(name).exists { return true }
        guard disk.entry(path(of: name), followsLinks: false) == nil else {
            throw StorageError("use \(path(of: name))", "it is no folder; move it away")
        }
        return false
    }

    /// What the small file called `name` holds; nil where there is none.
    func text(of name: String) throws(StorageError) -> String? {
        guard let size = try fileSize(of: name) else { return nil }
        guard size <= 64 << 20 else {
            throw StorageError("read \(path(of: name))", "\(size) bytes are too many for such a file")
        }
        let bytes = try DiskFile(path: path(of: name), size: size, pool: FilePool(limit: 8, on: disk)).read(0..<size)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a small file as a whole: after a crash it holds the old text or the new one. `isSynced` is whether it is
    /// on the disk itself then.
    func write(_ text: String, to name: String, isSynced: Bool = true) throws(StorageError) {
        let temporary = path(of: name + ".tmp")
        _ = disk.removeFile(temporary)
        let file = DiskFile(path: temporary, size: 0, pool: FilePool(limit: 8, on: disk))
        // What is not waited for is nobody's matter any more: its pool would hold the open file for ever.
        defer { file.forget() }
        try file.append(Array(text.utf8))
        if isSynced { try file.sync() }
        try file.rename(to: path(of: name))
        if isSynced { try sync() }
    }

    /// How many bytes the disk holds, and how many of them are free; nil where the system does not tell.
    var space: (total: Int, free: Int)? { disk.space(at: path) }

    /// Gives what is called `old` another name.
    func rename(_ old: String, to new: String) throws(StorageError) {
        let code = disk.rename(path(of: old), to: path(of: new))
        guard code >= 0 else { throw failure("rename \(old) in", -code) }
    }

    /// Gives a file that cannot be used another name, beside its own, and tells it.
    @discardableResult
    func keep(_ name: String) throws(StorageError) -> String {
        let kept = try freeName(for: name)
        try rename(name, to: kept)
        return path(of: kept)
    }

    /// The name under which something of the file `name` is kept, which nothing has yet.
    func freeName(for name: String) throws(StorageError) -> String {
        let taken = Set(try names())
        var candidate = name + ".cut"
        var number = 1
        while taken.contains(candidate) {
            number += 1
            candidate = "\(name).\(number).cut"
        }
        return candidate
    }

    /// Removes the file called `name`; it is not there afterwards.
    func removeForCertain(_ name: String) throws(StorageError) {
        let code = disk.removeFile(path(of: name))
        guard code >= 0 || code == -ENOENT else { throw failure("remove \(name) in", -code) }
    }

    /// Removes the file called `name`, if there is one.
    func removeFile(_ name: String) { _ = disk.removeFile(path(of: name)) }

    /// Removes the folder with the files in it, and the folders in it with theirs.
    func remove() {
        for name in (try? names()) ?? [] where disk.removeFile(path(of: name)) < 0 { folder(name).remove() }
        _ = disk.removeFolder(path)
    }

    /// Makes the names in the folder safe against a loss of power.
    func sync() throws(StorageError) {
        let descriptor = disk.openFolder(path)
        guard descriptor >= 0 else { throw failure("open", -descriptor) }
        defer { disk.close(descriptor) }
        let code = disk.sync(descriptor, isFolder: true)
        guard code >= 0 else { throw failure("flush", -code) }
    }

    private func failure(_ what: String, _ code: Int32) -> StorageError {
        StorageError("\(what) \(path)", String(cString: strerror(code)))
    }
}

/// Keeps a second broker out of a folder, until it is released.
final class FolderLock {
    private let disk: any Disk
    private(set) var descriptor: Int32

    /// Throws where another process holds the lock.
    init(_ folder: Folder) throws(StorageError) {
        let path = folder.path(of: ".lock")
        disk = folder.disk
        let opened = disk.openFile(path)
        guard opened >= 0 else { throw StorageError("open \(path)", String(cString: strerror(-opened))) }
        guard disk.lock(opened) >= 0 else {
            disk.close(opened)
            throw StorageError(
                "use \(folder.path)", "another broker has it; stop that one, or choose another directory")
        }
        descriptor = opened
    }

    deinit { release() }

    /// Lets others in.
    func release() {
        guard descriptor >= 0 else { return }
        disk.unlock(descriptor)
        disk.close(descriptor)
        descriptor = -1
    }
}
