#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A folder whose files nobody but their owner can read, with files that are there whole or not at all.
struct PrivateFolder {
    /// Why it cannot be used, in a sentence.
    struct Failure: Error, CustomStringConvertible {
        let description: String

        fileprivate init(_ path: String, _ action: String) {
            description = "\(path) cannot be \(action): \(String(cString: strerror(errno)))"
        }

        init(_ sentence: String) { description = sentence }
    }

    /// More than any file that is kept there has.
    private static let limit = 1 << 20

    /// The path from the root.
    let path: String

    /// The folder `name` in `parent`; both are made where they are missing.
    init(_ name: String, in parent: String) throws(Failure) {
        try Self.makeFolders(parent)
        guard let real = realpath(parent, nil) else { throw Failure(parent, "found") }
        defer { free(real) }
        path = String(cString: real) + "/" + name
        guard mkdir(path, 0o700) != 0 else { return }
        guard errno == EEXIST else { throw Failure(path, "made") }
        var found = stat()
        guard lstat(path, &found) == 0 else { throw Failure(path, "looked at") }
        guard found.st_mode & S_IFMT == S_IFDIR, found.st_uid == geteuid() else {
            throw Failure("\(path) is to hold private keys, and is no folder of the user that runs this: move it away")
        }
        guard found.st_mode & 0o077 == 0 || chmod(path, 0o700) == 0 else { throw Failure(path, "closed to others") }
    }

    private static func makeFolders(_ path: String) throws(Failure) {
        var end = path.startIndex
        while end < path.endIndex {
            end = path[end...].dropFirst().firstIndex(of: "/") ?? path.endIndex
            guard mkdir(String(path[..<end]), 0o755) != 0, errno != EEXIST, errno != EISDIR else { continue }
            // What is there may lie where nothing can be made.
            guard access(String(path[..<end]), F_OK) == 0 else { throw Failure(path, "made") }
        }
    }

    /// Where a file of that name is.
    func path(of name: String) -> String { "\(path)/\(name)" }

    /// What is in a file; nil where there is none.
    func read(_ name: String) throws(Failure) -> [UInt8]? {
        let path = path(of: name)
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw Failure(path, "opened")
        }
        defer { _ = close(descriptor) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16384)
        while true {
            let count = part.withUnsafeMutableBytes { systemRead(descriptor, $0) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw Failure(path, "read") }
            guard count > 0 else { return bytes }
            bytes += part.prefix(count)
            guard bytes.count <= Self.limit else { throw Failure("\(path) is larger than any that was made here") }
        }
    }

    /// Puts a file there, in place of one that there was; whoever reads it meanwhile has the one or the other.
    func write(_ name: String, _ bytes: some Collection<UInt8>) throws(Failure) {
        let path = path(of: name)
        // Two that start at once do not write into the same file.
        let draft = path + ".\(getpid()).new"
        unlink(draft)
        let descriptor = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(draft, "made") }
        let isWritten = Self.writeAll(Array(bytes), descriptor) && fsync(descriptor) == 0
        let code = errno
        let isClosed = close(descriptor) == 0
        guard isWritten, isClosed else {
            if !isWritten { errno = code }
            let failure = Failure(draft, "written")
            unlink(draft)
            throw failure
        }
        guard rename(draft, path) == 0 else { throw Failure(path, "put in its place") }
        let folder = open(self.path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw Failure(self.path, "opened") }
        defer { _ = close(folder) }
        guard fsync(folder) == 0 else { throw Failure(self.path, "brought to the disk") }
    }

    /// Takes a file away, where there is one.
    func remove(_ name: String) throws(Failure) {
        guard unlink(path(of: name)) != 0, errno != ENOENT else { return }
        throw Failure(path(of: name), "removed")
    }

    private static func writeAll(_ bytes: [UInt8], _ descriptor: Int32) -> Bool {
        bytes.withUnsafeBytes { buffer in
            var rest = buffer[...]
            while !rest.isEmpty {
                let count = systemWrite(descriptor, UnsafeRawBufferPointer(rebasing: rest))
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return false }
                rest = rest.dropFirst(count)
            }
            return true
        }
    }
}

/// The system's functions, which the type's own names hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
    write(descriptor, bytes.baseAddress, bytes.count)
}

private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawBufferPointer) -> Int {
    read(descriptor, bytes.baseAddress, bytes.count)
}
