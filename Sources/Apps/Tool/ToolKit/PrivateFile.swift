import JSONLines

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// A new file with what nobody but its owner is to read.
package struct PrivateFile {
    package let path: String
    /// Open for writing.
    package let descriptor: Int32

    /// Makes the file. What is there already, be it a link to elsewhere, is left as it is: it may be readable for others.
    ///
    /// - Parameter what: What the file is, as in `a recording`.
    package init(_ path: String, what: String) throws(FileError) {
        self.path = path
        descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let isThere = errno == EEXIST
            throw FileError(
                "cannot write \(path): \(String(cString: strerror(errno)))"
                    + (isThere ? "; \(what) is always a new file, so remove it or name another" : ""))
        }
    }

    /// Writes all that is to be in it, and closes it; where that fails, it is taken away.
    package func finish(_ text: String) throws(FileError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let reason = String(cString: strerror(errno))
                discard()
                throw FileError("cannot write \(path): \(reason)")
            }
            rest = rest.dropFirst(count)
        }
        guard close(descriptor) == 0 else {
            let reason = String(cString: strerror(errno))
            unlink(path)
            throw FileError("cannot write \(path): \(reason)")
        }
    }

    /// Takes it away, as nothing will be in it.
    package func discard() {
        close(descriptor)
        unlink(path)
    }
}
