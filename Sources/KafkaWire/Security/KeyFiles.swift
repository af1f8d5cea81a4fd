#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The files that certificates and keys were read from.
struct KeyFiles: Sendable {
    /// More than all certificates of the world's authorities together.
    private static let limit = 16 << 20

    /// Their stamps from before they were read: what is changed meanwhile is seen the next time.
    private(set) var stamps: [(path: String, stamp: FileStamp?)] = []
    /// Files with a private key in them that all users of the machine can read.
    private(set) var openFiles: [String] = []

    /// Whether any of them is another one now.
    var haveChanged: Bool { stamps.contains { FileStamp($0.path) != $0.stamp } }

    /// What they are now, to be held against later.
    var stampsNow: [FileStamp?] { stamps.map { FileStamp($0.path) } }

    /// A file's bytes.
    ///
    /// - Throws: the end of a sentence that begins with the file.
    mutating func read(_ path: String, isSecret: Bool = false) throws(PEMTrouble) -> [UInt8] {
        if !stamps.contains(where: { $0.path == path }) { stamps.append((path, FileStamp(path))) }
        // A pipe that nobody writes to would hold the thread.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw PEMTrouble("cannot be opened: \(Self.words)") }
        defer { _ = close(descriptor) }
        var found = stat()
        guard fstat(descriptor, &found) == 0 else { throw PEMTrouble("cannot be looked at: \(Self.words)") }
        guard found.st_mode & S_IFMT == S_IFREG else { throw PEMTrouble("is no file") }
        guard (0...Self.limit).contains(Int(found.st_size)) else {
            throw PEMTrouble("is larger than any file with certificates")
        }
        if isSecret, found.st_mode & S_IROTH != 0, !openFiles.contains(path) { openFiles.append(path) }
        var bytes = [UInt8](repeating: 0, count: Int(found.st_size))
        var count = 0
        while count < bytes.count {
            let taken = bytes.withUnsafeMutableBytes { buffer in
                pread(descriptor, buffer.baseAddress.map { $0 + count }, buffer.count - count, off_t(count))
            }
            if taken < 0, errno == EINTR { continue }
            guard taken >= 0 else { throw PEMTrouble("cannot be read: \(Self.words)") }
            if taken == 0 { break }
            count += taken
        }
        bytes.removeLast(bytes.count - count)
        guard !bytes.isEmpty else { throw PEMTrouble("is empty") }
        return bytes
    }

    /// Whether a path leads to a directory, whose content is not looked at again.
    static func isDirectory(_ path: String) -> Bool {
        var found = stat()
        return stat(path, &found) == 0 && found.st_mode & S_IFMT == S_IFDIR
    }

    private static var words: String { String(cString: strerror(errno)) }
}

/// A file to which lines are appended that nobody else may read.
struct KeyLog: Sendable {
    private let path: String
    init(_ path: String) { self.path = path }

    /// Lines of less than a page are written whole, whoever else writes. Where it cannot be written, the connection
    /// goes on.
    func append(_ line: UnsafeRawBufferPointer) {
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { _ = close(descriptor) }
        _ = write(descriptor, line.baseAddress, line.count)
    }
}
