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

    init(_ path: String) { self.path = path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path }

    /// The path of what is called `name` in the folder.
    func path(of name: String) -> String { "\(path)/\(name)" }
    /// The folder called `name` in the folder.
    func folder(_ name: String) -> Folder { Folder(path(of: name)) }

    var exists: Bool {
        var info = stat()
        return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes the folder, and those above it, where they are missing.
    func create() throws(StorageError) {
        if mkdir(path, 0o755) == 0 || errno == EEXIST && exists { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else {
            throw failure("create", errno)
        }
        try Folder(String(path[..<slash])).create()
        guard mkdir(path, 0o755) == 0 || errno == EEXIST && exists else { throw failure("create", errno) }
    }

    /// The names in the folder, in their order; none where it is missing.
    func names() throws(StorageError) -> [String] {
        guard let handle = opendir(path) else {
            if errno == ENOENT { return [] }
            throw failure("list", errno)
        }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// How many bytes the file called `name` has; nil where there is none.
    func size(of name: String) -> Int? {
        var info = stat()
        return stat(path(of: name), &info) == 0 ? Int(info.st_size) : nil
    }

    /// The same, where what has that name can be nothing but a file.
    func fileSize(of name: String) throws(StorageError) -> Int? {
        var info = stat()
        guard lstat(path(of: name), &info) == 0 else { return nil }
        guard stat(path(of: name), &info) == 0, info.st_mode & S_IFMT == S_IFREG else {
            throw StorageError("read \(path(of: name))", "it is no file; move it away")
        }
        return Int(info.st_size)
    }

    /// Whether there is a folder called `name`; where something else has that name, that is an error.
    func holdsFolder(_ name: String) throws(StorageError) -> Bool {
        if folder(name).exists { return true }
        var info = stat()
        guard lstat(path(of: name), &info) != 0 else {
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
        let bytes = try DiskFile(path: path(of: name), size: size, pool: FilePool(limit: 8)).read(0..<size)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Writes a small file as a whole: after a crash it holds the old text or the new one. `isSynced` is whether it is
    /// on the disk itself then.
    func write(_ text: String, to name: String, isSynced: Bool = true) throws(StorageError) {
        let temporary = path(of: name + ".tmp")
        unlink(temporary)
        let file = DiskFile(path: temporary, size: 0, pool: FilePool(limit: 8))
        try file.append(Array(text.utf8))
        if isSynced { try file.sync() }
        try file.rename(to: path(of: name))
        if isSynced { try sync() }
    }

    /// How many bytes the disk holds, and how many of them are free; nil where the system does not tell.
    var space: (total: Int, free: Int)? {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        let size = Int(info.f_frsize)
        return (Int(info.f_blocks) * size, Int(info.f_bavail) * size)
    }

    /// Gives what is called `old` another name.
    func rename(_ old: String, to new: String) throws(StorageError) {
        guard renameFile(path(of: old), path(of: new)) == 0 else { throw failure("rename \(old) in", errno) }
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
        guard unlink(path(of: name)) == 0 || errno == ENOENT else { throw failure("remove \(name) in", errno) }
    }

    /// Removes the file called `name`, if there is one.
    func removeFile(_ name: String) { unlink(path(of: name)) }

    /// Removes the folder with the files in it, and the folders in it with theirs.
    func remove() {
        for name in (try? names()) ?? [] where unlink(path(of: name)) != 0 { folder(name).remove() }
        rmdir(path)
    }

    /// Makes the names in the folder safe against a loss of power.
    func sync() throws(StorageError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("open", errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw failure("flush", errno) }
    }

    private func failure(_ what: String, _ code: Int32) -> StorageError {
        StorageError("\(what) \(path)", String(cString: strerror(code)))
    }
}

private func renameFile(_ from: String, _ to: String) -> Int32 { rename(from, to) }

/// Keeps a second broker out of a folder, until it is released.
final class FolderLock {
    private(set) var descriptor: Int32

    /// Throws where another process holds the lock.
    init(_ folder: Folder) throws(StorageError) {
        let path = folder.path(of: ".lock")
        let opened = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644)
        guard opened >= 0 else { throw StorageError("open \(path)", String(cString: strerror(errno))) }
        guard flock(opened, LOCK_EX | LOCK_NB) == 0 else {
            close(opened)
            throw StorageError(
                "use \(folder.path)", "another broker has it; stop that one, or choose another directory")
        }
        descriptor = opened
    }

    deinit { release() }

    /// Lets others in. Closing alone would not: a process that is being started has the descriptor until its program runs.
    func release() {
        guard descriptor >= 0 else { return }
        flock(descriptor, LOCK_UN)
        close(descriptor)
        descriptor = -1
    }
}
