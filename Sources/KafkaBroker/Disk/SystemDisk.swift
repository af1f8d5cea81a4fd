#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The system's own files and folders.
package struct SystemDisk: Disk {
    package init() {}

    package var isSystem: Bool { true }

    package var openLimit: Int? {
        var limits = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits) == 0 else { return nil }
        return Int(min(limits.rlim_cur, 1 << 20))
    }

    package var start: String { Self.start }

    /// The kernel's name for its own run.
    private static let start: String = {
        var bytes = [UInt8](repeating: 0, count: 64)
        #if canImport(Darwin)
            var size = bytes.count
            guard sysctlbyname("kern.bootsessionuuid", &bytes, &size, nil, 0) == 0 else { return "" }
        #else
            let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { return "" }
            defer { systemClose(descriptor) }
            guard systemRead(descriptor, &bytes, bytes.count) > 0 else { return "" }
        #endif
        return String(decoding: bytes.prefix { $0 != 0 && $0 != 10 }, as: UTF8.self)
    }()

    // MARK: - Descriptors

    package func openFile(_ path: String) -> Int32 { given { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o644) } }
    package func openFolder(_ path: String) -> Int32 { given { open(path, O_RDONLY | O_CLOEXEC) } }
    package func duplicate(_ descriptor: Int32) -> Int32 { given { fcntl(descriptor, F_DUPFD_CLOEXEC, 0) } }
    package func close(_ descriptor: Int32) { systemClose(descriptor) }
    package func lock(_ descriptor: Int32) -> Int32 { given { flock(descriptor, LOCK_EX | LOCK_NB) } }

    // Closing alone would not let others in: a process that is being started has the descriptor until its program runs.
    package func unlock(_ descriptor: Int32) { flock(descriptor, LOCK_UN) }

    package func write(
        _ head: UnsafeRawBufferPointer, _ rest: UnsafeRawBufferPointer, to descriptor: Int32, at position: Int
    ) -> Int {
        var parts = (
            iovec(iov_base: .init(mutating: head.baseAddress), iov_len: head.count),
            iovec(iov_base: .init(mutating: rest.baseAddress), iov_len: rest.count)
        )
        return given {
            withUnsafeBytes(of: &parts) {
                pwritev(descriptor, $0.baseAddress?.assumingMemoryBound(to: iovec.self), 2, off_t(position))
            }
        }
    }

    package func read(_ descriptor: Int32, into buffer: UnsafeMutableRawBufferPointer, at position: Int) -> Int {
        given { pread(descriptor, buffer.baseAddress, buffer.count, off_t(position)) }
    }

    package func size(of descriptor: Int32) -> Int { given { Int(lseek(descriptor, 0, SEEK_END)) } }
    package func truncate(_ descriptor: Int32, to size: Int) -> Int32 { given { ftruncate(descriptor, off_t(size)) } }

    package func sync(_ descriptor: Int32, isFolder: Bool) -> Int32 {
        given { isFolder ? fsync(descriptor) : fdatasync(descriptor) }
    }

    // MARK: - Names

    package func entry(_ path: String, followsLinks: Bool) -> DiskEntry? {
        var info = stat()
        guard (followsLinks ? stat(path, &info) : lstat(path, &info)) == 0 else { return nil }
        switch info.st_mode & S_IFMT {
        case S_IFREG: return .file(size: Int(info.st_size))
        case S_IFDIR: return .folder
        default: return .other
        }
    }

    package func names(in path: String) -> Result<[String], DiskFailure> {
        guard let handle = opendir(path) else { return .failure(DiskFailure(errno)) }
        defer { closedir(handle) }
        var names: [String] = []
        while let entry = readdir(handle) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return .success(names)
    }

    package func makeFolder(_ path: String) -> Int32 { given { mkdir(path, 0o755) } }
    package func rename(_ path: String, to other: String) -> Int32 { given { systemRename(path, other) } }
    package func removeFile(_ path: String) -> Int32 { given { unlink(path) } }
    package func removeFolder(_ path: String) -> Int32 { given { rmdir(path) } }

    package func space(at path: String) -> (total: Int, free: Int)? {
        var info = statvfs()
        guard statvfs(path, &info) == 0 else { return nil }
        let size = Int(info.f_frsize)
        return (Int(info.f_blocks) * size, Int(info.f_bavail) * size)
    }

    /// What the call gives, or the error's number, negated; it is made again where a signal came in between.
    private func given<Number: SignedInteger>(_ call: () -> Number) -> Number {
        while true {
            let result = call()
            if result >= 0 { return result }
            if errno != EINTR { return -Number(errno) }
        }
    }
}

// Methods of the same names hide the system's calls.
private func systemClose(_ descriptor: Int32) { _ = close(descriptor) }
private func systemRead(_ descriptor: Int32, _ bytes: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(descriptor, bytes, count)
}
private func systemRename(_ from: String, _ to: String) -> Int32 { rename(from, to) }
